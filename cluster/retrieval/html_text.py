"""The visible text of an HTML page, with its headings.

It stands alone because a page is not written to be cut into lines: where lines and paragraphs
end is decided here, from the elements. It opens no file and knows no passages.
"""

from html.parser import HTMLParser

from cluster.retrieval.formats import MAX_TITLE_CHARS, Extracted, Heading

_H = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PARAGRAPHS = _H | {"p", "pre", "table", "ul", "ol", "dl", "blockquote", "section", "article"}
_LINES = frozenset({"div", "li", "tr", "dt", "dd", "br", "hr", "header", "footer", "main", "nav"})
_LINES |= {"aside", "form", "option", "caption", "body", "figure"}
_SEPARATORS = ("", " ", "\n", "\n\n")
_STEP_CHARS = 2**16
_MAX_TAG_CHARS = 2**14
_SCRIPT_END_CHARS = 16
_SPACE, _LINE, _PARAGRAPH = 1, 2, 3


def extract_html(text: str) -> Extracted:
    """Visible text without script and style; a page without h1 takes its title as outermost."""
    reader = _HtmlReader()
    _feed(reader, text)
    reader.close()
    headings = tuple(reader.headings)
    if reader.title and all(heading.level > 1 for heading in headings):
        headings = (Heading(start=0, level=0, title=reader.title[:MAX_TITLE_CHARS]), *headings)
    return Extracted(text="".join(reader.pieces), headings=headings)


def _feed(reader: "_HtmlReader", text: str) -> None:
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

    def parse_html_declaration(self, i: int) -> int:
        """A marked section that no HTML knows is left out; the parser would stop at it."""
        try:
            return super().parse_html_declaration(i)
        except AssertionError:
            return self.parse_bogus_comment(i)

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
            title = " ".join(" ".join(self._heading_words).split())[:MAX_TITLE_CHARS]
            self.headings.append(
                Heading(start=self._heading_start, level=self._heading_level, title=title)
            )
        self._heading_level, self._heading_start, self._heading_words = 0, -1, []
