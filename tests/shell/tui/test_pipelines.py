"""The screen of pipelines: listed, drawn, run step by step, looked into, and mended while open."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from cluster.pipelines.library import shipped_names
from cluster.workers.scripted import Script
from shell.settings import Settings
from shell.tui.app import QshellApp
from shell.tui.dialogs.runs import RunsDialog
from shell.tui.dialogs.trace import TraceDialog
from shell.tui.place import Place, write_place
from shell.tui.widgets.step_list import StepList
from shell.tui.widgets.yaml_view import YamlView
from tests.shell.tui.stage import QUESTION, app_on_stage, set_stage, until, write_line

UNANSWERED = "Who pruned the tenants of Zanzibar lately?"
EACH = """\
pipeline: each
description: One question after the other.
inputs: {questions: list of text, docs: path}
steps:
  answers:
    do: map
    over: $questions
    as: question
    on_refuse: go_on
    steps:
      found: {do: retrieve, question: $question, docs: $docs}
      judged: {do: filter, question: $question, passages: $found}
      answer: {do: answer, question: $question, passages: $judged.kept, on_refuse: stop}
    output: $answer.text
output: {answers: $answers}
"""
BROKEN = "pipeline: broken\nsteps:\n  found: {do: retreive}\noutput: {found: $found}\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """In a folder with a sound pipeline and a broken one, where this screen was left."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "each.yaml").write_text(EACH)
    (work / "broken.yaml").write_text(BROKEN)
    monkeypatch.chdir(work)
    settings = set_stage(tmp_path / "home", "judge")
    place = Place(screen="pipelines", docs=str(tmp_path / "home" / "notes"))
    write_place(settings.data_dir / "screen.json", place)
    return settings


def text_of(app: QshellApp, selector: str) -> str:
    return str(app.screen.query(selector).last(Static).content)


def steps(app: QshellApp) -> list[str]:
    return [str(one.prompt) for one in app.screen.query_one(StepList).options]


async def choose(app: QshellApp, pilot: Pilot[None], name: str) -> None:
    """Goes to this pipeline in the list."""
    listed = app.screen.query_one("#pipelines", OptionList)
    await until(pilot, lambda: listed.option_count == len(shipped_names()) + 2)
    names = [str(one.prompt).split()[0] for one in listed.options]
    listed.highlighted = names.index(name)
    await until(pilot, lambda: text_of(app, "#pipeline-title").startswith(name.split(".")[0]))


async def ask(app: QshellApp, pilot: Pilot[None], question: str) -> None:
    await choose(app, pilot, "ask")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.focused, Input))
    await write_line(pilot, question)
    await pilot.press("enter")


async def test_shipped_ones_and_those_of_the_folder_are_listed_with_their_graph(
    settings: Settings,
) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await choose(app, pilot, "each.yaml")
        listed = [str(one.prompt) for one in app.screen.query_one("#pipelines", OptionList).options]
        assert [line.split()[0] for line in listed[:3]] == ["ask", "cite-report", "filter-jsonl"]
        assert "broken: line 3" in listed[-2] and "One question after" in listed[-1]
        assert "answers: map <- over $questions" in text_of(app, "#graph-text")


async def test_a_run_shows_its_steps_and_what_came_out(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await ask(app, pilot, QUESTION)
        await until(pilot, lambda: "Done" in text_of(app, "#run-head"))
        assert [row.split()[:3] for row in steps(app)] == [
            ["●", "found", "retrieve"],
            ["●", "judged", "filter"],
            ["●", "answer", "answer"],
        ]
        assert "kept: 1" in steps(app)[1]
        await until(pilot, lambda: "replaced in May" in text_of(app, "#run-text"))
        assert not app.screen.query_one("#inputs").display
        await pilot.press("escape")
        assert app.screen.query_one("#inputs").display


async def test_a_trace_is_stepped_through_and_says_why(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await ask(app, pilot, UNANSWERED)
        await until(pilot, lambda: "Refused in answer" in text_of(app, "#run-head"))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TraceDialog))
        await until(pilot, lambda: "found" in text_of(app, "#trace-title"))
        assert UNANSWERED in text_of(app, "#trace-body")
        await pilot.press("right")
        await until(pilot, lambda: "judged" in text_of(app, "#trace-title"))
        body = text_of(app, "#trace-body")
        assert (
            body.startswith("Why refused")
            and "not relevant (score" in body
            and "garden.md:1" in body
        )
        await pilot.press("right", "right", "right", "right")
        await until(pilot, lambda: "4 of 4" in text_of(app, "#trace-title"))
        assert "refused in answer" in text_of(app, "#trace-title").lower()
        await pilot.press("left", "escape")
        await until(pilot, lambda: app.screen.query_one(StepList).highlighted == 2)


