"""Invented people and their numbers, for patterns: names of many languages, streets, accounts that
pass their check digits, passwords, places. Beside them the names that belong to nobody private:
the famous, the fictional and the firms.

Nobody here is meant; what looks real is drawn by chance.
"""

import re
import string
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from random import Random

from specialists.corpora.filling import Words, words_of
from specialists.corpora.text import read_documents

GIVEN = words_of("""
    Jolanda Tariq Siobhan Bartek Lena Mehmet Priya Ottilie Guillermo Finley Ngozi Kevin Ewa Chidi
    Yuki Desmond Isla Rosalind Maria Jan Anna Peter Laura Thomas Julia Stefan Sofia Marco Elena Luca
    Emma Paul Olga Ivan Nadia Omar Fatima Ahmed Leila Hassan Amina Wei Ming Hana Kenji Sakura Minh
    Linh Arjun Deepa Ravi Anita Sanjay Kavita Kwame Abena Tunde Zola Thabo Carlos Lucia Diego Camila
    Pedro Ines Joao Beatriz Mateus Erik Astrid Lars Ingrid Nils Freya Aino Juha Katrin Tomas Zuzana
    Pavel Irina Dmitri Oksana Andrei Mihai Ioana Gergely Eszter Niamh Cormac Rhys Megan Ewan Fiona
    Harry Chloe Jack Olivia George Amelia Noah Mia Ethan Ava Logan Grace Tyler Brooke Wyatt Hazel
    Dorothy Walter Helga Konrad Wilma Rainer Ute Horst Yvonne Luc Manon Pierre Celine Giulia Matteo
    Paolo Chiara Ayse Kemal Elif Dina Yusuf Samira Karim Rosa Hugo Clara Felix Ida Oskar Greta
""")
SURNAMES = words_of("""
    Verbeek Hussain O'Dwyer Nowicki Fuchs Aydin Krause Ortega Marsh Adebayo Thompson Lindqvist
    Petersen Okonkwo Tanabe Fraser Smith Jones Brown Taylor Wilson Evans Walker Wright Hughes Green
    Hall Wood Harris Clarke Baker Turner Cooper Bell Ward Morris Mueller Schmidt Schneider Fischer
    Weber Wagner Becker Hoffmann Koch Richter Klein Wolf Neumann Braun Zimmermann Kovacs Nagy Novak
    Dvorak Horvat Popescu Ivanova Petrov Kowalski Wisniewska Jansen Bakker Visser Smit Larsen Hansen
    Nilsson Berg Virtanen Rossi Russo Ferrari Greco Conti Romano Garcia Lopez Martinez Sanchez Ruiz
    Silva Santos Costa Pereira Dubois Moreau Lefebvre Girard Lambert Yilmaz Demir Kaya Khan Ahmed
    Ali Patel Sharma Singh Gupta Reddy Iyer Chen Wang Li Zhang Liu Nguyen Tran Pham Kim Park Lee
    Choi Sato Suzuki Ito Yamamoto Mensah Boateng Nkosi Dlamini Diallo Traore Haddad Nasser Cohen
    Levi McCarthy O'Brien Murphy Byrne MacLeod Stewart Price Bennett Foster Hayes Reyes Torres
    Flores
""")
TOWNS = words_of("""
    Leeds Berlin Boise Porto Lyon Warsaw Toledo Zurich Hull Graz Dresden York Bath Accra Norden Oslo
    Utrecht Ghent Malmo Turku Brno Gdansk Cork Derby Perth Austin Denver Tampa Fresno Nantes Lille
    Bari Turin Sevilla Bilbao Braga Linz Basel Kiel Essen Mainz Lagos Nairobi Pune Jaipur Osaka
    Busan Hanoi Manila Cebu Lima Quito Cali Rosario Calgary Halifax Hobart Dunedin Izmir Bursa
""")
_FAMOUS = (
    "Ludwig van Beethoven",
    "Marie Curie",
    "Charles Darwin",
    "Isaac Newton",
    "Jane Austen",
    "William Shakespeare",
    "Leonardo da Vinci",
    "Napoleon Bonaparte",
    "Cleopatra",
    "Queen Victoria",
    "Albert Einstein",
    "Mahatma Gandhi",
    "Nelson Mandela",
    "Abraham Lincoln",
    "Winston Churchill",
    "Frida Kahlo",
    "Vincent van Gogh",
    "Pablo Picasso",
    "Johann Sebastian Bach",
    "Frederic Chopin",
    "Mozart",
    "Galileo Galilei",
    "Ada Lovelace",
    "Alan Turing",
    "Nikola Tesla",
    "Thomas Edison",
    "George Washington",
    "Franz Kafka",
    "Leo Tolstoy",
    "Virginia Woolf",
    "Barack Obama",
    "Angela Merkel",
    "Martin Luther King",
    "Charles Dickens",
    "Mark Twain",
    "Florence Nightingale",
    "Julius Caesar",
    "Immanuel Kant",
    "Karl Marx",
    "Sigmund Freud",
    "Charlie Chaplin",
    "Elvis Presley",
    "Marilyn Monroe",
    "John F. Kennedy",
    "Theodore Roosevelt",
    "Christopher Columbus",
    "Rembrandt",
    "Claude Monet",
    "Richard Wagner",
    "Emily Dickinson",
    "Ernest Hemingway",
    "Agatha Christie",
)
_FICTION = (
    "Sherlock Holmes",
    "Harry Potter",
    "Hermione Granger",
    "Frodo Baggins",
    "Miss Marple",
    "Anna Karenina",
    "Don Quixote",
    "James Bond",
    "Oliver Twist",
    "Elizabeth Bennet",
    "Hamlet",
    "Huckleberry Finn",
    "Captain Nemo",
    "Dr Watson",
    "Peter Pan",
    "Jay Gatsby",
    "Atticus Finch",
    "Robinson Crusoe",
    "Jean Valjean",
    "Count Dracula",
    "Captain Ahab",
    "Mary Poppins",
)
_BRANDS = (
    "Johnson & Johnson",
    "Ben & Jerry's",
    "Jack Daniel's",
    "Wells Fargo",
    "Mercedes-Benz",
    "Siemens",
    "Philip Morris",
    "Ralph Lauren",
    "Louis Vuitton",
    "Estee Lauder",
    "Morgan Stanley",
    "Dr. Oetker",
    "Marks & Spencer",
    "Smith & Nephew",
    "Procter & Gamble",
    "Rolls-Royce",
    "Harley-Davidson",
    "Hugo Boss",
    "Calvin Klein",
    "Levi Strauss",
    "Walter Tools",
    "Mars",
    "Dell",
    "Ford",
    "Bosch",
    "Miller Brewing",
    "Tiffany",
    "Cadbury",
    "McDonald's",
    "Wendy's",
    "Acme",
    "Northwind",
)
_DISEASES = (
    *words_of("""
        diabetes depression epilepsy asthma cancer HIV hepatitis arthritis migraine anxiety leukemia
        dementia bulimia autism ADHD psoriasis tuberculosis hypertension pneumonia chlamydia lupus
        endometriosis sclerosis anaemia burnout covid
    """),
    "a slipped disc",
    "a peanut allergy",
    "breast cancer",
    "type 2 diabetes",
    "bipolar disorder",
    "Parkinson's",
    "Crohn's disease",
    "a broken hip",
    "kidney failure",
    "sleep apnoea",
    "a stroke",
    "heart disease",
    "a heart attack",
    "an eating disorder",
    "back pain",
    "a panic disorder",
)
_DRUGS = words_of("""
    sertraline ramipril metformin insulin ibuprofen prozac ritalin lithium aspirin warfarin
    methadone amoxicillin xanax citalopram prednisone levothyroxine
""")
_STREETS = (
    "{n} {surname} ⟨Street|Road|Lane|Avenue|Close|Drive|Court|Rd|St|Ave⟩, {town} {digits5}",
    "{n} ⟨Mill|Church|Station|Orchard|Harbour|Park|Quarry|Elm|Oak|High|Kestrel|Alder Creek⟩ "
    "⟨Road|Lane|Street|Close|Hill|Rd⟩, {town}⟨ {letter}{letter}{digit} {digit}{letter}{letter}|⟩",
    "⟨Linden|Bahnhof|Garten|Berg|Haupt|Deich|Kirch⟩⟨straße|weg|gasse|str.⟩ {n}, {digits5} {town}",
    "{n} rue ⟨Pasteur|de la Paix|Victor Hugo|du Moulin|des Lilas⟩, {digits5} {town}",
    "⟨Calle|Avenida|Rua|Via|ul.⟩ ⟨Mayor|Roma|das Flores|Garibaldi|Polna|del Sol⟩ {n}, {town}",
    "⟨flat|apt|unit|apartment⟩ {n}, {n} ⟨Wharf|Castle|Bridge|Queen|West⟩ Street, {town}",
)


