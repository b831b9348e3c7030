"""Everyday questions with gaps, each in several wordings that share few words.

Rules of grammar cannot know that "how much leave is left" asks for the same as "what is my holiday
balance"; people who answer questions do. Each line holds wordings that ask the same, whatever fills
the gaps; neighbouring lines ask other things about the same. It is a page of words and knows no
rows.
"""

from random import Random

GAPS: dict[str, tuple[str, ...]] = {
    key: tuple(word.strip() for word in line.split(","))
    for key, line in {
        "place": "the canteen, the library, the pool, the town hall, the clinic, the warehouse, the "
        "front desk, the archive, the workshop, the museum, the post office, the nursery, the lab",
        "city": "Leeds, Porto, Lyon, Tampere, Graz, Galway, Utrecht, Bergen, Turin, Krakow, Ghent, "
        "Seville, Osaka, Denver, Perth, Nairobi, Quito, Hanoi",
        "city2": "Basel, Aarhus, Bologna, Cork, Dresden, Malmo, Nantes, Zagreb, Riga, Austin, Kyoto",
        "doc": "the contract, the invoice, the report, the application, the minutes, the manual, the "
        "price list, the permit, the certificate, the questionnaire, the budget, the timetable",
        "thing": "a projector, a bicycle, a locker, a parking space, a laptop, a tent, a van, a desk, "
        "a meeting room, a camera, a piano, a drill, a boat, a uniform",
        "food": "rice, salmon, lentils, chicken, bread dough, potatoes, mushrooms, spinach, beans, "
        "pork, carrots, an egg, pasta, beef",
        "n": "2, 3, 4, 5, 6, 8, 10, 12, 14, 15, 20, 24, 30, 45, 60, 90",
        "n2": "7, 11, 16, 18, 21, 25, 35, 40, 50, 70, 80, 120",
        "day": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, Easter, Christmas",
        "month": "January, February, March, April, May, June, August, September, October, November",
        "year": "1987, 1994, 2001, 2005, 2009, 2011, 2014, 2016, 2018, 2019, 2022, 2023",
        "role": "the manager, the treasurer, the head nurse, the supervisor, the accountant, the "
        "caretaker, the director, the safety officer, the tutor, the dispatcher",
        "who": "interns, visitors, contractors, students, volunteers, pensioners, new starters, "
        "managers, members, children, drivers",
        "app": "the calendar, the mail program, the browser, the camera app, the editor, the phone, "
        "the tablet, the spreadsheet, the backup tool, the chat, the player",
        "machine": "the boiler, the dishwasher, the printer, the pump, the lift, the freezer, the "
        "generator, the coffee machine, the scanner, the mower, the router",
        "pill": "ibuprofen, aspirin, metformin, codeine, amoxicillin, melatonin, iron tablets, "
        "antihistamines, cortisone, lithium",
        "ill": "measles, gout, asthma, shingles, migraine, anaemia, tonsillitis, eczema, flu, mumps",
        "animal": "a dog, a cat, a rabbit, a parrot, a hamster, a horse, a tortoise, a ferret",
        "plant": "tomatoes, roses, tulips, garlic, basil, strawberries, lavender, beans, apple trees",
        "person": "Novak, Herrera, Lindqvist, Okoye, Tanaka, Moreau, Haddad, Petrov, Silva, Byrne",
        "work": "the novel, the bridge, the opera, the law, the tower, the statue, the report, the film",
        "account": "my savings account, my current account, my credit card, the joint account, the "
        "business account, my pension",
    }.items()
}

