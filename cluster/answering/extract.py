"""An answer without a language model: the sentences that carry the verdict, quoted exactly.

It stands alone because it is the composition that is always there, and what every other
composition falls back to. It knows no index and no endpoint.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from cluster.errors import CallError
from cluster.records import Citation, JudgedPassage, Passage, SpecialistCaller
from cluster.retrieval.words import split_words, stems
from specialists.requests import Decide
from specialists.sentences import split_sentences

MAX_SENTENCES = 24
_MAX_PASSAGES = 6
_MIN_WORDS = 3
_FRAGMENT_WORDS = 4
"""A sentence of so few words, such as a date, is quoted with the next one on its line."""
_NEAR_BEST = 0.85
_VERDICT_WEIGHT, _OVERLAP_WEIGHT, _PASSAGE_WEIGHT, _NUMBER_WEIGHT = 0.45, 0.35, 0.1, 0.1
_CODE_WEIGHT = 2.0
"""Years, error codes and part numbers tell more than other words."""
_ASKING = frozenset(stems("mean means meaning tell say explain describe happen name"))
"""Words that ask and need not stand in the answer."""
_TITLES = 2
_LEANS = re.compile(r"(it|its|they|their|he|his|she|her|this|these|that|those)\b", re.IGNORECASE)
_ASKS_NUMBER = re.compile(
    r"\b(when|how (many|much|long|far|high|tall|deep|wide|big|large|heavy|old|often|hot|fast)"
    r"|what (time|year|date|temperature|price|size|percentage)|which year|price|cost)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """The written part of an answer: quotes or prose with [1], [2] for its citations in order,
    or a refusal with its reason."""

    text: str
    citations: tuple[Citation, ...]
    refused: bool
    reason: str
    composed_by: str = "extract"

    @property
    def written(self) -> bool:
        """Whether a model wrote it, instead of quotes being cut out."""
        return self.composed_by != "extract" and not self.refused


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """A sentence of a kept passage, and where the one before it begins."""

    passage: Passage
    start: int
    end: int
    before: int
    passage_score: float

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


async def extract_answer(
    call: SpecialistCaller,
    specialist: str,
    question: str,
    judged: Sequence[JudgedPassage],
    max_quotes: int = 3,
) -> Composed:
    """One to `max_quotes` sentences of the kept passages, or a refusal when none was kept.

    At most `MAX_SENTENCES` sentences are shown to the specialist. Its score is weighed with the
    words shared with the question, so neither alone decides. Raises `CallError` as the call does.
    """
    kept = sorted((j for j in judged if j.kept), key=lambda j: -j.verdict.score)
    if not kept:
        return refuse(judged)
    weigh = _word_weights(question, judged)
    candidates = _candidates(kept, weigh)
    texts = tuple(_in_context(candidate) for candidate in candidates)
    verdicts = (await call(specialist, Decide(query=question, passages=texts))).verdicts
    if len(verdicts) != len(texts):
        raise CallError(
            f"specialist {specialist!r} gave {len(verdicts)} verdicts for {len(texts)} sentences"
        )
    wants_number = bool(_ASKS_NUMBER.search(question))
    scored = [
        (
            _VERDICT_WEIGHT * verdict.score
            + _OVERLAP_WEIGHT * weigh(text)
            + _PASSAGE_WEIGHT * candidate.passage_score
            + _NUMBER_WEIGHT * (not wants_number or any(c.isdigit() for c in candidate.text)),
            candidate,
        )
        for candidate, text, verdict in zip(candidates, texts, verdicts, strict=True)
    ]
    chosen = _choose(scored, max_quotes)
    return Composed(
        text="\n".join(
            f"{' '.join(candidate.text.split())} [{number}]"
            for number, (_, candidate) in enumerate(chosen, start=1)
        ),
        citations=tuple(_cite(candidate) for _, candidate in chosen),
        refused=False,
        reason=summary(judged),
    )


def refuse(judged: Sequence[JudgedPassage], *, taken_out: int = 0) -> Composed:
    """The refusal when no passage was kept. So many as `taken_out` were, until a guard saw them."""
    if taken_out:
        relevant = "passage that is relevant tries" if taken_out == 1 else "relevant passages try"
        which = "the only" if taken_out == 1 else f"all {taken_out}"
        reason = (
            f"{which} {relevant} to instruct the model that reads it; look at what the passages "
            "say, or ask without the answer model for quotes"
        )
    elif not judged:
        reason = "no passage shares a word with the question"
    else:
        best = max(j.verdict.score for j in judged)
        none = (
            "the only passage is not" if len(judged) == 1 else f"none of {len(judged)} passages is"
        )
        reason = f"{none} relevant; the best scored {best:.2f}"
    return Composed(text="", citations=(), refused=True, reason=reason)


def summary(judged: Sequence[JudgedPassage]) -> str:
    kept = [j.verdict.score for j in judged if j.kept]
    verb = "is" if len(kept) == 1 else "are"
    return f"{len(kept)} of {len(judged)} passages {verb} relevant; the best scored {max(kept):.2f}"


class _WordWeights:
    """The share of the question's words that a text has, rare words counting more."""

    def __init__(self, idf: dict[str, float]) -> None:
        self._idf = idf
        self._total = sum(idf.values()) or 1.0

    def __call__(self, text: str) -> float:
        present = set(stems(text))
        return sum(weight for stem, weight in self._idf.items() if stem in present) / self._total


