"""The gate a checkpoint must pass to ship.

A gate names marks and the floors their intervals must clear. It stands alone so that shipping is
decided in one place, and knows neither torch nor how a model is loaded: it is given scorers. What
it found is written down by `relevance_card.py`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from specialists.checkpoint import sha256_of
from specialists.evaluation.cards import Weights, missing_record
from specialists.evaluation.curves import SizedMark
from specialists.evaluation.lexical import Lexical
from specialists.evaluation.measure import OWN_DECISION, Lead, Marks, leads_in_auroc, mark_task
from specialists.evaluation.tasks import (
    Scored,
    Scorer,
    Settings,
    Task,
    build_task,
    read_collection,
    score_task,
)
from specialists.evaluation.ten_domains import PARTS as HOLDOUT_PARTS
from specialists.evaluation.ten_domains import HoldoutMarks
from specialists.requests import Decide, Decided

WEIGHTS_FOLDER = Path(__file__).parents[1] / "weights"
Tick = Callable[[int, int, str], None]
"""Hears how many queries are done, of how many, and whose turn it is."""
Hear = Callable[[Scorer, Task, Sequence[Scored]], None]
"""Is told what a scorer said of every passage of a task."""


class Decider(Protocol):
    """The part of a loaded specialist that is marked."""

    def decide(self, request: Decide, /) -> Decided: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecialistScorer:
    """A loaded specialist as a scorer: its probabilities, and its own argmax as decision."""

    name: str
    decider: Decider
    parameters: int | None = None

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        verdicts = self.decider.decide(Decide(query=query, passages=tuple(passages))).verdicts
        return Scored(
            scores=tuple(verdict.score for verdict in verdicts),
            decisions=tuple(verdict.positive for verdict in verdicts),
            probabilities=True,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """The lower end of a mark's 95% interval must lie above `floor`, on every collection."""

    mark: str
    floor: float
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What a specialist must reach: `requirements` on every judged collection, cut under
    `settings`, and `holdout` on the rows that ship, on those of other domains and on near-misses
    alike."""

    name: str
    settings: Settings
    requirements: tuple[Requirement, ...]
    holdout: Requirement


RELEVANCE_GATE = Gate(
    name="relevance",
    settings=Settings(),
    requirements=(
        Requirement(mark="accuracy", floor=0.8, why="always answering 0 reaches it"),
        Requirement(mark="first", floor=0.2, why="chance among five rows"),
        Requirement(mark="auroc", floor=0.5, why="chance"),
        Requirement(mark="absent_auroc", floor=0.5, why="chance"),
    ),
    holdout=Requirement(mark="accuracy", floor=0.5, why="always answering 0 reaches it"),
)
"""For specialists that judge relevance: at their own argmax they must clear every floor."""


PUBLISHED_ACCURACY: Mapping[str, tuple[int, float]] = {"scifact": (53_500_000, 0.896)}
"""Parameters and accuracy of the published 50M model by its own card, on a slice of its own that
nobody else has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One requirement on one collection. `low` is None where the mark could not be taken."""

    task: str
    requirement: Requirement
    low: float | None

    @property
    def passed(self) -> bool:
        return self.low is not None and self.low > self.requirement.floor


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """The marks of all scorers on one collection, the leads of the last one over the others, and
    the files it was read from. `left_out` counts judged queries without a relevant passage in the
    corpus, or with too few others."""

    name: str
    licence: str
    sha256: dict[str, str]
    settings: Settings
    marks: tuple[Marks, ...]
    leads: tuple[Lead, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything a card says. `recipe` is the training run's own record, from the checkpoint;
    `plots` are pictures, by their paths from the card."""

    specialist: str
    gate: Gate
    date: str
    command: str
    machine: str
    weights: Weights
    recipe: dict[str, Any]
    measured: tuple[Measured, ...]
    holdout: HoldoutMarks
    checks: tuple[Check, ...]
    plots: tuple[str, ...] = ()

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Evaluation files that the recipe itself names, by their hash, as training data."""
        seen = json.dumps(self.recipe)
        read = [
            (f"{name} of {one.name}", digest)
            for one in self.measured
            for name, digest in one.sha256.items()
        ]
        read.append((self.holdout.name, self.holdout.sha256))
        return tuple(name for name, digest in read if digest in seen)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the gate is not passed; empty when it is."""
        missed = [f"{c.requirement.mark} on {c.task}" for c in self.checks if not c.passed]
        return (
            *([] if self.checks else ["nothing was measured"]),
            *([f"floors not cleared: {', '.join(missed)}"] if missed else []),
            *missing_record(self.recipe),
            *(f"trained on what it is marked on: {name}" for name in self.trained_on),
        )

    @property
    def passed(self) -> bool:
        return not self.faults


