"""Every route with the chance it has, as bars, the likeliest on top.

It stands alone because the bars are made for the width there is. It knows no cluster: what a route
is worth, and which one is chosen, it is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from shell.output import shorten
from shell.tui.widgets.step_list import shorten_to

_WIDEST_NAME = 20
_WIDEST_BAR = 44
_LEAST_DESCRIPTION = 30
_EIGHTHS = "▏▎▍▌▋▊▉█"
_FAINT = "$foreground 55%"


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteRow:
    """`score` is None for a route that was not weighed."""

    name: str
    score: float | None
    chosen: bool
    description: str


class RouteList(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="routes")
        self._rows: tuple[RouteRow, ...] = ()
        self._drawn: list[Content] = []

    @property
    def current(self) -> str:
        """The name under the cursor, or nothing."""
        at = self.highlighted
        return self._rows[at].name if at is not None and at < len(self._rows) else ""

    def show(self, rows: Sequence[RouteRow], *, at: str) -> None:
        """With the cursor on the route `at`, or on the first one."""
        self._rows = tuple(rows)
        self._draw()
        names = [row.name for row in rows]
        self.highlighted = names.index(at) if at in names else 0 if names else None

    def move(self, step: int) -> None:
        if self._rows:
            self.highlighted = max(0, min(len(self._rows) - 1, (self.highlighted or 0) + step))

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.scrollable_content_region.width - 2
        if width <= 0:
            return
        plain = self.app.has_class("-plain")
        drawn = _lines(self._rows, width=width, plain=plain)
        if len(drawn) != self.option_count:
            self.clear_options()
            self.add_options(Option(line) for line in drawn)
        else:
            for at, (before, line) in enumerate(zip(self._drawn, drawn, strict=True)):
                if before != line or before.spans != line.spans:
                    self.replace_option_prompt_at_index(at, line)
        self._drawn = drawn


def _lines(rows: Sequence[RouteRow], *, width: int, plain: bool) -> list[Content]:
    names = min(_WIDEST_NAME, max((len(row.name) for row in rows), default=0))
    return [_line(row, names, width, plain=plain) for row in rows]


def _line(row: RouteRow, names: int, width: int, *, plain: bool) -> Content:
    name = shorten_to(row.name, names)
    style = "bold" if row.chosen else "" if row.score is not None else _FAINT
    if row.score is None:
        about = shorten(row.description, limit=max(1, width - names - 2))
        return Content.assemble((name, style), (f"  {about}", _FAINT))
    share = f"{row.score:>7.1%}"
    if plain:
        return Content.assemble(f"{share}  {name}", "  chosen" if row.chosen else "")
    room = width - names - len(share) - 2
    bar = min(_WIDEST_BAR, room)
    rest = room - bar - 2
    about = shorten(row.description, limit=rest) if rest >= _LEAST_DESCRIPTION else ""
    return Content.assemble(
        (name, style),
        "  ",
        (bar_of(row.score, bar), "$success" if row.chosen else "$primary"),
        (share, style),
        (f"  {about}", _FAINT),
    )


def bar_of(share: float, width: int) -> str:
    """Filled to an eighth of a cell; what is not nothing shows."""
    eighths = max(1 if share >= 0.0005 else 0, round(max(0.0, min(1.0, share)) * width * 8))
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[part - 1] if part else "")).ljust(width)
