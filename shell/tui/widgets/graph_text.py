"""The graph of a pipeline as lines of text, broken so that the rest of a line stands below it."""

import textwrap

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cluster.pipelines.graph import draw_text
from cluster.pipelines.pipeline import Pipeline
from shell.output import plain

_HANGING = 4
_LEAST_WIDTH = 20


class GraphText(VerticalScroll):
    def compose(self) -> ComposeResult:
        yield Static("", id="graph-text")

    def on_mount(self) -> None:
        self._lines: list[str] = []

    def show(self, pipeline: Pipeline) -> None:
        """Without its name and description, which stand above."""
        self._lines = plain(draw_text(pipeline)).splitlines()[1:]
        self.on_resize()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        width = max(_LEAST_WIDTH, self.scrollable_content_region.width)
        rows = [row for line in self._lines for row in broken_line(line, width)]
        self.query_one(Static).update(Content("\n").join(map(_coloured, rows)))


def broken_line(line: str, width: int) -> list[str]:
    """Rows of at most `width`, those after the first further in."""
    indent = len(line) - len(line.lstrip())
    return textwrap.wrap(
        line.lstrip(),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + _HANGING),
        break_on_hyphens=False,
    )


def _coloured(row: str) -> Content:
    """What goes in and comes out in its own colour, and the names of steps."""
    bare = row.lstrip()
    if bare.startswith(("> ", "< ")):
        return Content.styled(row, "$accent")
    name, colon, rest = row.partition(":")
    if colon and " " not in name.strip():
        return Content.assemble((name, "$primary"), colon, rest)
    return Content(row)
