"""How each screen looks, at the smallest usual window and at a wide one.

The drawings are kept as text beside this file. Where a screen was changed on purpose:

    QSHELL_DRAW=1 pytest tests/shell/tui/test_drawings.py
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from shell.commands.ask import SAMPLE_DOCS
from shell.tui.app import QshellApp
from shell.tui.dialogs.source import SourceDialog
from shell.tui.place import Place, write_place
from shell.tui.widgets.conversation import SourceLine, TurnBlock
from shell.tui.widgets.specialist_table import SpecialistTable
from tests.shell.tui.drawing import read_drawing
from tests.shell.tui.stage import app_on_stage, set_stage, until, write_line

FOLDER = Path(__file__).parent / "drawings"
SMALL, WIDE = (80, 24), (140, 40)
Walk = Callable[[QshellApp, Pilot[None]], Awaitable[None]]


async def welcome(app: QshellApp, pilot: Pilot[None]) -> None:
    assert app.screen.query_one("#ways").has_focus


async def answer(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("t")
    await until(pilot, lambda: bool(app.screen.query(SourceLine)))


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
    await pilot.press("escape")


async def keys(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("question_mark")
    await pilot.pause(0.1)


async def documents(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("o")
    await until(pilot, lambda: bool(app.screen.query(Input)))


async def specialists(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f2")
    await until(pilot, lambda: app.screen.query_one(SpecialistTable).row_count == 2)
    await pilot.press("l")
    await until(pilot, lambda: "ready" in str(app.screen.query_one("#pulse").render()))


async def comparison(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f3")
    await until(pilot, lambda: app.screen.query_one("#second", Select).value == "other")
    await write_line(pilot, "When is the dome open in winter?")
    await pilot.press("enter")
    await until(pilot, lambda: "agree" in str(app.screen.query_one("#outcome").render()))


async def registry(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f5")
    await until(pilot, lambda: "problem" in str(app.screen.query_one("#registry-title").render()))
    await until(pilot, lambda: app.screen.query_one("#trouble").display)


async def form(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f5")
    await pilot.pause(0.1)
    await pilot.press("a")
    await until(pilot, lambda: bool(app.screen.query("#checkpoint")))


async def log(app: QshellApp, pilot: Pilot[None]) -> None:
    await specialists(app, pilot)
    await pilot.press("f6")
    await pilot.pause(0.4)


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
    (registry, SMALL, False),
    (form, SMALL, False),
    (log, SMALL, False),
    (answer, SMALL, True),
    (refusal, SMALL, True),
    (specialists, SMALL, True),
)


def name_of(walk: Walk, size: tuple[int, int], plain: bool) -> str:
    return f"{walk.__name__}-{size[0]}x{size[1]}{'-plain' * plain}"


@pytest.mark.parametrize(("walk", "size", "plain"), WALKS, ids=[name_of(*w) for w in WALKS])
async def test_a_screen_looks_as_it_was_drawn(
    tmp_path: Path, walk: Walk, size: tuple[int, int], plain: bool
) -> None:
    settings = replace(set_stage(tmp_path, "judge", "other"), plain=plain)
    if walk is not welcome and walk is not documents:
        write_place(settings.data_dir / "screen.json", Place(docs=str(SAMPLE_DOCS)))
    if walk in (answer, refusal, source):
        (settings.data_dir / "screen.json").unlink()
    if walk is registry:
        (tmp_path / "registry.yaml").write_text("specialists:\n  judge:\n    tsak: relevance\n")
    async with app_on_stage(settings, size=size) as (app, pilot):
        await walk(app, pilot)
        await pilot.pause(0.1)
        for line in app.screen.query(Input):
            line.cursor_blink = False
        drawn = read_drawing(app.export_screenshot())
    kept = FOLDER / f"{name_of(walk, size, plain)}.txt"
    if os.environ.get("QSHELL_DRAW"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(drawn)
    assert drawn == kept.read_text()