async def test_a_run_is_cancelled(settings: Settings) -> None:
    async with app_on_stage(settings, scripts={"judge": Script(passage_s=20)}) as (app, pilot):
        await ask(app, pilot, QUESTION)
        await until(pilot, lambda: any(row.startswith("◐ judged") for row in steps(app)))
        assert steps(app)[2].startswith("· answer")
        await pilot.press("escape")
        await until(pilot, lambda: "Cancelled" in text_of(app, "#run-head"))
        assert steps(app)[1].startswith("◌ judged")
        await pilot.press("r")
        await until(pilot, lambda: any(row.startswith("◐ judged") for row in steps(app)))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "Cancelled" in text_of(app, "#run-head"))


async def test_items_stand_one_after_the_other_whichever_ends_first(settings: Settings) -> None:
    async with app_on_stage(settings, size=(140, 40)) as (app, pilot):
        await choose(app, pilot, "each.yaml")
        app.screen.query_one(TextArea).text = f"{QUESTION}\n{UNANSWERED}\nWho signs the lease?"
        await pilot.press("r")
        await until(pilot, lambda: "Done" in text_of(app, "#run-head"))
        rows = [row.split()[:3] for row in steps(app)]
        assert rows[0] == ["○", "answers", "map"]
        assert rows[1:] == [
            [sign, str(item), name]
            for item, last in ((1, "●"), (2, "○"), (3, "●"))
            for name, sign in (("found", "●"), ("judged", last), ("answer", last))
        ]
        await until(pilot, lambda: "ends in June" in text_of(app, "#run-text"))


async def test_what_is_missing_or_wrong_is_said_where_it_is_typed(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await choose(app, pilot, "ask")
        await pilot.press("r")
        await until(pilot, lambda: "question is missing" in text_of(app, "#run-head"))
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("escape")
        await choose(app, pilot, "filter-jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await write_line(pilot, QUESTION)
        app.screen.query_one(TextArea).text = "[1]"
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "passages[0]" in text_of(app, "#run-head"))
        assert isinstance(app.focused, TextArea)


async def test_a_broken_file_shows_its_line_and_is_run_once_mended(
    settings: Settings, tmp_path: Path
) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await choose(app, pilot, "broken.yaml")
        await until(pilot, lambda: app.screen.query_one(YamlView).display)
        lines = text_of(app, "#yaml").splitlines()
        at = next(number for number, line in enumerate(lines) if "retreive}" in line)
        assert "▲" in lines[at + 1] and "did you mean 'retrieve'?" in lines[at + 1]
        (tmp_path / "work" / "broken.yaml").write_text(
            "pipeline: mended\nsteps: {said: {do: template, text: All is well.}}\n"
            "output: {said: $said}\n"
        )
        await until(pilot, lambda: "mended" in text_of(app, "#pipeline-title"))
        assert not app.screen.query_one(YamlView).display
        await pilot.press("enter")
        await until(pilot, lambda: "Done" in text_of(app, "#run-head"))
        await until(pilot, lambda: "All is well." in text_of(app, "#run-text"))


async def test_an_earlier_run_is_shown_again(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await ask(app, pilot, QUESTION)
        await until(pilot, lambda: "Done" in text_of(app, "#run-head"))
        await pilot.press("escape")
        app.screen.query_one(Input).value = UNANSWERED
        await pilot.press("r")
        await until(pilot, lambda: "Refused" in text_of(app, "#run-head"))
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, RunsDialog))
        await pilot.press("down", "enter")
        await until(pilot, lambda: not isinstance(app.screen, RunsDialog))
        await until(pilot, lambda: "Done" in text_of(app, "#run-head"))
        await until(pilot, lambda: "replaced in May" in text_of(app, "#run-text"))


async def test_a_run_goes_on_while_a_question_is_asked(settings: Settings) -> None:
    async with app_on_stage(settings, scripts={"judge": Script(passage_s=0.5)}) as (app, pilot):
        await ask(app, pilot, QUESTION)
        await until(pilot, lambda: any(row.startswith("◐ judged") for row in steps(app)))
        await pilot.press("f1")
        await until(pilot, lambda: app.screen.title == "Session")
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: "replaced in May" in text_of(app, ".answer"))
        await pilot.press("f5")
        await until(pilot, lambda: "Done" in text_of(app, "#run-head"))
