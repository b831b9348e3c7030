"""The specialists: what each one does, costs and waits for, and keys to load, unload and pin it."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable

from cluster.registry import SpecialistSpec
from cluster.status import ClusterStatus, SpecialistStatus
from shell.output import plain
from shell.tui.dialogs.card import CardDialog
from shell.tui.marks import size, state_mark, time_taken
from shell.tui.messages import StatusNews, WorkerAnswer, WorkerWanted
from shell.tui.screens.house import HouseScreen
from shell.tui.widgets.specialist_table import SpecialistTable
from shell.tui.widgets.steady import Steady


class SpecialistsScreen(HouseScreen):
    key = "specialists"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "change('load')", "Load", id="specialists.load"),
        Binding("u", "change('unload')", "Unload", id="specialists.unload"),
        Binding("p", "pin", "Pin", id="specialists.pin"),
        Binding("c,enter", "card", "Card", id="specialists.card"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._news: StatusNews | None = None

    def compose_body(self) -> ComposeResult:
        with Vertical(id="specialists-body"):
            yield Steady("", id="bill")
            yield SpecialistTable()
            yield Steady("", id="about")

    async def on_mount(self) -> None:
        self.query_one(SpecialistTable).focus()

    @on(StatusNews)
    def _show(self, news: StatusNews) -> None:
        self._news = news
        self.query_one("#bill", Steady).show(_bill(news.status))
        self.query_one(SpecialistTable).show(news.status.specialists, news.trails)
        self._show_about()

    @on(DataTable.RowHighlighted)
    def _show_about(self) -> None:
        item, spec = self._current()
        self.query_one("#about", Steady).show(_about(item, spec) if item else Content(""))

    @on(DataTable.RowSelected)
    def action_card(self) -> None:
        self._open_card()

    @on(WorkerAnswer)
    def _answered(self, news: WorkerAnswer) -> None:
        if self.is_current:
            self.notify(news.sentence, severity="information" if news.ok else "error")

    def action_change(self, verb: str) -> None:
        item, _ = self._current()
        if item is not None:
            self.post_message(WorkerWanted(verb, item.name))

    def action_pin(self) -> None:
        item, _ = self._current()
        if item is not None:
            self.post_message(WorkerWanted("unpin" if item.pinned else "pin", item.name))

    @work
    async def _open_card(self) -> None:
        _, spec = self._current()
        if spec is not None:
            text = await asyncio.to_thread(_read_card, spec)
            await self.app.push_screen_wait(CardDialog(spec.name, text))

    def _current(self) -> tuple[SpecialistStatus | None, SpecialistSpec | None]:
        name = self.query_one(SpecialistTable).current
        if self._news is None:
            return None, None
        found = {item.name: item for item in self._news.status.specialists}
        return found.get(name), self._news.specs.get(name)


def _bill(status: ClusterStatus) -> Content:
    loaded = sum(item.state == "ready" for item in status.specialists)
    return Content.assemble(
        f"{loaded} of {len(status.specialists)} loaded, ",
        (size(status.used_bytes), "bold"),
        f" of {size(status.budget_bytes)}",
        (f", {size(status.base_bytes)} of it shared by all", "$foreground 55%"),
    )


def _about(item: SpecialistStatus, spec: SpecialistSpec | None) -> Content:
    """What the table has no room for."""
    mark = state_mark(item.state)
    lines = [Content.assemble((item.name, "bold"), (f"  {item.task}", "$foreground 55%"))]
    if spec is not None:
        lines.append(Content(spec.entry.description or "no description"))
        lines.append(Content.styled(str(spec.folder), "$foreground 55%"))
    if item.reason:
        lines.append(Content.assemble((plain(item.reason), mark.style)))
    if item.pid is not None:
        memory = f"USS {size(item.uss_bytes)}, RSS {size(item.rss_bytes)}"
        lines.append(Content(f"process {item.pid}, {memory}" + (", pinned" * item.pinned)))
    if item.requests or item.failed:
        each = time_taken(item.cpu_s_per_request)
        lines.append(
            Content(
                f"{item.requests} calls ({item.failed} failed), {item.passages} passages, "
                f"{item.tokens} tokens, {item.cpu_s:.1f} s of CPU"
                + (f", {each} a call" * bool(each))
            )
        )
    return Content("\n").join(lines)


def _read_card(spec: SpecialistSpec) -> str:
    try:
        return (spec.folder / "card.md").read_text("utf-8", "replace")
    except OSError:
        return f"# {spec.name}\n\nThere is no card.md in {spec.folder}."
