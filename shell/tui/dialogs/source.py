"""The text of a document, open at the place a citation or passage stands on."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from cluster.errors import DocumentError
from shell.output import plain
from shell.tui.dialogs.dialog import Dialog
from shell.tui.source_text import SourceText, read_source
from shell.tui.widgets.passages import SourceWanted


class SourceDialog(Dialog[bool]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close", "Close", show=False),
        Binding("q", "close", "Close", show=False),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]

    def __init__(self, wanted: SourceWanted, *, hint: str = "") -> None:
        super().__init__()
        self._wanted = wanted
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static(Content(self._wanted.source), classes="dialog-title")
            with VerticalScroll(id="source-scroll"):
                yield Static("", id="source-text")
            yield Static(Content(self._hint), classes="hint")
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(".hint").display = bool(self._hint)
        self.query_one("#source-scroll").focus()
        self.run_worker(self._load())

    def action_down(self) -> None:
        self.query_one("#source-scroll").scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        self.query_one("#source-scroll").scroll_relative(y=-1, animate=False)

    async def _load(self) -> None:
        one = self._wanted
        body = self.query_one("#source-text", Static)
        try:
            found = await asyncio.to_thread(
                read_source, one.docs, one.source, start=one.start, end=one.end, quote=one.quote
            )
        except DocumentError as error:
            body.update(Content(f"{one.docs / one.source}: {error}"))
            return
        title = f"{one.source}:{found.first_marked}"
        if found.changed:
            title += "  (the document has changed since)"
        self.query_one(".dialog-title", Static).update(Content(title))
        body.update(_numbered(found))
        self.call_after_refresh(self._go_to, found)

    def _go_to(self, found: SourceText) -> None:
        """To the row of the first marked line, which lies lower where lines before it wrap."""
        scroll = self.query_one("#source-scroll")
        width = max(1, scroll.scrollable_content_region.width)
        room = len(str(found.lines[-1][0])) + 2 if found.lines else 2
        row = sum(
            -(-(room + len(text)) // width)
            for number, text in found.lines
            if number < found.first_marked
        )
        scroll.scroll_to(y=max(0, row - 3), animate=False)


def _numbered(found: SourceText) -> Content:
    width = len(str(found.lines[-1][0])) if found.lines else 1
    parts: list[str | tuple[str, str]] = []
    for number, text in found.lines:
        left, right = found.marked.get(number, (0, 0))
        text = plain(text).replace("\t", " ")
        parts += [
            (f"{number:{width}}  ", "$accent" if right else "$foreground 55%"),
            text[:left],
            (text[left:right], "$foreground on $success 30%"),
            f"{text[right:]}\n",
        ]
    return Content.assemble(*parts)
