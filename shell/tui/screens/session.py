"""Asking: the question, the passages with their verdicts, the answer and where it stands.

The screen turns keys into wants and news into widgets. What an answer is, it does not know.
"""

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Input, Static

from shell.commands.ask import SAMPLE_DOCS
from shell.errors import SessionError
from shell.report import Report
from shell.session import Session, Sessions, Turn, new_name
from shell.tui.dialogs.documents import DocumentsDialog, is_there
from shell.tui.dialogs.export import ExportDialog
from shell.tui.dialogs.history import HistoryDialog
from shell.tui.dialogs.source import SourceDialog
from shell.tui.messages import (
    Answered,
    AskEnded,
    AskProgress,
    AskWanted,
    CancelWanted,
    PassagesFound,
    PassagesJudged,
    PlaceChanged,
    SomeJudged,
)
from shell.tui.place import Place
from shell.tui.screens.house import HouseScreen
from shell.tui.tour import STATIONS
from shell.tui.widgets.conversation import Conversation, SourceLine, TurnBlock
from shell.tui.widgets.passages import PassageList, PassagesPanel, SourceWanted
from shell.tui.widgets.question import QuestionLine
from shell.tui.widgets.welcome import Welcome
from shell.tui.writing import answer_text, write_export


class SessionScreen(HouseScreen):
    key = "session"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Browse", id="session.browse"),
        Binding("i,slash", "type", "Ask", id="session.ask", show=False),
        Binding("o,ctrl+o", "documents", "Documents", id="session.documents"),
        Binding("h,ctrl+r", "history", "Earlier", id="session.history"),
        Binding("n,ctrl+n", "new", "New", id="session.new"),
        Binding("y,ctrl+y", "copy", "Copy answer", id="session.copy"),
        Binding("e,ctrl+s", "export", "Export", id="session.export", show=False),
    ]

    def __init__(self, sessions: Sessions, place: Place) -> None:
        super().__init__()
        self._sessions = sessions
        self._place = place
        self._session = place.session
        self._docs = Path(place.docs) if place.docs else None
        self._asked: list[str] = []
        self._reports: list[Report] = []
        self._under_way: TurnBlock | None = None
        self._station: int | None = None

    def compose_body(self) -> ComposeResult:
        with Container(id="work"):
            yield Welcome()
            yield Conversation(id="conversation")
            yield PassagesPanel(id="passages-panel")
        yield Static("", id="hint")
        yield QuestionLine()
        yield Static("", id="docs")

    async def on_mount(self) -> None:
        line = self.query_one(QuestionLine)
        line.value = self._place.draft
        line.cursor_position = len(line.value)
        self._show_docs()
        self._show_hint("")
        self._show_what_stands()
        (line if self._docs else self.query_one("#ways")).focus()
        if self._session:
            await self._reopen(self._session)

    # What the user does

    @on(QuestionLine.Asked)
    async def _ask(self, event: QuestionLine.Asked) -> None:
        self._station = None
        await self._begin(event.question)

    @on(Input.Changed, "#question")
    def _typed(self) -> None:
        self._tell_place()

    @on(Welcome.Chosen)
    async def _welcomed(self, event: Welcome.Chosen) -> None:
        if event.way == "tour":
            self._docs = SAMPLE_DOCS
            self._show_docs()
            await self._walk_to(0)
        elif event.way == "documents":
            self.action_documents()
        else:
            self.action_history()

    @on(TurnBlock.Chosen)
    def _turn_chosen(self, event: TurnBlock.Chosen) -> None:
        if self._under_way is None:
            self.query_one(PassagesPanel).show_judged(event.report["passages"], event.docs)

    @on(SourceWanted)
    @work
    async def _show_source(self, event: SourceWanted) -> None:
        touring = self._station == 0
        hint = STATIONS[1].hint if touring else ""
        await self.app.push_screen_wait(SourceDialog(event, hint=hint))
        if touring:
            await self._walk_to(2)

    def action_type(self) -> None:
        self.query_one(QuestionLine).focus()

    def action_leave(self) -> None:
        """Stops the question under way; else goes from the line to what can be looked at."""
        if self._under_way is not None:
            self.post_message(CancelWanted(self.key))
        elif self.focused is self.query_one(QuestionLine):
            self._focus_answer()

    @work
    async def action_documents(self) -> None:
        here = Path.cwd()
        offered = [("The sample documents", SAMPLE_DOCS), (f"This folder: {here}", here)]
        try:
            known = await asyncio.to_thread(self._sessions.list)
        except SessionError:
            known = ()
        recent = dict.fromkeys(Path(one.docs) for one in known)
        others = [docs for docs in recent if docs not in (SAMPLE_DOCS, here)]
        there = await asyncio.to_thread(lambda: list(filter(is_there, others)))
        offered += [(str(docs), docs) for docs in there]
        chosen = await self.app.push_screen_wait(DocumentsDialog(offered, now=self._docs))
        if chosen is not None:
            self._docs = chosen
            self._station = None
            self._show_hint("")
            self._show_docs()
            self._show_what_stands()
            self.action_type()
            self._tell_place()

    @work
    async def action_history(self) -> None:
        try:
            known = await asyncio.to_thread(self._sessions.list)
        except SessionError as error:
            self.notify(str(error), severity="error")
            return
        chosen = await self.app.push_screen_wait(HistoryDialog(known))
        if chosen is not None and self._is_free():
            await self._reopen(chosen)
            self.action_type()

    async def action_new(self) -> None:
        if self._is_free():
            self._session = ""
            await self._show_turns(())
            self.action_type()
            self._tell_place()

    def action_copy(self) -> None:
        if not self._reports:
            self.notify("There is no answer to copy yet.")
            return
        self.app.copy_to_clipboard(answer_text(self._reports[-1]))
        self.notify("The answer and its sources are copied.")

    @work
    async def action_export(self) -> None:
        if not self._reports:
            self.notify("There is nothing to export yet.")
            return
        path = await self.app.push_screen_wait(ExportDialog(f"~/{self._session}.md"))
        if path is None:
            return
        try:
            session = await asyncio.to_thread(self._sessions.read, self._session)
            written = await asyncio.to_thread(write_export, session, Path(path))
        except (SessionError, OSError) as error:
            self.notify(str(error), severity="error")
        else:
            self.notify(f"Written to {written}")

    # What the cluster tells

    @on(AskProgress)
    def _progress(self, news: AskProgress) -> None:
        if self._under_way is not None:
            self._under_way.show_progress(news.words)

    @on(PassagesFound)
    def _found(self, news: PassagesFound) -> None:
        if self._under_way is not None:
            self.query_one(PassagesPanel).show_found(news.found, self._under_way.docs)

    @on(SomeJudged)
    def _some_judged(self, news: SomeJudged) -> None:
        if self._under_way is not None:
            self.query_one(PassagesPanel).show_some(news.judged)

    @on(PassagesJudged)
    def _judged(self, news: PassagesJudged) -> None:
        if self._under_way is not None:
            self.query_one(PassagesPanel).show_verdicts(news.judged)

    @on(Answered)
    async def _answered(self, news: Answered) -> None:
        for note in news.notes:
            self.notify(note, severity="warning")
        self._reports.append(news.report)
        self._asked.append(news.report["question"])
        self.query_one(QuestionLine).remember(self._asked)
        block, self._under_way = self._under_way, None
        if block is not None:
            self.query_one(PassagesPanel).show_judged(news.report["passages"], block.docs)
            await block.show_report(news.report)
            self.query_one(Conversation).follow()
        self._after_answer()
        self._tell_place()

    @on(AskEnded)
    def _ended(self, news: AskEnded) -> None:
        """The question goes back into the line, to be asked again or changed."""
        block, self._under_way = self._under_way, None
        self._station = None
        self._show_hint("")
        self.query_one(PassagesPanel).clear()
        if block is None:
            return
        if news.sentence:
            block.show_failure(news.sentence)
        else:
            block.show_cancelled()
        self.query_one(Conversation).follow()
        line = self.query_one(QuestionLine)
        if not line.value:
            line.value = block.question
            line.cursor_position = len(line.value)
        line.focus()

    # Steps between the two

    async def _begin(self, question: str) -> None:
        if not self._is_free():
            return
        if self._docs is None:
            self.action_documents()
            return
        self._session = self._session or new_name()
        self.query_one(QuestionLine).take_asked()
        self.query_one(PassagesPanel).clear()
        self._show_hint("")
        self._under_way = await self.query_one(Conversation).begin(question, self._docs)
        self._under_way.show_progress("searching")
        self._show_what_stands()
        self.post_message(AskWanted(question, self._docs, self._session))
        self._tell_place()

    def _is_free(self) -> bool:
        """Whether no question is under way; says so where one is."""
        if self._under_way is not None:
            self.notify("One question is still being answered; Esc stops it.")
        return self._under_way is None

    async def _walk_to(self, station: int) -> None:
        self._station = station
        await self._begin(STATIONS[station].question)

    def _after_answer(self) -> None:
        if self._station is None:
            self._show_hint("")
            return
        station = STATIONS[self._station]
        as_told = self._reports[-1]["refused"] == station.refused
        line = self.query_one(QuestionLine)
        typing = line.has_focus and bool(line.value)
        self._show_hint(station.hint if as_told and not typing else "")
        if self._station == 0 and self.query(SourceLine) and not typing:
            self.query(SourceLine).last().focus()
        else:
            self._station = None
            self.action_type()

    async def _reopen(self, name: str) -> None:
        try:
            session: Session = await asyncio.to_thread(self._sessions.read, name)
        except SessionError:
            # It was never saved, or was deleted meanwhile: the next answer begins anew.
            self._session = ""
            return
        self._session = session.name
        if session.turns:
            self._docs = Path(session.turns[-1].docs)
        self._show_docs()
        await self._show_turns(session.turns)
        self._tell_place()

    async def _show_turns(self, turns: tuple[Turn, ...]) -> None:
        self._reports = [turn.report for turn in turns]
        self._asked = [report["question"] for report in self._reports]
        self._station = None
        self._show_hint("")
        self.query_one(QuestionLine).remember(self._asked)
        self._show_what_stands()
        await self.query_one(Conversation).show_turns(turns)
        passages = self.query_one(PassagesPanel)
        if turns:
            passages.show_judged(turns[-1].report["passages"], Path(turns[-1].docs))
        else:
            passages.clear()

    def _focus_answer(self) -> None:
        sources = self.query(SourceLine)
        if sources:
            sources.last().focus()
        elif self.query_one(Welcome).display:
            self.query_one("#ways").focus()
        else:
            self.query_one(PassageList).focus()

    def _show_what_stands(self) -> None:
        talked = bool(self._reports) or self._under_way is not None
        self.query_one(Welcome).display = not talked
        self.query_one(Conversation).display = talked
        self.query_one(PassagesPanel).set_class(not talked, "-away")

    def _show_docs(self) -> None:
        if self._docs is None:
            words = "no documents yet: o opens a folder"
        elif self._docs == SAMPLE_DOCS:
            words = "the sample documents"
        else:
            words = str(self._docs)
        self.query_one("#docs", Static).update(
            Content.assemble(("from ", "$foreground 55%"), words)
        )

    def _show_hint(self, words: str) -> None:
        hint = self.query_one("#hint", Static)
        hint.update(Content(words))
        hint.set_class(not words, "-away")

    def _tell_place(self) -> None:
        self.post_message(self.place_now())

    def place_now(self) -> PlaceChanged:
        draft = self.query_one(QuestionLine).value
        if not draft and self._under_way is not None:
            draft = self._under_way.question
        return PlaceChanged(self._session, self._docs, draft)
