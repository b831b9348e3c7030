"""Whether two texts say the same words in the same order, counted in runs of four words.

It stands alone because the forge, which must not offer an answer as a near-miss, and the audit,
which must take an answer away whole, have to mean the same thing by it.
"""

import re
from collections.abc import Iterable, Sequence

_RUN = 4
_SHARE = 0.5
_WORD = re.compile(r"[^\W_]+")


Runs = frozenset[tuple[str, ...]]


def tells(passage: str, answers: Iterable[str]) -> bool:
    """Whether a passage holds at least half of an answer, or is itself held by one. Of texts of
    fewer words than a run has, all words stand for one."""
    mine = _words(passage)
    return any(_told(mine, _words(answer)) for answer in answers)


def overlap(mine: Runs, theirs: Runs) -> bool:
    """Whether half of the runs of the shorter text stand in the other."""
    return bool(mine and theirs) and len(mine & theirs) >= _SHARE * min(len(mine), len(theirs))


def runs_of(text: str) -> Runs:
    words = _words(text)
    return _runs(words, min(_RUN, len(words)))


def _told(words: Sequence[str], others: Sequence[str]) -> bool:
    length = min(_RUN, len(words), len(others))
    return overlap(_runs(words, length), _runs(others, length))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _runs(words: Sequence[str], length: int) -> Runs:
    if not length:
        return frozenset()
    return frozenset(tuple(words[i : i + length]) for i in range(len(words) - length + 1))
