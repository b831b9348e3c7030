"""What stands where no conversation stands yet: what this is, and three ways to begin."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

_WAYS = {
    "tour": ("t", "Take the tour on the sample documents"),
    "documents": ("o", "Open a folder of your own"),
    "history": ("h", "Reopen an earlier conversation"),
}


class Welcome(Vertical):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "choose('tour')", "Tour", id="welcome.tour"),
    ]

    class Chosen(Message):
        def __init__(self, way: str) -> None:
            super().__init__()
            self.way = way

    def compose(self) -> ComposeResult:
        yield Static(
            Content.assemble(
                ("Ask your documents.", "bold"),
                "\nPassages are found, a small model keeps those that answer, and where none does"
                " you are told so. Nothing leaves this machine.",
            ),
            id="welcome-words",
        )
        yield OptionList(
            *(
                Option(Content.assemble((f" {key} ", "$accent"), f" {words}"), id=way)
                for way, (key, words) in _WAYS.items()
            ),
            id="ways",
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        assert event.option_id is not None
        self.action_choose(event.option_id)

    def action_choose(self, way: str) -> None:
        self.post_message(self.Chosen(way))
