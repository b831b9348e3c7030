"""The pictures of the README: every screen on real work, in a small window and in a wide one.

Needs the shipped specialists. Beside it stands a specialist of random weights, so that there is
something to compare with. Nothing in the pictures is staged but the questions.

Run by hand:  python -m tests.bench.pictures
"""

# ruff: noqa: T201  says what it wrote

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from shell.commands.ask import SAMPLE_DOCS
from shell.settings import Settings, read_settings
from shell.tui.app import QshellApp
from shell.tui.bridge import Bridge
from shell.tui.place import Place, write_place
from shell.tui.widgets.step_list import StepList
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "shell" / "tui" / "pictures"
SIZES = ((80, 24), (140, 40))
QUESTION = "How much is a family ticket?"
COMMAND = "git push --force origin main"
REFUSED = "Which horses won the Lindmere derby last autumn?"
REGISTRY = """\
specialists:
  q-rag:
    task: relevance
    checkpoint: weights/q-rag
    aliases: [filter]
    description: Says of each passage whether it answers the question.
    # Kept loaded for the whole day.
    idle_timeout_s: null

  q-route:
    task: routing
    checkpoint: weights/q-route

  q-cmdsafe:
    task: classification
    checkpoint: weights/q-cmdsafe
    description: Says whether a command may run, needs a person, or is refused, and why.

  q-inject:
    task: classification
    checkpoint: weights/q-inject
    description: Says whether a text tries to instruct the model that reads it.

  untrained:
    task: relevance
    checkpoint: random/s0
    description: Random weights, to compare with.
"""
QUESTIONS = (QUESTION, REFUSED, "Who may enter the dome?")
PIPELINE = """\
pipeline: question-list
description: Answer every question of a list, and leave out those without evidence.
inputs:
  questions: {type: list of text, description: What is asked.}
  docs: {type: path, description: The folder to answer from.}
steps:
  answers:
    do: map
    over: $questions
    as: question
    on_refuse: go_on
    steps:
      found: {do: retrieve, question: $question, docs: $docs, k: 8}
      judged: {do: filter, question: $question, passages: $found}
      answer: {do: answer, question: $question, passages: $judged.kept,
               dropped: $judged.dropped, on_refuse: stop}
    output: $answer.text
output: {answers: $answers, answered: $answers.count}
"""
MISTYPED = "    priority: 3\n    prelaod: true\n"
_PATIENCE_S = 60.0
_FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_OWN_NAMES = re.compile(r"terminal-\d+-")

Act = Callable[[QshellApp, Pilot[None]], Awaitable[None]]


async def until_drawn(app: QshellApp, pilot: Pilot[None], words: str) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while words.replace(" ", "&#160;") not in app.export_screenshot():
            await pilot.pause(0.2)


async def ask(app: QshellApp, pilot: Pilot[None], question: str, words: str) -> None:
    line = app.screen.query_one("#question", Input)
    line.focus()
    line.value = question
    await pilot.press("enter")
    await until_drawn(app, pilot, words)


async def session(app: QshellApp, pilot: Pilot[None]) -> None:
    await ask(app, pilot, QUESTION, "[1]")
    await pilot.press("escape")


async def source(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("enter")
    await until_drawn(app, pilot, "visitor-guide.md:")
    await pilot.pause(0.5)


async def refusal(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("escape")
    await ask(app, pilot, REFUSED, "No evidence")


async def compare(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f3")
    await pilot.pause(1.5)
    await ask(app, pilot, QUESTION, "They")


async def route(app: QshellApp, pilot: Pilot[None]) -> None:
    """A command, routed to who judges commands, and judged."""
    await pilot.press("f4")
    await until_drawn(app, pilot, "Type a request")
    await ask(app, pilot, COMMAND, "action")


async def pipelines(app: QshellApp, pilot: Pilot[None]) -> None:
    """Three questions through one of the folder's own pipelines, one of them without evidence."""
    await pilot.press("f5")
    await until_drawn(app, pilot, "cite-report")
    await pilot.press("end")
    await until_drawn(app, pilot, "question-list")
    await pilot.press("enter")
    await until_drawn(app, pilot, "one a line")
    app.screen.query_one(TextArea).text = "\n".join(QUESTIONS)
    app.screen.query(Input).last().value = "documents"
    await pilot.press("ctrl+r")
    await until_drawn(app, pilot, "Done")


async def trace(app: QshellApp, pilot: Pilot[None]) -> None:
    """Why the second question was refused."""
    steps = app.screen.query_one(StepList)
    steps.highlighted = next(
        at for at, one in enumerate(steps.options) if "2 judged" in str(one.prompt)
    )
    await pilot.press("enter")
    await until_drawn(app, pilot, "Why refused")


async def specialists(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("escape")
    await pilot.press("f2")
    await until_drawn(app, pilot, "of 5 loaded")
    await pilot.pause(2.5)


async def registry(app: QshellApp, pilot: Pilot[None]) -> None:
    """With two mistakes written into the file while the cluster runs."""
    with (Path(tempfile.gettempdir()) / "qshell" / "registry.yaml").open("a") as file:
        file.write(MISTYPED)
    await pilot.press("f6")
    await until_drawn(app, pilot, "problems")
    await pilot.pause(2.5)


async def log(app: QshellApp, pilot: Pilot[None]) -> None:
    await pilot.press("f7")
    await pilot.pause(0.5)


ACTS: tuple[Act, ...] = (
    session,
    source,
    refusal,
    compare,
    route,
    pipelines,
    trace,
    specialists,
    registry,
    log,
)


async def draw(settings: Settings, size: tuple[int, int]) -> None:
    async with Bridge(settings) as bridge:
        app = QshellApp(settings, bridge)
        async with app.run_test(size=size) as pilot:
            await pilot.pause(1)
            for act in ACTS:
                await act(app, pilot)
                await pilot.pause(0.3)
                path = FOLDER / f"{act.__name__}-{size[0]}x{size[1]}.svg"
                path.write_text(tidy(app.export_screenshot(title="qshell"), path.stem))
                print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")


def tidy(svg: str, name: str) -> str:
    """Without fonts fetched from elsewhere, and with names that stay the same."""
    svg = _FONT_FACES.sub("", svg).replace("Fira Code", "DejaVu Sans Mono")
    return _OWN_NAMES.sub(f"{name}-", svg)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    home = Path(tempfile.gettempdir()) / "qshell"
    for size in SIZES:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(ROOT / "specialists" / "weights", home / "weights")
        write_pocket_registry(home / "random", 1, config=TINY)
        settings = read_settings({"QSHELL_HOME": str(home)})
        write_place(settings.data_dir / "screen.json", Place(docs=str(SAMPLE_DOCS)))
        path = home / "registry.yaml"
        path.write_text(REGISTRY)
        (home / "question-list.yaml").write_text(PIPELINE)
        shutil.copytree(SAMPLE_DOCS, home / "documents")
        os.chdir(home)
        asyncio.run(draw(replace(settings, registry=path), size))
    os.chdir(ROOT)
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
