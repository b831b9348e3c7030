"""Tools for the intents of clinc150 and banking77, with which real requests train q-toolcall.

Each line is `intent: what a tool for it would do`. Intents that ask for nothing (greetings,
yes, no) have no tool. Blocks hold intents that are easily taken for each other.
"""

from collections.abc import Mapping

_CLINC = """
transfer: Move money between accounts.
transactions: List recent transactions.
balance: Say how much money is in an account.
freeze_account: Block a bank account.
pay_bill: Pay a bill.
bill_balance: Say how much is due on a bill.
bill_due: Say when a bill has to be paid.
interest_rate: Say what interest an account pays.
routing: Look up a bank's routing number.
min_payment: Say what has to be paid at least.
order_checks: Order a chequebook.
pin_change: Change the PIN of a card or account.
report_fraud: Report a transaction that someone else made.
account_blocked: Explain why an account is locked.
spending_history: Show what was spent on a kind of thing.

credit_score: Tell the credit score.
report_lost_card: Report a bank card as lost or stolen.
credit_limit: Tell the limit of a credit card.
rewards_balance: Tell the points of a card.
new_card: Apply for a new credit card.
application_status: Say how far the application for a card is.
card_declined: Explain why a card was refused.
international_fees: Say what paying abroad costs.
apr: Tell the annual percentage rate of a card.
redeem_rewards: Use up reward points.
credit_limit_change: Raise or lower a credit limit.
damaged_card: Report a card that no longer works.
replacement_card_duration: Say how long a replacement card takes.
improve_credit_score: Advise how to get a better credit score.
expiration_date: Tell when a card expires.

recipe: Find a recipe for a dish.
restaurant_reviews: Tell what people think of a restaurant.
calories: Tell the calories of food.
nutrition_info: Tell what is in food: fat, sugar, vitamins.
restaurant_suggestion: Suggest a place to eat.
ingredients_list: List what is needed for a dish.
ingredient_substitution: Say what to use instead of an ingredient.
cook_time: Say how long a dish must cook.
food_last: Say how long food stays good.
meal_suggestion: Suggest what to cook.
restaurant_reservation: Reserve a table.
confirm_reservation: Check that a table is reserved.
how_busy: Say how full a restaurant is and how long the wait.
cancel_reservation: Cancel a reserved table.
accept_reservations: Say whether a restaurant takes reservations.

shopping_list: Read the shopping list.
shopping_list_update: Add to the shopping list or remove from it.
next_song: Skip to the next song.
play_music: Play music.
update_playlist: Add a song to a playlist.
what_song: Say which song is playing.
todo_list: Read the to-do list.
todo_list_update: Add to the to-do list or remove from it.
calendar: Show what is on the calendar.
calendar_update: Put an event on the calendar or take it off.
reminder: Read the reminders that are set.
reminder_update: Set a reminder.
order: Buy something online.
order_status: Say where an order or parcel is.
smart_home: Control lights, locks and heating.

travel_suggestion: Suggest sights and things to do in a place.
book_flight: Book a flight.
book_hotel: Book a hotel.
car_rental: Rent a car.
travel_alert: Tell of dangers for travellers to a country.
travel_notification: Let the bank know of a trip abroad.
carry_on: Tell the rules for hand luggage.
international_visa: Say whether a visa is needed.
vaccines: Say which vaccinations a trip needs.
plug_type: Say which power plug a country uses.
exchange_rate: Tell what one currency is worth in another.
lost_luggage: Help to find lost bags.
flight_status: Say when a flight leaves, boards or lands.
translate: Translate words into another language.
timezone: Say which time zone a place is in.

gas: Say how much petrol is left.
gas_type: Say which petrol a car needs.
mpg: Tell how far a car gets on a gallon.
oil_change_how: Explain how to change the oil.
oil_change_when: Say when the oil must be changed.
tire_pressure: Tell the air pressure of the tyres.
tire_change: Explain how to change a tyre.
schedule_maintenance: Make an appointment with a garage.
last_maintenance: Say when a car was last serviced.
jump_start: Explain how to start a car with a dead battery.
uber: Order a ride.
traffic: Tell how the traffic is.
directions: Show the way to a place.
distance: Say how far or how long away a place is.
current_location: Say where I am.

pto_request: Ask for days off.
pto_request_status: Say whether days off were granted.
pto_balance: Say how many days off are left.
pto_used: Say how many days off were taken.
payday: Say when wages are paid.
income: Say how much I earn.
direct_deposit: Have wages paid into an account.
taxes: Say what tax is to be paid.
w2: Find the wage statement for taxes.
rollover_401k: Move a pension plan to another.
insurance: Tell what insurance I have.
insurance_change: Get a new or other insurance.
next_holiday: Say when the next public holiday is.
meeting_schedule: Say which meetings there are.
schedule_meeting: Set up a meeting or reserve a meeting room.

alarm: Set an alarm clock.
timer: Set a timer.
time: Tell the time.
date: Tell the date.
weather: Tell the weather.
definition: Explain what a word means.
spelling: Spell a word.
calculator: Do sums.
measurement_conversion: Convert units of measure.
text: Send a text message.
make_call: Telephone someone.
find_phone: Find a mislaid phone.
share_location: Send someone my location.
flip_coin: Flip a coin.
roll_dice: Roll dice.
tell_joke: Tell a joke.
fun_fact: Tell something curious.

change_volume: Make the speaker louder or quieter.
change_speed: Speak faster or slower.
change_accent: Speak with another voice or accent.
change_language: Speak another language from now on.
change_user_name: Call the user by another name.
change_ai_name: Give the assistant another name.
whisper_mode: Speak in a low voice.
sync_device: Connect a phone or device.
reset_settings: Go back to factory settings.
user_name: Say which name the user has.
"""
_BANKING = """
activate_my_card: Activate a new card.
card_arrival: Track a card that has not arrived.
card_delivery_estimate: Say how long the delivery of a card takes.
card_linking: Connect an existing card to the app.
card_not_working: Find out why a card does not work.
card_about_to_expire: Replace a card that expires soon.
card_swallowed: Get a card back that a machine kept.
card_acceptance: Say where a card is accepted.
contactless_not_working: Find out why contactless payment fails.
compromised_card: Protect a card that someone else uses.
lost_or_stolen_card: Report a lost or stolen card.
lost_or_stolen_phone: Protect the account after a phone was lost.
get_physical_card: Get a real card or its PIN.
order_physical_card: Order a real card and say what it costs.
getting_spare_card: Get a second card.
getting_virtual_card: Get a virtual card.
get_disposable_virtual_card: Get a virtual card for one use.
disposable_card_limits: Tell the limits of one-use cards.
virtual_card_not_working: Find out why a virtual card does not work.
visa_or_mastercard: Choose between Visa and Mastercard.
supported_cards_and_currencies: Say which cards and currencies can be used to add money.

change_pin: Change the PIN.
pin_blocked: Unblock a PIN after wrong tries.
passcode_forgotten: Recover a forgotten passcode.
verify_my_identity: Say how to prove one's identity.
unable_to_verify_identity: Help when proving one's identity fails.
why_verify_identity: Explain why an identity check is needed.
verify_source_of_funds: Show where money came from.
edit_personal_details: Change name, address or phone number.
terminate_account: Close an account.
age_limit: Say how old a customer must be.
country_support: Say in which countries the service is offered.

top_up_failed: Find out why adding money failed.
top_up_reverted: Find out why added money was taken back.
top_up_limits: Tell how much money can be added.
top_up_by_card_charge: Tell the fee for adding money by card.
top_up_by_bank_transfer_charge: Tell the fee for adding money by bank transfer.
top_up_by_cash_or_cheque: Add money by cash or cheque.
topping_up_by_card: Explain how to add money by card.
pending_top_up: Say why added money is still pending.
verify_top_up: Verify a payment that adds money.
automatic_top_up: Add money automatically when little is left.
apple_pay_or_google_pay: Use Apple Pay or Google Pay.

cancel_transfer: Stop a transfer.
failed_transfer: Find out why a transfer failed.
declined_transfer: Explain why a transfer was declined.
pending_transfer: Say why a transfer is still pending.
transfer_timing: Say how long a transfer takes.
transfer_fee_charged: Explain the fee on a transfer.
transfer_into_account: Explain how to transfer money into the account.
transfer_not_received_by_recipient: Find a transfer that the other person did not get.
beneficiary_not_allowed: Explain why a recipient is not allowed.
receiving_money: Receive a salary or money in another currency.
balance_not_updated_after_bank_transfer: Find a transfer missing from the balance.
balance_not_updated_after_cheque_or_cash_deposit: Find a deposit missing from the balance.

declined_card_payment: Explain why a card payment was declined.
pending_card_payment: Say why a card payment is pending.
reverted_card_payment?: Say why a card payment came back.
card_payment_fee_charged: Explain a fee on a card payment.
card_payment_not_recognised: Report a card payment the customer did not make.
card_payment_wrong_exchange_rate: Check the exchange rate of a card payment.
direct_debit_payment_not_recognised: Report a direct debit the customer did not agree to.
transaction_charged_twice: Report that something was charged twice.
extra_charge_on_statement: Explain an extra charge on the statement.
request_refund: Ask for money back.
Refund_not_showing_up: Find a refund that has not arrived.

atm_support: Say which cash machines can be used.
cash_withdrawal_charge: Explain a fee for taking out cash.
cash_withdrawal_not_recognised: Report a cash withdrawal the customer did not make.
declined_cash_withdrawal: Explain why a cash machine gave no money.
pending_cash_withdrawal: Say why a cash withdrawal is pending.
wrong_amount_of_cash_received: Report that a cash machine paid out too little.
wrong_exchange_rate_for_cash_withdrawal: Check the exchange rate of a cash withdrawal.

exchange_rate: Tell the exchange rate.
exchange_charge: Tell the fee for changing currency.
exchange_via_app: Change money into another currency in the app.
fiat_currency_support: Say which currencies can be held.
"""


def clinc_tools() -> tuple[Mapping[str, str], ...]:
    """Blocks of intent and what its tool does."""
    return _blocks(_CLINC)


def banking_tools() -> tuple[Mapping[str, str], ...]:
    return _blocks(_BANKING)


def _blocks(text: str) -> tuple[Mapping[str, str], ...]:
    return tuple(
        {name: said for name, _, said in (line.partition(": ") for line in block.splitlines())}
        for block in text.strip().split("\n\n")
    )
