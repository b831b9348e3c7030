"""What may be quoted of some pages: their sentences, each with its exact place.

It stands alone because it is the reason why a citation cannot be invented: a quote is two offsets
into one page. It offers and does not choose; it knows no question's answer and no verdict.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from specialists.sentences import split_sentences

MOST_CHARACTERS = 400
"""A longer sentence, as in text without full stops, is offered in parts."""
_LEAST_WORDS = 3
_MOST_BEFORE = 120
_WORD = re.compile(r"[^\W_]+")
_HEADING = re.compile(r"^[ \t]{0,8}(?:#{1,6}[ \t]+)?(?P<title>\S.{0,78}?)[ \t]*$", re.MULTILINE)
_UNFINISHED = re.compile(r"[^.!?:;,…\d]\s*$")
_LEANING = re.compile(
    r"(?:it|its|this|that|these|those|they|their|them|he|she|his|her|both|such|there|then|in that "
    r"case|the (?:former|latter|same|other|first|second))\b",
    re.IGNORECASE,
)
_SMALL = frozenset(
    """
    a an the is are was were be been do does did can could will would should must may might has have
    had i my me you your we our it its of in on at to for from by with and or what how when where
    which who whom whose why that this these those there if as
    """.split()  # noqa: SIM905  a page of words, not of quotes
)
_STEM = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Quotable:
    """`page` counts from 1, `start` and `end` are offsets into that page. `heading` stands above
    the sentence; `before` is the sentence before it, if it leans on that."""

    page: int
    start: int
    end: int
    text: str
    heading: str = ""
    before: str = ""


def quotable(pages: Sequence[str]) -> Iterator[Quotable]:
    """Every sentence of the pages in reading order, but for headings and stray words."""
    for number, page in enumerate(pages, start=1):
        heading = before = ""
        headings = _headings(page)
        passed = 0
        for start, end in split_sentences(page):
            while passed < len(headings) and headings[passed][0] <= start:
                heading, before = headings[passed][2], ""
                passed += 1
            if passed and start < headings[passed - 1][1]:
                continue
            for left, right in _parts(page, start, end):
                text = page[left:right]
                if len(_WORD.findall(text)) < _LEAST_WORDS:
                    continue
                yield Quotable(
                    page=number,
                    start=left,
                    end=right,
                    text=text,
                    heading=heading,
                    before=before if leans(text) else "",
                )
                before = text


def quotable_text(one: Quotable) -> str:
    """What is read of a sentence: its heading, what it leans on in brackets, and itself."""
    return shown(one.text, heading=one.heading, before=one.before)


def shown(sentence: str, *, heading: str = "", before: str = "") -> str:
    text = " ".join(sentence.split())
    if before:
        last = " ".join(before.split())[-_MOST_BEFORE:]
        text = f"({last}) {text}"
    return f"{' '.join(heading.split())}: {text}" if heading else text


def leans(sentence: str) -> bool:
    """Whether a sentence begins with a word that points back."""
    return _LEANING.match(sentence) is not None


def most_like(question: str, sentences: Sequence[Quotable], *, most: int) -> list[Quotable]:
    """At most `most` sentences, those with most of the question's words, in reading order."""
    if len(sentences) <= most:
        return list(sentences)
    asked = _stems(question)
    shared = [len(asked & _stems(quotable_text(one))) for one in sentences]
    best = sorted(range(len(sentences)), key=lambda place: -shared[place])[:most]
    return [sentences[place] for place in sorted(best)]


def _stems(text: str) -> set[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return {word[:_STEM] for word in words if word not in _SMALL}


def _headings(page: str) -> list[tuple[int, int, str]]:
    """Lines that stand alone, are short and end like no sentence."""
    found = []
    begins = len(page) - len(page.lstrip())
    for line in _HEADING.finditer(page):
        title = line["title"]
        alone = line.start() <= begins or page.endswith("\n\n", 0, line.start())
        alone = alone and page[line.end() : line.end() + 2] in ("\n\n", "\n")
        marked = line.group().lstrip().startswith("#")
        few = len(title.split()) <= 9 and _UNFINISHED.search(title) is not None
        if marked or (alone and few):
            found.append((line.start(), line.end(), title))
    return found


def _parts(page: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MOST_CHARACTERS:
        space = page.rfind(" ", start + MOST_CHARACTERS // 2, start + MOST_CHARACTERS)
        cut = space if space > 0 else start + MOST_CHARACTERS
        yield _stripped(page, start, cut)
        start = cut
    yield _stripped(page, start, end)


def _stripped(page: str, start: int, end: int) -> tuple[int, int]:
    piece = page[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())
