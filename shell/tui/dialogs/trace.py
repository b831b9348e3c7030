"""One run step by step: why each was refused, what it gave with verdicts, what it was given."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from shell.output import one_line, plain
from shell.tui.dialogs.dialog import Dialog
from shell.tui.marks import step_mark, time_taken
from shell.tui.trace import StepLine, Trace
from shell.tui.value_text import shown_value
from shell.tui.widgets.fitted_text import FittedText
from shell.tui.widgets.step_list import mark_of


class TraceDialog(Dialog[int]):
    """Opens at the line `at`; after the last comes the result. Returns where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,n,space", "go(1)", "Next step"),
        Binding("left,p", "go(-1)", "Step before"),
        Binding("q,enter", "close", "Close", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, trace: Trace, *, at: int) -> None:
        super().__init__()
        self._trace = trace
        self._at = at

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static("", classes="dialog-title", id="trace-title")
            yield FittedText(id="trace", text_id="trace-body")
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(FittedText).focus()
        self._show()

    def action_close(self) -> None:
        self.dismiss(self._at)

    def action_go(self, by: int) -> None:
        self._at = max(0, min(len(self._trace.lines), self._at + by))
        self._show()

    def action_scroll(self, by: int) -> None:
        self.query_one(FittedText).scroll_relative(y=by, animate=False)

    def _show(self) -> None:
        lines = self._trace.lines
        words = self.app.has_class("-plain")
        if self._at < len(lines):
            title = _title(self._trace, lines[self._at], words=words)
            body = partial(_body, self._trace, lines[self._at], words)
        else:
            title = outcome_head(self._trace, words=words)
            body = partial(outcome_body, self._trace, words)
        count = f"  {self._at + 1} of {len(lines) + 1}"
        self.query_one("#trace-title", Static).update(
            Content.assemble(title, (count, "$foreground 55%"))
        )
        self.query_one(FittedText).show(body)


def _title(trace: Trace, line: StepLine, *, words: bool) -> Content:
    mark = mark_of(trace, line)
    taken = time_taken(trace.elapsed_s(line))
    done = line.done
    said = [mark.word + (f" in {taken}" if taken and done else "")]
    if done and done.tries > 1:
        said.append(f"try {done.tries}")
    if done and done.cached:
        said.append("from the step cache")
    sign = "" if words else f"{mark.sign} "
    return Content.assemble(
        (sign, mark.style),
        one_line(line.place),
        (f"  {one_line(line.kind)}", "$primary"),
        (f"  {', '.join(said)}", mark.style),
    )


def _body(trace: Trace, line: StepLine, words: bool, width: int) -> Content:
    done = line.done
    if done is None:
        return Content("It has not come to its end." if trace.running else "It never ended.")
    parts: list[Content] = []
    if done.reason:
        style = step_mark(done.status).style
        parts.append(
            Content.assemble((f"Why {done.status}\n", "bold"), (plain(done.reason), style))
        )
    gave = (
        Content("nothing")
        if done.value is None
        else shown_value(done.value, plain_marks=words, width=width)
    )
    parts.append(Content.assemble(("What it gave\n", "bold"), gave))
    given = (
        shown_value(done.inputs, plain_marks=words, width=width)
        if done.inputs
        else Content("nothing")
    )
    parts.append(Content.assemble(("What it was given\n", "bold"), given))
    return Content("\n\n").join(parts)


def outcome_head(trace: Trace, *, words: bool) -> Content:
    """What came of the run, in a few words."""
    if trace.running:
        state, said = "running", "running"
    elif trace.trouble:
        state, said = "failed", "failed"
    elif trace.result is None:
        state, said = "stopped", f"cancelled after {time_taken(trace.seconds)}"
    else:
        state = trace.result.status
        where = f" in {trace.result.step}" if trace.result.step else ""
        said = f"{state}{where}, {time_taken(trace.seconds)}"
    mark = step_mark(state)
    sign = "" if words else f"{mark.sign} "
    return Content.assemble((f"{sign}{said[:1].upper()}{said[1:]}", mark.style))


def outcome_body(trace: Trace, words: bool, width: int) -> Content:
    """What came out, or why nothing did."""
    if trace.result is None:
        return Content(plain(trace.trouble))
    if trace.result.status != "done":
        return Content(plain(trace.result.reason))
    return shown_value(trace.result.output, plain_marks=words, width=width)
