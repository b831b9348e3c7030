"""Marks with their intervals. Numbers in, numbers out: no model, no file, no clock.

It stands alone so that every figure the project prints comes from one place. Rows of one query
are no independent witnesses, so intervals resample whole queries. All statistics here are
functions of sums over queries, so a resample is a vector that counts how often each query was
drawn, and all resamples are one matrix product.

Shape legend: D draws of the bootstrap, Q queries, P positive rows, N negative rows, B bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from specialists.evaluation.tasks import Group, Scored, Task

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_Z95 = 1.959963984540054
_DRAWS = 2_000
_BINS = 10

OWN_DECISION = "own decision"
"""The rule of marks at the decisions a scorer takes itself."""

LEGEND = {
    "accuracy": "rows decided correctly",
    "recall": "relevant rows accepted",
    "precision": "accepted rows that are relevant",
    "false_accepts": "irrelevant rows accepted (lower is better)",
    "auroc": "a relevant row of any query scores above an irrelevant one of any query",
    "first": "the relevant row scores highest in its group",
    "absent_auroc": "best score of a list with a relevant passage above that of one without",
    "answered": "lists with a relevant passage in which something is accepted",
    "false_answers": "lists without a relevant passage in which something is accepted (lower)",
    "false_answers_at_90": "the same at the threshold that answers 90% (lower is better)",
    "calibration_error": "expected calibration error, ten equal bins (lower is better)",
    "brier": "mean squared error of the probability (lower is better)",
}
"""Every mark, in the order it is printed, with its meaning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A value between 0 and 1 with its 95% interval. `n` counts what it is a mean over (for
    AUROC: rows or lists compared), `n_queries` the queries behind it."""

    value: float
    low: float
    high: float
    n: int
    n_queries: int
    interval: str

    def __str__(self) -> str:
        """In percent, with the interval."""
        return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """What one scorer reached on one task. `rule` says how accepting was decided; an oracle
    threshold was chosen on these very rows, so it flatters whoever uses it."""

    task: str
    scorer: str
    rule: str
    threshold: float | None
    n_rows: int
    n_queries: int
    marks: dict[str, Mark]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """How much higher `mark` is for `scorer` than for `over` on the same rows: a difference between
    -1 and 1 with its 95% interval. Both are resampled together, so what is hard for both does not
    blur it: an interval without 0 is a difference even where those of the two marks overlap."""

    mark: str
    scorer: str
    over: str
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """In points, with the interval."""
        return f"{100 * self.value:+.1f} [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def mark_task(
    task: Task, scored: Sequence[Scored], *, scorer: str, oracle: bool = False, seed: int = 0
) -> Marks:
    """Marks of `scored`, one entry for each group of `task`, at the scorer's own decisions or,
    with `oracle`, at the threshold of the highest accuracy on these rows."""
    pairs = list(zip(task.groups, scored, strict=True))
    _, query_of_group = np.unique([g.query_id for g in task.groups], return_inverse=True)
    group = np.repeat(np.arange(len(pairs)), [len(g.rows) for g in task.groups])
    score, label, query = _rows(task.groups, scored, query_of_group)
    threshold = best_threshold(score, label) if oracle else None
    if threshold is not None:
        accepted = [tuple(value >= threshold for value in s.scores) for s in scored]
        rule = "oracle threshold" if threshold < np.inf else "oracle threshold (accepts nothing)"
    else:
        own = [s.decisions for s in scored if s.decisions is not None]
        assert len(own) == len(scored), "a scorer without decisions is marked at its oracle"
        accepted, rule = own, OWN_DECISION
    accept = np.array([a[i] for (g, _), a in zip(pairs, accepted, strict=True) for i in g.rows])

    draws = draw_queries(int(query.max()) + 1, seed=seed)
    first, ranked = _first(score, label, group)
    marks = {"accuracy": proportion(accept == label, query, draws)}
    if label.any():
        marks["recall"] = proportion(accept[label], query[label], draws)
    if not label.all():
        marks["false_accepts"] = proportion(accept[~label], query[~label], draws)
    if label.any() and not label.all():
        marks["auroc"] = auroc_mark(score, label, query, draws)
    if len(ranked):
        marks["first"] = proportion(first, query_of_group[ranked], draws)
    if accept.any():
        marks["precision"] = proportion(label[accept], query[accept], draws)
    marks |= _twin_marks(task.groups, scored, accepted, query_of_group, draws)
    if all(s.probabilities for s in scored):
        marks["calibration_error"] = calibration_mark(score, label, query, draws)
        marks["brier"] = proportion((score - label) ** 2, query, draws)
    return Marks(
        task=task.name,
        scorer=scorer,
        rule=rule,
        threshold=threshold if threshold is not None and threshold < np.inf else None,
        n_rows=len(score),
        n_queries=draws.shape[1],
        marks={name: marks[name] for name in LEGEND if name in marks},
    )


def leads_in_auroc(
    task: Task,
    scored: Sequence[Scored],
    others: Sequence[Scored],
    *,
    scorer: str,
    over: str,
    seed: int = 0,
) -> tuple[Lead, ...]:
    """Of what one scorer said over what another said of the same `task`: in the AUROC of passages
    and, where there are absent twins, in that of lists; no threshold stands in either."""
    _, query_of_group = np.unique([g.query_id for g in task.groups], return_inverse=True)
    draws = draw_queries(int(query_of_group.max()) + 1, seed=seed)
    ours, theirs = (_rankings(task.groups, said, query_of_group) for said in (scored, others))
    return tuple(
        _lead(name, ours[name], theirs[name], draws, scorer=scorer, over=over) for name in ours
    )


def best_threshold(score: Floats, label: Bools) -> float:
    """The threshold t of the highest accuracy when rows with score >= t are accepted; infinite
    when accepting nothing is best."""
    order = np.argsort(-score, kind="stable")
    gain = np.concatenate([[0], np.cumsum(np.where(label[order], 1, -1))])
    cuts = np.concatenate([[np.inf], score[order]])
    # Only a cut below the last of equal scores can be made.
    possible = np.append(cuts[:-1] != cuts[1:], True)
    return float(cuts[np.argmax(np.where(possible, gain, gain.min() - 1))])


def auroc(positive: Floats, negative: Floats) -> float:
    """Probability that a positive scores above a negative; ties count one half."""
    return float(_wins(positive, negative).mean())


def wilson(successes: float, n: int) -> tuple[float, float]:
    """95% interval of a proportion over `n` independent trials (Wilson 1927)."""
    rate, spread = successes / n, _Z95**2 / n
    middle = rate + spread / 2
    half = float(np.sqrt(spread * (rate * (1 - rate) + spread / 4)))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def draw_queries(n_queries: int, *, seed: int, draws: int = _DRAWS) -> Floats:
    """Counts (D, Q): how often each query stands in each resample drawn with replacement."""
    generator = np.random.default_rng(seed)
    even = np.full(n_queries, 1 / n_queries)
    return generator.multinomial(n_queries, even, size=draws).astype(np.float64)


def proportion(values: npt.NDArray[np.generic], query: Ints, draws: Floats) -> Mark:
    """The mean of `values` (each 0..1). With one value a query the interval is Wilson's,
    otherwise the bootstrap over queries."""
    numbers = values.astype(np.float64)
    n_all = draws.shape[1]
    total_Q = np.bincount(query, weights=numbers, minlength=n_all)
    count_Q = np.bincount(query, minlength=n_all).astype(np.float64)
    n_queries = int((count_Q > 0).sum())
    value = float(numbers.mean())
    if count_Q.max() == 1:
        low, high = wilson(value * n_queries, n_queries)
        return _mark(value, low, high, len(numbers), n_queries, "Wilson")
    size_D = draws @ count_Q
    drawn = (draws @ total_Q)[size_D > 0] / size_D[size_D > 0]
    return _bootstrapped(value, drawn, len(numbers), n_queries)


def auroc_mark(score: Floats, label: Bools, query: Ints, draws: Floats) -> Mark:
    """AUROC over all pairs of rows, also of different queries, with the bootstrap's interval."""
    value, drawn = _draw_auroc(score, label, query, draws)
    return _bootstrapped(value, drawn, len(score), len(np.unique(query)))