_NAMES_SOURCE = "text/wikipedia_recent.txt.xz"
_BORN = re.compile(r"([A-Z][a-zé]{2,}) (?:[A-Z]\S* )?([A-Z][A-Za-z'é-]{2,}) \((?:born|\d|c\.)")


def read_names(data: Path) -> dict[str, Words]:
    """Given names and surnames of many languages, taken apart, so that put together anew they are
    nobody's; with the lists of this file."""
    given, surnames = set(GIVEN), set(SURNAMES)
    for document in islice(read_documents(data / _NAMES_SOURCE), 12_000):
        for found in _BORN.finditer(document[:600]):
            given.add(found[1])
            surnames.add(found[2])
    return {"given": tuple(sorted(given)), "surname": tuple(sorted(surnames))}


def _digits(count: int) -> Words:
    return lambda draw: "".join(draw.choice(string.digits) for _ in range(count))


def _letters(draw: Random, count: int, signs: str) -> str:
    return "".join(draw.choice(signs) for _ in range(count))


def _password(draw: Random) -> str:
    word = draw.choice(
        GIVEN + TOWNS + words_of("dragon summer Coffee Tiger sunset Zebra hunter pass")
    )
    return draw.choice(
        (
            f"{word}{draw.choice('!#_-.')}{draw.randrange(1, 2026)}",
            f"{word}{draw.randrange(1, 100)}{draw.choice('!?#$')}",
            f"{word.lower()}{draw.randrange(1, 10_000)}",
            _letters(draw, draw.randrange(8, 14), string.ascii_letters + string.digits + "!#%_"),
            f"{word}-{draw.choice(TOWNS).lower()}-{draw.choice(TOWNS).lower()}",
            word.replace("o", "0").replace("e", "3").replace("a", "@") + str(draw.randrange(100)),
        )
    )


