"""The near-miss forge: from sections of any documents, rows for q-rag with hard negatives.

Each query has the passage that answers it, four to six near-misses of the same domain (copies with
one thing exchanged, the neighbouring section, a like passage about another thing) and five passages
of other domains. What holds the answer, or much of the query, is never offered as a near-miss.
Everything follows from the sections and the seed. It knows no file and no model.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import bm25s
import Stemmer

from specialists.corpora.asking import (
    Asked,
    ask_by_claim,
    ask_by_heading,
    ask_by_keywords,
    ask_by_question,
    sentences,
)
from specialists.corpora.cloze import WORD, Section
from specialists.corpora.overlap import overlap, runs_of
from specialists.corpora.swaps import names_in, swap_all
from specialists.corpora.words import STOPWORDS
from specialists.errors import CorpusError

LEAST_NEAR, MOST_NEAR, CROSS = 4, 6, 5
_MOST_SWAPS, _MOST_NEIGHBOURS = 3, 2
_LOOKED_AT = 40
_NEAR_COVERAGE = 0.45
"""A passage that holds more than this share of the query, rare words counting more, may answer."""
_CROSS_COVERAGE = 0.15
_QUERIES_A_SECTION = 3
_COMMON_HEADING = 3
"""A heading that so many documents have ("Notes") says nothing of what stands under it."""
_LEAST_UNDER_HEADING = 25
_HERE, _ELSEWHERE = ".", "/"
"""Domains that no first folder is named like."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgedRow:
    """A labelled pair. `kind` is `positive`, a kind of swap, `neighbour`, `other` or `cross`;
    `what` says what was exchanged in a copy."""

    query: str
    passage: str
    label: int
    kind: str
    form: str
    group: str
    what: str = ""