def _draw_auroc(score: Floats, label: Bools, query: Ints, draws: Floats) -> tuple[float, Floats]:
    """The value, and [D], less the draws without rows of both kinds."""
    positive, negative = score[label], score[~label]
    n_all = draws.shape[1]
    wins_QQ = np.zeros((n_all, n_all))
    wins_PN = _wins(positive, negative)
    np.add.at(wins_QQ, (query[label][:, None], query[~label][None, :]), wins_PN)
    pairs = (draws @ np.bincount(query[label], minlength=n_all)) * (
        draws @ np.bincount(query[~label], minlength=n_all)
    )
    won = ((draws @ wins_QQ) * draws).sum(axis=1)
    return float(wins_PN.mean()), won[pairs > 0] / pairs[pairs > 0]


def calibration_mark(score: Floats, label: Bools, query: Ints, draws: Floats) -> Mark:
    """Expected calibration error (Naeini et al. 2015): mean distance between the stated
    probability and the observed rate over equal bins, weighted by rows."""
    bins = np.minimum((score * _BINS).astype(np.int64), _BINS - 1)
    gap_QB = np.zeros((draws.shape[1], _BINS))
    np.add.at(gap_QB, (query, bins), score - label)
    size_D = draws @ np.bincount(query, minlength=draws.shape[1])
    drawn = np.abs(draws @ gap_QB).sum(axis=1) / size_D
    value = float(np.abs(gap_QB.sum(axis=0)).sum() / len(score))
    low, high = np.quantile(drawn, [0.025, 0.975])
    # Resampling adds noise, and noise adds to an absolute gap: the value itself always belongs.
    low, high = min(low, value), max(high, value)
    return _mark(value, float(low), float(high), len(score), len(np.unique(query)), "bootstrap")