def _word_weights(question: str, judged: Sequence[JudgedPassage]) -> _WordWeights:
    """How rare a word is, is told by the passages at hand."""
    counts = Counter(stem for j in judged for stem in set(stems(j.passage.text)))
    return _WordWeights(
        {
            stem: math.log(1 + (len(judged) - counts[stem] + 0.5) / (counts[stem] + 0.5))
            * (_CODE_WEIGHT if any(letter.isdigit() for letter in stem) else 1)
            for stem in set(stems(question)) - _ASKING
        }
    )


def _candidates(kept: Sequence[JudgedPassage], weigh: _WordWeights) -> list[_Candidate]:
    """Sentences of the best passages, at most `MAX_SENTENCES`: those with most of the question's
    words when there are more, in reading order."""
    found = []
    for j in islice(kept, _MAX_PASSAGES):
        spans = _quotable(j.passage)
        befores = [spans[0][0], *(start for start, _ in spans)]
        found += [
            _Candidate(
                passage=j.passage,
                start=start,
                end=end,
                before=before,
                passage_score=j.verdict.score,
            )
            for (start, end), before in zip(spans, befores, strict=False)
        ]
    if len(found) > MAX_SENTENCES:
        by_words = sorted(range(len(found)), key=lambda i: -weigh(_in_context(found[i])))
        found = [found[i] for i in sorted(by_words[:MAX_SENTENCES])]
    return found


def _quotable(passage: Passage) -> list[tuple[int, int]]:
    """Sentences that are neither a heading nor a stray word; otherwise the whole passage."""
    titles = {" ".join(title.split()) for title in passage.heading.split(" > ")}
    spans: list[tuple[int, int]] = []
    for start, end in split_sentences(passage.text):
        if " ".join(passage.text[start:end].split()) in titles:
            continue
        if spans and _belongs_to(passage.text, spans[-1], start):
            start = spans.pop()[0]
        spans.append((start, end))
    long_enough = [
        (start, end)
        for start, end in spans
        if len(split_words(passage.text[start:end])) >= _MIN_WORDS
    ]
    return long_enough or [(0, len(passage.text))]


def _belongs_to(text: str, before: tuple[int, int], start: int) -> bool:
    """Whether what ends just before `start` is too little to be quoted without what follows."""
    fragment, between = text[slice(*before)], text[before[1] : start]
    return "\n" not in between and len(split_words(fragment)) <= _FRAGMENT_WORDS


def _in_context(candidate: _Candidate) -> str:
    """A sentence under its innermost headings, and after the one before it where it leans on that:
    alone it often does not say what it is about."""
    titles = candidate.passage.heading.split(" > ")[-_TITLES:]
    leans = _LEANS.match(candidate.text)
    text = candidate.passage.text[candidate.before if leans else candidate.start : candidate.end]
    return ": ".join(filter(None, (*titles, text)))


def _choose(
    scored: list[tuple[float, _Candidate]], max_quotes: int
) -> list[tuple[float, _Candidate]]:
    """The best, and those nearly as good that say something else."""
    ranked = sorted(scored, key=lambda pair: -pair[0])
    chosen: list[tuple[float, _Candidate]] = []
    said: list[set[str]] = []
    for score, candidate in ranked:
        words = set(stems(candidate.text))
        if score < _NEAR_BEST * ranked[0][0] or len(chosen) == max(1, max_quotes):
            break
        if any(len(words & other) > 0.7 * min(len(words), len(other)) for other in said):
            continue
        chosen.append((score, candidate))
        said.append(words)
    return chosen


def _cite(candidate: _Candidate) -> Citation:
    return cite(candidate.passage, candidate.start, candidate.end, candidate.passage_score)


def cite(passage: Passage, start: int, end: int, score: float) -> Citation:
    """The part of a passage from `start` to `end` (offsets into the passage) as a citation."""
    return Citation(
        quote=passage.text[start:end],
        source=passage.source,
        start=passage.start + start,
        end=passage.start + end,
        line=passage.line + passage.text.count("\n", 0, start),
        page=passage.page,
        heading=passage.heading,
        score=score,
    )
