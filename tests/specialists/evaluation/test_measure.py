"""Marks agree with their definitions, and intervals are honest about queries."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialists.evaluation.measure import (
    Marks,
    auroc,
    auroc_mark,
    best_threshold,
    calibration_mark,
    draw_queries,
    leads_in_auroc,
    mark_task,
    proportion,
    wilson,
)
from specialists.evaluation.tasks import Group, Scored, Task


def task_of(n_queries: int, n_twins: int) -> Task:
    """Places: 0 the positive, 1 to 4 negatives, 5 the passage that refills the twin."""
    groups = [
        Group(
            query_id=str(number),
            query="why",
            passages=tuple("abcdef"),
            relevant=(True, False, False, False, False, False),
            rows=(0, 1, 2, 3, 4),
            present=(0, 1) if number < n_twins else (),
            absent=(1, 5) if number < n_twins else (),
        )
        for number in range(n_queries)
    ]
    return Task(name="tiny", groups=tuple(groups))


def values(marks: Marks) -> dict[str, float]:
    return {name: mark.value for name, mark in marks.marks.items()}


def test_always_answering_zero_reaches_eighty_percent_and_nothing_else() -> None:
    task = task_of(10, 10)
    zeros = [Scored(scores=(0.0,) * 6, decisions=(False,) * 6)] * 10
    marks = values(mark_task(task, zeros, scorer="no"))
    assert marks["accuracy"] == 0.8
    assert marks["recall"] == marks["false_accepts"] == marks["answered"] == 0
    assert marks["auroc"] == marks["absent_auroc"] == 0.5
    assert marks["first"] == pytest.approx(0.2)
    assert "precision" not in marks


def test_a_perfect_scorer_reaches_one_and_its_interval_still_leaves_room_for_error() -> None:
    task = task_of(30, 30)
    right = Scored(
        scores=(1.0, 0, 0, 0, 0, 0),
        decisions=(True, False, False, False, False, False),
        probabilities=True,
    )
    marks = mark_task(task, [right] * 30, scorer="right")
    for name in ("accuracy", "recall", "precision", "auroc", "first", "absent_auroc", "answered"):
        assert marks.marks[name].value == 1
        assert marks.marks[name].low == pytest.approx(0.886, abs=1e-3)
    assert marks.marks["false_answers"].value == marks.marks["calibration_error"].value == 0
    assert marks.marks["brier"].value == 0


def test_marks_follow_their_definitions_on_a_case_counted_by_hand() -> None:
    task = task_of(2, 1)
    scored = [
        Scored(scores=(0.9, 0.6, 0.1, 0.1, 0.1, 0.7), decisions=(True, True, *[False] * 3, True)),
        Scored(scores=(0.2, 0.3, 0.1, 0.1, 0.1, 0.0), decisions=(False,) * 6),
    ]
    marks = mark_task(task, scored, scorer="s")
    assert (marks.n_rows, marks.n_queries) == (10, 2)
    got = values(marks)
    assert got["accuracy"] == 0.8
    assert got["recall"] == got["precision"] == got["first"] == 0.5
    assert got["false_accepts"] == 1 / 8
    assert got["auroc"] == (8 + 6) / 16
    assert got["absent_auroc"] == got["answered"] == got["false_answers"] == 1
    assert got["false_answers_at_90"] == 0
    assert "brier" not in got
    assert marks.marks["absent_auroc"].n_queries == 1


def test_false_answers_at_90_stand_at_the_threshold_that_answers_nine_lists_of_ten() -> None:
    task = task_of(10, 10)
    best_present = [0.1, *(0.5,) * 9]
    best_absent = [0.9, 0.5, 0.5, 0.2, *(0.05,) * 6]
    scored = [
        Scored(scores=(present, 0, 0, 0, 0, absent))
        for present, absent in zip(best_present, best_absent, strict=True)
    ]
    marks = values(mark_task(task, scored, scorer="s", oracle=True))
    assert marks["false_answers_at_90"] == 0.3


def test_an_oracle_is_named_and_never_worse_than_accepting_nothing() -> None:
    task = task_of(3, 0)
    upside_down = Scored(scores=(0.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    marks = mark_task(task, [upside_down] * 3, scorer="s", oracle=True)
    assert marks.marks["accuracy"].value == 0.8
    assert marks.rule == "oracle threshold (accepts nothing)"
    assert marks.threshold is None


def test_the_oracle_threshold_accepts_the_rows_it_was_chosen_for() -> None:
    task = task_of(2, 0)
    scored = [Scored(scores=(0.7, 0.1, 0.2, 0.3, 0.4, 0.0))] * 2
    marks = mark_task(task, scored, scorer="s", oracle=True)
    assert (marks.rule, marks.threshold) == ("oracle threshold", 0.7)
    assert marks.marks["accuracy"].value == 1


ROWS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12)


@given(ROWS)
def test_no_threshold_beats_the_oracle(rows: list[tuple[int, bool]]) -> None:
    score = np.array([row[0] for row in rows], dtype=np.float64)
    label = np.array([row[1] for row in rows])

    def right(cut: float) -> int:
        return int(((score >= cut) == label).sum())

    assert right(best_threshold(score, label)) == max(map(right, [*score, np.inf]))


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
)
def test_auroc_counts_pairs_with_half_for_ties(positive: list[int], negative: list[int]) -> None:
    pairs = list(itertools.product(positive, negative))
    won = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs)
    got = auroc(np.array(positive, dtype=np.float64), np.array(negative, dtype=np.float64))
    assert got == pytest.approx(won / len(pairs))


def test_wilson_agrees_with_published_values() -> None:
    assert wilson(30, 30) == pytest.approx((0.8865, 1.0), abs=1e-4)
    assert wilson(224, 250) == pytest.approx((0.852, 0.928), abs=1e-3)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_rows_of_one_query_are_no_independent_witnesses() -> None:
    generator = np.random.default_rng(0)
    by_query = generator.random(100) < 0.5
    together = np.repeat(by_query, 10)
    draws = draw_queries(100, seed=0)
    clustered = proportion(together, np.repeat(np.arange(100), 10), draws)
    honest = proportion(by_query, np.arange(100), draws)
    assert clustered.high - clustered.low == pytest.approx(honest.high - honest.low, rel=0.1)
    assert (clustered.interval, honest.interval) == ("bootstrap", "Wilson")
    assert (clustered.n, clustered.n_queries) == (1000, 100)


def test_the_resampled_auroc_equals_the_plain_one_on_the_rows_drawn() -> None:
    generator = np.random.default_rng(1)
    query = np.repeat(np.arange(6), 4)
    score, label = generator.random(24), np.tile([True, False, False, False], 6)
    one_draw = np.array([[2.0, 0, 1, 0, 3, 0]])
    rows = np.concatenate([np.flatnonzero(query == q) for q in (0, 0, 2, 4, 4, 4)])
    mark = auroc_mark(score, label, query, one_draw)
    expected = auroc(score[rows][label[rows]], score[rows][~label[rows]])
    assert mark.low == mark.high == pytest.approx(expected)
    assert mark.value == auroc(score[label], score[~label])


def test_calibration_error_is_the_gap_between_said_and_seen() -> None:
    score = np.array([0.75] * 4 + [0.25] * 4)
    label = np.array([True, True, False, False, True, False, False, False])
    query = np.arange(8)
    mark = calibration_mark(score, label, query, draw_queries(8, seed=0))
    assert mark.value == pytest.approx(0.125)
    assert mark.low <= mark.value <= mark.high


def test_the_interval_of_a_perfect_calibration_holds_zero() -> None:
    score = np.repeat([0.25, 0.5, 0.75], 4)
    label = np.array([1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0], dtype=np.bool_)
    mark = calibration_mark(score, label, np.arange(12), draw_queries(12, seed=0))
    assert mark.value == mark.low == 0
    assert mark.high > 0.1


def test_the_same_seed_draws_the_same_queries() -> None:
    first, again, other = (draw_queries(20, seed=seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
    assert (first.sum(axis=1) == 20).all()


def scores_of(task: Task, *, good: float, hard: np.random.Generator) -> list[Scored]:
    """The positive is ahead of the others by `good`, less where `hard` says so."""
    found = []
    for _ in task.groups:
        noise = hard.normal(size=6)
        found.append(Scored(scores=tuple(noise + np.array([good, 0, 0, 0, 0, 0]))))
    return found


def test_nobody_is_ahead_of_himself() -> None:
    task = task_of(40, 20)
    said = scores_of(task, good=1.0, hard=np.random.default_rng(1))
    leads = leads_in_auroc(task, said, said, scorer="a", over="b")
    assert [(lead.mark, lead.value, lead.low, lead.high) for lead in leads] == [
        ("auroc", 0.0, 0.0, 0.0),
        ("absent_auroc", 0.0, 0.0, 0.0),
    ]


def test_a_lead_is_the_difference_of_the_marks_and_surer_than_their_intervals() -> None:
    """What is hard for both does not blur it."""
    task = task_of(60, 60)
    good, better = (
        scores_of(task, good=good, hard=np.random.default_rng(1)) for good in (1.0, 1.4)
    )
    lead, _ = leads_in_auroc(task, better, good, scorer="better", over="good")
    mine, other = (
        mark_task(task, said, scorer="x", oracle=True).marks["auroc"] for said in (better, good)
    )
    assert lead.value == pytest.approx(mine.value - other.value)
    assert 0 < lead.low < lead.value < lead.high
    assert mine.low < other.high, "the intervals themselves overlap"


def test_without_absent_twins_there_is_one_lead() -> None:
    task = task_of(5, 0)
    said = scores_of(task, good=1.0, hard=np.random.default_rng(1))
    (lead,) = leads_in_auroc(task, said, said, scorer="a", over="b")
    assert str(lead) == "+0.0 [+0.0, +0.0]"


def test_rows_of_one_query_alone_are_no_sure_mark() -> None:
    mark = proportion(
        np.array([True] * 16 + [False] * 4), np.zeros(20, dtype=np.int64), draw_queries(1, seed=0)
    )
    assert (mark.interval, mark.low < 0.5 < mark.high) == ("Wilson", True)


def test_rows_of_one_label_have_the_marks_that_they_can_have() -> None:
    task = task_of(3, 0)
    one = [replace(group, relevant=(True,) * 6) for group in task.groups]
    said = [Scored(scores=(0.5,) * 6, decisions=(True,) * 6)] * 3
    marks = mark_task(Task(name="one", groups=tuple(one)), said, scorer="x").marks
    assert marks["recall"].value == 1.0
    assert not {"auroc", "false_accepts"} & set(marks)
