"""The other screens: specialists, comparison, registry and log, each by its keys."""

import re
from pathlib import Path

import pytest
from rich.text import Text
from textual.content import Content
from textual.widgets import (
    DataTable,
    Input,
    Markdown,
    OptionList,
    RichLog,
    Select,
    Static,
    TextArea,
)

from cluster.pipelines import pipeline as pipelines
from cluster.pipelines.types import TEXTS
from cluster.workers.scripted import Script
from shell.settings import Settings
from shell.tui.app import QshellApp
from shell.tui.dialogs.card import CardDialog
from shell.tui.dialogs.documents import folders_like
from shell.tui.dialogs.register import RegisterDialog
from shell.tui.place import Place, write_place
from shell.tui.screens.log import LogScreen
from shell.tui.widgets.inputs_form import InputsForm
from shell.tui.widgets.question import QuestionLine
from shell.tui.widgets.specialist_table import SpecialistTable
from tests.shell.tui.drawing import read_drawing
from tests.shell.tui.stage import (
    QUESTION,
    app_on_stage,
    set_stage,
    until,
    write_line,
    write_registry,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return on_screen(tmp_path, "specialists")


def on_screen(home: Path, screen: str) -> Settings:
    """Two specialists, and the place where this screen was left."""
    settings = set_stage(home, "judge", "other")
    place = Place(screen=screen, docs=str(home / "notes"))
    write_place(settings.data_dir / "screen.json", place)
    return settings


def text_of(app: QshellApp, selector: str) -> str:
    return str(app.screen.query(selector).last(Static).content)


def cells(app: QshellApp, row: str) -> list[str]:
    return [cell.plain.strip() for cell in app.screen.query_one(SpecialistTable).get_row(row)]


async def test_a_specialist_is_loaded_pinned_and_unloaded_by_keys(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        assert cells(app, "judge")[1] == "○ stopped"
        await pilot.press("l")
        await until(pilot, lambda: cells(app, "judge")[1] == "● ready")
        await pilot.press("p")
        await until(pilot, lambda: cells(app, "judge")[0] == "judge*")
        await pilot.press("p")
        await until(pilot, lambda: cells(app, "judge")[0] == "judge")
        await pilot.press("u")
        await until(pilot, lambda: cells(app, "judge")[1] == "○ stopped")


async def test_why_a_specialist_failed_stands_below_the_table(settings: Settings) -> None:
    broken = {"judge": Script(cannot_start="its weights are cut off")}
    async with app_on_stage(settings, scripts=broken) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        await pilot.press("l")
        await until(pilot, lambda: cells(app, "judge")[1] == "✗ failed")
        await until(pilot, lambda: "its weights are cut off" in text_of(app, "#about"))


async def test_the_card_of_a_specialist_is_shown(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "judge" / "card.md").write_text("# judge\n\nTrained on nothing at all.\n")
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CardDialog))
        card = app.screen.query_one(Markdown)
        await until(pilot, lambda: "Trained on nothing" in card.source)
        await pilot.press("escape")


async def test_a_table_too_wide_for_the_window_is_shown_as_blocks(
    settings: Settings, tmp_path: Path
) -> None:
    card = "# judge\n\n| file | sha256 |licence |\n|---|---|---|\n| weights | "
    (tmp_path / "judge" / "card.md").write_text(f"{card}{'0123456789' * 6} | CC0 |\n")
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CardDialog))
        await until(pilot, lambda: "licence: CC0" in app.screen.query_one(Markdown).source)
        await pilot.resize_terminal(140, 40)
        await until(pilot, lambda: "|licence |" in app.screen.query_one(Markdown).source)


async def test_a_wide_window_shows_more_of_the_past(settings: Settings) -> None:
    async with app_on_stage(settings, size=(140, 40)) as (app, pilot):
        table = app.screen.query_one(SpecialistTable)
        await until(pilot, lambda: table.row_count == 2)
        wide = table.ordered_columns[-1].width
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: table.ordered_columns[-1].width < wide)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: len(table.columns) == 8)


