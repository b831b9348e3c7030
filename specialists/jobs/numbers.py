"""The numbers that a text holds, each with the exact value of its digits or words.

It stands alone because a number in a call must be the one that was asked for: what can be read in
two ways (4,50; 3k; 7am; 12/5; v2.4) is left out, and so is what a float cannot hold digit by digit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = re.compile(
    r"(?<![\w.,:/#@&=+-])(?<![\w] [-–])(?P<minus>[-−])?(?:[$€£¥] ?)?"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.(?P<part>[0-9]{1,9}))?"
    r"(?:%|°[CF]?|(?!am\b|pm\b|st\b|nd\b|rd\b|th\b|k\b|m\b|b\b|x\b|e\b)[a-zA-Z]{1,3}\b)?"
    r"(?![\w:/-]|[.,][0-9]| ?(?:am|pm|a\.m|p\.m|o'clock)\b"
    r"| (?:hundred|thousand|million|billion|dozen|[0-9]+/[0-9]|and a|point)\b)",
    re.IGNORECASE,
)
_SMALL = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
    """.split()  # noqa: SIM905  a page of words, not of quotes
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_VALUE = {
    **{word: value for value, word in enumerate(_SMALL)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
}
_TIMES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_BELOW_100 = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_SMALL[1:10])}))?|{'|'.join(_SMALL)})"
_WORDS = re.compile(
    rf"(?<![\w-])(?P<count>{_BELOW_100}|an?(?= (?:{'|'.join(_TIMES)})))"
    rf"(?: (?P<times>{'|'.join(_TIMES)}))?"
    rf"(?![\w-]| (?:and |point |half\b|{_BELOW_100}\b|{'|'.join(_TIMES)}))",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    rf"\b(?:{'|'.join((*_TIMES, *_TENS, 'point', 'minus'))})[ -](?:and )?$", re.IGNORECASE
)
"""What stands before a word that is only the end of a number."""
_MOST_DIGITS = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number and where its text stands."""

    start: int
    end: int
    value: int | float


def numbers_of(text: str) -> tuple[Number, ...]:
    """Every number that can be read in one way only, in order."""
    found = [*_by_digits(text), *_by_words(text)]
    return tuple(sorted(found, key=lambda number: number.start))


def _by_digits(text: str) -> Iterator[Number]:
    for found in _DIGITS.finditer(text):
        whole, part = found["whole"].replace(",", ""), found["part"] or ""
        if len(whole + part) > _MOST_DIGITS:
            continue
        value: int | float = float(f"{whole}.{part}") if part.strip("0") else int(whole)
        yield Number(
            start=found.start(), end=found.end(), value=-value if found["minus"] else value
        )


def _by_words(text: str) -> Iterator[Number]:
    for found in _WORDS.finditer(text):
        if _GOES_ON.search(text, max(0, found.start() - 16), found.start()):
            continue
        words = re.split(r"[- ]", found["count"].lower())
        count = 1 if words[0] in ("a", "an") else sum(_VALUE[word] for word in words)
        value = count * _TIMES.get((found["times"] or "").lower(), 1)
        yield Number(start=found.start(), end=found.end(), value=value)