_Ranking = tuple[Floats, Bools, Ints]
"""Scores, labels and queries of what is ranked."""


def _rankings(
    groups: Sequence[Group], scored: Sequence[Scored], query_of_group: Ints
) -> dict[str, _Ranking]:
    """What each AUROC is over, by its mark."""
    found = {"auroc": _rows(groups, scored, query_of_group)}
    twins = [n for n, group in enumerate(groups) if group.present]
    if twins:
        found["absent_auroc"] = _lists(groups, scored, query_of_group, twins)
    return found


def _rows(groups: Sequence[Group], scored: Sequence[Scored], query_of_group: Ints) -> _Ranking:
    pairs = list(zip(groups, scored, strict=True))
    return (
        np.array([s.scores[i] for g, s in pairs for i in g.rows]),
        np.array([g.relevant[i] for g, _ in pairs for i in g.rows]),
        np.repeat(query_of_group, [len(g.rows) for g in groups]),
    )


def _lists(
    groups: Sequence[Group], scored: Sequence[Scored], query_of_group: Ints, twins: Sequence[int]
) -> _Ranking:
    """Lists with a relevant passage, then those without, each by its best."""
    present = [max(scored[g].scores[i] for i in groups[g].present) for g in twins]
    absent = [max(scored[g].scores[i] for i in groups[g].absent) for g in twins]
    sides = np.repeat([True, False], len(twins))
    return np.array([*present, *absent]), sides, np.tile(query_of_group[list(twins)], 2)


def _lead(
    mark: str, ours: _Ranking, theirs: _Ranking, draws: Floats, *, scorer: str, over: str
) -> Lead:
    (value, drawn), (other, other_drawn) = (_draw_auroc(*one, draws) for one in (ours, theirs))
    low, high = (float(edge) for edge in np.quantile(drawn - other_drawn, [0.025, 0.975]))
    return Lead(mark=mark, scorer=scorer, over=over, value=value - other, low=low, high=high)


def _twin_marks(
    groups: Sequence[Group],
    scored: Sequence[Scored],
    accepted: Sequence[tuple[bool, ...]],
    query_of_group: Ints,
    draws: Floats,
) -> dict[str, Mark]:
    """The absent-twin test, over the groups that have one: lists are judged by their best."""
    twins = [g for g, group in enumerate(groups) if group.present]
    if not twins:
        return {}
    query = query_of_group[twins]
    best, sides, query_of_list = _lists(groups, scored, query_of_group, twins)
    present, absent = best[sides], best[~sides]
    answered = np.array([any(accepted[g][i] for i in groups[g].present) for g in twins])
    misled = np.array([any(accepted[g][i] for i in groups[g].absent) for g in twins])
    at_90 = np.sort(present)[len(present) // 10]
    return {
        "absent_auroc": auroc_mark(best, sides, query_of_list, draws),
        "answered": proportion(answered, query, draws),
        "false_answers": proportion(misled, query, draws),
        "false_answers_at_90": proportion(absent >= at_90, query, draws),
    }


def _first(score: Floats, label: Bools, group: Ints) -> tuple[Floats, Ints]:
    """Of the groups that hold both labels, with their places: 1 when the highest score is of a
    relevant row; where k rows share it, the part of them that is relevant."""
    both = np.intersect1d(group[label], group[~label])
    first = []
    for g in both:
        mine, mine_label = score[group == g], label[group == g]
        first.append(float(mine_label[mine == mine.max()].mean()))
    return np.array(first), both


def _wins(positive: Floats, negative: Floats) -> Floats:
    return 0.5 + 0.5 * np.sign(positive[:, None] - negative[None, :], dtype=np.float64)


def _bootstrapped(value: float, drawn: Floats, n: int, n_queries: int) -> Mark:
    """A bootstrap cannot imagine what it never saw: at 0 and 1, and where all rows are of one
    query, Wilson over queries stands."""
    if value in (0.0, 1.0) or n_queries == 1:
        low, high = wilson(value * n_queries, n_queries)
        return _mark(value, low, high, n, n_queries, "Wilson")
    low, high = (float(edge) for edge in np.quantile(drawn, [0.025, 0.975]))
    return _mark(value, low, high, n, n_queries, "bootstrap")


def _mark(value: float, low: float, high: float, n: int, n_queries: int, interval: str) -> Mark:
    return Mark(value=value, low=low, high=high, n=n, n_queries=n_queries, interval=interval)
