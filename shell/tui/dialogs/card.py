"""The card of a specialist: how it was trained, from what, and what its marks are."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Footer, Markdown, Static

from shell.output import plain
from shell.tui.card_text import fit_tables
from shell.tui.dialogs.dialog import Dialog


class CardDialog(Dialog[bool]):
    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = plain(text)
        self._drawn = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static(f"The card of {self._title}", classes="dialog-title")
            with VerticalScroll():
                yield Markdown(open_links=False)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @work(exclusive=True)
    async def _draw(self) -> None:
        """Again only where another width changes a table."""
        text = fit_tables(self._text, self.query_one(Markdown).size.width)
        if text != self._drawn:
            self._drawn = text
            await self.query_one(Markdown).update(text)
