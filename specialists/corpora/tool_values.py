"""Values that people put into requests, drawn at random: names, times, sums, file names, messages.

It stands alone because it is vocabulary: each function draws one value as it would be written, and
knows neither tools nor requests.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random

_FIRST = """
    Anna Ben Carla David Elena Farid Grace Hiro Ines Jack Kofi Laura Mei Nadia Omar Paula
    Quentin Ruth Samir Tara Umberto Vera Walter Xenia Yusuf Zoe Aisha Boris Chloe Diego Emeka
    Freya Gustav Hannah Ivan Julia Karim Lena Marco Nora Oscar Priya Ravi Sofia Tomas Ursula
    Viktor Wanda Amara Bruno Mom Dad Grandpa
    """.split()  # noqa: SIM905  a page of words, not of quotes
_LAST = """
    Abbott Bauer Castillo Duarte Eriksen Fontaine Gupta Hoffman Ito Jansen Kowalski Larsen Moreau
    Novak Okafor Petrov Quinn Rossi Schmidt Tanaka Usman Vogel Weber Xu Yamada Zimmer Blackwood Chen
    """.split()  # noqa: SIM905
_CITY = """
    Paris/Nairobi/Lisbon/Toronto/Hanoi/New York/San Diego/Cape Town/Rio de Janeiro/Berlin/Cairo/
    Delhi/Sydney/Oslo/Mexico City/Hong Kong/Kyoto/Seattle/Dublin/Athens/Kiev/Salt Lake City/
    Leipzig/Lagos/Santiago/Boston/Prague/Helsinki/Manila/Tehran/Zurich/Naples/Los Angeles/
    Vancouver/Accra/Quebec
    """
_COUNTRY = (
    "Japan/Brazil/South Africa/India/Norway/Egypt/New Zealand/Peru/Vietnam/Kenya/Canada/Turkey"
)
_STREET = (
    "Oak Street/Market Square/Hill Road/Station Road/King Street/River Lane/Park Avenue/5th Avenue"
)
_PLACE = """
    the airport/the main station/the harbour/City Hall/the museum/Central Park/the old mill/
    the office/room 204/the town library/Green Café/the stadium/Hotel Astoria/the university/
    St. Mary's Hospital
    """
_ROOM = """
    kitchen/bedroom/living room/bathroom/hallway/dining room/garage/basement/office/guest room/
    porch/laundry room/conservatory/kids' room/workshop/loft
    """
_DEVICE = """
    fan/radio/heater/lamp/television/coffee machine/dishwasher/air conditioner/humidifier/projector/
    porch light/ceiling fan/printer/washing machine/speaker/oven/floor lamp/aquarium light/kettle
    """
_ITEM = """
    milk/eggs/brown bread/toothpaste/nails/wrapping paper/coffee beans/rice/batteries/bananas/paint/
    olive soap/cat food/light bulbs/pasta/tomatoes/screws/cheese/yoghurt/green tea/flour/onions/
    birthday cards/candles/sandpaper/apples/salt/groceries/clothes/books/fuel/rent/eating out
    """
_PRODUCT = """
    wool socks/desk lamp/water bottle/running shoes/blue backpack/phone case/garden hose/
    rain jacket/chess set/tea pot/bike helmet/electric toothbrush/headphones/yoga mat/
    leather belt/coffee grinder/camping tent/wooden toy train/usb cable/frying pan
    """
_TASK = """
    call the bank/feed the cat/pay the rent/take out the trash/pick up the laundry/buy stamps/
    walk the dog/send the report to Lena/book the hotel/return the library books/check the oven/
    water the tomatoes/go to the gym/renew my passport/email the landlord/clean the filter/
    pick Tom up from school/charge the camera/order new tyres/talk to the accountant/
    mow the lawn/fix the fence/take my pills
    """
_EVENT = """
    team meeting/dentist/parents' evening/piano lesson/project review/lunch with Grace/
    job interview/birthday party/haircut/the weekly sync/book club/vet appointment/
    design workshop/board meeting/swimming class/car inspection/sales call/budget talk/
    choir practice/coffee with Omar/town hall
    """
_TOPIC = """
    invoice/travel plans/the new contract/office party/holiday pictures/tax return/
    heating repair/budget/school trip/insurance/annual report/wedding/server outage/
    rental agreement/customer survey/recipes/meeting notes/the broken window/parking permit/
    conference tickets/password policy
    """
_MESSAGE = """
    I will be late/the meeting is cancelled/happy birthday/see you at the station/
    we need more time/please call me back/the parcel has arrived/lunch is on me/
    thank you for your help/the server is down/we are out of paper/good luck tomorrow/
    I am on my way/the keys are under the mat/it works now/can you bring the charger/
    tests are passing again/all offices close at noon/I lost my umbrella/don't wait for me/
    the door code has changed/no school on Friday/good morning/I would like a coffee/
    the contract is signed/meet me at the café/we won the game/the heating is broken again
    """
_PROBLEM = """
    printer does not print/screen stays black/cannot log in/mail is very slow/
    app crashes on start/no sound in meetings/keyboard broken/wifi drops every hour/
    disk is full/page shows error 500/calendar does not sync/invoice shows the wrong address/
    laptop battery dies quickly/phone has no signal
    """
_SONG = """
    Yellow Bird/Summer Rain/Long Way Home/Dancing Shadows/River Song/Midnight Train/Golden Hour/
    Over the Hills/Paper Boats/Winter Light/The Last Waltz/Little Star/Ocean Drive/Broken Clocks/
    Letters to Nobody/Cinnamon Girl/Fireflies/Under the Bridge/Morning Mood/Silver Lining/Hey You
    """
_TITLE = """
    Party/Morning Run/Chill Out/Workout/Old Favourites/Sunday Jazz/Focus/Dinner/Kids/Roadtrip 2/
    Sleep/Rainy Days/Classics/Summer/Best of March/Driving
    """
_VENUE = """
    pharmacy/petrol station/supermarket/bakery/bank/car park/post office/hospital/bookshop/
    playground/cash machine/sushi place/charging station/hairdresser/hardware store/
    swimming pool
    """
_SERVICE = """
    web-frontend/auth/payments/user-service/inventory/scheduler/notifications/reports/
    cache-proxy/orders/api-server/worker-queue/analytics/media-store/customer_db/sales_2023/
    logs_archive/staging_copy/ledger
    """
_COMPANY = """
    Acme/Nordwind GmbH/Bluefin Foods/Delta Glass/Stone & Sons/Halcyon Media/Riverside Motors/
    Kite Labs/Omni Health/Peak Outdoor/Sunrise Bakery/Tri-State Paper/Vertex Tools/
    Old Town Brewery/Lumen Energy
    """
_MEDICINE = """
    aspirin/vitamin D/insulin/antibiotics/ibuprofen/iron tablets/cough syrup/amoxicillin/my inhaler
    """
_CURRENCY = "dollars/euros/yen/pounds/francs/rupees/GBP/EUR/CHF/JPY/CAD/pesos"
_WORD = """
    serendipity/obsolete/gregarious/rhythm/necessary/lucid/ubiquitous/frugal/candid/embarrass/
    brevity/tenacious/separate/ambiguous/vivid/resilient/conscience/meticulous/happy/quick/
    harbinger/zeal
    """
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_MONTHS = """
    January February March April May June July August September October November December
    """.split()  # noqa: SIM905
_STEMS = """
    report notes budget photo draft slides letter summary config data main index backup invoice
    plan todo log results contract thesis menu map users schema
    """.split()  # noqa: SIM905
_ENDINGS = "txt pdf docx csv py md png jpg json xlsx zip tar.gz yaml html log sql".split()  # noqa: SIM905
_FOLDERS = """
    docs src Downloads projects backup music work tmp archive/2022 home/anna data etc
    """.split()  # noqa: SIM905
_HOSTS = "mail.example post.example acme.example uni.example shop.example home.example".split()  # noqa: SIM905
_INTS = "one two three four five six seven eight nine ten twelve fifteen twenty thirty".split()  # noqa: SIM905


def _of(page: str) -> Callable[[Random], str]:
    words = tuple(" ".join(word.split()) for word in page.split("/"))
    return lambda choice: choice.choice(words)


def _person(choice: Random) -> str:
    first = choice.choice(_FIRST)
    whole = f"{first} {choice.choice(_LAST)}"
    return choice.choices((first, whole, f"@{first.lower()}"), (6, 3, 0.4))[0]


def _clock(choice: Random) -> str:
    hour, minute = choice.randint(1, 12), choice.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))
    half = choice.choice(("am", "pm", " am", " pm"))
    return choice.choice(
        (
            f"{hour}{half}",
            f"{hour}:{minute:02}{half}",
            f"{choice.randint(0, 23)}:{minute:02}",
            f"{hour} o'clock",
            "noon",
            "half past six",
        )
    )


def _day(choice: Random) -> str:
    weekday, month, number = choice.choice(_DAYS), choice.choice(_MONTHS), choice.randint(1, 28)
    return choice.choice(
        (
            "today",
            "tomorrow",
            "tonight",
            weekday,
            f"next {weekday}",
            f"this {weekday}",
            f"{number} {month}",
            f"{month} {number}",
            f"{month} {number}th" if number > 3 else f"{month} {number}",
            f"2025-{choice.randint(1, 12):02}-{number:02}",
            "next week",
            "the day after tomorrow",
        )
    )


def _when(choice: Random) -> str:
    day, clock = _day(choice), _clock(choice)
    return choice.choice((day, f"{day} at {clock}", f"{day} at {clock}", f"{day} {clock}"))


def _id(choice: Random) -> str:
    letters = "".join(choice.choices("ABCDEFGHKLMNPRSTXZ", k=choice.randint(1, 3)))
    number = choice.randint(10, 99999)
    return choice.choice(
        (
            f"{letters}-{number}",
            f"{letters}{number}",
            f"{number + 1000}",
            f"{letters.lower()}{number}{choice.choice('abcdef')}{choice.randint(1, 9)}",
            f"{number}-{choice.randint(100, 999)}",
        )
    )


def _file(choice: Random) -> str:
    name = f"{choice.choice(_STEMS)}{choice.choice(('', '', '_v2', '-old', '2024', '_final'))}"
    name += f".{choice.choice(_ENDINGS)}"
    return choice.choice(
        (
            name,
            name,
            f"/{_folder(choice).strip('/')}/{name}",
            f"{_folder(choice).strip('/')}/{name}",
        )
    )


def _folder(choice: Random) -> str:
    folder = choice.choice(_FOLDERS)
    return choice.choice((f"/{folder}", f"~/{folder}", f"{folder}/", f"/var/{folder}"))


def _email(choice: Random) -> str:
    name = choice.choice(_FIRST).lower()
    return choice.choice(
        (name, f"{name}.{choice.choice(_LAST).lower()}", f"{name}{choice.randint(1, 99)}")
    ) + (f"@{choice.choice(_HOSTS)}")


def _int(choice: Random) -> str:
    return choice.choice(
        (str(choice.randint(2, 60)), str(choice.randint(2, 12)), choice.choice(_INTS))
    )


def _money(choice: Random) -> str:
    sum_ = choice.choice(
        (choice.randint(5, 99), 10 * choice.randint(5, 90), 100 * choice.randint(5, 90))
    )
    return choice.choice(
        (str(sum_), f"${sum_:,}", f"{sum_:,}", f"{sum_}.{choice.randint(10, 99)}", f"€{sum_}")
    )


def _phone(choice: Random) -> str:
    return choice.choice(
        (
            f"555-{choice.randint(1000, 9999)}",
            f"0{choice.randint(100, 999)}-{choice.randint(10000, 999999)}",
            f"{choice.randint(10000000, 99999999)}",
        )
    )


def _version(choice: Random) -> str:
    parts = (choice.randint(0, 9), choice.randint(0, 30), choice.randint(0, 9))
    return choice.choice(("v", "")) + ".".join(map(str, parts))


def _quoted(draw: Callable[[Random], str], share: float) -> Callable[[Random], str]:
    """At times in quotation marks, which are no part of the value."""
    return lambda choice: f'"{draw(choice)}"' if choice.random() < share else draw(choice)


VALUES: Mapping[str, Callable[[Random], str]] = {
    "brand": _of(_COMPANY),
    "channel": lambda choice: f"#{choice.choice(_STEMS)}{choice.choice(('', '-team', '-2024'))}",
    "city": _of(_CITY),
    "clock": _clock,
    "company": _of(_COMPANY),
    "country": _of(_COUNTRY),
    "currency": _of(_CURRENCY),
    "day": _day,
    "decimal": lambda choice: choice.choice(
        (str(choice.randint(3, 90)), f"{choice.randint(3, 90)}.{choice.randint(1, 9)}")
    ),
    "device": _of(_DEVICE),
    "digits": lambda choice: f"{choice.randint(0, 9999):04}",
    "doctor": lambda choice: f"{choice.choice(('Dr. ', 'Doctor '))}{choice.choice(_LAST)}",
    "email": _email,
    "event": _quoted(_of(_EVENT), 0.2),
    "file": _file,
    "folder": _folder,
    "id": _id,
    "int": _int,
    "item": _of(_ITEM),
    "medicine": _of(_MEDICINE),
    "message": _quoted(_of(_MESSAGE), 0.55),
    "money": _money,
    "percent": lambda choice: str(5 * choice.randint(1, 20)),
    "person": _person,
    "phone": _phone,
    "place": lambda choice: choice.choice(
        (
            _of(_PLACE)(choice),
            f"{choice.randint(1, 99)} {choice.choice(_STREET.split('/'))}",
            _of(_CITY)(choice),
        )
    ),
    "problem": _quoted(_of(_PROBLEM), 0.5),
    "product": _of(_PRODUCT),
    "room": _of(_ROOM),
    "service": _of(_SERVICE),
    "song": _quoted(_of(_SONG), 0.3),
    "task": _of(_TASK),
    "title": _quoted(_of(_TITLE), 0.3),
    "topic": _quoted(_of(_TOPIC), 0.2),
    "venue": _of(_VENUE),
    "version": _version,
    "when": _when,
    "word": _quoted(_of(_WORD), 0.15),
}
NUMBERS = frozenset({"int", "percent"})
DECIMALS = frozenset({"decimal", "money"})


def draw_value(kind: str, choice: Random, declared: Sequence[str] = ()) -> str:
    """One value as it would be written."""
    return choice.choice(declared) if declared else VALUES[kind](choice)