def measure_collection(
    folder: Path,
    settings: Settings,
    entrants: Callable[[Lexical], Sequence[Scorer]],
    *,
    tick: Tick = lambda done, total, doing: None,
    hear: Hear = lambda scorer, task, scored: None,
) -> Measured:
    """Marks every scorer on the collection in `folder`. `entrants` is given the search the task
    was mined with and says who is marked; `hear` is told the scores. Raises `CorpusError` for data
    that cannot be used."""
    collection = read_collection(folder)
    lexical = Lexical(collection.passages)
    task = build_task(collection, lexical, settings)
    files = sorted(
        path
        for pattern in ("corpus.jsonl*", "queries.jsonl*", "qrels/test.tsv")
        for path in folder.glob(pattern)
    )
    said = [(one, _score(task, one, tick, hear)) for one in entrants(lexical)]
    return Measured(
        name=collection.name,
        licence=_licence(folder),
        sha256={str(path.relative_to(folder)): sha256_of(path) for path in files},
        settings=settings,
        marks=tuple(marks for one, scored in said for marks in _marks(task, one.name, scored)),
        leads=tuple(_leads(task, [(one.name, scored) for one, scored in said])),
        left_out=task.left_out,
    )


def _score(task: Task, scorer: Scorer, tick: Tick, hear: Hear) -> Sequence[Scored]:
    done = count(1)
    total = len(task.groups)
    scored = score_task(task, scorer, on_group=lambda: tick(next(done), total, scorer.name))
    hear(scorer, task, scored)
    return scored


def _marks(task: Task, name: str, scored: Sequence[Scored]) -> Iterator[Marks]:
    """At its own decisions where it takes any; at its oracle threshold where scores differ."""
    if all(one.decisions is not None for one in scored):
        yield mark_task(task, scored, scorer=name)
    if _ranks(scored):
        yield mark_task(task, scored, scorer=name, oracle=True)


def _leads(task: Task, said: Sequence[tuple[str, Sequence[Scored]]]) -> Iterator[Lead]:
    *others, (last, scored) = said
    for name, other in others:
        if _ranks(other):
            yield from leads_in_auroc(task, scored, other, scorer=last, over=name)


def _ranks(scored: Sequence[Scored]) -> bool:
    return len({score for one in scored for score in one.scores}) > 1


def sized_marks(one: Measured, parameters: Mapping[str, int]) -> tuple[SizedMark, ...]:
    """The accuracy of every scorer of known size, at its own decision where it takes any, and the
    published one where there is one."""
    best = {marks.scorer: marks for marks in reversed(one.marks)}  # own decisions come first
    found = [
        SizedMark(
            label=f"{name}, {best[name].rule}",
            parameters=count,
            value=best[name].marks["accuracy"].value,
            low=best[name].marks["accuracy"].low,
            high=best[name].marks["accuracy"].high,
        )
        for name, count in parameters.items()
        if name in best
    ]
    if one.name in PUBLISHED_ACCURACY:
        count, value = PUBLISHED_ACCURACY[one.name]
        label = "published 50M, by its own card and slice"
        found.append(
            SizedMark(
                label=label, parameters=count, value=value, low=value, high=value, measured=False
            )
        )
    return tuple(found)


def check(
    gate: Gate, measured: Sequence[Measured], holdout: HoldoutMarks, *, scorer: str
) -> tuple[Check, ...]:
    """Every requirement on every collection and on the holdout, at the scorer's own decisions."""
    own = next((m for m in holdout.marks if (m.scorer, m.rule) == (scorer, OWN_DECISION)), None)
    parts = {} if own is None else {marks.task: marks for marks in (own.card, own.near)}
    return (
        *_check_collections(gate, measured, scorer),
        *(
            Check(
                task=f"{holdout.name}, {part}",
                requirement=gate.holdout,
                low=parts[part].marks[gate.holdout.mark].low if part in parts else None,
            )
            for part in HOLDOUT_PARTS
        ),
    )


def _check_collections(gate: Gate, measured: Sequence[Measured], scorer: str) -> tuple[Check, ...]:
    return tuple(
        Check(
            task=one.name,
            requirement=requirement,
            low=next(
                (
                    marks.marks[requirement.mark].low
                    for marks in one.marks
                    if marks.scorer == scorer
                    and marks.rule == OWN_DECISION
                    and requirement.mark in marks.marks
                ),
                None,
            ),
        )
        for one in measured
        for requirement in gate.requirements
    )


def _licence(folder: Path) -> str:
    """The first line of a licence file beside the data."""
    for name in ("LICENCE", "LICENSE", "LICENCE.txt", "LICENSE.txt"):
        if (folder / name).is_file():
            return (folder / name).read_text("utf-8", errors="replace").strip().split("\n")[0]
    return "not stated in the folder"
