"""What happens in the cluster, line by line as it happens."""

from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import RichLog, Static

from cluster.events import KEPT_EVENTS, Event
from shell.output import one_line
from shell.tui.messages import EventNews
from shell.tui.palette import coloured
from shell.tui.screens.house import HouseScreen

_TROUBLE = ("failed", "refused", "retried", "history", "log")
_STYLES = {"ready": "$success", "starting": "$accent", "registry": "$primary", "order": "$primary"}
_WAIT_S = 0.2


class LogScreen(HouseScreen):
    """`recent` are the events from before it was opened, oldest first."""

    key = "log"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter", "Only troubles", id="log.filter"),
        Binding("space", "follow", "Stop or follow", id="log.follow"),
    ]

    def __init__(self, recent: tuple[Event, ...]) -> None:
        super().__init__()
        self._events = list(recent)
        self._only_troubles = False
        self._width = 0

    def compose_body(self) -> ComposeResult:
        with Container(id="log-body"):
            yield Static("", id="log-title")
            yield RichLog(id="log", max_lines=KEPT_EVENTS, wrap=True, auto_scroll=True)

    async def on_mount(self) -> None:
        self.query_one(RichLog).focus()
        self._say_what_is_shown()

    def on_resize(self) -> None:
        """Lines are broken anew once the window keeps its size."""
        self.set_timer(_WAIT_S, self._write_anew)

    @on(EventNews)
    def _happened(self, news: EventNews) -> None:
        self._events = [*self._events[-KEPT_EVENTS + 1 :], news.event]
        self._write(news.event)
        self._say_what_is_shown()

    def action_filter(self) -> None:
        self._only_troubles = not self._only_troubles
        self._width = 0
        self._write_anew()

    def action_follow(self) -> None:
        log = self.query_one(RichLog)
        log.auto_scroll = not log.auto_scroll
        self._say_what_is_shown()

    def _write_anew(self) -> None:
        log = self.query_one(RichLog)
        if log.size.width == self._width:
            return
        self._width = log.size.width
        log.clear()
        for event in self._events:
            self._write(event)
        self._say_what_is_shown()

    def _write(self, event: Event) -> None:
        if self._only_troubles and event.kind not in _TROUBLE:
            return
        style = "$error" if event.kind in _TROUBLE else _STYLES.get(event.kind, "")
        at = datetime.fromtimestamp(event.at).astimezone()
        self.query_one(RichLog).write(
            Text.assemble(
                (f"{at:%H:%M:%S}  ", "dim"),
                coloured(self.app, f"{event.kind:9} ", style),
                (f"{event.name}  " if event.name else "", "bold"),
                one_line(event.message),
            ),
            expand=True,
        )

    def _say_what_is_shown(self) -> None:
        what = "Only troubles" if self._only_troubles else "All events"
        if not self._events:
            what = "Nothing has happened yet; the first question starts a worker."
        following = "" if self.query_one(RichLog).auto_scroll else ", not following"
        self.query_one("#log-title", Static).update(what + following)
