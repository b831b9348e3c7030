"""The gate of the specialists that do a job: whole results, right or wrong, on rows held out.

A row says what goes in and what must come out; a result is right when every marked key is. Beside
the specialist stand the result most rows want, and its rule. To ship it must lead both: the lower
end of its interval lies above their marks. It knows neither torch nor how a model is loaded.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from specialists.checkpoint import sha256_of
from specialists.errors import CorpusError
from specialists.evaluation.cards import (
    Weights,
    missing_record,
    opening,
    table,
)
from specialists.evaluation.measure import Mark, draw_queries, proportion
from specialists.evaluation.tasks import json_rows
from specialists.jobs.job import Inputs, Result

ROWS_FOLDER = Path(__file__).parent / "rows"
_MOST_OUTCOMES = 14
"""A confusion table of more columns than this is not drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """`output` holds the keys that are marked. Rows of one `group` are one witness."""

    input: dict[str, Any]
    output: dict[str, Any]
    kind: str
    group: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRows:
    """The rows of one file."""

    file: str
    sha256: str
    rows: tuple[JobRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobMarks:
    """How often one answerer was right, by kind of row too. `milliseconds` is the median of a
    whole job; `confusion[wanted][said]` counts where the outcomes are few."""

    name: str
    accuracy: Mark
    kinds: dict[str, Mark]
    milliseconds: float
    confusion: dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobReport:
    """Everything a card says. The first of `marks` are the specialist's, the others its floors."""

    specialist: str
    job: str
    date: str
    command: str
    machine: str
    weights: Weights
    recipe: dict[str, Any]
    rows_file: str
    rows_sha256: str
    n_rows: int
    n_groups: int
    marks: tuple[JobMarks, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the gate is not passed; empty when it is."""
        ours, *floors = self.marks
        return (
            *(
                f"the lower end of its interval, {100 * ours.accuracy.low:.1f}, does not exceed "
                f"{floor.name}, {100 * floor.accuracy.value:.1f}"
                for floor in floors
                if ours.accuracy.low <= floor.accuracy.value
            ),
            *missing_record(self.recipe),
            *(
                [f"trained on what it is marked on: {self.rows_file}"]
                if self.rows_sha256 in json.dumps(self.recipe)
                else []
            ),
        )

    @property
    def passed(self) -> bool:
        return not self.faults

    def to_dict(self) -> dict[str, Any]:
        return {"passed": self.passed, "faults": self.faults, **asdict(self)}


def read_job_rows(path: Path) -> JobRows:
    """JSON lines with `input`, `output`, and where they help `kind` and `group`. Raises
    `CorpusError` for a row that cannot be used."""
    rows: list[JobRow] = []
    for where, row in json_rows(path.parent, path.name, remedy="correct the path"):
        given, wanted = row.get("input"), row.get("output")
        if not isinstance(given, dict) or not isinstance(wanted, dict) or not wanted:
            raise CorpusError(f"{where}: expected objects under 'input' and 'output'")
        kind = str(row.get("kind", "all"))
        group = str(len(rows) if row.get("group") is None else row["group"])
        rows.append(JobRow(input=given, output=wanted, kind=kind, group=group))
    if not rows:
        raise CorpusError(f"{path}: no rows")
    return JobRows(file=path.name, sha256=sha256_of(path), rows=tuple(rows))


def mark_job(
    name: str,
    rows: Sequence[JobRow],
    answer: Callable[[Inputs], Result],
    *,
    tick: Callable[[int, int, str], None] = lambda done, total, doing: None,
) -> JobMarks:
    """`answer` gives a result for each row's input, in order."""
    seconds = np.empty(len(rows))
    results: list[Result] = []
    for number, row in enumerate(rows):
        begin = time.perf_counter()
        results.append(answer(row.input))
        seconds[number] = time.perf_counter() - begin
        tick(number + 1, len(rows), name)
    right = np.array([_agrees(row.output, one) for row, one in zip(rows, results, strict=True)])
    kind = np.array([row.kind for row in rows])
    _, group = np.unique([row.group for row in rows], return_inverse=True)
    draws = draw_queries(int(group.max()) + 1, seed=0)
    return JobMarks(
        name=name,
        accuracy=proportion(right, group, draws),
        kinds={
            str(one): proportion(right[kind == one], group[kind == one], draws)
            for one in sorted(set(kind))
        },
        milliseconds=1_000 * float(np.median(seconds)),
        confusion=_confusion(rows, results),
    )


def most_wanted(rows: Sequence[JobRow]) -> Callable[[Inputs], Result]:
    """The floor that always gives the result which most rows want."""
    wanted, _ = Counter(_key(row.output) for row in rows).most_common(1)[0]
    result: Result = json.loads(wanted)
    return lambda inputs: result


def _agrees(wanted: Result, result: Result) -> bool:
    return all(_key(result.get(name)) == _key(value) for name, value in wanted.items())


def _key(value: object) -> str:
    """A value as text, the order of lists aside."""
    ordered = sorted(value, key=str) if isinstance(value, list | tuple) else value
    return json.dumps(ordered, ensure_ascii=False, sort_keys=True)


def _confusion(rows: Sequence[JobRow], results: Sequence[Result]) -> dict[str, dict[str, int]]:
    names = {name for row in rows for name in row.output}
    if len(names) != 1:
        return {}
    (name,) = names
    pairs = [
        (str(row.output[name]), str(result.get(name)))
        for row, result in zip(rows, results, strict=True)
    ]
    if len({said for pair in pairs for said in pair}) > _MOST_OUTCOMES:
        return {}
    counts: dict[str, dict[str, int]] = {}
    for wanted, said in sorted(pairs):
        row_counts = counts.setdefault(wanted, {})
        row_counts[said] = row_counts.get(said, 0) + 1
    return counts


def job_card(report: JobReport) -> str:
    """The card as Markdown."""
    ours = report.marks[0]
    kinds = list(ours.kinds)
    lines = [
        *opening(
            report.specialist,
            gate=report.job,
            passed=report.passed,
            date=report.date,
            weights=report.weights,
            recipe=report.recipe,
        ),
        "## Marks",
        f"Whole results that were right, in percent, with 95% intervals that resample groups of "
        f"rows: {report.n_rows} rows in {report.n_groups} groups of `{report.rows_file}` "
        f"(sha256 {report.rows_sha256}), on which nothing was trained or tuned. Measured on "
        f"{report.date} with `{report.command}` on {report.machine}.",
        "",
        *table(
            ("rows", *(marks.name for marks in report.marks)),
            [
                ("all", *(str(marks.accuracy) for marks in report.marks)),
                *((kind, *(str(marks.kinds[kind]) for marks in report.marks)) for kind in kinds),
                ("milliseconds", *(f"{marks.milliseconds:.1f}" for marks in report.marks)),
            ],
        ),
    ]
    if ours.confusion:
        said = sorted({said for counts in ours.confusion.values() for said in counts})
        lines += [
            "Wanted (rows) and said (columns):",
            *table(
                ("", *said),
                [
                    (wanted, *(str(counts.get(one, 0)) for one in said))
                    for wanted, counts in ours.confusion.items()
                ],
            ),
        ]
    lines += [f"- Not passed: {fault}." for fault in report.faults]
    return "\n".join(lines).rstrip() + "\n"
