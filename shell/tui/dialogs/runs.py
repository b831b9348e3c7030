"""The runs of pipelines since the screen was opened, last first; Enter shows one again."""

from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from shell.output import shorten
from shell.tui.dialogs.dialog import Dialog
from shell.tui.dialogs.trace import outcome_head
from shell.tui.trace import Trace


class RunsDialog(Dialog[int]):
    """Returns the place of the one chosen in `runs`."""

    def __init__(self, runs: list[Trace]) -> None:
        super().__init__()
        self._runs = runs

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Earlier runs", classes="dialog-title")
            if self._runs:
                yield OptionList(*(Option(self._prompt(run)) for run in self._runs), id="runs")
            else:
                yield Static("None yet; r runs the pipeline.", classes="empty")
            yield Footer(show_command_palette=False)

    def _prompt(self, run: Trace) -> Content:
        at = datetime.fromtimestamp(run.began_at).astimezone()
        given = ", ".join(map(str, run.inputs.values()))
        return Content.assemble(
            f"{at:%H:%M:%S}  {run.pipeline.name}  ",
            outcome_head(run, words=self.app.has_class("-plain")),
            (f"  {shorten(given, limit=60)}", "$foreground 55%"),
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)
