"""The numbers behind the plots, and that the same numbers draw the same files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from specialists.errors import GateError
from specialists.evaluation.curves import ScoredRows, SizedMark, reliability, scored_rows, tradeoff
from specialists.evaluation.plots import draw_curves, draw_sizes
from specialists.evaluation.tasks import Group, Scored, Task


def rows(*, probabilities: bool = True) -> ScoredRows:
    return ScoredRows(
        task="own",
        scorer="s",
        score=np.array([0.05, 0.15, 0.15, 0.95, 0.95, 1.0]),
        label=np.array([False, True, False, True, True, False]),
        accepted=np.array([False, False, False, True, True, True]),
        probabilities=probabilities,
    )


def test_each_tenth_says_how_often_it_was_right() -> None:
    bins = reliability(rows())
    assert [(b.n, round(b.stated, 3), round(b.observed, 3)) for b in bins] == [
        (1, 0.05, 0.0),
        (2, 0.15, 0.5),
        (3, 0.967, 0.667),
    ]
    assert all(b.low <= b.observed <= b.high for b in bins)


def test_equal_scores_are_accepted_together() -> None:
    curve = tradeoff(rows())
    assert curve.recall.tolist() == pytest.approx([0, 0, 2 / 3, 1, 1])
    assert curve.false_accepts.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 1])
    assert curve.own == pytest.approx((1 / 3, 2 / 3))


def test_only_labelled_rows_are_taken_from_a_task() -> None:
    group = Group(
        query_id="q",
        query="?",
        passages=("a", "b", "c"),
        relevant=(True, False, False),
        rows=(0, 2),
        present=(),
        absent=(),
    )
    found = scored_rows(
        Task(name="own", groups=(group,)), [Scored(scores=(0.9, 0.5, 0.1))], scorer="s"
    )
    assert found.score.tolist() == [0.9, 0.1]
    assert found.label.tolist() == [True, False]
    assert found.accepted is None


def test_the_same_curves_make_the_same_files(tmp_path: Path) -> None:
    first = draw_curves([rows()], tmp_path / "a")
    second = draw_curves([rows()], tmp_path / "b")
    assert [path.name for path in first] == [
        "own-recall.png",
        "own-recall.svg",
        "own-reliability.png",
        "own-reliability.svg",
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_tenth_that_is_always_right_is_drawn_too(tmp_path: Path) -> None:
    """Wilson's upper end of 10 of 10 lies below 1 by the last digit of a float."""
    sure = replace(
        rows(),
        score=np.array([0.95] * 10 + [0.05]),
        label=np.array([True] * 10 + [False]),
        accepted=None,
    )
    assert {path.stem for path in draw_curves([sure], tmp_path)} == {
        "own-recall",
        "own-reliability",
    }


def test_scores_that_are_no_probabilities_have_no_reliability(tmp_path: Path) -> None:
    drawn = draw_curves([rows(probabilities=False)], tmp_path)
    assert {path.stem for path in drawn} == {"own-recall"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GateError, match="the plots cannot be written"):
        draw_curves([rows()], tmp_path / "file")


def test_marks_over_sizes_are_drawn_whole(tmp_path: Path) -> None:
    marks = [
        SizedMark(label="small", parameters=7_000_000, value=0.84, low=0.83, high=0.85),
        SizedMark(
            label="stated", parameters=50_000_000, value=0.9, low=0.9, high=0.9, measured=False
        ),
    ]
    png, svg = draw_sizes(marks, 0.8, tmp_path, name="own", title="accuracy")
    assert (png.name, svg.name) == ("own-size.png", "own-size.svg")
    text = svg.read_text("utf-8")
    assert all(label in text for label in ("small", "stated", "always 0", "million parameters"))
