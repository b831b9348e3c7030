"""The graph of a pipeline as lines of text, broken so that the rest of a line stands below it."""

import textwrap

from textual.content import Content

from cluster.pipelines.graph import draw_text
from cluster.pipelines.pipeline import Pipeline
from shell.output import plain

_HANGING = 4
_LEAST_WIDTH = 20


def graph_text(pipeline: Pipeline, width: int) -> Content:
    """Without its name and description."""
    lines = plain(draw_text(pipeline)).splitlines()[1:]
    rows = [row for line in lines for row in broken_line(line, max(_LEAST_WIDTH, width))]
    return Content("\n").join(map(_coloured, rows))


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