@dataclass(kw_only=True, slots=True)
class ForgeReport:
    """What was made, and what was left out and why."""

    sections: int = 0
    queries: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def forge_rows(
    sections: Sequence[Section],
    *,
    others: Sequence[Section] = (),
    sources: Mapping[int, str] | None = None,
    most_queries: int,
    seed: int,
    report: ForgeReport | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[ForgedRow]:
    """Rows of at most `most_queries` queries, query by query. `others` are sections of other
    domains than all of these. `sources` names the documents, folders and all: rows of one document
    form one group, and documents under different first folders are of different domains. Without
    folders all documents are of one domain, or, where there are no `others`, each of its own.

    Raises `CorpusError` where there is too little text for near-misses.
    """
    report = report if report is not None else ForgeReport()
    report.sections = len(sections)
    if len(sections) < LEAST_NEAR + 1:
        raise CorpusError(
            f"{len(sections)} passages are too few to find near-misses among: give a folder with "
            "more text"
        )
    sources = sources or {section.document: str(section.document) for section in sections}
    corpus = _Corpus(sections, others, sources)
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    order = list(range(len(sections)))
    choice.shuffle(order)
    made = 0
    seen: set[str] = set()
    for done, number in enumerate(order, start=1):
        for asked in corpus.queries(number, choice):
            if made == most_queries:
                return
            if asked.query.lower() in seen:
                report.left_out["asked before"] += 1
                continue
            rows = corpus.rows(number, asked, choice)
            if rows is None:
                report.left_out["too few near-misses or others"] += 1
                continue
            seen.add(asked.query.lower())
            made += 1
            report.queries[asked.form] += 1
            group = f"forge {sources[sections[number].document]}"
            for kind, passage, what in rows:
                report.rows[kind] += 1
                yield ForgedRow(
                    query=asked.query,
                    passage=passage,
                    label=int(kind == "positive"),
                    kind=kind,
                    form=asked.form,
                    group=group,
                    what=what,
                )
        tick(min(made, most_queries), most_queries if made else len(order))
        if done == len(order) and not made:
            raise CorpusError("no sentence gave a query with near-misses: give more running text")


class _Corpus:
    """The sections with what is asked of them again and again."""

    def __init__(
        self, sections: Sequence[Section], others: Sequence[Section], sources: Mapping[int, str]
    ) -> None:
        self._sections = sections
        self._all = [*sections, *others]
        self._stemmer = Stemmer.Stemmer("english")
        self._stems = [self._stem(f"{s.title} {s.text}") for s in self._all]
        seen = Counter(stem for stems in self._stems for stem in stems)
        self._idf = {stem: math.log(1 + len(self._all) / count) for stem, count in seen.items()}
        words = Counter(
            word for s in self._all for word in {w.lower() for w in WORD.findall(s.text)}
        )
        self._rarity = {word: math.log(len(self._all) / n) for word, n in words.items()}
        self._runs = [runs_of(s.text) for s in self._all]
        domains = _domains(sources, alone=not others)
        self._domain = [domains.get(s.document, _ELSEWHERE) for s in self._all]
        only_others = others and len(set(domains.values())) == 1
        self._far = range(len(sections) if only_others else 0, len(self._all))
        small = {word for s in self._all for word in WORD.findall(s.text) if word.islower()}
        self._names_of_document: dict[int, set[str]] = {}
        self._names_of_domain: dict[str, set[str]] = {}
        for section, domain in zip(sections, self._domain, strict=False):
            named = {n for n in names_in(section.text) if not small.issuperset(n.lower().split())}
            self._names_of_document.setdefault(section.document, set()).update(named)
            self._names_of_domain.setdefault(domain, set()).update(named)
        headings = {(s.document, s.title) for s in sections}
        self._titles = Counter(_innermost(title) for _, title in headings)
        self._index = bm25s.BM25(k1=1.2, b=0.75)
        self._index.index(
            bm25s.tokenize(
                [f"{s.title} {s.text}" for s in sections],
                stopwords="en",
                stemmer=self._stemmer,
                show_progress=False,
            ),
            show_progress=False,
        )
        self._by_document: dict[int, list[int]] = {}
        for number, section in enumerate(self._all):
            self._by_document.setdefault(section.document, []).append(number)

    def queries(self, number: int, choice: random.Random) -> Iterator[Asked]:
        """A few queries of different forms, each from a sentence of its own."""
        section = self._sections[number]
        found = list(sentences(section.text))
        choice.shuffle(found)
        made: list[Asked] = []
        questions = [one for s in found if (one := ask_by_question(s))]
        used = {one.sentence for one in questions[:2]}
        made += questions[:2]
        for sentence in found:
            if sentence in used:
                continue
            claim = ask_by_claim(sentence)
            if claim and len(made) < _QUERIES_A_SECTION:
                made.append(claim)
                used.add(sentence)
                break
        for sentence in found:
            keywords = ask_by_keywords(sentence, self._rarity, choice)
            if keywords and sentence not in used and choice.random() < 0.5:
                made.append(keywords)
                break
        first = next(
            n for n in self._by_document[section.document] if self._all[n].title == section.title
        )
        like = self._titles[_innermost(section.title)]
        long_enough = sum(len(sentence.split()) for sentence in found) >= _LEAST_UNDER_HEADING
        if number == first and like < _COMMON_HEADING and long_enough and choice.random() < 0.5:
            heading = ask_by_heading(section.title, unique=like == 1)
            made += [heading] if heading else []
        yield from made

    def rows(
        self, number: int, asked: Asked, choice: random.Random
    ) -> list[tuple[str, str, str]] | None:
        """(kind, passage, what) of each row, the positive first; None where near-misses or
        passages of other domains are missing."""
        section = self._sections[number]
        query = self._stem(asked.query)
        with_title = choice.random() < 0.5
        positive = shown(section.title, section.text, with_title=with_title)
        names = (
            sorted(self._names_of_document[section.document]),
            sorted(self._names_of_domain[self._domain[number]]),
        )
        swaps = [
            (one.kind, one.text, one.what)
            for one in swap_all(asked, positive, names=names, choice=choice)
        ]
        choice.shuffle(swaps)
        near: list[tuple[str, str, str]] = list(swaps[:_MOST_SWAPS])
        ranked = [n for n in self._ranked(asked.query) if self._all[n].document != section.document]
        document = self._by_document[section.document]
        place = document.index(number)
        beside = (*document[place + 1 :], *reversed(document[:place]))
        neighbours = [n for n in beside if self._may_miss(n, number, asked, query)]
        neighbours = neighbours[:_MOST_NEIGHBOURS]
        like = [n for n in ranked if self._may_miss(n, number, asked, query)]
        fill = [("neighbour", n) for n in neighbours] + [("other", n) for n in like]
        for kind, other in fill:
            if len(near) >= MOST_NEAR:
                break
            text = shown(
                self._all[other].title, self._all[other].text, with_title=choice.random() < 0.5
            )
            if not any(text == passage for _, passage, _ in near):
                near.append((kind, text, ""))
        cross = self._cross(number, query, choice)
        if len(near) < LEAST_NEAR or len(cross) < CROSS:
            return None
        rows = [("positive", positive, ""), *near]
        return rows + [
            ("cross", shown(s.title, s.text, with_title=choice.random() < 0.5), "") for s in cross
        ]

    def _ranked(self, query: str) -> list[int]:
        tokens = bm25s.tokenize([query], stopwords="en", stemmer=self._stemmer, show_progress=False)
        k = min(_LOOKED_AT, len(self._sections))
        found, scores = self._index.retrieve(tokens, k=k, show_progress=False)
        return [int(n) for n, score in zip(found[0], scores[0], strict=True) if score > 0]

    def _may_miss(self, other: int, number: int, asked: Asked, query: frozenset[str]) -> bool:
        """Near, but surely no answer: not the passage, nothing under its heading, nothing that
        says the same, nothing that holds most of the query."""
        mine, theirs = self._all[number], self._all[other]
        if other == number or (theirs.document, theirs.title) == (mine.document, mine.title):
            return False
        said = runs_of(asked.sentence) if asked.sentence else None
        if overlap(self._runs[number], self._runs[other]) or (
            said and overlap(self._runs[other], said)
        ):
            return False
        return self._coverage(query, other) <= _NEAR_COVERAGE

    def _coverage(self, query: frozenset[str], number: int) -> float:
        total = sum(self._idf.get(stem, 1.0) for stem in query)
        shared = sum(self._idf.get(stem, 1.0) for stem in query & self._stems[number])
        return shared / total if total else 1.0

    def _cross(self, number: int, query: frozenset[str], choice: random.Random) -> list[Section]:
        """Passages of other domains that share next to nothing with the query."""
        mine = self._domain[number]
        chosen: list[Section] = []
        for _ in range(60 * CROSS):
            other = choice.choice(self._far)
            section = self._all[other]
            if self._domain[other] == mine or section in chosen:
                continue
            if self._coverage(query, other) <= _CROSS_COVERAGE:
                chosen.append(section)
            if len(chosen) == CROSS:
                break
        return chosen

    def _stem(self, text: str) -> frozenset[str]:
        words = {word.lower() for word in WORD.findall(text)} - STOPWORDS
        return frozenset(self._stemmer.stemWords(sorted(words)))


def _domains(sources: Mapping[int, str], *, alone: bool) -> Mapping[int, str]:
    """By document: its first folder. Without folders that part anything, each document where they
    stand `alone`, else one domain."""
    first = {
        number: name.split("/")[0] if "/" in name else _HERE for number, name in sources.items()
    }
    if len(set(first.values())) > 1:
        return first
    return sources if alone else dict.fromkeys(sources, _HERE)


def shown(title: str, text: str, *, with_title: bool) -> str:
    """A passage as it is read: under its headings where the text does not repeat them."""
    said = {word.lower() for word in WORD.findall(text)}
    parts = [
        part
        for part in title.split(" > ")
        if part and not said.issuperset(word.lower() for word in WORD.findall(part))
    ]
    return ": ".join((*parts, text)) if with_title else text


def _innermost(title: str) -> str:
    return title.rpartition(" > ")[2].strip().lower()
