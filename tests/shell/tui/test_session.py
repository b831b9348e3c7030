"""Asking in the session screen: what a user does with keys, and what then stands there."""

import json
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from cluster.workers.scripted import Script
from shell.commands.ask import SAMPLE_DOCS
from shell.session import Sessions
from shell.settings import Settings
from shell.tui.app import QshellApp
from shell.tui.dialogs.documents import DocumentsDialog
from shell.tui.dialogs.export import ExportDialog
from shell.tui.dialogs.help import HelpDialog
from shell.tui.dialogs.history import HistoryDialog
from shell.tui.dialogs.source import SourceDialog
from shell.tui.place import Place, read_place, write_place
from shell.tui.widgets.conversation import SourceLine, TurnBlock
from shell.tui.widgets.passages import PassageList
from shell.tui.widgets.question import QuestionLine
from shell.tui.widgets.top_bar import SCREENS
from tests.shell.tui.stage import QUESTION, app_on_stage, set_stage, until, write_line


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With the notes already chosen, as at a second start."""
    settings = set_stage(tmp_path, "judge")
    write_place(settings.data_dir / "screen.json", Place(docs=str(tmp_path / "notes")))
    return settings


def text_of(app: QshellApp, selector: str) -> str:
    return str(app.screen.query(selector).last(Static).content)


def turns(app: QshellApp) -> list[TurnBlock]:
    return list(app.screen.query(TurnBlock))


async def test_a_question_is_answered_with_sources_and_verdicts(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        assert "replaced in May" in text_of(app, ".answer")
        assert "pump.md:3" in str(app.screen.query_one(SourceLine).content)
        prompts = [str(o.prompt) for o in app.screen.query_one(PassageList).options]
        assert prompts[0].startswith("● ") and prompts[-1].startswith("○ ")
        assert "1 kept" in text_of(app, "#passages-title")


async def test_verdicts_colour_their_passages_as_they_come_in(tmp_path: Path) -> None:
    settings = set_stage(tmp_path, "judge")
    write_place(settings.data_dir / "screen.json", Place(docs=str(SAMPLE_DOCS)))
    async with app_on_stage(settings, scripts={"judge": Script(passage_s=1.0)}) as (app, pilot):
        await write_line(pilot, "When is the dome open in winter?")
        await pilot.press("enter")
        found = app.screen.query_one(PassageList)

        def signs() -> list[str]:
            return [str(one.prompt)[0] for one in found.options]

        await until(pilot, lambda: len(set(signs())) > 1)
        judged = [sign != "·" for sign in signs()]
        assert judged == sorted(judged, reverse=True), "those found first are judged first"
        assert "being judged" in text_of(app, "#passages-title")
        await pilot.press("escape")
        await until(pilot, lambda: text_of(app, ".answer") == "Cancelled.")


async def test_what_is_typed_right_after_asking_is_the_next_question(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        line = app.screen.query_one(QuestionLine)
        line.value = QUESTION
        line.cursor_position = 3
        # Before the screen has heard of the question.
        await line.action_submit()
        for key in "n ?2":
            line.insert_text_at_cursor(key)
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        assert [turn.question for turn in turns(app)] == [QUESTION]
        assert line.value == "n ?2"
        assert app.focused is line and app.screen.title == "Session"


async def test_the_tour_leaves_the_line_to_who_types(tmp_path: Path) -> None:
    slow = {"judge": Script(passage_s=0.05)}
    async with app_on_stage(set_stage(tmp_path, "judge"), scripts=slow) as (app, pilot):
        await pilot.press("t")
        await until(pilot, lambda: bool(turns(app)))
        await pilot.press("i")
        await pilot.press(*"2nd")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        assert app.screen.query_one(QuestionLine).value == "2nd"
        assert app.screen.title == "Session" and isinstance(app.focused, QuestionLine)


async def test_enter_on_a_citation_shows_the_quote_in_its_text(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        await pilot.press("escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        await until(pilot, lambda: "replaced" in text_of(app, "#source-text"))
        assert "pump.md:3" in text_of(app, ".dialog-title")
        await pilot.press("escape")
        assert not isinstance(app.screen, SourceDialog)


async def test_a_refusal_shows_its_reason_and_what_was_dropped(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, "Who pruned the tenants of Zanzibar lately?")
        await pilot.press("enter")
        await until(pilot, lambda: "No evidence." in text_of(app, ".answer"))
        prompts = [str(o.prompt) for o in app.screen.query_one(PassageList).options]
        assert prompts and all(prompt.startswith("○ ") for prompt in prompts)
        assert "Not relevant" in text_of(app, "#why")


async def test_a_running_question_is_cancelled_and_stands_in_the_line_again(
    settings: Settings,
) -> None:
    slow = {"judge": Script(passage_s=5.0)}
    async with app_on_stage(settings, scripts=slow) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query_one(PassageList).option_count))
        assert str(app.screen.query_one(PassageList).options[0].prompt).startswith("· ")
        await pilot.press("escape")
        await until(pilot, lambda: text_of(app, ".answer") == "Cancelled.")
        assert app.screen.query_one(QuestionLine).value == QUESTION


async def test_a_crash_of_the_worker_is_told_and_the_next_question_is_answered(
    settings: Settings,
) -> None:
    frail = {"judge": Script(crash_on="kaboom")}
    async with app_on_stage(settings, scripts=frail) as (app, pilot):
        await write_line(pilot, "pump kaboom")
        await pilot.press("enter")
        await until(pilot, lambda: "the script crashed" in text_of(app, ".answer"))
        app.screen.query_one(QuestionLine).value = QUESTION
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))


async def test_the_tour_is_three_keys_long(tmp_path: Path) -> None:
    async with app_on_stage(set_stage(tmp_path, "judge")) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        assert "Tour 1 of 3" in text_of(app, "#hint")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        await until(pilot, lambda: "Tour 2 of 3" in text_of(app, ".hint"))
        await pilot.press("enter")
        await until(pilot, lambda: len(turns(app)) == 2 and "3 of 3" in text_of(app, "#hint"))
        assert "No evidence." in text_of(app, ".answer")


async def test_documents_are_chosen_by_a_typed_path(tmp_path: Path) -> None:
    async with app_on_stage(set_stage(tmp_path, "judge")) as (app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))
        await write_line(pilot, str(tmp_path / "nowhere"))
        await pilot.press("enter")
        await until(pilot, lambda: "There is no" in text_of(app, ".hint"))
        app.screen.query_one(Input).value = str(tmp_path / "notes")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, DocumentsDialog))
        assert str(tmp_path / "notes") in text_of(app, "#docs")
        assert isinstance(app.focused, QuestionLine)


async def test_the_samples_are_offered_where_there_are_no_documents(tmp_path: Path) -> None:
    async with app_on_stage(set_stage(tmp_path, "judge")) as (app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))
        await pilot.press("down", "enter")
        await until(pilot, lambda: not isinstance(app.screen, DocumentsDialog))
        assert "the sample documents" in text_of(app, "#docs")
        assert SAMPLE_DOCS.is_dir()


async def test_the_screen_reopens_where_it_was_left(tmp_path: Path, settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        await write_line(pilot, "And who")
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        assert turns(app)[0].question == QUESTION
        assert app.screen.query_one(QuestionLine).value == "And who"
    place = read_place(settings.data_dir / "screen.json")
    assert place.docs == str(tmp_path / "notes")


async def test_earlier_conversations_are_listed_and_reopened(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: not turns(app))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, HistoryDialog))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        assert turns(app)[0].question == QUESTION


@pytest.mark.parametrize(("name", "begins"), [("kept.md", "# 2"), ("kept.json", "{")])
async def test_a_conversation_is_exported_in_the_form_its_name_says(
    settings: Settings, tmp_path: Path, name: str, begins: str
) -> None:
    target = tmp_path / name
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        app.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await until(pilot, target.exists)
    text = target.read_text()
    assert text.startswith(begins) and QUESTION in text
    if name.endswith("json"):
        assert json.loads(text)["turns"][0]["citations"]


async def test_the_answer_is_copied_with_its_sources(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        await pilot.press("ctrl+y")
        assert "replaced in May" in app.clipboard
        assert "[1] pump.md:3" in app.clipboard


async def test_five_megabytes_pasted_are_refused_and_nothing_is_lost(settings: Settings) -> None:
    from textual import events

    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, "kept")
        app.screen.query_one(QuestionLine).post_message(events.Paste("word " * 2**20))
        await pilot.pause()
        assert app.screen.query_one(QuestionLine).value == "kept"
        app.screen.query_one(QuestionLine).post_message(events.Paste(" two\nlines"))
        await pilot.pause()
        assert app.screen.query_one(QuestionLine).value == "kepttwo lines"


async def test_the_window_may_shrink_to_almost_nothing_and_come_back(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        for name in SCREENS:
            app.action_show(name)
            await pilot.pause()
            await pilot.resize_terminal(20, 5)
            await pilot.pause()
            if app.screen.title == "Session":
                assert app.screen.query_one(QuestionLine).region.height == 1
                assert app.screen.query_one(PassageList).region.height == 0
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
        app.action_show("session")
        await pilot.pause()
        assert app.screen.query_one(PassageList).size.height > 3
        assert "replaced in May" in text_of(app, ".answer")


async def test_a_question_mark_in_an_empty_line_lists_the_keys(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        await pilot.press("escape")
        await write_line(pilot, "why")
        await pilot.press("question_mark")
        assert app.screen.query_one(QuestionLine).value == "why?"


async def test_up_brings_back_earlier_questions(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        await pilot.press("up")
        assert app.screen.query_one(QuestionLine).value == QUESTION


async def test_what_was_not_asked_yet_is_there_again_after_up_and_down(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        line = app.screen.query_one(QuestionLine)
        await until(pilot, lambda: not line.value)
        await write_line(pilot, "half a question")
        await pilot.press("down")
        assert line.value == "half a question"
        await pilot.press("up")
        assert line.value == QUESTION
        await pilot.press("down")
        assert line.value == "half a question"


async def test_keys_can_be_chosen_in_the_settings(settings: Settings) -> None:
    from dataclasses import replace

    settings = replace(settings, keys={"session.history": "f9"})
    async with app_on_stage(settings) as (app, pilot):
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, HistoryDialog))


async def test_plain_mode_says_verdicts_in_words(settings: Settings) -> None:
    from dataclasses import replace

    async with app_on_stage(replace(settings, plain=True)) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
        prompts = [str(o.prompt) for o in app.screen.query_one(PassageList).options]
        assert prompts[0].startswith("kept: ") and prompts[-1].startswith("dropped: ")


async def test_damaged_sessions_cost_no_answer(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.sessions_file.write_bytes(b"no database" * 100)
    async with app_on_stage(settings) as (app, pilot):
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(SourceLine)))
    assert Sessions(settings.sessions_file)


async def test_what_was_typed_in_the_very_moment_of_leaving_is_kept(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, _):
        app.screen.query_one("#question", Input).value = "And who"
        app.exit()
    assert read_place(settings.data_dir / "screen.json").draft == "And who"
