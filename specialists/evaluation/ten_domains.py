"""The holdout that ships with the project: twins from ten domains, marked by kind of row.

Each question comes with the passage that answers it, a near-miss of its own domain and a passage
of another domain. It stands alone because its rows say of what kind they are, which no other data
does; what it holds and how it was made is told in `rows/README.md`. Never trained or tuned on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from specialists.checkpoint import sha256_of
from specialists.errors import CorpusError
from specialists.evaluation.lexical import Lexical
from specialists.evaluation.measure import (
    OWN_DECISION,
    Mark,
    Marks,
    draw_queries,
    mark_task,
    proportion,
)
from specialists.evaluation.tasks import (
    Group,
    Scored,
    Scorer,
    Task,
    json_rows,
    score_task,
    text_field,
)

ROWS = Path(__file__).parent / "rows" / "ten_domains.jsonl"
CARRY, CROSS = "carry", "cross"
PARTS = ("carry and cross", "carry and near-miss")
NEAR_KINDS = ("entity", "number", "unit", "date", "negation", "role", "neighbour", "other")

LEGEND: Mapping[str, str] = {
    CARRY: "relevant passages accepted",
    CROSS: "passages of another domain refused",
    "near": "near-misses refused",
    **{kind: f"rows of twins of this kind ({kind}) decided correctly" for kind in NEAR_KINDS},
}
"""Every mark by kind of row, in the order it is printed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question with its three passages. `twins` names the pair it belongs to."""

    twins: str
    kind: str
    query: str
    right: str
    near: str
    cross: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KindMarks:
    """One scorer under one rule. `card` are the marks of carry and cross rows, `near` those of
    carry and near-miss rows, each at its own oracle threshold where the rule is one; `kinds`
    follow `LEGEND`, `cross` at the threshold of `card` and all others at that of `near`."""

    scorer: str
    rule: str
    card: Marks
    near: Marks
    kinds: dict[str, Mark]


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldoutMarks:
    """The marks of all scorers, and the file they were taken on."""

    name: str
    sha256: str
    n_questions: int
    n_twins: int
    marks: tuple[KindMarks, ...]


Hear = Callable[[Scorer, Task, Sequence[Scored]], None]
"""Is given what a scorer said of the rows of a task."""


def read_questions(path: Path = ROWS) -> tuple[Question, ...]:
    """Raises `CorpusError` unless each question has one row of each kind with its label."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for where, row in json_rows(path.parent, path.name, remedy="correct the path"):
        kind = text_field(row, "kind", where)
        if kind not in LEGEND or row.get("label") != int(kind == CARRY):
            raise CorpusError(f"{where}: label {row.get('label')!r} does not fit kind {kind!r}")
        key = (text_field(row, "group", where), text_field(row, "query", where))
        passages = found.setdefault(key, {})
        if kind in passages:
            raise CorpusError(f"{where}: a second row of kind {kind!r} for the same question")
        passages[kind] = text_field(row, "passage", where)
    return tuple(_question(path, *key, passages) for key, passages in found.items())


def _question(path: Path, twins: str, query: str, passages: Mapping[str, str]) -> Question:
    near = [kind for kind in NEAR_KINDS if kind in passages]
    if len(near) != 1 or not {CARRY, CROSS} <= passages.keys():
        raise CorpusError(f"{path}: {twins}: {query!r} needs carry, cross and one near-miss row")
    return Question(
        twins=twins,
        kind=near[0],
        query=query,
        right=passages[CARRY],
        near=passages[near[0]],
        cross=passages[CROSS],
    )


def measure_holdout(
    entrants: Callable[[Lexical], Sequence[Scorer]],
    *,
    path: Path = ROWS,
    tick: Callable[[int, int, str], None] = lambda done, total, doing: None,
    hear: Hear = lambda scorer, task, scored: None,
) -> HoldoutMarks:
    """Marks every scorer. `entrants` is given a search over all passages and says who is marked.
    `hear` is told the scores on all rows."""
    questions = read_questions(path)
    passages = list(dict.fromkeys(t for q in questions for t in (q.right, q.near, q.cross)))
    lexical = Lexical({str(number): text for number, text in enumerate(passages)})
    whole = _task(questions, "ten_domains", rows=(0, 1, 2))
    marks: list[KindMarks] = []
    for scorer in entrants(lexical):
        scored = _score(whole, scorer, tick)
        hear(scorer, whole, scored)
        marks += _mark_scorer(questions, scored, scorer.name)
    return HoldoutMarks(
        name=path.name.split(".")[0],
        sha256=sha256_of(path),
        n_questions=len(questions),
        n_twins=len({question.twins for question in questions}),
        marks=tuple(marks),
    )


def _score(task: Task, scorer: Scorer, tick: Callable[[int, int, str], None]) -> tuple[Scored, ...]:
    done = count(1)
    return score_task(
        task, scorer, on_group=lambda: tick(next(done), len(task.groups), scorer.name)
    )


def _task(questions: Sequence[Question], name: str, *, rows: tuple[int, ...]) -> Task:
    return Task(
        name=name,
        groups=tuple(
            Group(
                query_id=q.twins,
                query=q.query,
                passages=(q.right, q.near, q.cross),
                relevant=(True, False, False),
                rows=rows,
                present=(),
                absent=(),
            )
            for q in questions
        ),
    )


def _mark_scorer(
    questions: Sequence[Question], scored: Sequence[Scored], name: str
) -> Iterator[KindMarks]:
    """At its own decisions where it takes any; at its oracle thresholds where scores differ."""
    rules = [False] if all(one.decisions is not None for one in scored) else []
    if len({score for one in scored for score in one.scores}) > 1:
        rules.append(True)
    for oracle in rules:
        card, near = (
            mark_task(_task(questions, task, rows=rows), scored, scorer=name, oracle=oracle)
            for task, rows in zip(PARTS, ((0, 2), (0, 1)), strict=True)
        )
        yield KindMarks(
            scorer=name,
            rule="oracle threshold" if oracle else OWN_DECISION,
            card=card,
            near=near,
            kinds=_by_kind(
                questions,
                at_card=_accepted(scored, card, oracle=oracle),
                at_near=_accepted(scored, near, oracle=oracle),
            ),
        )


def _accepted(scored: Sequence[Scored], marks: Marks, *, oracle: bool) -> list[tuple[bool, ...]]:
    if not oracle:
        return [one.decisions or () for one in scored]
    limit = float("inf") if marks.threshold is None else marks.threshold
    return [tuple(score >= limit for score in one.scores) for one in scored]


def _by_kind(
    questions: Sequence[Question],
    *,
    at_card: Sequence[tuple[bool, ...]],
    at_near: Sequence[tuple[bool, ...]],
) -> dict[str, Mark]:
    _, twins = np.unique([q.twins for q in questions], return_inverse=True)
    draws = draw_queries(int(twins.max()) + 1, seed=0)
    carried = np.array([accepted[0] for accepted in at_near])
    refused = np.array([not accepted[1] for accepted in at_near])
    crossed = np.array([not accepted[2] for accepted in at_card])
    marks = {
        CARRY: proportion(carried, twins, draws),
        CROSS: proportion(crossed, twins, draws),
        "near": proportion(refused, twins, draws),
    }
    for kind in NEAR_KINDS:
        mine = np.array([q.kind == kind for q in questions])
        if mine.any():
            right = np.concatenate([carried[mine], refused[mine]])
            marks[kind] = proportion(right, np.tile(twins[mine], 2), draws)
    return marks
