"""Pieces of a text for specialists that were taught on short ones: spans of at most `longest`
characters that end where a paragraph, a line, a sentence or a word does.

A piece begins a little before the last one ended, so that what lies across the border is seen
whole once. It knows nothing of what the pieces are for.
"""

import re
from collections.abc import Iterator

_ENDS = tuple(re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"[.!?…][\"'”’)\]]*\s", r"\s"))
"""Where to end a piece, best first."""
_LEAST_PART = 8


def chunk_spans(text: str, *, longest: int, shared: int) -> Iterator[tuple[int, int]]:
    """Spans that cover the text, each but the first with about `shared` characters of the one
    before; the space around them is left out."""
    begin = 0
    while begin < len(text):
        end = len(text) if len(text) - begin <= longest else _end(text, begin, begin + longest)
        piece = text[begin:end]
        if piece.strip():
            left = len(piece) - len(piece.lstrip())
            yield begin + left, begin + len(piece.rstrip())
        if end >= len(text):
            return
        back = max(begin + 1, end - shared)
        space = text.find(" ", back, end)
        begin = max(begin + 1, space + 1 if space >= 0 else end)


def parts_of(begin: int, end: int) -> tuple[tuple[int, int], ...]:
    """Two spans that share the middle third of one that was not read to its end; none where it is
    too short to be parted."""
    third = (end - begin) // 3
    return ((begin, end - third), (begin + third, end)) if third >= _LEAST_PART else ()


def _end(text: str, begin: int, limit: int) -> int:
    """The best place to end in the later half of what fits."""
    middle = (begin + limit) // 2
    for pattern in _ENDS:
        ends = [found.end() for found in pattern.finditer(text, middle, limit)]
        if ends:
            return ends[-1]
    return limit