async def test_two_specialists_are_compared_on_one_question(tmp_path: Path) -> None:
    async with app_on_stage(on_screen(tmp_path, "compare")) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one("#second", Select).value == "other")
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        pairs = app.screen.query_one("#pairs", DataTable)
        await until(pilot, lambda: pairs.row_count > 0)
        first, second, where, _ = pairs.get_row_at(0)
        assert isinstance(first, Text) and first.plain == second.plain
        assert where.plain == "pump.md:1"
        assert "They agree on every passage." in text_of(app, "#outcome")


async def test_a_comparison_with_itself_is_not_begun(tmp_path: Path) -> None:
    async with app_on_stage(on_screen(tmp_path, "compare")) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one("#second", Select).value == "other")
        app.screen.query_one("#second", Select).value = "judge"
        await write_line(pilot, QUESTION)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.query_one("#pairs", DataTable).row_count == 0
        assert app.screen.query_one(QuestionLine).value == QUESTION


async def test_a_registry_broken_while_open_shows_its_error_in_place(tmp_path: Path) -> None:
    async with app_on_stage(on_screen(tmp_path, "registry")) as (app, pilot):
        await until(pilot, lambda: "2 registered" in text_of(app, "#registry-title"))
        (tmp_path / "registry.yaml").write_text("specialists:\n  judge:\n    tsak: relevance\n")
        await until(
            pilot,
            lambda: (
                "3 problems; the registry before stays in force" in text_of(app, "#registry-title")
            ),
        )
        lines = text_of(app, "#yaml").splitlines()
        at = next(number for number, line in enumerate(lines) if "tsak: relevance" in line)
        assert "▲" in lines[at + 1] and "did you mean 'task'?" in lines[at + 1]
        write_registry(tmp_path, "judge", "other")
        await until(pilot, lambda: "2 registered" in text_of(app, "#registry-title"))


async def test_a_mistake_far_below_is_scrolled_to(tmp_path: Path) -> None:
    settings = on_screen(tmp_path, "registry")
    long = "    # " + "a remark that takes more than one line of a small window " * 3
    sound = (tmp_path / "registry.yaml").read_text().splitlines()
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: "2 registered" in text_of(app, "#registry-title"))
        # Also while another screen is shown, which is then laid out first.
        await pilot.press("f2")
        (tmp_path / "registry.yaml").write_text(
            "\n".join([*sound, *[long] * 30, "    tsak: relevance", *[long] * 30, ""])
        )
        await pilot.press("f6")
        await until(pilot, lambda: "problem" in text_of(app, "#registry-title"))
        await until(pilot, lambda: "▲" in read_drawing(app.export_screenshot()))
        assert "tsak: relevance" in read_drawing(app.export_screenshot())


async def test_a_broken_registry_at_the_start_leads_to_its_screen(tmp_path: Path) -> None:
    settings = on_screen(tmp_path, "session")
    (tmp_path / "registry.yaml").write_text("specialists: [")
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: text_of(app, "#registry-title") == "One problem")
        assert app.screen.query_one("#trouble").display
        write_registry(tmp_path, "judge")
        await until(pilot, lambda: not app.screen.query_one("#trouble").display)


async def test_verifying_opens_every_checkpoint(tmp_path: Path) -> None:
    async with app_on_stage(on_screen(tmp_path, "registry")) as (app, pilot):
        await until(pilot, lambda: "2 registered" in text_of(app, "#registry-title"))
        await pilot.press("v")
        await until(pilot, lambda: "2 problems" in text_of(app, "#registry-title"))
        assert "▲ specialists.judge.checkpoint" in text_of(app, "#yaml")


async def test_the_form_refuses_what_the_command_refuses(tmp_path: Path) -> None:
    before = None
    async with app_on_stage(on_screen(tmp_path, "registry")) as (app, pilot):
        before = (tmp_path / "registry.yaml").read_text()
        await until(pilot, lambda: "2 registered" in text_of(app, "#registry-title"))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, RegisterDialog))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "The name is missing" in text_of(app, ".hint"))
        app.screen.query_one("#name", Input).value = "third"
        app.screen.query_one("#checkpoint", Input).value = str(tmp_path / "nowhere")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "there is no folder" in text_of(app, ".hint"))
        await pilot.press("escape")
    assert (tmp_path / "registry.yaml").read_text() == before


