"""The app: opens the screens, hands wants to the bridge, and remembers where the user was.

It knows which screens there are and which keys lead to them; what stands on a screen is in the
screen's own file.
"""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.screen import Screen

from shell.commands.ask import SAMPLE_DOCS
from shell.settings import Settings
from shell.tui.bridge import Bridge
from shell.tui.dialogs.help import HelpDialog
from shell.tui.messages import (
    AskWanted,
    CancelWanted,
    CompareWanted,
    ExampleWanted,
    JobWanted,
    ListenWanted,
    PlaceChanged,
    RouteWanted,
    RunWanted,
    WorkerWanted,
)
from shell.tui.place import read_place, write_place
from shell.tui.screens.compare import CompareScreen
from shell.tui.screens.house import HouseScreen
from shell.tui.screens.log import LogScreen
from shell.tui.screens.pipelines import PipelinesScreen
from shell.tui.screens.registry import RegistryScreen
from shell.tui.screens.route import RouteScreen
from shell.tui.screens.session import SessionScreen
from shell.tui.screens.specialists import SpecialistsScreen
from shell.tui.theme import DARK, THEMES
from shell.tui.widgets.top_bar import SCREENS

_SAVE_EVERY_S = 1.0
_TWICE_WITHIN_S = 2.0


class QshellApp(App[None]):
    CSS_PATH = "app.tcss"
    TITLE = "qshell"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  as in the base class
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-tiny"),
        (9, "-low"),
        (18, "-high"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"{n},f{n}", f"show('{name}')", title, id=f"screen.{name}", show=False)
            for n, (name, title) in enumerate(SCREENS.items(), start=1)
        ),
        Binding("question_mark", "keys", "Keys", id="help", key_display="?"),
        Binding("ctrl+q", "quit", "Quit", id="quit", show=False, priority=True),
        Binding(
            "ctrl+c",
            "interrupt",
            "Stop; pressed twice, quit",
            id="interrupt",
            show=False,
            priority=True,
        ),
        Binding("ctrl+p", "command_palette", "Commands", id="palette", show=False, priority=True),
    ]

    def __init__(self, settings: Settings, bridge: Bridge) -> None:
        super().__init__()
        self._settings = settings
        self._bridge = bridge
        self._place_path = settings.data_dir / "screen.json"
        self._place = self._saved_place = read_place(self._place_path)
        self._writer = ThreadPoolExecutor(1)  # one, so that an older place never replaces a newer
        self._asking: SessionScreen | None = None
        self._interrupted_at = float("-inf")
        if settings.plain:
            self.add_class("-plain")
            self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme if settings.theme in self.available_themes else DARK.name
        for name in SCREENS:
            self.add_mode(name, partial(self._make, name))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Always as it is written: names of files and other people's words may look like markup,
        and markup may hold what a click does."""
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    @property
    def mistake(self) -> Exception | None:
        """What ended the app before its time."""
        return self._exception

    def _fatal_error(self) -> None:
        """Ends without drawing the traceback, which goes to a log file like that of a command."""
        self._close_messages_no_wait()

    def on_mount(self) -> None:
        self.set_keymap(dict(self._settings.keys))
        self.set_interval(_SAVE_EVERY_S, self._save_place)
        start = self._place.screen if self._place.screen in SCREENS else "session"
        self.switch_mode("registry" if self._bridge.trouble else start)
        wrong = self._settings.theme
        if wrong and wrong not in self.available_themes:
            self.notify(f"There is no theme {wrong}; the palette (Ctrl+P) lists them.")

    async def on_unmount(self) -> None:
        await self._save_place()
        self._writer.shutdown(wait=False)

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """What was typed last may still be on its way here as a message: it is looked up."""
        if self._asking is not None and self._asking.is_mounted and self._asking.is_attached:
            self._keep_place(self._asking.place_now())
        super().exit(result, return_code, message)

    def _make(self, name: str) -> HouseScreen:
        match name:
            case "specialists":
                return SpecialistsScreen()
            case "compare":
                return CompareScreen(self._docs)
            case "route":
                return RouteScreen()
            case "pipelines":
                return PipelinesScreen(self._settings, self._docs)
            case "registry":
                return RegistryScreen(self._settings)
            case "log":
                return LogScreen(self._bridge.recent_events)
        self._asking = SessionScreen(self._bridge.sessions, self._place)
        return self._asking

    def _docs(self) -> Path:
        """Those that the session asks at the moment."""
        return Path(self._place.docs or SAMPLE_DOCS)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything that a key does here, and the screens and themes."""
        for name, title in SCREENS.items():
            yield SystemCommand(f"Go to {title}", "Screen", partial(self.action_show, name))
        acts = {
            active.binding.id: active
            for active in screen.active_bindings.values()
            if active.binding.id and active.enabled and active.node is not self
        }
        for active in acts.values():
            yield SystemCommand(
                active.binding.description,
                f"Key {active.binding.key}",
                partial(self._do, active.binding.action, active.node),
            )
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand("Keys", "What each key does here", self.action_keys)
        yield SystemCommand("Quit", "Workers are stopped, the place is kept", self.action_quit)

    def _do(self, action: str, node: DOMNode) -> None:
        self.run_worker(self.run_action(action, node))

    def action_show(self, name: str) -> None:
        if len(self.screen_stack) > 1:
            return
        self.switch_mode(name)
        self._place = replace(self._place, screen=name)

    def action_keys(self) -> None:
        screen = self.screen
        if isinstance(screen, HouseScreen):
            bindings = [active.binding for active in screen.active_bindings.values()]
            self.push_screen(HelpDialog(SCREENS[screen.key], bindings))

    def action_interrupt(self) -> None:
        """Ctrl-C stops what this screen, or else any, has under way; pressed twice it quits."""
        now = time.monotonic()
        if now - self._interrupted_at < _TWICE_WITHIN_S:
            self.exit()
            return
        self._interrupted_at = now
        if busy := self._bridge.busy:
            here = self.screen.key if isinstance(self.screen, HouseScreen) else ""
            self._bridge.cancel(here if here in busy else busy[0])
        elif selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.notify("Copied. Ctrl-C again quits.")
        else:
            self.notify("Ctrl-C again quits; so does Ctrl-Q.")

    @on(ListenWanted)
    def _listen(self, want: ListenWanted) -> None:
        self._bridge.listen(want.listener)

    @on(AskWanted)
    def _ask(self, want: AskWanted) -> None:
        self._bridge.ask(want)

    @on(CancelWanted)
    def _cancel(self, want: CancelWanted) -> None:
        self._bridge.cancel(want.screen)

    @on(WorkerWanted)
    def _change_worker(self, want: WorkerWanted) -> None:
        self._bridge.change_worker(want)

    @on(CompareWanted)
    def _compare(self, want: CompareWanted) -> None:
        self._bridge.compare(want)

    @on(RouteWanted)
    def _route(self, want: RouteWanted) -> None:
        self._bridge.route(want)

    @on(ExampleWanted)
    def _change_example(self, want: ExampleWanted) -> None:
        self._bridge.change_example(want)

    @on(JobWanted)
    def _do_job(self, want: JobWanted) -> None:
        self._bridge.do_job(want)

    @on(RunWanted)
    def _run_pipeline(self, want: RunWanted) -> None:
        self._bridge.run(want)

    @on(PlaceChanged)
    def _keep_place(self, want: PlaceChanged) -> None:
        docs = str(want.docs) if want.docs else ""
        self._place = replace(self._place, session=want.session, docs=docs, draft=want.draft)

    async def _save_place(self) -> None:
        if self._place != self._saved_place:
            self._saved_place = self._place
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._writer, write_place, self._place_path, self._place)