def _iban(draw: Random) -> str:
    """Of the right length, with the check digits that ISO 13616 asks for."""
    country, length = draw.choice(
        (("DE", 18), ("GB", 18), ("NL", 14), ("FR", 23), ("AT", 16), ("CH", 17), ("ES", 20))
    )
    bank = _letters(draw, 4, string.ascii_uppercase) if country in ("GB", "NL") else ""
    rest = bank + _letters(draw, length - len(bank), string.digits)
    number = int("".join(str(int(sign, 36)) for sign in f"{rest}{country}00"))
    whole = f"{country}{98 - number % 97:02d}{rest}"
    if draw.random() < 0.4:
        return whole
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def _card(draw: Random) -> str:
    """Sixteen digits with Luhn's check digit."""
    body = draw.choice(("4", "51", "55", "6011")) + _letters(draw, 15, string.digits)
    body = body[:15]
    doubled = (int(d) * (2 - at % 2) for at, d in enumerate(body))
    total = sum(value - 9 if value > 9 else value for value in doubled)
    whole = f"{body}{-total % 10}"
    joint = draw.choice((" ", "-", "", " "))
    return joint.join(whole[at : at + 4] for at in range(0, 16, 4))


def _phone(draw: Random) -> str:
    def part(count: int) -> str:
        return _letters(draw, count, string.digits)

    return draw.choice(
        (
            f"0{part(3)} {part(3)} {part(4)}",
            f"+{draw.randrange(1, 99)} {part(3)} {part(7)}",
            f"({part(3)}) {part(3)}-{part(4)}",
            f"{part(3)}-{part(3)}-{part(4)}",
            f"07{part(3)} {part(6)}",
            f"+44 7{part(3)} {part(6)}",
            f"0{part(4)} / {part(3)} {part(2)} {part(2)}",
            f"0{draw.randrange(1, 9)} {part(2)} {part(2)} {part(2)} {part(2)}",
            f"{part(3)} {part(3)} {part(4)}",
            f"0{part(2)}-{part(3)} {part(2)} {part(2)}",
            f"+1 {part(3)} {part(3)} {part(4)}",
            f"01{part(9)}",
        )
    )


_MONTHS = words_of(
    "January February March April May June July August September October November"
    " December Jan Feb Mar Apr Jun Jul Aug Sept Oct Nov Dec"
)


