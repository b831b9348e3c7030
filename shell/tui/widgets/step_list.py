"""The steps of one run, each with its state, its time and what came out of it, as they go on."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from shell.output import one_line, shorten
from shell.tui.marks import Mark, step_mark, time_taken
from shell.tui.trace import StepLine, Trace

_WIDEST_NAME = 26
_SAID = 200


class StepList(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open step", id="steps.open"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def on_mount(self) -> None:
        self._shown: list[Content] = []
        self._places: list[str] = []

    def show(self, trace: Trace) -> None:
        """Rows are changed in place; the cursor stays at its step, and follows the run while the
        list has no focus."""
        rows = self._rows(trace)
        places = [line.place for line in trace.lines]
        if places == self._places:
            for at, (before, row) in enumerate(zip(self._shown, rows, strict=True)):
                if before != row or before.spans != row.spans:
                    self.replace_option_prompt_at_index(at, row)
        else:
            here = self.highlighted
            place = self._places[here] if here is not None else ""
            self.clear_options()
            self.add_options(Option(row) for row in rows)
            self.highlighted = places.index(place) if place in places else None
        self._shown, self._places = rows, places
        if not self.has_focus and trace.running:
            running = [at for at, line in enumerate(trace.lines) if line.began_s is not None]
            self.highlighted = running[-1] if running else None
        elif self.highlighted is None and rows:
            self.highlighted = 0

    def _rows(self, trace: Trace) -> list[Content]:
        names = ["  " * line.depth + line.name for line in trace.lines]
        width = min(_WIDEST_NAME, max(map(len, names), default=0))
        plain = self.app.has_class("-plain")
        return [
            _row(trace, line, shorten_to(name, width), plain=plain)
            for line, name in zip(trace.lines, names, strict=True)
        ]


def shorten_to(name: str, width: int) -> str:
    return name.ljust(width) if len(name) <= width else f"{name[: width - 1]}…"


def mark_of(trace: Trace, line: StepLine) -> Mark:
    if line.done is not None:
        return step_mark(line.done.status)
    if line.began_s is None:
        return step_mark("waiting")
    return step_mark("running" if trace.running else "stopped")


def _row(trace: Trace, line: StepLine, name: str, *, plain: bool) -> Content:
    mark = mark_of(trace, line)
    done = line.done
    said = f"  {shorten(done.said, limit=_SAID)}" if done else ""
    cached = " cached" if done and done.cached else ""
    return Content.assemble(
        (f"{mark.shown(plain=plain)} ", mark.style),
        name,
        (f"  {one_line(line.kind):9}", "$primary"),
        f" {time_taken(trace.elapsed_s(line)):>8}{cached}",
        (said, "" if done and done.status != "done" else "$foreground 55%"),
    )
