"""The line a question is typed into: it knows earlier ones, and takes no more than a question."""

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input

from shell.question import LONGEST_BYTES


class QuestionLine(Input):
    """`Asked` is posted with a question that is not empty. Up and down go through earlier ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "earlier(-1)", "Earlier question", show=False),
        Binding("down", "earlier(1)", "Later question", show=False),
    ]

    class Asked(Message):
        def __init__(self, question: str) -> None:
            super().__init__()
            self.question = question

    def __init__(self, placeholder: str = "Ask a question") -> None:
        super().__init__(placeholder=placeholder, compact=True, id="question")
        self._earlier: list[str] = []
        self._draft = ""
        self._asked = ""
        self._at = 0
        self._empty = True

    @on(Input.Changed)
    def _refresh_keys(self) -> None:
        """An empty line has a key more than one with text."""
        if self._empty == bool(self.value):
            self._empty = not self.value
            self.screen.refresh_bindings()

    def remember(self, questions: list[str]) -> None:
        self._earlier = questions
        self._at = len(questions)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """No question begins with a question mark: there it asks for help."""
        if key == "question_mark" and not self.value:
            return False
        return super().check_consume_key(key, character)

    async def _on_key(self, event: Key) -> None:
        """Leaves the question mark to the keys of the app; all others go on to the line."""
        if event.key == "question_mark" and not self.value:
            event.prevent_default()

    def _on_paste(self, event: Paste) -> None:
        """Lines become one; what is too long for a question is refused, not cut."""
        event.prevent_default()
        event.stop()
        length = len(event.text.encode("utf-8", "replace"))
        if length > LONGEST_BYTES:
            self.notify(
                f"{length / 2**20:.1f} MiB were pasted; a question is at most "
                f"{LONGEST_BYTES // 1024} KiB. Put long text into a document and ask about it.",
                severity="warning",
            )
            return
        line = " ".join(event.text.split())
        if self.selection.is_empty:
            self.insert_text_at_cursor(line)
        else:
            self.replace(line, *self.selection)

    async def action_submit(self) -> None:
        question = " ".join(self.value.split())
        if question:
            self._asked = self.value
            self.cursor_position = len(self.value)
            self.post_message(self.Asked(question))

    def take_asked(self) -> None:
        """The question leaves the line; what was typed since then stays."""
        asked, self._asked = self._asked, ""
        if asked and self.value.startswith(asked):
            self.value = self.value[len(asked) :]
            self.cursor_position = len(self.value)

    def action_earlier(self, step: int) -> None:
        end = len(self._earlier)
        to = max(0, min(end, self._at + step))
        if to == self._at:
            return
        if self._at == end:  # what is not asked yet is there when one comes back
            self._draft = self.value
        self._at = to
        self.value = self._earlier[to] if to < end else self._draft
        self.cursor_position = len(self.value)
