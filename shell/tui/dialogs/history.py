"""Earlier conversations, last asked first; Enter reopens one."""

from datetime import datetime
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from shell.session import SessionSummary
from shell.tui.dialogs.dialog import Dialog


class HistoryDialog(Dialog[str]):
    """Returns the name of the one chosen."""

    def __init__(self, known: tuple[SessionSummary, ...]) -> None:
        super().__init__()
        self._known = known

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Earlier conversations", classes="dialog-title")
            if self._known:
                yield OptionList(*(Option(_prompt(one), id=one.name) for one in self._known))
            else:
                yield Static("None yet. The first answer begins one.", classes="empty")
            yield Footer(show_command_palette=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


def _prompt(one: SessionSummary) -> Content:
    asked = datetime.fromisoformat(one.last_asked_at).astimezone()
    turns = "1 question" if one.turns == 1 else f"{one.turns} questions"
    return Content.assemble(
        one.name,
        (f"  {turns}, last {asked:%d %b %H:%M}  {Path(one.docs).name}", "$foreground 55%"),
    )
