"""A run as the screen keeps it, and values and cards as text: without a screen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.run import RowResult, StepBegan, StepDone
from cluster.records import Answer, Citation, JudgedPassage, Passage
from shell.tui.card_text import fit_tables
from shell.tui.graph_lines import broken_line
from shell.tui.trace import KEPT_STEPS, Trace
from shell.tui.value_text import MOST_ITEMS, shown_value
from specialists.requests import Verdict

PIPELINE = parse_pipeline(
    "pipeline: p\ninputs: {texts: list of text}\nsteps:\n"
    "  each: {do: map, over: $texts, steps: {one: {do: check, value: $item, at_least: 1}}, "
    "output: $one}\n  last: {do: check, value: $each, at_least: 1}\noutput: {each: $last}\n",
    "p.yaml",
)
PUMP = Passage(text="The pump was\nreplaced.", source="pump.md", start=0, end=9, line=3)


def trace() -> Trace:
    return Trace(pipeline=PIPELINE, inputs={})


def done(place: str, inputs: Mapping[str, Any] | None = None) -> StepDone:
    return StepDone(
        place=place,
        kind="check",
        status="done",
        seconds=0.5,
        tries=1,
        cached=False,
        said="",
        reason="",
        inputs=inputs or {},
        value=None,
    )


def judged(*, kept: bool) -> JudgedPassage:
    verdict = Verdict(
        label=str(int(kept)),
        positive=kept,
        score=0.98,
        logits=(0.0, 1.0),
        truncated=False,
        tokens=4,
    )
    return JudgedPassage(passage=PUMP, verdict=verdict, kept=kept, reason="because")


def test_steps_stand_item_by_item_in_the_order_of_the_file() -> None:
    run = trace()
    assert [line.place for line in run.lines] == ["each", "last"]
    for place in ("each", "each[10].one", "each[2].one", "each[0].one", "each[2].two", "last"):
        run.hear(StepBegan(place=place, kind="check"))
    assert [line.place for line in run.lines] == [
        "each",
        "each[0].one",
        "each[2].one",
        "each[2].two",
        "each[10].one",
        "last",
    ]
    assert [(line.name, line.depth) for line in run.lines[:3]] == [
        ("each", 0),
        ("1 one", 1),
        ("3 one", 1),
    ]


def test_a_case_of_a_branch_is_named() -> None:
    run = trace()
    run.hear(StepBegan(place="each<yes>.one", kind="check"))
    assert run.lines[1].name == "yes one"


def test_a_step_waits_runs_and_ends() -> None:
    run = trace()
    each = run.lines[0]
    assert run.elapsed_s(each) is None
    run.hear(StepBegan(place="each", kind="map"))
    elapsed = run.elapsed_s(each)
    assert elapsed is not None and elapsed >= 0
    run.hear(done("each"))
    assert run.elapsed_s(each) == 0.5
    run.hear(StepBegan(place="last", kind="check"))
    run.end(None)
    assert not run.running and run.elapsed_s(run.lines[1]) is None


def test_a_long_run_keeps_its_first_steps_and_counts_the_others() -> None:
    run = trace()
    for number in range(KEPT_STEPS + 8):
        run.hear(StepBegan(place=f"each[{number}].one", kind="check"))
        run.hear(done(f"each[{number}].one"))
    run.end(RowResult(status="done", output={}))
    assert len(run.lines) == KEPT_STEPS
    assert run.unkept == 10


def test_verdicts_are_told_with_their_reasons() -> None:
    text = shown_value(
        {"kept": (judged(kept=True),), "dropped": ()}, plain_marks=False, width=80
    ).plain
    assert text.splitlines() == [
        "kept  1 item",
        "  ● 0.98 pump.md:3",
        "    because",
        "    The pump was replaced.",
        "dropped  nothing",
    ]
    assert "dropped: 0.98" in shown_value(judged(kept=False), plain_marks=True, width=80).plain


def test_an_answer_is_told_with_its_sources_and_a_refusal_with_its_reason() -> None:
    citation = Citation(
        quote="q", source="pump.md", start=0, end=1, line=3, page=None, heading="Pump", score=0.5
    )
    values: dict[str, Any] = {"question": "q", "passages": (), "composed_by": "extract"}
    answer = Answer(
        **values, text="So. [1]", refused=False, reason="", citations=(citation,), seconds={}
    )
    assert shown_value(answer, plain_marks=False, width=80).plain == "So. [1]\n[1] pump.md:3  Pump"
    refusal = Answer(**values, text="", refused=True, reason="None.", citations=(), seconds={})
    assert shown_value(refusal, plain_marks=False, width=80).plain == "No evidence. None."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\nlines\x1b[2J", "two\nlines�[2J"),
        (None, "null"),
        (3.5, "3.5"),
        (Path("/a/b"), "/a/b"),
        ({"a": {"b": 1}, "c": True}, "a  b  1\nc  true"),
        ([{"a": 1, "b": "x"}], "- a  1\n  b  x"),
        (object, "<class 'object'>"),
    ],
)
def test_any_value_can_be_shown(value: object, shown: str) -> None:
    assert shown_value(value, plain_marks=False, width=80).plain == shown


def test_a_long_line_goes_on_where_it_began() -> None:
    value = {"a": {"text": "one two three four five six", "b": "x" * 30}}
    text = shown_value(value, plain_marks=False, width=24).plain
    assert text.splitlines() == [
        "a",
        "  text  one two three",
        "  four five six",
        f"  b  {'x' * 19}",
        f"  {'x' * 11}",
    ]


def test_of_a_long_list_the_rest_is_counted() -> None:
    lines = shown_value(["x"] * (MOST_ITEMS + 2), plain_marks=False, width=80).plain.splitlines()
    assert (len(lines), lines[-1]) == (MOST_ITEMS + 1, "and 2 more")


def test_a_table_that_fits_stays_and_another_becomes_blocks() -> None:
    table = "| name | value |\n|---|---|\n| seed | 0 |\n| notes | long words |\n"
    card = f"# Card\n\n{table}\nEnd, a | b.\n"
    assert fit_tables(card, 40) == card
    assert "**seed**: 0\\\n**notes**: long words\n" in fit_tables(card, 20)
    wide = "| a | b | c |\n|:--|--:|---|\n| 1 | 2 \\| 3 | |\n| | 5 | 6 |\n"
    assert fit_tables(wide, 8).split() == ["**1**\\", "b:", "2", "\\|", "3", "b:", "5\\", "c:", "6"]
    fenced = f"```\n{table}```\n"
    assert fit_tables(fenced, 10) == fenced


def test_the_rest_of_a_line_of_a_graph_stands_below_it() -> None:
    rows = broken_line("  found: retrieve <- question $question", 24)
    assert rows == ["  found: retrieve <-", "      question $question"]


def test_a_case_may_hold_any_sign() -> None:
    run = trace()
    for place in ("pick<.md>.said", "pick<v1.2>.said", "pick<a>.b>.said"):
        run.hear(StepBegan(place=place, kind="check"))
    named = {line.place: (line.depth, line.name) for line in run.lines}
    assert named["pick<.md>.said"] == (1, ".md said")
    assert named["pick<v1.2>.said"] == (1, "v1.2 said")
    assert len(run.lines) == 5
