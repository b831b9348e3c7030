"""A text that is made for the width it has, and made again when that changes.

It stands alone because the width is known only once all is laid out, which may be later than the
text is.
"""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class FittedText(VerticalScroll):
    """`text_id` is that of the text inside."""

    def __init__(self, *, id: str, text_id: str) -> None:
        super().__init__(id=id)
        self._text_id = text_id
        self._make: Callable[[int], Content] | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id=self._text_id)

    def show(self, make: Callable[[int], Content]) -> None:
        """`make` is given the width in cells."""
        self._make = make
        self.on_resize()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        width = self.scrollable_content_region.width
        if self._make is not None and width > 0:
            self.query_one(Static).update(self._make(width))
