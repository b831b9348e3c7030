import json
from pathlib import Path
from typing import Any

import pytest

from specialists.checkpoint import open_checkpoint
from specialists.errors import CorpusError
from specialists.evaluation.cards import weights_of
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.evaluation.job_gate import (
    JobMarks,
    JobReport,
    JobRow,
    job_card,
    mark_job,
    most_wanted,
    read_job_rows,
)

RECIPE = {"data": [{"name": "templates"}], "licence": "Apache-2.0", "seed": 0}
ROWS = tuple(
    JobRow(
        input={"n": number},
        output={"parity": "even" if number % 2 == 0 else "odd"},
        kind="small" if number < 50 else "large",
        group=str(number // 2),
    )
    for number in range(101)
)


def parity(inputs: Any) -> dict[str, Any]:
    return {"parity": "even" if inputs["n"] % 2 == 0 else "odd", "aside": inputs["n"]}


def report(*marks: JobMarks, recipe: dict[str, Any] = RECIPE) -> JobReport:
    return JobReport(
        specialist="q-even",
        job="parity",
        date="2026-11-23",
        command="qshell gate q-even",
        machine="2 cores",
        weights=weights_of(open_checkpoint(WEIGHTS_FOLDER / "q-rag")),
        recipe=recipe,
        rows_file="q-even.jsonl",
        rows_sha256="0" * 64,
        n_rows=len(ROWS),
        n_groups=51,
        marks=marks,
    )


def test_only_the_marked_keys_count_and_groups_are_the_witnesses() -> None:
    marks = mark_job("q-even", ROWS, parity)
    assert (marks.accuracy.value, marks.accuracy.n_queries) == (1.0, 51)
    assert marks.accuracy.low < 0.95
    assert marks.confusion == {"even": {"even": 51}, "odd": {"odd": 50}}
    assert set(marks.kinds) == {"small", "large"}


def test_the_most_wanted_result_is_a_floor() -> None:
    floor = mark_job("the most frequent", ROWS, most_wanted(ROWS))
    assert round(floor.accuracy.value, 3) == round(51 / 101, 3)


def test_lists_are_the_same_in_any_order() -> None:
    row = JobRow(input={}, output={"kinds": ["a", "b"]}, kind="k", group="g")
    assert mark_job("x", [row], lambda given: {"kinds": ["b", "a"]}).accuracy.value == 1.0
    assert mark_job("x", [row], lambda given: {"kinds": ["b"]}).accuracy.value == 0.0


def test_who_leads_every_floor_passes_and_the_card_says_so() -> None:
    good = report(mark_job("q-even", ROWS, parity), mark_job("floor", ROWS, most_wanted(ROWS)))
    assert good.passed
    card = job_card(good)
    assert "Gate `parity`: **passed**" in card
    assert "| even | 51 | 0 |" in card
    assert json.loads(json.dumps(good.to_dict()))["passed"] is True


def test_who_does_not_lead_a_floor_is_told_which() -> None:
    weak = report(mark_job("q-even", ROWS, most_wanted(ROWS)), mark_job("the rule", ROWS, parity))
    assert not weak.passed
    assert "does not exceed the rule, 100.0" in job_card(weak)


def test_rows_that_were_trained_on_void_the_marks() -> None:
    seen = {**RECIPE, "data": [{"name": "rows", "sha256": "0" * 64}]}
    tainted = report(mark_job("q-even", ROWS, parity), recipe=seen)
    assert "trained on what it is marked on: q-even.jsonl" in tainted.faults


def test_a_row_without_an_output_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"input": {}, "output": {"a": 1}}\n{"input": {}}\n')
    with pytest.raises(CorpusError, match=r"rows\.jsonl:2: expected objects under"):
        read_job_rows(path)
    path.write_text("")
    with pytest.raises(CorpusError, match="no rows"):
        read_job_rows(path)
