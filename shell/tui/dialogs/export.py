"""Where a conversation is exported to; the ending of the name decides between Markdown and JSON."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Footer, Input, Static

from shell.tui.dialogs.dialog import Dialog


class ExportDialog(Dialog[str]):
    """Returns the path as typed."""

    def __init__(self, proposed: str) -> None:
        super().__init__()
        self._proposed = proposed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -low"):
            yield Static("Export this conversation to", classes="dialog-title")
            yield Input(self._proposed, compact=True, select_on_focus=False)
            yield Static(
                "A name that ends in .json gives JSON, any other Markdown.", classes="hint"
            )
            yield Footer(show_command_palette=False)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
