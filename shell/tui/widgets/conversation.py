"""The conversation: each question with its answer, its refusal or what went wrong, and sources
that lead to the text they quote."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from shell.output import one_line, plain
from shell.report import Report, source_parts
from shell.session import Turn
from shell.tui.widgets.passages import SourceWanted

SHOWN_TURNS = 40
"""Of a long conversation the last ones; all of it is in its export."""
_NUMBER = re.compile(r"(\[\d+\])")


class SourceLine(Static, can_focus=True):
    """One citation. Enter, or a click, asks for its source."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Show source", id="citation.source"),
        Binding("down,j", "screen.focus_next", "Next", show=False),
        Binding("up,k", "screen.focus_previous", "Previous", show=False),
    ]

    def __init__(self, citation: Mapping[str, Any], docs: Path) -> None:
        number, *more = map(one_line, source_parts(citation))
        label, _, where = number.partition(" ")
        super().__init__(
            Content.assemble(
                (label, "$accent"),
                f" {where}",
                *((f"  {part}", "$foreground 55%") for part in more),
            ),
            classes="source",
        )
        self._citation = citation
        self._docs = docs

    def action_open(self) -> None:
        one = self._citation
        self.post_message(
            SourceWanted(self._docs, one["source"], one["start"], one["end"], one["quote"])
        )

    def on_click(self) -> None:
        self.action_open()


class TurnBlock(Vertical):
    """One question and what came of it."""

    class Chosen(Message):
        """The focus came into this block: its passages are to be shown."""

        def __init__(self, report: Report, docs: Path) -> None:
            super().__init__()
            self.report = report
            self.docs = docs

    def __init__(self, question: str, docs: Path) -> None:
        super().__init__(classes="turn")
        self.question = question
        self.docs = docs
        self.report: Report | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content(one_line(self.question)), classes="asked")
        yield Static("", classes="answer")

    def show_progress(self, words: str) -> None:
        self._say(Content.assemble((f"{one_line(words)} …", "$foreground 55%")))

    def show_cancelled(self) -> None:
        self._say(Content.styled("Cancelled.", "$foreground 55%"))

    def show_failure(self, sentence: str) -> None:
        self._say(Content.assemble((plain(sentence), "$error")))

    async def show_report(self, report: Report) -> None:
        self.report = report
        if report["refused"]:
            self._say(_refusal(report))
            return
        self._say(Content("\n").join([_cited(plain(report["answer"])), *_warnings(report)]))
        await self.mount_all(SourceLine(citation, self.docs) for citation in report["citations"])

    def on_descendant_focus(self) -> None:
        if self.report is not None:
            self.post_message(self.Chosen(self.report, self.docs))

    def _say(self, content: Content) -> None:
        self.query_one(".answer", Static).update(content)


class Conversation(VerticalScroll, can_focus=False):
    """The turns, oldest first, always showing the end of the newest."""

    async def begin(self, question: str, docs: Path) -> TurnBlock:
        block = TurnBlock(question, docs)
        await self.mount(block)
        for old in list(self.query(TurnBlock))[:-SHOWN_TURNS]:
            await old.remove()
        self.follow()
        return block

    async def show_turns(self, turns: Sequence[Turn]) -> None:
        await self.remove_children(TurnBlock)
        for turn in turns[-SHOWN_TURNS:]:
            block = TurnBlock(turn.report["question"], Path(turn.docs))
            await self.mount(block)
            await block.show_report(turn.report)
        self.follow()

    def follow(self) -> None:
        self.call_after_refresh(self.scroll_end, animate=False)


def _cited(text: str) -> Content:
    """The answer with its marks [1], [2] in the colour of the sources."""
    return Content.assemble(
        *((part, "$accent") if _NUMBER.fullmatch(part) else part for part in _NUMBER.split(text))
    )


def _warnings(report: Report) -> list[Content]:
    """What the guards found; answers saved long ago have none."""
    return [
        Content.assemble(("Warning: ", "bold $warning"), plain(one))
        for one in report.get("warnings", ())
    ]


def _refusal(report: Report) -> Content:
    reason = plain(str(report["reason"])).strip().rstrip(".")
    return Content.assemble(
        ("No evidence. ", "bold $warning"), f"{reason[:1].upper()}{reason[1:]}."
    )
