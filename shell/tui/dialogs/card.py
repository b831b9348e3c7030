"""The card of a specialist: how it was trained, from what, and what its marks are."""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Footer, Markdown, Static

from shell.output import plain
from shell.tui.dialogs.dialog import Dialog


class CardDialog(Dialog[bool]):
    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static(f"The card of {self._title}", classes="dialog-title")
            with VerticalScroll():
                yield Markdown(plain(self._text), open_links=False)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
