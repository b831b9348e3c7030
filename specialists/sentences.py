"""Where the sentences of a text begin and end, as exact offsets.

It stands alone because a quote must be cut out without changing a letter. Headings, rulers and
code fences are no sentences; a list item, a table row and a line of code are one each. It knows
no documents and no scores.
"""

import re

Span = tuple[int, int]

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+[」』”]*")
_MARKER = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_CODE = re.compile(r"(?: {4}|\t)")
_NO_SENTENCE = re.compile(r"[ \t]*(?:#{1,6}[ \t].*|([=\-~^\"'`#*+_])\1{2,}[^\n]*)$")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+])\1{2,}[ \t]*$")
_LAST_WORD = re.compile(r"[^\s(\"'“‘\[]*$")
_NEXT = re.compile(r"\s+[\"'“‘(\[]*(\S)")
_ABBREVIATIONS = (
    "e.g. i.e. cf. vs. dr. mr. mrs. ms. prof. st. no. nos. fig. figs. sec. ch. p. pp. vol. ca. "
    "approx. viz. al. eq. resp. ed. eds. jr. sr."
)
_ALWAYS_GO_ON = frozenset(_ABBREVIATIONS.split())


def split_sentences(text: str) -> tuple[Span, ...]:
    """(start, end) of each sentence in order, free of white space and list markers around it."""
    spans: list[Span] = []
    for start, end in _blocks(text):
        spans.extend(_sentences(text, start, end))
    return tuple(spans)


def _blocks(text: str) -> list[Span]:
    """Runs of lines that are read on from one to the next."""
    blocks: list[Span] = []
    start = stop = -1
    in_fence = False

    def flush() -> None:
        nonlocal start
        if start >= 0:
            blocks.append((start, stop))
        start = -1

    for line in re.finditer(r"[^\n]+|\n", text):
        content = line.group()
        if content == "\n":
            if text.startswith("\n", line.start() - 1) and line.start() > 0:
                flush()
            continue
        if content.lstrip().startswith(("```", "~~~")):
            in_fence = not in_fence
            flush()
        elif _UNDERLINE.match(content) and start >= 0 and "\n" not in text[start:stop]:
            start = -1  # the line above was a heading
        elif not content.strip() or _NO_SENTENCE.match(content):
            flush()
        else:
            marker = _MARKER.match(content)
            alone = in_fence or " | " in content or (_CODE.match(content) and start < 0)
            if marker or alone:
                flush()
            if start < 0:
                start = line.start() + (marker.end() if marker and not in_fence else 0)
            stop = line.end()
            if alone:
                flush()
    flush()
    return blocks


def _sentences(text: str, start: int, end: int) -> list[Span]:
    spans = []
    for found in _END.finditer(text, start, end):
        if _goes_on(text, start, found, end):
            continue
        spans.append((start, found.end()))
        start = found.end()
    spans.append((start, end))
    return [span for span in (_stripped(text, *span) for span in spans) if span[0] < span[1]]


def _goes_on(text: str, start: int, found: re.Match[str], end: int) -> bool:
    """A full stop that belongs to an abbreviation, an initial or a number in a list."""
    if not found.group().startswith("."):
        return False
    follows = _NEXT.match(text, found.end(), end)
    if not follows or follows.group(1).islower():
        return follows is not None
    word_match = _LAST_WORD.search(text, max(start, found.start() - 20), found.start())
    word = word_match.group() if word_match else ""
    if word.lower() + "." in _ALWAYS_GO_ON:
        # "No. 7" is a number, "No. It rains" is an answer.
        return word.lower() not in ("no", "nos", "p", "pp") or follows.group(1).isdigit()
    return len(word) == 1 and word.isupper() and word != "I"


def _stripped(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())