async def test_the_log_tells_what_happens_and_filters_it(tmp_path: Path) -> None:
    settings = on_screen(tmp_path, "log")
    broken = {"other": Script(cannot_start="its weights are cut off")}
    async with app_on_stage(settings, scripts=broken) as (app, pilot):
        assert "Nothing has happened yet" in text_of(app, "#log-title")
        await pilot.press("2")
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        await pilot.press("l", "down", "l")
        await until(pilot, lambda: cells(app, "other")[1] == "✗ failed")
        await pilot.press("7")
        log = app.screen.query_one(RichLog)
        await until(pilot, lambda: any("ready" in line.text for line in log.lines))
        await pilot.press("f")
        await until(pilot, lambda: not any("ready" in line.text for line in log.lines))
        assert any("cut off" in line.text for line in log.lines)


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("1", "Session"),
        ("3", "Compare"),
        ("4", "Route"),
        ("5", "Pipelines"),
        ("6", "Registry"),
        ("7", "Log"),
    ],
)
async def test_a_number_leads_to_its_screen(settings: Settings, key: str, title: str) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        await pilot.press(key)
        await until(pilot, lambda: app.screen.title == title)
        await pilot.press("f2")
        await until(pilot, lambda: app.screen.title == "Specialists")


async def test_a_click_on_a_tab_leads_to_its_screen(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await pilot.click(app.screen.query(".tab").last())
        await until(pilot, lambda: isinstance(app.screen, LogScreen))


async def test_the_palette_names_everything_once(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        titles = [command.title for command in app.get_system_commands(app.screen)]
    assert len(titles) == len(set(titles))
    assert {"Load", "Unload", "Pin", "Card", "Go to Log", "Theme", "Quit"} <= set(titles)


async def test_the_palette_finds_what_a_key_does(settings: Settings) -> None:
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        await pilot.press("ctrl+p")
        await pilot.press(*"go to log")
        found = app.screen.query_one(OptionList)
        await until(
            pilot, lambda: found.option_count == 1 and "Go to Log" in str(found.options[0].prompt)
        )
        await until(pilot, lambda: found.highlighted == 0)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LogScreen))


async def test_without_colour_only_greys_are_drawn(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
        assert app.no_color
        drawn = app.export_screenshot()
    styles = re.search(r"<style>(.*?)</style>", drawn, re.S)
    assert styles
    classes = re.findall(r"-r\d+ \{ fill: #(\w\w)(\w\w)(\w\w)", styles[1])
    # The export's own ground for text without a colour is a grey with a tinge of green.
    assert classes and all(max(one) - min(one) <= 3 for one in (map_hex(c) for c in classes))


def map_hex(parts: tuple[str, str, str]) -> tuple[int, ...]:
    return tuple(int(part, 16) for part in parts)


async def test_names_of_files_are_told_as_they_are_written(settings: Settings) -> None:
    async with app_on_stage(settings, notifications=True) as (app, pilot):
        for told in ("skipped [/x].md (no text)", "skipped [@click=app.quit]x.md", "[draft] plan"):
            app.screen.notify(told)
        await until(pilot, lambda: len(app.screen.query("Toast")) == 3)
        toasts = [toast.render() for toast in app.screen.query("Toast")]
        await pilot.click("Toast")
        assert app.is_running
    assert all(isinstance(toast, Content) for toast in toasts)
    said = " ".join(str(toast) for toast in toasts)
    assert "[/x].md" in said and "[@click=app.quit]x.md" in said and "[draft] plan" in said


async def test_a_description_may_hold_what_looks_like_markup(settings: Settings) -> None:
    wanted = pipelines.Input(type=TEXTS, description="like [/etc] or so")
    async with app_on_stage(settings) as (app, pilot):
        form = InputsForm()
        await app.screen.mount(form)
        await form.show({"paths": wanted}, {})
        await pilot.pause()
        assert "like [/etc] or so" in str(form.query_one(TextArea).placeholder)


@pytest.mark.parametrize("typed", ["~nobody-of-this-name/", "~nobody-of-this-name", "a\0b/"])
def test_what_is_no_folder_is_completed_to_none(typed: str) -> None:
    assert folders_like(typed) == []