def _date(draw: Random) -> str:
    day, month = draw.randrange(1, 29), draw.randrange(1, 13)
    year = draw.randrange(1938, 2025)
    name = draw.choice(_MONTHS)
    return draw.choice(
        (
            f"{day:02d}/{month:02d}/{year}",
            f"{day} {name} {year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}.{month}.{year}",
            f"{day:02d}.{month:02d}.{year}",
            f"{name} {day}, {year}",
            f"the {day}th of {name} {year}",
            f"{day}/{month}/{year % 100:02d}",
            f"{day}-{month}-{year}",
        )
    )


def _mail(draw: Random) -> str:
    host = draw.choice(
        (
            "gmail.com",
            "hotmail.com",
            "{domain}.example",
            "mail.example",
            "web.de",
            "posteo.example",
            "yahoo.com",
            "inbox.example",
        )
    )
    return "{local}@" + host


def _coordinate(draw: Random) -> str:
    north, east = draw.uniform(-70, 70), draw.uniform(-170, 170)
    degrees = f"{abs(int(north))}°{draw.randrange(60):02d}'{draw.randrange(60):02d}\"N"
    return draw.choice(
        (
            f"{north:.4f}, {east:.4f}",
            f"{north:.5f},{east:.5f}",
            f"{abs(north):.4f} N {abs(east):.4f} W",
            f"{degrees} {abs(int(east))}°{draw.randrange(60):02d}'00\"E",
        )
    )


def _local(draw: Random) -> str:
    given, surname = draw.choice(GIVEN).lower(), draw.choice(SURNAMES).lower().replace("'", "")
    return draw.choice(
        (
            f"{given}.{surname}",
            f"{given[0]}.{surname}",
            f"{given}{draw.randrange(100)}",
            f"{surname}{given[0]}",
            f"{given}_{surname}",
            given,
            f"{given[0]}{surname}7",
        )
    )


PRIVATE_WORDS: Mapping[str, Words] = {
    "given": GIVEN,
    "surname": SURNAMES,
    "town": TOWNS,
    "person": (
        "{given} {surname}",
        "{given} {surname}",
        "{given} {surname}",
        "{given} {letter}. {surname}",
        "{given} {surname}-{surname}",
        "Mr {surname}",
        "Ms {surname}",
        "Dr {given} {surname}",
        "{given} {given} {surname}",
    ),
    "tail": (".", "", ", he handles it.", ", see below", " and team", ", thanks", " on Monday."),
    "comma": (",",),
    "street": _STREETS,
    "streetname": ("{surname} Street", "Mill Road", "Station Lane", "Kingsway", "Linden Avenue"),
    "mail": _mail,
    "local": _local,
    "domain": words_of(
        "acme northmill kestrel lumen brightwater oakley tandem harbor pixel zentro"
        " quill juniper basalt museum cedar solara"
    ),
    "number": _phone,
    "date": _date,
    "iban": _iban,
    "card": _card,
    "pass": _password,
    "key": lambda draw: _letters(
        draw, draw.randrange(16, 33), string.ascii_letters + string.digits
    ),
    "coord": _coordinate,
    "coordplain": lambda draw: f"{draw.uniform(-70, 70):.4f},{draw.uniform(-170, 170):.4f}",
    "ip": lambda draw: ".".join(str(draw.randrange(11, 255)) for _ in range(4)),
    "ip6": lambda draw: ":".join(f"{draw.randrange(65536):x}" for _ in range(8)),
    "disease": _DISEASES,
    "drug": _DRUGS,
    "famous": _FAMOUS,
    "fiction": _FICTION,
    "brand": _BRANDS,
    "day": words_of("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "clock": lambda draw: f"{draw.randrange(24)}:{draw.randrange(60):02d}",
    "n": lambda draw: str(draw.choice((2, 3, 5, 12, 17, 40, draw.randrange(1, 300)))),
    "price": lambda draw: f"{draw.randrange(1, 5000):,}.{draw.randrange(100):02d}",
    "yearish": lambda draw: str(draw.randrange(1700, 2025)),
    "year2": lambda draw: str(draw.randrange(25, 32)),
    "month": lambda draw: f"{draw.randrange(1, 13):02d}",
    "letter": tuple(string.ascii_uppercase),
    "digit": tuple(string.digits),
    "hex": lambda draw: _letters(draw, 8, "0123456789abcdef"),
    "d2": _digits(2),
    "d3": _digits(3),
    "d4": _digits(4),
    "digits4": _digits(4),
    "digits5": _digits(5),
    "digits7": _digits(7),
    "digits8": _digits(8),
}
