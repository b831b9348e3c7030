"""Copies of a passage that tell of something else: one thing that the query names is exchanged.

Only what stands in the query is exchanged, and everywhere in the copy, so that the copy speaks of
another number, year, unit, name or of the roles turned round. Exchanging what only the answer holds
would leave a passage that still answers, wrongly. It knows no corpus but the names it is handed,
and draws only through the `Random` it is handed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from specialists.corpora.asking import Asked

SwapKind = Literal["entity", "number", "unit", "date", "negation", "role"]

_MONTHS = """
    January February March April May June July August September October November December
    """.split()  # noqa: SIM905  a line of words, not of quotes
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_YEAR = re.compile(r"(?<![\d.,/–—-])(?:1[5-9]|20)\d\d(?![\d.,/–—-]\d|[\d–—-])")
_MONTH = rf"(?:{'|'.join(_MONTHS)})"
_NUMBER = re.compile(
    rf"(?<![\w.,:/$–—-])(?<!{' )(?<!'.join(_MONTHS)} )"
    rf"\d{{1,6}}(?:[.,]\d{{1,3}})?(?![\w:/–—]|[.,-]\w|(?:st|nd|rd|th)? (?:of )?{_MONTH})"
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]*[a-zA-Z][\w'’-]*(?: [A-Z][\w'’-]*[a-zA-Z][\w'’-]*)*")
"""Capitals in the midst of a sentence: after a small letter or a comma."""
_UNITS: tuple[tuple[str, ...], ...] = (
    ("second", "minute", "hour", "day", "week", "month", "year"),
    ("milligram", "gram", "kilogram", "tonne"),
    ("millimetre", "centimetre", "metre", "kilometre"),
    ("millimeter", "centimeter", "meter", "kilometer"),
    ("millilitre", "litre", "cubic metre"),
    ("inch", "foot", "yard", "mile"),
    ("inches", "feet", "yards", "miles"),
    ("byte", "kilobyte", "megabyte", "gigabyte"),
    ("volt", "ampere", "watt"),
)
_PAIRS = """
    landlord/tenant buyer/seller employer/employee client/server doctor/patient teacher/pupil
    parent/child author/reader sender/receiver sender/recipient lender/borrower supplier/customer
    host/guest administrator/user guide/visitor caller/callee source/target
    source/destination input/output producer/consumer owner/member reads/writes before/after
    above/below minimum/maximum increase/decrease increases/decreases enable/disable
    enables/disables enabled/disabled opens/closes opened/closed upper/lower earlier/later
    north/south east/west summer/winter morning/evening inside/outside import/export
    """
_ROLES = tuple(tuple(pair.split("/")) for pair in _PAIRS.split())
_NOT = (
    (re.compile(r"\b(is|are|was|were|must|should|may|will|would|could) (?!not\b)"), ""),
    (re.compile(r"\bcan (?!not\b)"), "cannot "),
)
_NO_NEGATION = re.compile(
    r"\b(?:not|cannot|never|no|none|nobody|nothing|without|unless|neither|nor|only|if|may|few|"
    r"hardly)\b|n['’]t\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(?:that|which|who|whose|where|when|while|because|so|although|though|as|than|but|and)\b",
    re.IGNORECASE,
)
_COMMON = frozenset(
    """
    the a an i ii iii iv if when no not and or but in on at for to it is as of by he she we you they
    this that these those there what who how why where yes ok am pm note warning chapter section
    figure table part appendix mr mrs ms dr internet english monday tuesday wednesday thursday
    friday saturday sunday january february march april may june july august september october
    november december
    """.split()  # noqa: SIM905  a page of words, not of quotes
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Swapped:
    """A copy with one thing exchanged. `what` says what, for those who read samples."""

    kind: SwapKind
    text: str
    what: str


def swap_all(
    asked: Asked, passage: str, *, names: Sequence[Sequence[str]], choice: Random
) -> Iterator[Swapped]:
    """At most one copy of each kind that fits. A heading has none: the section under it is about
    it, whatever it says; keywords have none with the roles turned round, for the copy is still
    about them; a yes/no question has only those about something else, since a copy that says the
    opposite still answers it. `names` are what a name may give way to, those nearest to
    the passage first; what stands in none of them is not taken for a name."""
    if asked.form == "heading":
        return
    query = asked.query
    found = [_swap_name(query, passage, names, choice)]
    if asked.form != "yes/no":
        found += [
            _swap_number(query, passage, choice),
            _swap_unit(query, passage, choice),
            _swap_date(query, passage, choice),
        ]
    if asked.form not in ("yes/no", "keywords"):
        found.append(_swap_role(query, passage))
    if asked.form == "claim":
        found.append(_negate(asked, passage))
    yield from filter(None, found)


def names_in(text: str) -> list[str]:
    """Capitalised words inside sentences, neighbours together; months and the like left out."""
    found = []
    for name in _NAME.findall(text):
        words = re.sub(r"['’]s\b", "", name).split()
        while words and words[0].lower() in _COMMON:
            words.pop(0)
        while words and words[-1].lower() in _COMMON:
            words.pop()
        if words and not any(word.lower() in _COMMON for word in words) and len(words) <= 4:
            found.append(" ".join(words))
    return found


def _swap_name(
    query: str, passage: str, names: Sequence[Sequence[str]], choice: Random
) -> Swapped | None:
    """The longest name of the query that stands in the passage, for another of the same shape."""
    known = {name for tier in names for name in tier}
    mine = [n for n in dict.fromkeys(names_in(passage)) if n in known and _has_word(query, n)]
    for name in sorted(mine, key=lambda one: (-len(one.split()), one)):
        for tier in names:
            others = [
                other
                for other in tier
                if _shape(other) == _shape(name)
                and name.split()[0] not in other.split()
                and not _has_word(passage, other)
            ]
            if not others:
                continue
            last = name.split()[-1]
            # A county for a county, a prize for a prize, where there is one.
            like = [one for one in others if " " in name and one.split()[-1] == last]
            other = choice.choice(like or others)
            copy = _replace(passage, name, other)
            if not like:
                # A long name is often taken up again by its last word alone.
                alone = rf"(?<=[a-z,] ){re.escape(last)}(?!\w)(?! [A-Z])"
                copy = re.sub(alone, other.split()[-1].replace("\\", ""), copy)
            return _swapped("entity", passage, copy, f"{name} -> {other}")
    return None


def _swap_number(query: str, passage: str, choice: Random) -> Swapped | None:
    asked = [n for n in _NUMBER.findall(query) if not _YEAR.fullmatch(n)]
    there = set(_NUMBER.findall(passage))
    for number in asked:
        if number not in there or number in ("0", "1", "100"):
            continue
        whole, mark, part = re.match(r"(\d+)([.,]?)(\d*)", number).groups()  # type: ignore[union-attr]  # a number by its pattern
        values = [int(int(whole) * factor) for factor in (0.5, 2, 3, 1.5)]
        values += [int(whole) + step for step in (1, 2, 3, 4, 7)]
        most = 100 if re.search(rf"{re.escape(number)} ?(?:%|percent|per cent)", passage) else 10**9
        new = [f"{v}{mark}{part}" for v in values if 0 < v <= most and str(v) != whole]
        free = [one for one in new if one not in there and not _has_word(query, one)]
        if free:
            other = choice.choice(free)
            return _swapped(
                "number", passage, _replace(passage, number, other), f"{number} -> {other}"
            )
    return None


def _swap_unit(query: str, passage: str, choice: Random) -> Swapped | None:
    """Only where the query gives a number in the unit or asks for a price by it."""
    for family in _UNITS:
        for unit in family:
            given = re.search(rf"(?:\d|\bper|\ban?|\beach) {unit}s?\b", query)
            if not given or not _has_word(passage, unit, plural=True):
                continue
            place = family.index(unit)
            beside = (*family[max(0, place - 1) : place], *family[place + 1 : place + 2])
            others = [o for o in beside if not _has_word(passage, o, plural=True)]
            if others:
                other = choice.choice(others)
                copy = _replace(passage, f"{unit}s", f"{other}s")
                copy = _replace(copy, unit, other)
                return _swapped("unit", passage, copy, f"{unit} -> {other}")
    return None


def _swap_date(query: str, passage: str, choice: Random) -> Swapped | None:
    for year in _YEAR.findall(query):
        free = [
            str(int(year) + step)
            for step in (-9, -4, -2, -1, 1, 2, 3, 5)
            if str(int(year) + step) not in passage
        ]
        if year in passage and free:
            other = choice.choice(free)
            return _swapped("date", passage, _replace(passage, year, other), f"{year} -> {other}")
    for family in (_MONTHS, _DAYS):
        for name in family:
            free = [other for other in family if not _has_word(passage, other, plural=True)]
            # "May" and "March" are words too; only beside a number, or after "in", are they months.
            sure = name not in ("May", "March") or re.search(rf"(?:\d|\bin) {name}\b", passage)
            if sure and free and _has_word(query, name, plural=True) and _has_word(passage, name):
                other = choice.choice(free)
                copy = _replace(_replace(passage, name, other), f"{name}s", f"{other}s")
                return _swapped("date", passage, copy, f"{name} -> {other}")
    return None


def _swap_role(query: str, passage: str) -> Swapped | None:
    """Two roles exchanged where the query names both, or names one and the passage no other."""
    for left, right in _ROLES:
        here = sum(_has_word(query, role, plural=True) for role in (left, right))
        there = sum(_has_word(passage, role, plural=True) for role in (left, right))
        joined = rf"\b({left}|{right})s? (?:and|or|nor|to|/) (?:the )?({left}|{right})"
        if here and here == there and not re.search(joined, passage, re.IGNORECASE):
            return _swapped("role", passage, _exchange(passage, left, right), f"{left} <-> {right}")
    return None


def _negate(asked: Asked, passage: str) -> Swapped | None:
    """The claim's own sentence with its verb denied; only where nothing is denied there yet."""
    if _NO_NEGATION.search(asked.sentence):
        return None
    for pattern, instead in _NOT:
        found = pattern.search(asked.sentence)
        # Only the first verb of the main clause turns the whole claim round.
        if not found or _CLAUSE.search(asked.sentence[: found.start()]):
            continue
        new = instead or f"{found[1]} not "
        denied = asked.sentence[: found.start()] + new + asked.sentence[found.end() :]
        where = re.search(r"\s+".join(map(re.escape, asked.sentence.split())), passage)
        if where:
            copy = passage[: where.start()] + denied + passage[where.end() :]
            return _swapped("negation", passage, copy, f"{found[0].strip()} -> {new.strip()}")
    return None


def _swapped(kind: SwapKind, passage: str, copy: str, what: str) -> Swapped | None:
    return Swapped(kind=kind, text=copy, what=what) if copy != passage else None


def _shape(name: str) -> tuple[int, bool]:
    return len(name.split()), name.isupper()


def _has_word(text: str, word: str, *, plural: bool = False) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}{'s?' if plural else ''}(?!\w)", text) is not None


def _replace(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w.,]){re.escape(old)}(?!\w|[.,]\d)", lambda _: new, text)


def _exchange(text: str, left: str, right: str) -> str:
    """Both words for each other, with their endings and capitals."""
    other = {left: right, right: left}

    def turn(found: re.Match[str]) -> str:
        word = other[found[1].lower()]
        return (word.capitalize() if found[1][0].isupper() else word) + found[2]

    return re.sub(rf"\b({left}|{right})(s?)\b", turn, text, flags=re.IGNORECASE)
