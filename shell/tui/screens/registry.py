"""The registry files as they stand, with what is wrong in them under the line that is wrong."""

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from cluster.registry_source import RegistrySource
from shell.settings import Settings
from shell.tui.dialogs.register import RegisterDialog
from shell.tui.messages import ClusterNews
from shell.tui.screens.house import HouseScreen
from shell.tui.widgets.yaml_view import YamlView
from shell.tui.yaml_text import RegistryText, read_registry_text

_LOOK_EVERY_S = 1.0


class RegistryScreen(HouseScreen):
    key = "registry"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Register", id="registry.add"),
        Binding("v", "prove", "Verify", id="registry.verify"),
    ]

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._seen: list[tuple[int, int] | None] = []
        self._found: RegistryText | None = None
        self._proved = False
        self._stands = False

    def compose_body(self) -> ComposeResult:
        yield Static("", id="registry-title")
        yield YamlView(id="registry-scroll")

    async def on_mount(self) -> None:
        self.query_one("#registry-scroll").focus()
        self._look()
        self.set_interval(_LOOK_EVERY_S, self._look)

    def action_prove(self) -> None:
        self.query_one("#registry-title", Static).update("Opening every checkpoint …")
        self._read(prove=True)

    @work
    async def action_add(self) -> None:
        done = await self.app.push_screen_wait(RegisterDialog(self._settings))
        if done:
            self.notify(done)
            self._look()

    def _look(self) -> None:
        """Reads again when a file has changed."""
        seen = [_stamp(path) for path in RegistrySource(self._settings.registry).files]
        if seen != self._seen:
            self._seen = seen
            self._read()

    @work(exclusive=True)
    async def _read(self, *, prove: bool = False) -> None:
        found = await asyncio.to_thread(read_registry_text, self._settings.registry, prove=prove)
        self._found, self._proved = found, prove
        self._show_title()
        self.query_one(YamlView).show(found.files)

    def on_screen_resume(self) -> None:
        """What was read while another screen was shown could not be scrolled to."""
        self.query_one(YamlView).settle()

    @on(ClusterNews)
    def _learn_what_stands(self, news: ClusterNews) -> None:
        self._stands = not news.trouble
        self._show_title()

    def _show_title(self) -> None:
        if self._found is not None:
            title = _title(self._found, proved=self._proved, stands=self._stands)
            self.query_one("#registry-title", Static).update(title)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _title(found: RegistryText, *, proved: bool, stands: bool) -> Content:
    """`stands`: there is a registry in force, whatever is written now."""
    if found.problems:
        count = "One problem" if found.problems == 1 else f"{found.problems} problems"
        more = "; the registry before stays in force" if stands and found.sound is None else ""
        return Content.assemble((f"{count}{more}", "$error"))
    what = "registered and proved" if proved else "registered"
    return Content.assemble(
        (f"{found.sound} {what}", "$success"), ("; v verifies", "$foreground 55%")
    )
