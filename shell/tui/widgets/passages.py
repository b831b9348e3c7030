"""The list of passages of one question: found, then coloured by their verdicts.

Each has its score, its place and, where it is highlighted, the reason why it was kept or dropped.
It knows reports and records, no cluster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from cluster.records import JudgedPassage, Passage
from shell.output import one_line
from shell.report import place
from shell.tui.marks import KEPT, WAITING, Mark, verdict_mark

_SNIPPET_LENGTH = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One passage as it is shown. `start` and `end` are offsets into the document's text."""

    mark: Mark
    score: str
    place: str
    heading: str
    text: str
    reason: str
    source: str
    start: int
    end: int


@dataclass
class SourceWanted(Message):
    """The text of `source`, below `docs`, is to be shown from `start` to `end`, which should read
    `quote`."""

    docs: Path
    source: str
    start: int
    end: int
    quote: str


class PassageList(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Show source", id="passages.source"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]


class PassagesPanel(Vertical):
    """`docs` is always the folder that the passages shown come from."""

    def compose(self) -> ComposeResult:
        yield Static("Passages", id="passages-title")
        yield PassageList(id="passages")
        yield Static("", id="why")

    def on_mount(self) -> None:
        self._lines: list[Line] = []
        self._docs = Path()

    def clear(self) -> None:
        self._show([], "Passages")

    def show_found(self, found: Sequence[Passage], docs: Path) -> None:
        """Retrieved, and nothing decided yet."""
        title = f"Passages  {len(found)} found, being judged"
        self._docs = docs
        self._show([_undecided(passage) for passage in found], title)

    def show_some(self, judged: Sequence[JudgedPassage]) -> None:
        """Verdicts that have come in: each colours its passage where it stands."""
        decided = {_id_of(line): line for line in map(_decided, judged)}
        listed = self.query_one(PassageList)
        plain = self.app.has_class("-plain")
        for at, line in enumerate(self._lines):
            if line.mark is WAITING and (found := decided.get(_id_of(line))):
                self._lines[at] = found
                listed.replace_option_prompt_at_index(at, _prompt(found, plain=plain))
        waiting = sum(line.mark is WAITING for line in self._lines)
        kept = sum(line.mark is KEPT for line in self._lines)
        title = f"Passages  {kept} kept, {len(self._lines) - waiting - kept} dropped"
        if waiting:
            title += f", {waiting} being judged"
        self.query_one("#passages-title", Static).update(Content(title))
        if listed.highlighted is not None:
            self._say_why(self._lines[listed.highlighted])

    def show_verdicts(self, judged: Sequence[JudgedPassage]) -> None:
        """Decided, while the answer is still being composed."""
        ordered = sorted(judged, key=lambda j: (not j.kept, -j.verdict.score))
        kept = sum(j.kept for j in judged)
        self._show([_decided(j) for j in ordered], _counted(kept, len(judged)))

    def show_judged(self, passages: Sequence[Mapping[str, Any]], docs: Path) -> None:
        """Of a report: with verdicts, those kept first."""
        self._docs = docs
        ordered = sorted(passages, key=lambda p: (not p["kept"], -p["score"]))
        kept = sum(bool(p["kept"]) for p in passages)
        self._show([_judged(passage) for passage in ordered], _counted(kept, len(passages)))

    def _show(self, lines: list[Line], title: str) -> None:
        self._lines = lines
        plain = self.app.has_class("-plain")
        self.query_one("#passages-title", Static).update(Content(title))
        found = self.query_one(PassageList)
        found.clear_options()
        found.add_options(Option(_prompt(line, plain=plain)) for line in lines)
        found.highlighted = 0 if lines else None
        if not lines:
            self.query_one("#why", Static).update("")

    @on(OptionList.OptionHighlighted)
    def _explain(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._lines):
            self._say_why(self._lines[event.option_index])

    def _say_why(self, line: Line) -> None:
        self.query_one("#why", Static).update(
            Content.assemble((line.reason.capitalize(), line.mark.style))
        )

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        line = self._lines[event.option_index]
        self.post_message(SourceWanted(self._docs, line.source, line.start, line.end, line.text))


def _id_of(line: Line) -> tuple[str, int, int]:
    return line.source, line.start, line.end


def _undecided(passage: Passage) -> Line:
    return Line(
        mark=WAITING,
        score="",
        place=f"{passage.source}:{passage.line}",
        heading=passage.heading,
        text=passage.text,
        reason="being judged",
        source=passage.source,
        start=passage.start,
        end=passage.end,
    )


def _counted(kept: int, count: int) -> str:
    return f"Passages  {kept} kept, {count - kept} dropped" if count else "Passages"


def _decided(judged: JudgedPassage) -> Line:
    return replace(
        _undecided(judged.passage),
        mark=verdict_mark(judged.kept),
        score=f"{judged.verdict.score:.2f}",
        reason=judged.reason,
    )


def _judged(passage: Mapping[str, Any]) -> Line:
    return Line(
        mark=verdict_mark(passage["kept"]),
        score=f"{passage['score']:.2f}",
        place=place(passage),
        heading=passage["heading"],
        text=passage["text"],
        reason=passage["reason"],
        source=passage["source"],
        start=passage["start"],
        end=passage["end"],
    )


def _prompt(line: Line, *, plain: bool) -> Content:
    sign = line.mark.shown(plain=plain)
    kept = line.mark.word != "dropped"
    return Content.assemble(
        (f"{sign} ", line.mark.style),
        (f"{line.score:4} ", line.mark.style),
        (one_line(line.place), "" if kept else "$foreground 55%"),
        (f"  {one_line(line.heading)}" if line.heading else "", "$foreground 55%"),
        "\n",
        (f"  {one_line(line.text[:_SNIPPET_LENGTH].lstrip('#'))}", "$foreground 55%"),
    )
