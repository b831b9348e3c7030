"""YAML files as text with what is wrong in them under the line that is wrong, and the first such
line in view."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from shell.output import plain
from shell.tui.yaml_text import YamlText

_ROWS_ABOVE = 3
"""Of the first problem, so that one sees where it stands."""


class YamlView(VerticalScroll):
    def compose(self) -> ComposeResult:
        yield Static("", id="yaml")

    def on_mount(self) -> None:
        self._above: Content | None = None

    def show(self, files: Sequence[YamlText]) -> None:
        rows: list[Content] = []
        first: int | None = None
        for file in files:
            if rows:
                rows.append(Content(""))
            for row, is_problem in _rows(file):
                if is_problem and first is None:
                    first = len(rows)
                rows.append(row)
        self._above = None if first is None else Content("\n").join(rows[:first])
        self.query_one(Static).update(Content("\n").join(rows))
        self.settle()

    def settle(self) -> None:
        """Brings the first problem into view, once all is laid out."""
        self.call_after_refresh(self._go_to_first)

    def _go_to_first(self) -> None:
        text = self.query_one(Static)
        if self._above is not None and text.size.width:
            rows_above = self._above.get_height({}, text.size.width)
            self.scroll_to(y=max(0, rows_above - _ROWS_ABOVE), animate=False)


def _rows(file: YamlText) -> list[tuple[Content, bool]]:
    """Each with whether it tells a problem."""
    rows = [(Content.assemble((str(file.path), "bold")), False)]
    rows += [(_problem(words, indent=0), True) for words in file.problems.get(0, ())]
    width = len(str(len(file.lines)))
    for number, line in enumerate(file.lines, start=1):
        problems = file.problems.get(number, [])
        style = "$error" if problems else "$foreground 40%"
        rows.append((Content.assemble((f"{number:{width}}  ", style), *_coloured(line)), False))
        indent = len(line) - len(line.lstrip())
        rows += [(_problem(words, indent=width + 2 + indent), True) for words in problems]
    return rows


def _problem(words: str, *, indent: int) -> Content:
    return Content.assemble(" " * indent, (f"▲ {plain(words)}", "$error"))


def _coloured(line: str) -> list[str | tuple[str, str]]:
    """Comments faded, keys in their own colour: as much YAML as a reader needs."""
    line = plain(line)
    if line.lstrip().startswith("#"):
        return [(line, "$foreground 55%")]
    key, colon, value = line.partition(":")
    if colon and " " not in key.strip().removeprefix("- "):
        return [(key, "$primary"), colon, value]
    return [line]
