"""The numbers behind the plots: how probable against how often, and recall against false accepts.

It stands alone, without a plotting library, so that the numbers can be tested and printed.

Shape legend: R rows, T thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from specialists.evaluation.measure import Bools, Floats, wilson
from specialists.evaluation.tasks import Scored, Task

_BINS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredRows:
    """What a scorer said of the rows of a task: scores, labels and, where it takes any, its own
    decisions, each of shape (R,)."""

    task: str
    scorer: str
    score: Floats
    label: Bools
    accepted: Bools | None
    probabilities: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Rows whose stated probability lies in one tenth: their number, the mean stated, the share
    that is relevant, and its 95% interval (Wilson's)."""

    n: int
    stated: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Tradeoff:
    """Recall and false accepts at every threshold, both of shape (T,), from accepting nothing to
    accepting all; `own` are (false accepts, recall) of the scorer's own decisions."""

    false_accepts: npt.NDArray[np.float64]
    recall: npt.NDArray[np.float64]
    own: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SizedMark:
    """A mark in [0, 1] with its interval, and how many parameters it took. `measured` is False for
    a figure that others state."""

    label: str
    parameters: int
    value: float
    low: float
    high: float
    measured: bool = True


def scored_rows(task: Task, scored: Sequence[Scored], *, scorer: str) -> ScoredRows:
    pairs = list(zip(task.groups, scored, strict=True))
    decided = all(one.decisions is not None for one in scored)
    return ScoredRows(
        task=task.name,
        scorer=scorer,
        score=np.array([one.scores[i] for group, one in pairs for i in group.rows]),
        label=np.array([group.relevant[i] for group, _ in pairs for i in group.rows]),
        accepted=np.array([(one.decisions or ())[i] for group, one in pairs for i in group.rows])
        if decided
        else None,
        probabilities=all(one.probabilities for one in scored),
    )


def reliability(rows: ScoredRows) -> tuple[Bin, ...]:
    """The bins that hold any row, by rising probability."""
    places = np.minimum((rows.score * _BINS).astype(np.int64), _BINS - 1)
    bins = []
    for place in np.unique(places):
        mine = places == place
        n, hits = int(mine.sum()), float(rows.label[mine].sum())
        low, high = wilson(hits, n)
        bins.append(
            Bin(
                n=n,
                stated=float(rows.score[mine].mean()),
                observed=hits / n,
                low=low,
                high=high,
            )
        )
    return tuple(bins)


def tradeoff(rows: ScoredRows) -> Tradeoff:
    """Equal scores are accepted together, so they make one step."""
    order = np.argsort(-rows.score, kind="stable")
    score, label = rows.score[order], rows.label[order]
    last = np.append(score[:-1] != score[1:], True)
    recall = np.cumsum(label)[last] / label.sum()
    false_accepts = np.cumsum(~label)[last] / (~label).sum()
    own = None
    if rows.accepted is not None:
        accepted, relevant = rows.accepted, rows.label
        own = (float(accepted[~relevant].mean()), float(accepted[relevant].mean()))
    return Tradeoff(
        false_accepts=np.concatenate([[0.0], false_accepts]),
        recall=np.concatenate([[0.0], recall]),
        own=own,
    )
