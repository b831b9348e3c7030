"""Absent twins on a user's own corpus: does it refuse once the answer has been taken away?

Each question comes with a passage that is known to answer it. What the search finds is judged
twice: as it is, and with every piece of that passage removed and the list refilled from further
down the same ranking. The second list should be refused. It stands alone because no judged
collection is needed, only questions and a search; marks come from `measure`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from specialists.corpora.overlap import tells
from specialists.errors import CorpusError
from specialists.evaluation.tasks import Group, Scored, Task

Search = Callable[[str, int], Sequence[str]]
"""The best passages for a question, best first, as the specialist reads them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A question and the passages known to answer it."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Misled:
    """A question whose answer was taken away, and the passage that was accepted instead: the
    highest scored one. A reader may find that it does answer; then the corpus says it twice."""

    question: str
    passage: str
    score: float


def known_answers(task: Task) -> tuple[Known, ...]:
    """The questions of labelled pairs that have a relevant passage."""
    return tuple(
        Known(
            question=group.query,
            answers=tuple(group.passages[i] for i in group.rows if group.relevant[i]),
        )
        for group in task.groups
        if any(group.relevant[i] for i in group.rows)
    )


def build_twins(questions: Iterable[Known], search: Search, *, depth: int) -> Task:
    """A task of absent twins with lists of `depth` passages, refilled as far as the corpus goes.
    A question whose answer the search does not find keeps its rows but has no twin. Raises
    `CorpusError` when the search finds no answer at all."""
    groups = []
    for known in questions:
        found = list(dict.fromkeys(search(known.question, 3 * depth + 10)))
        relevant = [tells(passage, known.answers) for passage in found]
        present = tuple(range(min(depth, len(found))))
        absent = tuple(i for i, answers in enumerate(relevant) if not answers)[:depth]
        twin = bool(absent) and any(relevant[i] for i in present)
        groups.append(
            Group(
                query_id=known.question,
                query=known.question,
                passages=tuple(found),
                relevant=tuple(relevant),
                rows=present,
                present=present if twin else (),
                absent=absent if twin else (),
            )
        )
    if not any(group.present for group in groups):
        raise CorpusError(
            "none of the answers was found among the documents: audit with questions that these "
            "very documents answer"
        )
    return Task(name="audit", groups=tuple(_needed(group) for group in groups if group.passages))


def at_threshold(scored: Sequence[Scored], threshold: float | None) -> tuple[Scored, ...]:
    """The same scores with the decisions that a calibrated threshold takes."""
    if threshold is None:
        return tuple(scored)
    return tuple(
        Scored(
            scores=one.scores,
            decisions=tuple(score >= threshold for score in one.scores),
            probabilities=one.probabilities,
        )
        for one in scored
    )


def misled(task: Task, scored: Sequence[Scored]) -> tuple[Misled, ...]:
    """Where something was accepted although nothing was left, highest score first."""
    found = []
    for group, one in zip(task.groups, scored, strict=True):
        accepted = [i for i in group.absent if one.decisions and one.decisions[i]]
        if accepted:
            best = max(accepted, key=lambda i: one.scores[i])
            found.append(
                Misled(question=group.query, passage=group.passages[best], score=one.scores[best])
            )
    return tuple(sorted(found, key=lambda one: -one.score))


def _needed(group: Group) -> Group:
    """The group without the passages that neither list holds, so that nothing is judged in vain."""
    kept = sorted({*group.rows, *group.present, *group.absent})
    place = {old: new for new, old in enumerate(kept)}

    def moved(old: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(place[i] for i in old)

    return Group(
        query_id=group.query_id,
        query=group.query,
        passages=tuple(group.passages[i] for i in kept),
        relevant=tuple(group.relevant[i] for i in kept),
        rows=moved(group.rows),
        present=moved(group.present),
        absent=moved(group.absent),
    )
