"""Two specialists on the same question, side by side."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Select, Static

from shell.output import one_line, plain
from shell.report import Report
from shell.tui.comparison import Pair, compare_reports
from shell.tui.marks import time_taken, verdict_mark
from shell.tui.messages import (
    CancelWanted,
    Compared,
    CompareProgress,
    CompareWanted,
    StatusNews,
)
from shell.tui.palette import coloured
from shell.tui.screens.house import HouseScreen
from shell.tui.widgets.question import QuestionLine

_SNIPPET = 300
_NAME_WIDTH = 12


class CompareScreen(HouseScreen):
    """`docs` tells the documents that the session asks at the moment."""

    key = "compare"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Browse", id="compare.browse"),
        Binding("i,slash", "type", "Ask", id="compare.ask", show=False),
    ]

    def __init__(self, docs: Callable[[], Path]) -> None:
        super().__init__()
        self._docs = docs
        self._names: list[str] = []
        self._asked: list[str] = []
        self._under_way = ""

    def compose_body(self) -> ComposeResult:
        with Vertical(id="compare-body"):
            with Horizontal(id="sides"):
                yield Select[str]([], prompt="first", compact=True, id="first")
                yield Select[str]([], prompt="second", compact=True, id="second")
            yield Static("", id="outcome")
            yield DataTable[Text](
                cursor_type="row", cursor_foreground_priority="renderable", id="pairs"
            )
        yield QuestionLine()

    async def on_mount(self) -> None:
        self.query_one(QuestionLine).focus()

    @on(StatusNews)
    def _know(self, news: StatusNews) -> None:
        names = [item.name for item in news.status.specialists if item.task == "relevance"]
        if names == self._names:
            return
        self._names = names
        for side, preferred in (("#first", 0), ("#second", 1)):
            select = self.query_one(side, Select)
            before = select.value
            select.set_options((name, name) for name in names)
            if before in names:
                select.value = before
            elif preferred < len(names):
                select.value = names[preferred]
        if len(names) < 2:
            self._say("Two specialists are needed; the screen Registry registers another one.")
        else:
            self._say("One question, two judges: what each keeps, and how long it takes.")

    @on(QuestionLine.Asked)
    def _ask(self, event: QuestionLine.Asked) -> None:
        first, second = (self.query_one(side, Select).value for side in ("#first", "#second"))
        if not isinstance(first, str) or not isinstance(second, str) or first == second:
            self.notify("Choose two different specialists above.", severity="warning")
            return
        if self._under_way:
            self.notify("One comparison is still under way; Esc stops it.")
            return
        self._under_way = event.question
        self.query_one(QuestionLine).take_asked()
        self._say("searching …")
        self.post_message(CompareWanted(event.question, self._docs(), (first, second)))

    @on(CompareProgress)
    def _progress(self, news: CompareProgress) -> None:
        if self._under_way:
            self._say(f"{news.words.rstrip(' .')} …")

    @on(Compared)
    def _show(self, news: Compared) -> None:
        question, self._under_way = self._under_way, ""
        if news.reports is None:
            self.query_one("#outcome", Static).update(
                Content.styled(plain(news.sentence), "$error")
            )
            line = self.query_one(QuestionLine)
            line.value = line.value or question
            line.cursor_position = len(line.value)
            return
        self._asked.append(question)
        self.query_one(QuestionLine).remember(self._asked)
        pairs = compare_reports(*news.reports)
        self.query_one("#outcome", Static).update(_outcome(question, news.reports, pairs))
        table = self.query_one("#pairs", DataTable)
        table.clear(columns=True)
        for report in news.reports:
            table.add_column(str(report["specialist"]["name"])[:_NAME_WIDTH], width=_NAME_WIDTH)
        table.add_columns("passage", "text")
        for pair in pairs:
            table.add_row(*self._row(pair))

    def action_type(self) -> None:
        self.query_one(QuestionLine).focus()

    def action_leave(self) -> None:
        if self._under_way:
            self.post_message(CancelWanted(self.key))
        elif self.focused is self.query_one(QuestionLine):
            self.query_one("#pairs").focus()

    def _row(self, pair: Pair) -> list[Text]:
        passage = pair.passage
        where = Text(
            one_line(pair.place), style="bold" if pair.differs else "", overflow="ellipsis"
        )
        text = one_line(passage["text"][:_SNIPPET].lstrip("#"))
        return [
            self._verdict(pair.first),
            self._verdict(pair.second),
            where,
            Text(text, style="dim"),
        ]

    def _verdict(self, passage: Mapping[str, Any] | None) -> Text:
        if passage is None:
            return Text("not seen", style="dim")
        mark = verdict_mark(passage["kept"])
        sign = mark.word if self.plain else mark.sign
        return coloured(self.app, f"{sign} {passage['score']:.2f}", mark.style)

    def _say(self, words: str) -> None:
        self.query_one("#outcome", Static).update(Content(words))


def _outcome(question: str, reports: tuple[Report, Report], pairs: tuple[Pair, ...]) -> Content:
    differing = sum(pair.differs for pair in pairs)
    rows = [Content.styled(one_line(question), "bold")]
    for report in reports:
        kept = sum(bool(passage["kept"]) for passage in report["passages"])
        text = "no evidence" if report["refused"] else one_line(report["answer"])
        taken = time_taken(report["seconds"].get("filter", 0.0))
        rows.append(
            Content.assemble(
                (f"{report['specialist']['name']}  ", "$primary"),
                (f"{kept} kept, {taken}  ", "$foreground 55%"),
                text,
            )
        )
    agreed = "They agree on every passage." if not differing else f"They differ on {differing}."
    return Content("\n").join(
        [*rows, Content.styled(agreed, "$accent" if differing else "$success")]
    )
