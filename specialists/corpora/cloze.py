"""Queries cut out of plain text (inverse cloze, Lee et al. 2019): a sentence asks for the passage
it was taken from. Negatives are neighbours in the same document and passages that BM25 ranks high
for the same query, so that sharing words is not enough.

Three kinds of query, after what people type: the sentence as a claim, the sentence with words
left out, and its rare words alone.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import bm25s
import Stemmer

from specialists.corpora.relevance import QueryGroup

WORDS_IN_PASSAGE = (40, 150)
WORDS_IN_QUERY = (7, 32)
KEEP_SENTENCE = 0.4
WITH_TITLE = 0.5
MINED_RANKS = (3, 20)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A passage of a document with the heading it stands under."""

    document: int
    title: str
    text: str


def split_sections(
    documents: Iterable[str], *, words: tuple[int, int] = WORDS_IN_PASSAGE
) -> Iterator[Section]:
    """Passages of plain or Markdown documents: whole paragraphs, joined up to so many `words`."""
    low, high = words
    for number, document in enumerate(documents):
        title, heading, held = "", "", ""
        for paragraph in [*document.split("\n\n"), "#"]:
            paragraph = paragraph.strip()
            length = len(held.split())
            if held and (paragraph.startswith("#") or length + len(paragraph.split()) > high):
                if low <= length <= 2 * high:
                    yield Section(document=number, title=heading or title, text=held)
                held = ""
            if paragraph.startswith("#"):
                heading = paragraph.lstrip("#").strip()
                title = title or heading
                if heading and heading != title:
                    heading = f"{title}, {heading}"
            else:
                held = f"{held}\n{paragraph}" if held else paragraph


def cloze_groups(
    sections: list[Section],
    *,
    count: int,
    seed: int,
    source: str = "cloze",
    on_progress: Callable[[int], None] = lambda groups: None,
) -> Iterator[QueryGroup]:
    """About `count` groups, each one positive, up to two neighbours, two mined negatives."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(
        bm25s.tokenize([s.text for s in sections], stemmer=stemmer, show_progress=False),
        show_progress=False,
    )
    rarity = _word_rarity(sections)
    by_document: dict[int, list[int]] = {}
    for number, section in enumerate(sections):
        by_document.setdefault(section.document, []).append(number)
    looked_at = min(MINED_RANKS[1], len(sections))
    order = choice.sample(range(len(sections)), min(count, len(sections)))
    for start in range(0, len(order), 500):
        drawn = [
            (n, *drawn)
            for n in order[start : start + 500]
            if (drawn := _draw_query(sections[n], rarity, choice))
        ]
        if not drawn:
            continue
        tokens = bm25s.tokenize([d[1] for d in drawn], stemmer=stemmer, show_progress=False)
        ranked, _ = index.retrieve(tokens, k=looked_at, show_progress=False)
        for (number, query, positive), ranks in zip(drawn, ranked, strict=True):
            document = sections[number].document
            near = [n for n in by_document[document] if n != number]
            far = [int(n) for n in ranks[MINED_RANKS[0] :] if sections[int(n)].document != document]
            chosen = choice.sample(near, min(2, len(near))) + choice.sample(far, min(2, len(far)))
            yield QueryGroup(
                source=source,
                name=f"{source} {document}",
                query=query,
                positives=(_with_title(sections[number].title, positive, choice),),
                negatives=tuple(
                    _with_title(sections[n].title, sections[n].text, choice) for n in chosen
                ),
            )
        on_progress(start + 500)


def _draw_query(
    section: Section, rarity: dict[str, float], choice: random.Random
) -> tuple[str, str] | None:
    """A query and the passage that is left for it, or nothing where no sentence suits."""
    sentences = SENTENCE_END.split(section.text)
    low, high = WORDS_IN_QUERY
    fitting = [s for s in sentences if low <= len(s.split()) <= high]
    if len(sentences) < 3 or not fitting:
        return None
    sentence = choice.choice(fitting)
    kind = choice.random()
    words = sentence.split()
    if kind < 0.35:
        query = sentence
    elif kind < 0.7:
        kept = [word for word in words if choice.random() > 0.35]
        query = " ".join(kept) if len(kept) > 3 else sentence
    else:
        found = {word.lower(): None for word in WORD.findall(sentence)}
        rare = sorted(found, key=lambda word: -rarity.get(word, 0.0))[: choice.randint(2, 6)]
        query = " ".join(word for word in found if word in rare)
    keep = choice.random() < KEEP_SENTENCE or kind >= 0.7
    return query, section.text if keep else section.text.replace(sentence, "").strip()


def _with_title(title: str, text: str, choice: random.Random) -> str:
    return f"{title}. {text}" if title and choice.random() < WITH_TITLE else text


def _word_rarity(sections: list[Section]) -> dict[str, float]:
    seen: Counter[str] = Counter()
    for section in sections:
        seen.update({word.lower() for word in WORD.findall(section.text)})
    return {word: math.log(len(sections) / count) for word, count in seen.items()}