FRAMES: tuple[tuple[str, ...], ...] = tuple(
    tuple(wording.strip() for wording in line.split("|"))
    for line in """
    when does {place} open on {day} | opening time of {place} on {day} | from what hour can I get into {place} on {day} | {day}: how early is {place} open
    when does {place} close on {day} | until when is {place} open on {day} | how late can I still go to {place} on {day} | {day} closing time, {place}
    is {place} open on {day} | does {place} have opening hours on {day} | can I go to {place} on a {day} or is it shut
    where is {place} | how do I find {place} | which way to {place} | what's the address of {place}
    who runs {place} | which person is in charge of {place} | who is responsible for {place} | whom do I ask about {place}
    how much does it cost to rent {thing} | what's the rental price of {thing} | {thing}: hire charge | what do you charge for lending out {thing}
    how do I reserve {thing} | I want to book {thing}, what do I do | where can {thing} be booked | steps for reserving {thing}
    how do I give back {thing} | where do I return {thing} | I no longer need {thing} that I borrowed, where should it go
    can {who} borrow {thing} | is it allowed that {who} take {thing} on loan | are {who} permitted to borrow {thing}
    how long can I keep {thing} | for how many days may I borrow {thing} | what's the loan period of {thing}
    who signs {doc} | whose signature goes on {doc} | by whom must {doc} be signed
    where do I send {doc} | to which address should {doc} go | who gets {doc} when it is finished
    when is {doc} due | what's the deadline for {doc} | by what date must {doc} be handed in | until when do I have time for {doc}
    where can I find {doc} | in which folder is {doc} kept | I'm looking for {doc}, where is it
    how many copies of {doc} are needed | {doc}: number of copies | how often must I print {doc}
    can I still change {doc} | is it too late to correct {doc} | am I able to edit {doc} after sending it
    how long do we keep {doc} | after how many years is {doc} thrown away | retention period of {doc}
    how long does {food} take to cook | cooking time for {food} | for how many minutes should {food} be on the stove
    how long does {food} keep in the fridge | shelf life of refrigerated {food} | after how many days should I throw out {food} from the fridge
    can I freeze {food} | is {food} suitable for the freezer | does {food} survive being frozen
    how many calories are in {food} | calorie content of {food} | how fattening is {food}, in kcal
    what can I use instead of {food} | substitute for {food} | I've run out of {food}, what else would work
    how do I get from {city} to {city2} | what's the best route to {city2} starting in {city} | travelling to {city2} from {city}, which way
    how far is it from {city} to {city2} | distance {city} - {city2} | how many kilometres separate {city} and {city2}
    how much is a ticket from {city} to {city2} | fare {city} to {city2} | what does the journey to {city2} cost if I start in {city}
    when does the last train from {city} to {city2} leave | latest departure to {city2} from {city} by rail | until when are there trains to {city2} from {city}
    what is the weather like in {city} in {month} | how warm is {city} during {month} | {month} climate in {city}
    how many people live in {city} | population of {city} | what is the number of inhabitants of {city}
    what is {city} known for | why do people visit {city} | what makes {city} famous
    how many days off do {who} get | what is the holiday entitlement of {who} | annual leave for {who}
    do {who} have to pay for lunch | is lunch free for {who} | are meals of {who} covered
    may {who} enter after {n} o'clock | are {who} let in later than {n} | is entry past {n} o'clock possible for {who}
    which training must {who} do | what courses are compulsory for {who} | mandatory training, {who}
    how do {who} get a badge | who issues badges to {who} | where can {who} pick up their badge
    what did we sell in {month} {year} | how high were sales in {month} {year} | {month} {year} sales figure
    what did we spend in {month} {year} | how high were costs in {month} {year} | expenditure for {month} {year}
    how many people left the company in {year} | staff departures in {year} | {year}: number of leavers
    how many people were hired in {year} | number of new staff in {year} | how many joined us in {year}
    who replaced {role} in {year} | who came after {role} in {year} | {year}: successor of {role}
    when is {role} back from holiday | until what day is {role} away | on which date does {role} return to work
    how do I reach {role} | what's the phone number of {role} | how can I contact {role}
    can {role} cancel my shift | is {role} allowed to strike me off the rota | does {role} have the right to call off my shift
    how do I export data from {app} | getting my data out of {app} | is there a way to save what's in {app} to a file
    how do I import data into {app} | getting my data into {app} | is there a way to load a file into {app}
    why does {app} crash when it starts | {app} quits right after launch, what's wrong | what makes {app} close immediately on opening
    how do I turn on dark mode in {app} | make {app} dark instead of bright | where's the setting for a black background in {app}
    how do I turn off notifications of {app} | stop {app} from sending me alerts | I don't want {app} to beep any more
    how do I turn on notifications of {app} | {app} doesn't alert me, how do I make it | where do I enable alerts of {app}
    how do I update {app} | getting the newest version of {app} | {app} is out of date, what do I do
    how do I install {app} on a second computer | can {app} run on two machines, and how do I set it up
    how much memory does {app} need | RAM requirements of {app} | how big a share of memory is taken by {app}
    what does the red light on {machine} mean | why is {machine} showing a red lamp | {machine} red light
    what does the green light on {machine} mean | why is {machine} showing a green lamp | {machine} green light
    how do I switch on {machine} | starting {machine} | which button makes {machine} run
    how do I switch off {machine} | shutting down {machine} | which button makes {machine} stop
    how often must {machine} be serviced | maintenance interval of {machine} | after how many months does {machine} need a service
    who repairs {machine} | {machine} is broken, whom do I call | which technician looks after {machine}
    how loud is {machine} | noise level of {machine} in decibels | how much noise comes from {machine}
    how many watts does {machine} use | power consumption of {machine} | how much electricity is drawn by {machine}
    how many mg of {pill} can I take a day | maximum daily dose of {pill} | at what daily amount of {pill} does it become too much
    can I drive after taking {pill} | does {pill} affect driving | is it safe to be behind the wheel on {pill}
    can I drink alcohol with {pill} | {pill} and a glass of wine, is that a problem | does alcohol interact with {pill}
    is {pill} safe in pregnancy | may pregnant women take {pill} | expecting a baby and {pill}, any danger
    what are the first signs of {ill} | how does {ill} begin | early symptoms of {ill}
    how long does {ill} last | after how many days is {ill} over | duration of {ill}
    is {ill} contagious | can I catch {ill} from somebody | does {ill} spread between people
    what helps against {ill} | how is {ill} treated | best remedy for {ill}
    how long does {animal} live | life expectancy of {animal} | what age can {animal} reach
    how much should {animal} eat a day | daily amount of food for {animal} | how big is the ration of {animal}
    can {animal} be left alone for {n} hours | is it all right to leave {animal} by itself {n} hours
    when should I plant {plant} | best month for putting {plant} in the ground | planting time of {plant}
    when should I harvest {plant} | when are {plant} ready to pick | at what time of year does one gather {plant}
    how often do {plant} need water | watering {plant}: how many times a week | should I water {plant} every day
    do {plant} need full sun | can {plant} grow in the shade | how much light do {plant} want
    who made {work} by {person} famous | thanks to whom is {work} by {person} well known
    when did {person} finish {work} | in what year was {work} completed by {person} | completion date of {work}, {person}
    when did {person} begin {work} | in what year was {work} started by {person} | starting date of {work}, {person}
    did {person} work alone on {work} | who helped {person} with {work} | had {person} any partners for {work}
    what did critics say about {work} of {person} | how was {work} of {person} received | reaction to {work} by {person}
    how much money is in {account} | balance of {account} | what have I got left in {account}
    what is the interest on {account} | how much interest does {account} carry | rate of {account}
    how do I close {account} | I'd like to get rid of {account} | terminating {account}
    why is {account} blocked | I cannot use {account}, what happened | reason for the freeze of {account}
    how do I transfer money to {account} | paying into {account} | moving cash over to {account}
    how do I transfer money from {account} | taking funds out of {account} | moving cash away from {account}
    what is the fee if I am {n} days late | how much extra do I owe after {n} days of delay | {n} days overdue: charge
    what is the discount for {n} people | how much cheaper is it in a group of {n} | group of {n}, reduction
    do I get a refund within {n} days | is my money returned if I cancel in the first {n} days | {n} day money back
    is there an age limit of {n} | must one be {n} years old | are people under {n} refused
    what happens after {n} wrong passwords | consequence of {n} failed logins | I mistyped my password {n} times, now what
    how many pages may {doc} have | maximum length of {doc} | is there a page limit for {doc}
    how many pages must {doc} have at least | minimum length of {doc} | how short can {doc} be
    """.strip().splitlines()
)  # fmt: skip


def fill(frame: int, choice: Random) -> dict[str, str]:
    """Something for each gap of a frame."""
    joined = " ".join(FRAMES[frame])
    return {gap: choice.choice(words) for gap, words in GAPS.items() if f"{{{gap}}}" in joined}


def refill(filling: dict[str, str], choice: Random) -> dict[str, str]:
    """The filling with one gap filled otherwise; two gaps of like kind may change places."""
    if not filling:
        return filling
    gap = choice.choice(sorted(filling))
    if {"city", "city2"} <= filling.keys() and choice.random() < 0.5:
        return filling | {"city": filling["city2"], "city2": filling["city"]}
    others = [word for word in GAPS[gap] if word != filling[gap]]
    return filling | {gap: choice.choice(others)}
