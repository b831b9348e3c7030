"""How each screen looks, at the smallest usual window and at a wide one.

The drawings are kept as text beside this file. Where a screen was changed on purpose:

    QSHELL_DRAW=1 pytest tests/shell/tui/test_drawings.py
"""

import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, OptionList, RichLog, Select, Static

from cluster.pipelines.library import shipped_names
from shell.commands.ask import SAMPLE_DOCS
from shell.tui.app import QshellApp
from shell.tui.dialogs.documents import DocumentsDialog
from shell.tui.dialogs.help import HelpDialog
from shell.tui.dialogs.source import SourceDialog
from shell.tui.dialogs.trace import TraceDialog
from shell.tui.place import Place, write_place
from shell.tui.screens.log import LogScreen
from shell.tui.screens.registry import RegistryScreen
from shell.tui.screens.route import RouteScreen
from shell.tui.widgets.conversation import SourceLine, TurnBlock
from shell.tui.widgets.route_list import RouteList
from shell.tui.widgets.specialist_table import SpecialistTable
from shell.tui.widgets.step_list import StepList
from shell.tui.widgets.yaml_view import YamlView
from tests.shell.tui.drawing import read_drawing
from tests.shell.tui.stage import (
    QUESTION,
    ROUTER,
    app_on_stage,
    set_routes,
    set_stage,
    until,
    write_line,
)

FOLDER = Path(__file__).parent / "drawings"
SMALL, WIDE = (80, 24), (140, 40)
BROKEN = """\
pipeline: mine
inputs: {question: text, docs: path}
steps:
  found: {do: retreive, question: $question, docs: $docs}
output: {found: $found}
"""
Walk = Callable[[QshellApp, Pilot[None]], Awaitable[None]]


async def rest(app: QshellApp, pilot: Pilot[None]) -> None:
    """Until the line above has heard that the work is done."""
    await until(pilot, lambda: "ready" in str(app.screen.query_one("#pulse").render()))


async def welcome(app: QshellApp, pilot: Pilot[None]) -> None:
    assert app.screen.query_one("#ways").has_focus


async def answer(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("t")
    await until(pilot, lambda: bool(app.screen.query(SourceLine)))
    await rest(app, pilot)


async def source(app: QshellApp, pilot: Pilot[None]) -> None:
    await answer(app, pilot)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, SourceDialog))
    await until(pilot, lambda: ":" in str(app.screen.query_one(".dialog-title").render()))
    await pilot.pause(0.2)


