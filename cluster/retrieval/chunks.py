"""A document cut into passages that a small model can read whole.

It stands alone because cutting is pure: text in, spans out, nothing dropped, no overlap. Passages
end at headings, then at paragraphs, then inside a long paragraph at list items, sentences, lines
or words, in this order. It knows no file and no index.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby

from cluster.records import Passage
from cluster.retrieval.documents import Document
from cluster.retrieval.formats import Heading

TARGET_WORDS = 110
MAX_WORDS = 165
_SMALL_WORDS = 30
_CHARS_A_WORD = 6
_TARGET_CHARS = TARGET_WORDS * _CHARS_A_WORD

_BLANK = re.compile(r"\n[ \t]*\n\s*")
_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[^a-z\s])|[。！？]")
_SPACES = re.compile(r"\s*")

Span = tuple[int, int]


def split_passages(document: Document) -> tuple[Passage, ...]:
    """Passages in order. Together they hold every character that is not white space, and
    `document.text[passage.start:passage.end] == passage.text` for each."""
    text = document.text
    passages = []
    line, counted = 1, 0
    for start, end, heading in _spans(document):
        line += text.count("\n", counted, start)
        counted = start
        page = bisect_right(document.pages, start) if document.pages else None
        passages.append(
            Passage(
                text=text[start:end],
                source=document.source,
                start=start,
                end=end,
                line=line,
                page=page,
                heading=heading,
            )
        )
    return tuple(passages)


def _spans(document: Document) -> Iterator[tuple[int, int, str]]:
    """(start, end, heading) of each passage, free of white space at both ends."""
    text = document.text
    for section_start, section_end, heading in _sections(text, document.headings):
        for start, end in _pack(text, _pieces(text, section_start, section_end)):
            yield start, end, heading


def _sections(text: str, headings: tuple[Heading, ...]) -> Iterator[tuple[int, int, str]]:
    """Text under one heading path. A heading with nothing under it opens the section after it."""
    path: list[Heading] = []
    begin = 0
    for at, heading in enumerate(headings):
        if at == 0 and text[: heading.start].strip():
            yield 0, heading.start, ""
            begin = heading.start
        path = [*(outer for outer in path if outer.level < heading.level), heading]
        end = headings[at + 1].start if at + 1 < len(headings) else len(text)
        if end < len(text) and _is_bare(text, heading, end):
            continue
        yield begin, end, _path_text(path)
        begin = end
    if not headings:
        yield 0, len(text), ""


def _path_text(path: list[Heading]) -> str:
    """Outermost first; a title under its like, as in many pages, is said once."""
    return " > ".join(title for title, _ in groupby(heading.title for heading in path))


def _is_bare(text: str, heading: Heading, end: int) -> bool:
    body = text[heading.start : min(end, heading.start + 4 * len(heading.title) + 200)]
    return end - heading.start == len(body) and not re.search(
        r"[^\W_]", body.replace(heading.title, "", 1)
    )


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs without white space around them; those too long for one passage in parts."""
    for block_start, block_end in _join_code(text, _paragraphs(text, start, end)):
        if _weigh(text, block_start, block_end) <= MAX_WORDS:
            yield block_start, block_end
        else:
            yield from _cut(text, block_start, block_end)


def _paragraphs(text: str, start: int, end: int) -> Iterator[Span]:
    found = _SPACES.match(text, start, end)
    # An indented first line keeps its indentation: it tells code from prose.
    at = max(start, text.rfind("\n", start, found.end()) + 1) if found else start
    for blank in _BLANK.finditer(text, at, end):
        if text[at : blank.start()].strip():
            yield at, blank.start()
        at = max(text.rfind("\n", blank.start(), blank.end()) + 1, at)
    stop = at + len(text[at:end].rstrip())
    if stop > at:
        yield at, stop


def _join_code(text: str, blocks: Iterator[Span]) -> Iterator[Span]:
    """Blank lines inside small pieces of code do not part them."""
    held: Span | None = None
    for block in blocks:
        if held and _is_code_together(text, held, block):
            held = (held[0], block[1])
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def _is_code_together(text: str, first: Span, second: Span) -> bool:
    if second[1] - first[0] > MAX_WORDS * _CHARS_A_WORD:
        return False
    if text.count("```", *first) % 2 or text.count("~~~", *first) % 2:
        return True
    return _is_indented(text, first[0]) and _is_indented(text, second[0])


def _is_indented(text: str, at: int) -> bool:
    return text.startswith(("    ", "\t"), at)


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """Parts of about the target size, each ending at the best break there is."""
    while _weigh(text, start, min(end, start + 4 * _TARGET_CHARS)) > MAX_WORDS:
        window = text[start : min(end, start + _TARGET_CHARS)]
        rest = window.split(None, TARGET_WORDS)
        if len(rest) > TARGET_WORDS:
            window = window[: len(window) - len(rest[-1])]
        stop = start + _best_break(window)
        if window.strip():
            yield start, stop
        found = _SPACES.match(text, stop, end)
        start = found.end() if found else stop
    if start < end:
        yield start, end


def _best_break(window: str) -> int:
    least = len(window) // 3
    for pattern in (_ITEM, _SENTENCE_END):
        ends = [match.end() for match in pattern.finditer(window, least)]
        if ends:
            return ends[-1]
    for mark in ("\n", " ", "\t"):
        at = window.rfind(mark, least)
        if at > 0:
            return at + 1
    return len(window)


def _pack(text: str, pieces: Iterator[Span]) -> Iterator[Span]:
    """Neighbouring pieces together until the target is reached."""
    start = end = -1
    words = 0
    for piece_start, piece_end in pieces:
        if start >= 0:
            limit = MAX_WORDS if words < _SMALL_WORDS else TARGET_WORDS
            together = _weigh(text, start, piece_end)
            if together <= limit:
                end, words = piece_end, together
                continue
            yield _stripped(text, start, end)
        start, end = piece_start, piece_end
        words = _weigh(text, start, end)
    if start >= 0:
        yield _stripped(text, start, end)


def _stripped(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())


def _weigh(text: str, start: int, end: int) -> int:
    """Words, or the words that so many letters would make when they are long or hold no space."""
    by_chars = (end - start) // _CHARS_A_WORD
    # A whole book without a blank line is not split into words just to learn that it is long.
    return by_chars if by_chars > MAX_WORDS else max(by_chars, len(text[start:end].split()))
