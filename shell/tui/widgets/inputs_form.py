"""A small form for the inputs of a pipeline: a line for each, several lines for lists and records.

What is typed stays text; what it means is read elsewhere.
"""

from collections.abc import Iterator, Mapping

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, TextArea

from cluster.pipelines import pipeline as pipelines
from cluster.pipelines.types import TEXTS
from shell.output import one_line

_ON_ONE_LINE = ("text", "path", "number", "flag")


class InputsForm(VerticalScroll, can_focus=False):
    class Entered(Message):
        """Enter was pressed in a field."""

    async def show(self, inputs: Mapping[str, pipelines.Input], typed: Mapping[str, str]) -> None:
        await self.remove_children()
        await self.mount_all(
            Horizontal(Label(name), _field(name, wanted, typed.get(name, "")), classes="field")
            for name, wanted in inputs.items()
        )

    @property
    def typed(self) -> dict[str, str]:
        return {
            str(field.name): field.value if isinstance(field, Input) else field.text
            for field in self._fields()
        }

    def enter(self, name: str = "") -> bool:
        """Puts the cursor into the field of this name, else into the first that is empty, else
        into the first. False where there is none."""
        fields = list(self._fields())
        empty = [field for field in fields if not self.typed[str(field.name)].strip()]
        named = [field for field in fields if field.name == name]
        for field in [*named, *empty, *fields][:1]:
            field.focus()
        return bool(fields)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered())

    def _fields(self) -> Iterator[Input | TextArea]:
        for field in self.query("Input, TextArea").results(Widget):
            if isinstance(field, Input | TextArea):
                yield field


def _field(name: str, wanted: pipelines.Input, typed: str) -> Input | TextArea:
    about = one_line(wanted.description)
    if not wanted.required:
        about = f"{wanted.default!s} when left out. {about}".rstrip()
    if wanted.type.name in _ON_ONE_LINE:
        return Input(typed, placeholder=about or str(wanted.type), compact=True, name=name)
    form = "one a line" if wanted.type == TEXTS else f"{wanted.type} as JSON"
    # As content: a description may hold what looks like markup.
    return TextArea(typed, placeholder=Content(f"{form}. {about}"), compact=True, name=name)
