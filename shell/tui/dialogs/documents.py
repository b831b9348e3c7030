"""Choosing the documents to ask: a path typed with completions, the samples, or a recent folder."""

import asyncio
import os
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from cluster.places import expanded
from shell.tui.dialogs.dialog import Dialog

_MOST_SHOWN = 60
_COMPLETING = "completing"


class DocumentsDialog(Dialog[Path]):
    """`offered` are (words, path) that are listed before anything is typed."""

    def __init__(self, offered: list[tuple[str, Path]], *, now: Path | None) -> None:
        super().__init__()
        self._offered = offered
        self._now = now
        self._shown: list[Path] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Which documents shall be asked?", classes="dialog-title")
            yield Input(placeholder="A folder or a file; ~ is your home", compact=True, id="path")
            yield OptionList(id="choices")
            yield Static("", classes="hint")
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show([(words, path) for words, path in self._offered])
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one(".hint", Static).update("")
        if event.value.strip():
            self._complete(event.value.strip())
        else:
            self.workers.cancel_group(self, _COMPLETING)
            self._show(self._offered)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if not typed:
            self.query_one("#choices", OptionList).focus()
            return
        path = expanded(typed).absolute()
        if is_there(path):
            self.dismiss(path)
        else:
            self.query_one(".hint", Static).update(
                Content.assemble((f"There is no {path}.", "$error"))
            )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index])

    def on_key(self, event: object) -> None:
        if getattr(event, "key", "") == "down" and self.focused is self.query_one(Input):
            self.query_one("#choices", OptionList).focus()

    @work(exclusive=True, group=_COMPLETING)
    async def _complete(self, typed: str) -> None:
        found = await asyncio.to_thread(folders_like, typed)
        self._show([(str(path), path) for path in found])
        if not found and not await asyncio.to_thread(is_there, expanded(typed)):
            self.query_one(".hint", Static).update(Content("Nothing begins like this."))

    def _show(self, choices: list[tuple[str, Path]]) -> None:
        self._shown = [path for _, path in choices]
        listed = self.query_one("#choices", OptionList)
        listed.clear_options()
        listed.add_options(Option(Content(words)) for words, _ in choices)


def is_there(path: Path) -> bool:
    """False also for what nobody may look at, and for what is no name of a file."""
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises for some of them


def folders_like(typed: str) -> list[Path]:
    """Folders that begin like what was typed; where it ends with a slash, those inside."""
    path = expanded(typed)
    parent, start = (path, "") if typed.endswith(os.sep) else (path.parent, path.name)
    try:
        with os.scandir(parent) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.is_dir() and entry.name.lower().startswith(start.lower())
                if start.startswith(".") or not entry.name.startswith(".")
            )
    except (OSError, ValueError):
        return []
    return [(parent / name).absolute() for name in names[:_MOST_SHOWN]]