async def refusal(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("t")
    await until(pilot, lambda: bool(app.screen.query(SourceLine)))
    await pilot.press("i")
    await write_line(pilot, "Which horses won the Lindmere derby last autumn?")
    await pilot.press("enter")
    await until(pilot, lambda: app.screen.query(TurnBlock).last().report is not None)
    await rest(app, pilot)
    await pilot.press("escape")


async def keys(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(app.screen, HelpDialog))


async def documents(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("o")
    await until(pilot, lambda: isinstance(app.screen, DocumentsDialog))
    await until(pilot, lambda: app.screen.query_one("#choices", OptionList).option_count == 2)


async def specialists(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f2")
    await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
    await pilot.press("l")
    await rest(app, pilot)


async def comparison(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f3")
    await until(pilot, lambda: app.screen.query_one("#second", Select).value == "other")
    await write_line(pilot, "When is the dome open in winter?")
    await pilot.press("enter")
    await until(pilot, lambda: "agree" in str(app.screen.query_one("#outcome").render()))
    await rest(app, pilot)


async def route(app: QshellApp, pilot: Pilot[None]) -> None:
    """With the job of the chosen one done."""
    await pilot.press("f4")
    await until(pilot, lambda: isinstance(app.screen, RouteScreen))
    await until(pilot, lambda: app.screen.query_one(RouteList).option_count == 3)
    await write_line(pilot, "Are these orders, or orders to answer?")
    said = app.screen.query_one("#route-said", Static)
    await until(pilot, lambda: "the decision head" in str(said.content))
    await pilot.press("enter")
    text = app.screen.query_one("#route-text", Static)
    await until(pilot, lambda: "injection" in str(text.content))
    await rest(app, pilot)


async def graph(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f5")
    listed = app.screen.query_one("#pipelines", OptionList)
    await until(pilot, lambda: listed.option_count == len(shipped_names()) + 1)
    await until(pilot, lambda: len(app.screen.query(Input)) == 2)
    app.screen.query(Input).last().value = "notes"


async def run(app: QshellApp, pilot: Pilot[None]) -> None:
    await graph(app, pilot)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.focused, Input))
    await write_line(pilot, QUESTION)
    await pilot.press("enter")
    head = app.screen.query_one("#run-head", Static)
    await until(pilot, lambda: "Done" in str(head.content))
    text = app.screen.query_one("#run-text", Static)
    await until(pilot, lambda: "citations" in str(text.content))
    await rest(app, pilot)


async def trace(app: QshellApp, pilot: Pilot[None]) -> None:
    await run(app, pilot)
    app.screen.query_one(StepList).highlighted = 1
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, TraceDialog))
    body = app.screen.query_one("#trace-body", Static)
    await until(pilot, lambda: "What it gave" in str(body.content))


async def broken(app: QshellApp, pilot: Pilot[None]) -> None:
    await graph(app, pilot)
    await pilot.press("end")
    await until(pilot, lambda: app.screen.query_one(YamlView).display)


async def registry(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f6")
    await until(pilot, lambda: "problem" in str(app.screen.query_one("#registry-title").render()))
    await until(pilot, lambda: app.screen.query_one("#trouble").display)


async def form(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f6")
    await until(pilot, lambda: isinstance(app.screen, RegistryScreen))
    await pilot.press("a")
    await until(pilot, lambda: bool(app.screen.query("#checkpoint")))


async def log(app: QshellApp, pilot: Pilot[None]) -> None:
    await specialists(app, pilot)
    await pilot.press("f7")
    await until(pilot, lambda: isinstance(app.screen, LogScreen))
    await until(pilot, lambda: len(app.screen.query_one(RichLog).lines) == 2)


WALKS: tuple[tuple[Walk, tuple[int, int], bool], ...] = (
    (welcome, SMALL, False),
    (answer, SMALL, False),
    (answer, WIDE, False),
    (source, SMALL, False),
    (refusal, SMALL, False),
    (refusal, WIDE, False),
    (keys, SMALL, False),
    (documents, SMALL, False),
    (specialists, SMALL, False),
    (specialists, WIDE, False),
    (comparison, SMALL, False),
    (route, SMALL, False),
    (route, WIDE, False),
    (registry, SMALL, False),
    (form, SMALL, False),
    (graph, SMALL, False),
    (graph, WIDE, False),
    (run, SMALL, False),
    (run, WIDE, False),
    (trace, SMALL, False),
    (trace, WIDE, False),
    (broken, SMALL, False),
    (log, SMALL, False),
    (answer, SMALL, True),
    (refusal, SMALL, True),
    (specialists, SMALL, True),
    (run, SMALL, True),
    (route, SMALL, True),
)


def _has_keys(screen: Screen[object]) -> bool:
    return any(key.region.width for key in screen.query("FooterKey"))


def name_of(walk: Walk, size: tuple[int, int], plain: bool) -> str:
    return f"{walk.__name__}-{size[0]}x{size[1]}{'-plain' * plain}"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose path is always of the same length, since paths are drawn."""
    with tempfile.TemporaryDirectory(prefix="qs", dir="/tmp") as folder:
        monkeypatch.chdir(folder)
        yield Path(folder)


@pytest.mark.parametrize(("walk", "size", "plain"), WALKS, ids=[name_of(*w) for w in WALKS])
async def test_a_screen_looks_as_it_was_drawn(
    home: Path, walk: Walk, size: tuple[int, int], plain: bool
) -> None:
    stage = set_routes(home) if walk is route else set_stage(home, "judge", "other")
    settings = replace(stage, plain=plain)
    if walk is not welcome and walk is not documents:
        write_place(settings.data_dir / "screen.json", Place(docs=str(SAMPLE_DOCS)))
    if walk in (answer, refusal, source):
        (settings.data_dir / "screen.json").unlink()
    if walk is registry:
        (home / "registry.yaml").write_text("specialists:\n  judge:\n    tsak: relevance\n")
    (home / "mine.yaml").write_text(BROKEN)
    async with app_on_stage(settings, size=size, scripts={"router": ROUTER}) as (app, pilot):
        await walk(app, pilot)
        # The keys at the bottom are drawn last.
        await until(pilot, lambda: all(map(_has_keys, app.screen_stack)))
        await pilot.pause(0.1)
        for line in app.screen.query(Input):
            line.cursor_blink = False
        drawn = read_drawing(app.export_screenshot())
    kept = FOLDER / f"{name_of(walk, size, plain)}.txt"
    if os.environ.get("QSHELL_DRAW"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(drawn)
    assert drawn == kept.read_text()
