"""The part of a document around a quote, with line numbers: what a screen can show of any file.

It stands alone because reading and counting lines of a large document is slow work, done off the
screen's loop. It knows no widget.
"""

from dataclasses import dataclass
from pathlib import Path

from cluster.retrieval.documents import read_document

LINES_AROUND = 300
LONGEST_LINE = 2_000
BEFORE_QUOTE = 500
"""Of a line that is longer, so much before the quote is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceText:
    """`lines` are (number, text), 1-based. `marked` gives for a line number the columns that
    belong to the quote. `changed`: the document no longer says what was quoted."""

    source: str
    lines: tuple[tuple[int, str], ...]
    marked: dict[int, tuple[int, int]]
    changed: bool

    @property
    def first_marked(self) -> int:
        return min(self.marked, default=1)


def read_source(docs: Path, source: str, *, start: int, end: int, quote: str) -> SourceText:
    """The text from `start` to `end` with the lines around it; found anew by the quote's words
    where the document has changed. Raises `DocumentError`."""
    path = docs if docs.is_file() else docs / source
    text = read_document(path, source=source).text
    changed = text[start:end] != quote
    if changed and (found := text.find(quote)) >= 0:
        start, end = found, found + len(quote)
    start, end = min(start, len(text)), min(end, len(text))
    first_line = text.count("\n", 0, start) + 1
    last_line = text.count("\n", 0, end) + 1
    lines: list[tuple[int, str]] = []
    marked: dict[int, tuple[int, int]] = {}
    at = 0
    for number, line in enumerate(text.removesuffix("\n").split("\n"), start=1):
        if first_line - LINES_AROUND <= number <= last_line + LINES_AROUND:
            left, right = max(start - at, 0), min(end - at, len(line))
            quoted = left < right
            begin = max(0, left - BEFORE_QUOTE) if quoted and right > LONGEST_LINE else 0
            shown = line[begin : begin + LONGEST_LINE]
            lines.append((number, shown))
            if quoted:
                marked[number] = (left - begin, min(right - begin, len(shown)))
        at += len(line) + 1
    return SourceText(source=source, lines=tuple(lines), marked=marked, changed=changed)
