"""Whether two texts say the same words in the same order, counted in runs of four words.

It stands alone because the forge, which must not offer an answer as a near-miss, and the audit,
which must take an answer away whole, have to mean the same thing by it.
"""

import re
from collections.abc import Iterable

_RUN = 4
_SHARE = 0.5
_WORD = re.compile(r"[^\W_]+")


def tells(passage: str, answers: Iterable[str]) -> bool:
    """Whether a passage holds at least half of an answer, or is itself held by one."""
    mine = _runs(passage)
    for answer in answers:
        theirs = _runs(answer)
        if len(mine & theirs) >= _SHARE * min(len(mine), len(theirs)):
            return True
    return False


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    length = min(_RUN, len(words)) or 1
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
