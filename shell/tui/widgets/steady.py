"""A text that is drawn again only when it says something else.

It stands alone because news come every second, and most of them say what stands there already.
"""

from textual.content import Content
from textual.widgets import Static


class Steady(Static):
    def show(self, content: Content) -> None:
        if content != self.content or content.spans != getattr(self.content, "spans", None):
            self.update(content)
