"""The gate a checkpoint must pass to ship, and the card it writes.

A gate names marks and the floors their intervals must clear; the card and `marks.json` are
written here from what was measured, never by hand, whether the gate was passed or not. It stands
alone so that shipping is decided in one place, and knows neither torch nor how a model is loaded:
it is given scorers.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from specialists.checkpoint import sha256_of
from specialists.errors import GateError
from specialists.evaluation.cards import Weights, missing_record, opening, table, write_card
from specialists.evaluation.lexical import SETTINGS, Lexical
from specialists.evaluation.measure import LEGEND, OWN_DECISION, Marks, mark_task
from specialists.evaluation.tasks import (
    Scored,
    Scorer,
    Settings,
    Task,
    build_task,
    read_collection,
    score_task,
)
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
    """What a specialist must reach, on tasks cut under `settings`."""

    name: str
    settings: Settings
    requirements: tuple[Requirement, ...]


RELEVANCE_GATE = Gate(
    name="relevance",
    settings=Settings(),
    requirements=(
        Requirement(mark="accuracy", floor=0.8, why="always answering 0 reaches it"),
        Requirement(mark="first", floor=0.2, why="chance among five rows"),
        Requirement(mark="auroc", floor=0.5, why="chance"),
        Requirement(mark="absent_auroc", floor=0.5, why="chance"),
    ),
)
"""For specialists that judge relevance: at their own argmax they must clear every floor."""


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
    """The marks of all scorers on one collection, and the files it was read from."""

    name: str
    licence: str
    sha256: dict[str, str]
    settings: Settings
    marks: tuple[Marks, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything a card says. `recipe` is the training run's own record, from the checkpoint."""

    specialist: str
    gate: Gate
    date: str
    command: str
    machine: str
    weights: Weights
    recipe: dict[str, Any]
    measured: tuple[Measured, ...]
    checks: tuple[Check, ...]

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Evaluation files that the recipe itself names, by their hash, as training data."""
        seen = json.dumps(self.recipe)
        return tuple(
            f"{name} of {one.name}"
            for one in self.measured
            for name, digest in one.sha256.items()
            if digest in seen
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the gate is not passed; empty when it is."""
        missed = [f"{c.requirement.mark} on {c.task}" for c in self.checks if not c.passed]
        return (
            *([] if self.checks else ["nothing was measured"]),
            *([f"floors not cleared: {', '.join(missed)}"] if missed else []),
            *(
                f"the checkpoint's recipe does not record: {key}"
                for key in missing_record(self.recipe)
            ),
            *(f"trained on what it is marked on: {name}" for name in self.trained_on),
        )

    @property
    def passed(self) -> bool:
        return not self.faults


def find_folder(name_or_folder: str) -> Path:
    """The checkpoint's folder: a path that exists, or the name of a shipped one."""
    for folder in (Path(name_or_folder), WEIGHTS_FOLDER / name_or_folder):
        if (folder / "config.json").is_file():
            return folder
    raise GateError(
        f"{name_or_folder}: neither a checkpoint folder (one with config.json) nor a shipped "
        f"specialist under {WEIGHTS_FOLDER}; give the folder of a trained or converted checkpoint"
    )


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
    return Measured(
        name=collection.name,
        licence=_licence(folder),
        sha256={str(path.relative_to(folder)): sha256_of(path) for path in files},
        settings=settings,
        marks=tuple(
            marks for one in entrants(lexical) for marks in _mark_scorer(task, one, tick, hear)
        ),
    )


def _mark_scorer(task: Task, scorer: Scorer, tick: Tick, hear: Hear) -> Iterator[Marks]:
    """At its own decisions where it takes any; at its oracle threshold where scores differ."""
    done = count(1)
    total = len(task.groups)
    scored = score_task(task, scorer, on_group=lambda: tick(next(done), total, scorer.name))
    hear(scorer, task, scored)
    if all(one.decisions is not None for one in scored):
        yield mark_task(task, scored, scorer=scorer.name)
    if len({score for one in scored for score in one.scores}) > 1:
        yield mark_task(task, scored, scorer=scorer.name, oracle=True)


def check(gate: Gate, measured: Sequence[Measured], *, scorer: str) -> tuple[Check, ...]:
    """Every requirement on every collection, at the scorer's own decisions."""
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


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Writes `card.md` and `marks.json` and returns their paths."""
    values = {"passed": report.passed, "faults": report.faults, **asdict(report)}
    return write_card(folder, card_text(report), values)


def card_text(report: Report) -> str:
    """The card as Markdown."""
    lines = [
        *opening(
            report.specialist,
            gate=report.gate.name,
            passed=report.passed,
            date=report.date,
            weights=report.weights,
            recipe=report.recipe,
        ),
        "## Marks",
        f"Measured on {report.date} with `{report.command}` on {report.machine}. In percent, with "
        "95% intervals that resample whole queries (Wilson's where each query gives one row, and "
        "where a value is 0 or 100). Thresholds marked *oracle* were chosen on these very rows, a "
        "generous upper bound for whoever uses one. That nothing else was tuned on them is the "
        "maker's promise; the gate checks that the recipe does not name their files as data.",
        "",
    ]
    for one in report.measured:
        lines += _marks_section(one)
    lines += [*table(("mark", "meaning"), list(LEGEND.items())), "## Gate"]
    lines += table(
        ("collection", "lower end of", "must exceed", "reached", "why", "passed"),
        [
            (
                c.task,
                c.requirement.mark,
                f"{100 * c.requirement.floor:.1f}",
                "not measured" if c.low is None else f"{100 * c.low:.1f}",
                c.requirement.why,
                "yes" if c.passed else "NO",
            )
            for c in report.checks
        ],
    )
    lines += [f"- Not passed: {fault}." for fault in report.faults]
    return "\n".join(lines).rstrip() + "\n"


def _marks_section(one: Measured) -> list[str]:
    settings = one.settings
    hashes = "; ".join(f"`{name}` {digest}" for name, digest in one.sha256.items())
    names = [name for name in LEGEND if any(name in marks.marks for marks in one.marks)]
    return [
        f"### {one.name}",
        f"{one.marks[0].n_queries} queries, {one.marks[0].n_rows} rows: 1 relevant passage and "
        f"{settings.negatives} others each, drawn with seed {settings.seed} from ranks "
        f"{settings.first_rank} to {settings.last_rank} of {SETTINGS}, passages judged relevant "
        f"left out. {twin_words(one)} Licence: {one.licence}. "
        f"sha256: {hashes}.",
        "",
        *table(
            ("mark", *(f"{marks.scorer}, {marks.rule}" for marks in one.marks)),
            [(name, *(str(marks.marks.get(name, "–")) for marks in one.marks)) for name in names],
        ),
    ]


def twin_words(one: Measured) -> str:
    """How many queries the absent-twin test stands on; it leaves out those BM25 fails on."""
    first = one.marks[0]
    twins = first.marks["absent_auroc"].n_queries if "absent_auroc" in first.marks else 0
    return (
        f"Absent twins: {twins} of {first.n_queries} queries, those with a relevant passage among "
        f"the first {one.settings.depth} of BM25."
    )


def _licence(folder: Path) -> str:
    """The first line of a licence file beside the data."""
    for name in ("LICENCE", "LICENSE", "LICENCE.txt", "LICENSE.txt"):
        if (folder / name).is_file():
            return (folder / name).read_text("utf-8", errors="replace").strip().split("\n")[0]
    return "not stated in the folder"
