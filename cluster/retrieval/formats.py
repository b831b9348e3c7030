"""From one format to plain text with headings and pages: Markdown, reStructuredText, PDF.

It stands alone because each format is one small reading rule and nothing more: it opens no file,
knows no folder, no limit but the one it is handed, and no index. HTML is in `html_text.py`.
"""

import importlib.util
import io
import logging
import re
from dataclasses import dataclass

from cluster.errors import DocumentError


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A title at character offset `start` of the text; level 1 is the outermost."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Extracted:
    """The text of a document. `pages` holds the character offset at which each page starts."""

    text: str
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


MAX_TITLE_CHARS = 200
_CLOSING = re.compile(r"[ \t]+#+$")
_FENCE = re.compile(r"^ {0,3}(```|~~~).*$", re.MULTILINE)
_HASHES = re.compile(r"^ {0,3}(#{1,6})[ \t]+([^ \t\n][^\n]*)", re.MULTILINE)
_SETEXT = re.compile(r"(?:\A|(?<=\n\n)) {0,3}([^\s#>|*+-][^\n]*)\n(=+|-{2,})[ \t]*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n(?:[^\n]*\n){0,200}?---\n")
_RULE = r"([=\-~^\"'`#*+.:_])\{}{{2,}}[ \t]*"
_UNDERLINED = re.compile(
    rf"^(?:{_RULE.format(1)}\n)? ?(\S[^\n]*)\n{_RULE.format(3)}$", re.MULTILINE
)


def extract_text(text: str) -> Extracted:
    """Plain text and reStructuredText: titles are lines underlined at least as long as they are;
    the order in which underlines first appear gives their levels."""
    levels: dict[tuple[str, bool], int] = {}
    headings = []
    for found in _UNDERLINED.finditer(text):
        over, title, under = found.group(1), found.group(2).strip(), found.group(3)
        rule = found.group().rsplit("\n", 1)[1].strip()
        if len(rule) < len(title) or (over and over != under) or not re.search(r"\w", title):
            continue
        level = levels.setdefault((under, bool(over)), len(levels) + 1)
        headings.append(Heading(start=found.start(), level=level, title=title[:MAX_TITLE_CHARS]))
    return Extracted(text=text, headings=tuple(headings))


def extract_markdown(text: str) -> Extracted:
    """Titles with hashes or underlines, outside fenced code and front matter."""
    front = _FRONT_MATTER.match(text)
    code = _fenced_spans(text)
    if front:
        code.insert(0, front.span())
    headings = [
        Heading(
            start=m.start(),
            level=len(m.group(1)),
            title=_CLOSING.sub("", m.group(2)[:MAX_TITLE_CHARS].rstrip()),
        )
        for m in _HASHES.finditer(text)
        if m.group(2).strip()
    ]
    headings += [
        Heading(
            start=m.start(),
            level=1 if m.group(2)[0] == "=" else 2,
            title=m.group(1).strip()[:MAX_TITLE_CHARS],
        )
        for m in _SETEXT.finditer(text)
    ]
    headings.sort(key=lambda heading: heading.start)
    return Extracted(text=text, headings=tuple(_outside(headings, code)))


def _fenced_spans(text: str) -> list[tuple[int, int]]:
    """Fenced code from its opening to its closing line; one left open reaches to the end."""
    spans: list[tuple[int, int]] = []
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif fence.group(1) == opening.group(1):
            spans.append((opening.start(), fence.end()))
            opening = None
    if opening is not None:
        spans.append((opening.start(), len(text)))
    return spans


def _outside(headings: list[Heading], spans: list[tuple[int, int]]) -> list[Heading]:
    kept, at = [], 0
    for heading in headings:
        while at < len(spans) and spans[at][1] <= heading.start:
            at += 1
        if at == len(spans) or heading.start < spans[at][0]:
            kept.append(heading)
    return kept


def pdf_can_be_read() -> bool:
    """Whether the extra `pdf` is installed."""
    return importlib.util.find_spec("pypdf") is not None


def extract_pdf(data: bytes, *, max_chars: int) -> Extracted:
    """The text of each page, at most `max_chars` in all; the rest is named in a note.

    Raises `DocumentError` when the file is damaged, locked by a password or holds no text.
    """
    if not pdf_can_be_read():
        raise DocumentError('reading PDF needs the extra "pdf" (pypdf is not installed)')
    import pypdf  # only where a PDF is really read: the extra may be missing

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pieces: list[str] = []
    starts: list[int] = []
    length, notes = 0, []
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("the PDF is locked by a password")
        for number, page in enumerate(reader.pages, start=1):
            text = page.extract_text().encode("utf-8", "replace").decode("utf-8")
            text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")
            if length + len(text) > max_chars:
                notes.append(f"read up to page {number - 1}: the text is over {max_chars} letters")
                break
            starts.append(length)
            pieces.append(text + "\n\n")
            length += len(text) + 2
    except DocumentError:
        raise
    except Exception as error:  # a damaged PDF raises nearly anything inside the parser
        raise DocumentError(f"the PDF cannot be read ({type(error).__name__}: {error})") from error
    text = "".join(pieces)
    if not text.strip():
        raise DocumentError("the PDF holds no text (perhaps it is a scan)")
    return Extracted(text=text, pages=tuple(starts), notes=tuple(notes))
