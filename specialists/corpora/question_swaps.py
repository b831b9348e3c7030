"""Questions that ask something else by one word: another number, name or thing of its kind, the
other direction, the reverse, another thing asked about the same.

They look like the question and must not be answered with its answer. What is exchanged in passages
(`swaps.py`) is exchanged here too; this file adds what only questions have.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random

from specialists.corpora.asking import Asked
from specialists.corpora.swaps import names_in, swap_all

_OPPOSITES = """
    open/close opens/closes opened/closed opening/closing start/stop starts/stops begin/end
    begins/ends began/ended first/last highest/lowest largest/smallest biggest/smallest longest/
    shortest oldest/youngest oldest/newest most/least more/less maximum/minimum max/min best/worst
    fastest/slowest before/after above/below over/under to/from buy/sell bought/sold lend/borrow
    enable/disable install/uninstall add/remove increase/decrease raise/lower upload/download
    import/export imports/exports arrive/depart arrival/departure win/lose won/lost with/without
    inside/outside early/late north/south east/west left/right upper/lower day/night morning/evening
    summer/winter lock/unlock block/unblock encrypt/decrypt compress/decompress import/export
    send/receive sent/received push/pull accept/reject accepted/rejected approve/refuse hot/cold
    heating/cooling freezing/boiling melting/boiling push/pull hire/dismiss join/leave joined/left
    born/buried mother/father brother/sister husband/wife son/daughter king/queen male/female
    men/women boys/girls teacher/pupil buyer/seller landlord/tenant employer/employee doctor/nurse
    parent/child guest/host client/server reader/author adults/children public/private
    internal/external full-time/part-time paid/unpaid local/foreign weekdays/weekends
    domestic/international single/double monthly/yearly daily/weekly per_day/per_week
    at_least/at_most less_than/more_than source/destination input/output read/write
    show/hide attach/detach mount/unmount create/delete connect/disconnect deposit/withdraw
    credit/debit physical/virtual front/back top/bottom rise/fall gain/lose higher/lower larger/
    smaller older/younger stronger/weaker faster/slower longer/shorter earlier/later increased/
    decreased rose/fell always/never often/rarely usually/seldom allowed/forbidden possible/
    impossible wide/narrow common/rare success/failure successful/unsuccessful warm/cold warmer/
    colder rich/poor majority/minority major/minor ancient/modern urban/rural heavy/light heavier/
    lighter thick/thin strong/weak easy/difficult cheap/expensive cheaper/dearer safe/dangerous
    similar/different positive/negative active/passive direct/indirect northern/southern eastern/
    western failed/succeeded allows/prevents allow/prevent included/excluded includes/excludes
    same/opposite better/worse gained/lost begun/ended present/absent necessary/unnecessary
    known/unknown popular/unpopular famous/obscure deep/shallow fresh/salt dry/wet young/old
    """
_TURNED: dict[str, list[str]] = {}
for _pair in re.sub(r"/\s+", "/", _OPPOSITES).split():
    _one, _other = (part.replace("_", " ") for part in _pair.split("/"))
    _TURNED.setdefault(_one, []).append(_other)
    _TURNED.setdefault(_other, []).append(_one)
_TURN = re.compile(rf"\b(?:{'|'.join(sorted(_TURNED, key=len, reverse=True))})\b")

_KINDS = tuple(
    tuple(word.replace("_", " ") for word in line.split())
    for line in """
    car truck bus bicycle motorcycle van train boat plane tram
    dog cat horse rabbit hamster parrot goldfish chicken cow sheep goat pig turkey
    apple banana orange lemon pear grape cherry peach plum mango
    rice pasta potatoes beans lentils quinoa bread oats
    beef pork lamb salmon tuna shrimp steak
    coffee tea milk water juice beer wine cocoa
    laptop phone tablet printer scanner monitor keyboard router television camera
    file folder image video document spreadsheet presentation archive playlist photo
    Windows Linux Android macOS iOS Ubuntu Debian
    Python Java JavaScript Ruby Rust Go Perl PHP
    git svn docker podman npm pip cargo
    passport licence visa permit certificate receipt invoice contract ticket
    email letter fax message call
    password username address name phone_number surname email_address PIN
    lawyer accountant plumber electrician dentist architect surgeon pharmacist nurse
    manager director secretary treasurer chairman president minister mayor governor
    kitchen bathroom bedroom garage garden cellar attic office canteen lobby
    library museum theatre cinema pool gym park zoo stadium church school hospital
    football basketball tennis cricket hockey golf rugby baseball volleyball
    gold silver copper iron lead zinc tin nickel platinum aluminium
    oxygen hydrogen nitrogen helium carbon sulfur chlorine
    liver kidney heart lung stomach brain skin knee shoulder elbow ankle
    aspirin ibuprofen paracetamol penicillin morphine insulin
    dollar euro pound yen franc rupee peso
    savings checking current_account credit_card mortgage loan pension
    tax rent insurance salary bonus dividend fee fine interest
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    January February March April May June July August September October November December
    red blue green yellow black white brown purple
    novel film play song album poem opera painting
    author director producer composer singer editor publisher designer
    river lake mountain island desert valley canyon
    country city county state province village capital
    symptoms causes treatments complications risks
    price colour size weight age height length width depth
    population area climate currency flag language religion
    car_insurance health_insurance travel_insurance life_insurance
    branch tag commit repository remote
    table row column index view database
    process thread service container job
    user group role administrator
    port host domain subnet interface
    key certificate token cookie session
    England Scotland Ireland Wales France Germany Spain Italy Portugal Greece Poland Sweden
    Japan China India Korea Vietnam Thailand Canada Mexico Brazil Chile Peru
    """.strip().splitlines()
)
_KIND_OF = {word: kind for kind in _KINDS for word in kind}
_THING = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(map(re.escape, _KIND_OF), key=len, reverse=True))})(?P<s>s?)"
    r"(?![\w-])"
)
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()  # noqa: SIM905
_COUNTS = "two three four five six seven eight nine ten twelve twenty thirty".split()  # noqa: SIM905
_WHOLE = re.compile(r"(?<![\w.,])\$?\d[\d,.]*\b")
_FROM_TO = re.compile(
    r"\b(?P<first>from|between) (?P<a>(?:[\w'’-]+ ){0,2}?[\w'’-]+) (?P<to>to) "
    r"(?P<b>[\w'’-]+(?: [A-Z][\w'’-]+)?)"
)
_ASKS = ("who", "when", "where", "why", "how")
_ASKED = re.compile(
    r"^(?P<word>when|where|why|how) (?P<rest>(?:was|were|is|are|did|does|do|can|will) .+)$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"^who (?P<verb>[a-z]+ed) (?P<x>[^,]+)$", re.IGNORECASE)
_DENIED: tuple[tuple[str, str], ...] = (
    (r"\b(can|could|should|must|may|will|would) (i|you|we|they|one|the \w+)\b", r"\1 \2 not"),
    (r"\b(do|does|did) (i|you|we|they|one|it|he|she|the \w+|[A-Z]\w+)\b", r"\1 \2 not"),
    (r"\b(is|are|was|were) (?!not|there|it\b)", r"\1 not "),
    (r" not\b", ""),
    (r"n['’]t\b", ""),
    (r"\ballowed\b", "forbidden"),
    (r"\bwith\b", "without"),
    (r"\bwithout\b", "with"),
)


def swap_question(question: str, names: Sequence[str], choice: Random) -> Iterator[str]:
    """Questions one thing away from this one, at most one by each rule, in random order."""
    found = [
        *(rule(question, choice) for rule in _OF_SOMETHING_ELSE),
        *(rule(question, choice) for rule in (_other_word, _other_role, _denied)),
    ]
    mine = names_in(f"x {question}")
    if mine:
        asked = Asked(form="claim", query=question, sentence=question)
        pool = [*mine, *choice.sample(names, min(40, len(names)))]
        found += [
            swapped.text
            for swapped in swap_all(asked, question, names=[pool], choice=choice)
            if swapped.kind != "negation"
        ]
    yield from _new_ones(question, found, choice)


def ask_of_something_else(question: str, choice: Random) -> Iterator[str]:
    """Those of them that a passage which answers this one does not answer: of another number or
    thing, or of the other direction. They ask for no capitals."""
    yield from _new_ones(question, [rule(question, choice) for rule in _OF_SOMETHING_ELSE], choice)


def _new_ones(question: str, found: list[str | None], choice: Random) -> Iterator[str]:
    choice.shuffle(found)
    seen = {question.lower()}
    for text in found:
        if text and text.lower() not in seen:
            seen.add(text.lower())
            yield text


def turned_round(text: str, choice: Random) -> str | None:
    found = list(_TURN.finditer(text))
    # "to" and "from" turn the question only where it is about ways and sendings.
    found = [one for one in found if one[0] not in ("to", "from") or _goes(text, one)]
    if not found:
        return None
    one = choice.choice(found)
    return text[: one.start()] + choice.choice(_TURNED[one[0]]) + text[one.end() :]


def _goes(text: str, found: re.Match[str]) -> bool:
    before = text[: found.start()].split()
    after = text[found.end() :].split()
    moves = r"(?:transfer|send|travel|fly|flight|move|go|get|train|bus|copy|letter|mail|migrate)"
    return (
        bool(after)
        and bool(re.search(moves, " ".join(before), re.IGNORECASE))
        and (after[0][:1].isupper() or after[0] in ("the", "my", "a", "an"))
    )


def another_thing(text: str, choice: Random) -> str | None:
    found = list(_THING.finditer(text))
    if not found:
        return None
    one = choice.choice(found)
    word = one[0] if one[0] in _KIND_OF else one[0].removesuffix("s")
    others = [w for w in _KIND_OF[word] if w != word and w.lower() not in text.lower()]
    if not others:
        return None
    plural = one["s"] if one[0] not in _KIND_OF else ""
    return text[: one.start()] + choice.choice(others) + plural + text[one.end() :]


def another_number(text: str, choice: Random) -> str | None:
    for family in (_ORDINALS, _COUNTS):
        there = [word for word in family if re.search(rf"\b{word}\b", text)]
        if there:
            other = choice.choice([word for word in family if word not in there])
            return re.sub(rf"\b{there[0]}\b", other, text, count=1)
    found = _WHOLE.search(text)
    if not found:
        return None
    digits = list(found[0])
    places = [n for n, digit in enumerate(digits) if digit.isdigit()]
    at = choice.choice(places)
    if len(places) > 1 and choice.random() < 0.3:
        digits[places[-1]], digits[places[-2]] = digits[places[-2]], digits[places[-1]]
    if "".join(digits) == found[0]:
        digits[at] = choice.choice([d for d in "123456789" if d != digits[at]])
    return text[: found.start()] + "".join(digits) + text[found.end() :]


def _other_way(text: str, choice: Random) -> str | None:
    """From B to A for from A to B."""
    found = _FROM_TO.search(text)
    if not found:
        return None
    turned = f"{found['first']} {found['b']} {found['to']} {found['a']}"
    return text[: found.start()] + turned + text[found.end() :]


def _other_word(text: str, choice: Random) -> str | None:
    """Where for when."""
    found = _ASKED.match(text)
    if not found:
        return None
    other = choice.choice([word for word in _ASKS[1:] if word != found["word"].lower()])
    return f"{other if found['word'].islower() else other.capitalize()} {found['rest']}"


def _other_role(text: str, choice: Random) -> str | None:
    """Who was killed by X, for who killed X."""
    found = _SUBJECT.match(text.rstrip("?"))
    return f"Who was {found['verb']} by {found['x']}?" if found else None


def _denied(text: str, choice: Random) -> str | None:
    fitting = [
        (pattern, new) for pattern, new in _DENIED if re.search(pattern, text, re.IGNORECASE)
    ]
    if not fitting or choice.random() < 0.4:
        return None
    pattern, new = choice.choice(fitting)
    return re.sub(pattern, new, text, count=1, flags=re.IGNORECASE)


_OF_SOMETHING_ELSE: tuple[Callable[[str, Random], str | None], ...] = (
    turned_round, turned_round, another_thing, another_thing, another_number, _other_way,
)  # fmt: skip
