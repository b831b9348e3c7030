"""The table of specialists: a row each, with a spark line of memory and CPU.

Cells are changed in place, and only where something has changed, so that nothing flickers and the
cursor stays. It knows statuses, no cluster.
"""

from collections.abc import Mapping

from rich.text import Text
from textual.widgets import DataTable

from cluster.status import SpecialistStatus
from shell.tui.marks import size, state_mark, time_taken
from shell.tui.palette import coloured
from shell.tui.trail import Trail, sparkline

_FIGURES = {
    "name": ("specialist", 12),
    "state": ("state", 11),
    "pss": ("PSS", 10),
    "cpu": ("CPU", 5),
    "queue": ("queue", 6),
    "requests": ("calls", 6),
    "p50": ("p50", 7),
    "p95": ("p95", 7),
}
"""Key, heading and width of each column but the spark lines, which share what is left. All but
the first two are figures and stand on the right."""
_WORDS = ("name", "state")
_SPARKS = {"memory": "memory", "load": "CPU"}
_LEAST_SPARK = 6
_MOST_SPARK = 40


class SpecialistTable(DataTable[Text]):
    def __init__(self) -> None:
        super().__init__(
            cursor_type="row",
            cell_padding=0,
            cursor_foreground_priority="renderable",
            id="specialists",
        )
        self._spark_width = 0
        self._shown: dict[tuple[str, str], str] = {}
        self._latest: tuple[tuple[SpecialistStatus, ...], Mapping[str, Trail]] = ((), {})

    @property
    def current(self) -> str:
        """The name in the row under the cursor, or nothing."""
        if not self.row_count:
            return ""
        return str(self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value)

    def show(self, items: tuple[SpecialistStatus, ...], trails: Mapping[str, Trail]) -> None:
        self._latest = (items, trails)
        if not self._spark_width:
            return
        names = [item.name for item in items]
        if names != [str(row.key.value) for row in self.ordered_rows]:
            self._fill(names)
        highest = max((max(trail.memory, default=0) for trail in trails.values()), default=0)
        for item in items:
            trail = trails.get(item.name, Trail())
            for column, (words, style) in self._cells(item, trail, highest).items():
                self._change(item.name, column, words, style)

    def on_resize(self) -> None:
        """Wider windows show more of the past; where there is no room the lines are left out."""
        room = self.size.width - sum(width for _, width in _FIGURES.values()) - 2
        width = min(_MOST_SPARK, room // 2)
        if self.app.has_class("-plain") or width < _LEAST_SPARK:
            width = -1
        if width == self._spark_width:
            return
        self._spark_width = width
        here = self.cursor_row
        self.clear(columns=True)
        for key, (heading, column_width) in _FIGURES.items():
            shown = heading if key in _WORDS else heading.rjust(column_width - 1)
            self.add_column(shown, width=column_width, key=key)
        for key, heading in _SPARKS.items() if width > 0 else ():
            self.add_column(f" {heading}", width=width + 1, key=key)
        self.show(*self._latest)
        self.move_cursor(row=here)

    def _fill(self, names: list[str]) -> None:
        here = self.current
        self.clear()
        self._shown.clear()
        for name in names:
            self.add_row(*(Text("") for _ in self.columns), key=name)
        if here in names:
            self.move_cursor(row=names.index(here))

    def _change(self, row: str, column: str, words: str, style: str) -> None:
        if self._shown.get((row, column)) != words:
            self._shown[row, column] = words
            if column in _FIGURES and column not in _WORDS:
                words = words.rjust(_FIGURES[column][1] - 1)
            elif column in _SPARKS:
                words = f" {words}"
            self.update_cell(row, column, coloured(self.app, words, style))

    def _cells(
        self, item: SpecialistStatus, trail: Trail, highest: float
    ) -> dict[str, tuple[str, str]]:
        mark = state_mark(item.state)
        sign = "" if self.app.has_class("-plain") else f"{mark.sign} "
        state = "working" if item.busy else mark.word
        cells = {
            "name": (item.name + ("*" if item.pinned else ""), ""),
            "state": (f"{sign}{state}", "$accent" if item.busy else mark.style),
            "pss": (size(item.pss_bytes or item.rss_bytes), ""),
            "cpu": (f"{item.cpu_percent:.0f}%" if item.pid else "", ""),
            "queue": (str(item.queue) if item.queue else "", ""),
            "requests": (str(item.requests) if item.requests else "", ""),
            "p50": (time_taken(item.p50_s), ""),
            "p95": (time_taken(item.p95_s), ""),
        }
        if self._spark_width > 0:
            width = self._spark_width
            memory = sparkline(trail.memory, width=width, top=highest)
            cells["memory"] = (memory, "$primary")
            cells["load"] = (sparkline(trail.cpu, width=width, top=100.0), "$success")
        return cells
