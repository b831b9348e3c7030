"""The line at the top: where one is, where one can go, and how the cluster is."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from cluster.status import ClusterStatus
from shell.tui.marks import size, state_mark
from shell.tui.widgets.steady import Steady

SCREENS = {
    "session": "Session",
    "specialists": "Specialists",
    "compare": "Compare",
    "route": "Route",
    "pipelines": "Pipelines",
    "registry": "Registry",
    "log": "Log",
}
"""The screens in the order of their number keys."""


_WIDE_ENOUGH = 100
"""Cells for the tabs, what the cluster does, and its memory; in a smaller window one word stands
for both."""

_SHORT = {"starting": "loading"}
"""Words that a narrow window has room for."""


class TopBar(Horizontal):
    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        for number, (name, title) in enumerate(SCREENS.items(), start=1):
            here = name == self._current
            label = Content.assemble((f"{number} ", "$foreground 55%"), title)
            tab = Static(label, classes="tab -here" if here else "tab", name=name)
            tab.tooltip = f"{title}: key {number}, or F{number} while typing"
            yield tab
        yield Steady("", id="pulse")

    def on_click(self, event: object) -> None:
        """A click on a tab goes there."""
        widget = getattr(event, "widget", None)
        if isinstance(widget, Static) and widget.name in SCREENS:
            self.run_worker(self.app.run_action(f"app.show('{widget.name}')"))

    def show_status(self, status: ClusterStatus) -> None:
        """Memory of all workers, and the state of the one that works or is worst off."""
        order = ("failed", "starting", "draining", "ready", "stopped")
        states = [item.state for item in status.specialists]
        worst = min(states, key=order.index, default="stopped") if set(states) <= {*order} else ""
        busy = sum(item.busy for item in status.specialists)
        starting, ready = states.count("starting"), states.count("ready")
        word, count = ("starting", starting) if starting else ("ready", ready)
        if busy:
            word, count = "working", busy
        mark = state_mark(worst if worst != "stopped" or not ready else "ready")
        if self.app.size.width < _WIDE_ENOUGH:
            said = _SHORT.get(word, word) if count else "idle"
            self._pulse(Content.assemble((f"{mark.sign} ", mark.style), said))
            return
        doing = f"{count} {word}" if count else "idle"
        self._pulse(
            Content.assemble(
                (f"{mark.sign} ", mark.style),
                f"{doing}  ",
                (size(status.used_bytes), "$foreground 55%"),
            )
        )

    def show_trouble(self, trouble: str) -> None:
        if trouble:
            narrow = self.app.size.width < _WIDE_ENOUGH
            self._pulse(Content.styled("✗ trouble" if narrow else "✗ no cluster", "$error"))

    def _pulse(self, content: Content) -> None:
        self.query_one("#pulse", Steady).show(content)
