"""From one format to plain text with headings and pages: Markdown, reStructuredText, HTML, PDF.

It stands alone because each format is one small reading rule and nothing more: it opens no file,
knows no folder, no limit but the one it is handed, and no index.
"""

import importlib.util
import io
import logging
import re
from dataclasses import dataclass
from html.parser import HTMLParser

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


_TITLE_CHARS = 200
_CLOSING = re.compile(r"[ \t]+#+$")
_FENCE = re.compile(r"^ {0,3}(```|~~~).*$", re.MULTILINE)
_HASHES = re.compile(r"^ {0,3}(#{1,6})[ \t]+([^\n]*\S)", re.MULTILINE)
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
        headings.append(Heading(start=found.start(), level=level, title=title[:_TITLE_CHARS]))
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
            title=_CLOSING.sub("", m.group(2)[:_TITLE_CHARS]),
        )
        for m in _HASHES.finditer(text)
    ]
    headings += [
        Heading(
            start=m.start(),
            level=1 if m.group(2)[0] == "=" else 2,
            title=m.group(1).strip()[:_TITLE_CHARS],
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


_H = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARAGRAPHS = _H | {"p", "pre", "table", "ul", "ol", "dl", "blockquote", "section", "article"}
_LINES = frozenset({"div", "li", "tr", "dt", "dd", "br", "hr", "header", "footer", "main", "nav"})
_LINES |= {"aside", "form", "option", "caption", "body", "figure"}
_SEPARATORS = ("", " ", "\n", "\n\n")
_STEP_CHARS = 2**16
_MAX_TAG_CHARS = 2**14
_SCRIPT_END_CHARS = 16
_SPACE, _LINE, _PARAGRAPH = 1, 2, 3


class _HtmlReader(HTMLParser):
    """Collects visible text; what separates two pieces is decided when the second one comes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.length = 0
        self.headings: list[Heading] = []
        self.title = ""
        self._gap = 0
        self._hidden = False
        self._in_title = False
        self._pre_depth = 0
        self._first_cell = True
        self._heading_level = 0
        self._heading_start = -1
        self._heading_words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and not self.title
        self._hidden = tag in ("script", "style")
        self._break(tag)
        if tag == "pre":
            self._pre_depth += 1
        elif tag == "li":
            self._emit("-")
            self._gap = _SPACE
        elif tag == "tr":
            self._first_cell = True
        elif tag in ("td", "th"):
            if not self._first_cell:
                self._gap = _SPACE
                self._emit("|")
                self._gap = _SPACE
            self._first_cell = False
        elif tag in _H:
            self._end_heading()
            self._heading_level = int(tag[1])

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._hidden = False
        if tag == "pre":
            self._pre_depth = max(0, self._pre_depth - 1)
        elif tag in _H:
            self._end_heading()
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self.title = " ".join((self.title + data).split())
            return
        if self._pre_depth:
            self._emit(data)
            return
        words = data.split()
        if not words:
            self._gap = max(self._gap, _SPACE)
            return
        if data[0].isspace():
            self._gap = max(self._gap, _SPACE)
        self._emit(" ".join(words))
        if data[-1].isspace():
            self._gap = _SPACE

    def close(self) -> None:
        super().close()
        self._end_heading()

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._gap = _PARAGRAPH
        elif tag in _LINES:
            self._gap = max(self._gap, _LINE)

    def _emit(self, piece: str) -> None:
        if self.length and self._gap:
            separator = _SEPARATORS[self._gap]
            self.pieces.append(separator)
            self.length += len(separator)
        if self._heading_level:
            if self._heading_start < 0:
                self._heading_start = self.length
            self._heading_words.append(piece)
        self.pieces.append(piece)
        self.length += len(piece)
        self._gap = 0

    def _end_heading(self) -> None:
        if self._heading_level and self._heading_start >= 0:
            title = " ".join(" ".join(self._heading_words).split())[:_TITLE_CHARS]
            self.headings.append(
                Heading(start=self._heading_start, level=self._heading_level, title=title)
            )
        self._heading_level, self._heading_start, self._heading_words = 0, -1, []


def extract_html(text: str) -> Extracted:
    """Visible text without script and style; a page without h1 takes its title as outermost."""
    reader = _HtmlReader()
    _feed(reader, text)
    reader.close()
    headings = tuple(reader.headings)
    said = {heading.title for heading in headings}
    if reader.title not in {"", *said} and all(heading.level > 1 for heading in headings):
        headings = (Heading(start=0, level=0, title=reader.title[:_TITLE_CHARS]), *headings)
    return Extracted(text="".join(reader.pieces), headings=headings)


def _feed(reader: _HtmlReader, text: str) -> None:
    """In steps, leaving out tags and comments longer than any step: the parser's time grows with
    the square of what it holds back, so a page of nothing but `<a<a<a` would never end."""
    at = 0
    while at < len(text):
        reader.feed(text[at : at + _STEP_CHARS])
        at += _STEP_CHARS
        held = reader.rawdata
        if len(held) <= _MAX_TAG_CHARS or not (reader.cdata_elem or held.startswith("<")):
            continue
        if reader.cdata_elem:
            reader.rawdata = held[-_SCRIPT_END_CHARS:]
            continue
        mark = "-->" if held.startswith("<!--") else ">"
        end = text.find(mark, at - len(mark) + 1)
        reader.rawdata = ""
        at = end + len(mark) if end >= 0 else len(text)


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
