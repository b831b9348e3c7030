"""A form that registers a specialist: what `qshell registry add` asks for, and its refusals."""

import asyncio
from pathlib import Path
from typing import ClassVar, get_args

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Footer, Input, Label, Select, Static

from cluster.errors import ClusterError
from cluster.registry import Task
from shell.registered import register_specialist
from shell.settings import Settings
from shell.tui.dialogs.dialog import Dialog

_FIELDS = {
    "name": ("Name", "letters, digits, '.', '_' and '-'"),
    "checkpoint": ("Checkpoint", "the folder with its weights"),
    "aliases": ("Aliases", "other names, with spaces between"),
    "description": ("Description", "one sentence for lists and help"),
}

_CHOICES = {"pin": "Keep it loaded once it is", "preload": "Load it at the start"}


class RegisterDialog(Dialog[str]):
    """Returns the sentence that says what was done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "register", "Register")]

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -form"):
            yield Static("Register a specialist", classes="dialog-title")
            with VerticalScroll():
                for key, (label, hint) in _FIELDS.items():
                    with Horizontal(classes="field"):
                        yield Label(label)
                        yield Input(placeholder=hint, compact=True, id=key)
                with Horizontal(classes="field"):
                    yield Label("Task")
                    yield Select(
                        [(task, task) for task in get_args(Task)],
                        value="relevance",
                        allow_blank=False,
                        compact=True,
                        id="task",
                    )
                for key, words in _CHOICES.items():
                    yield Checkbox(f"{words}: no", compact=True, id=key)
                yield Button("Register", compact=True, variant="primary")
            yield Static("", classes="hint")
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#name").focus()

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    @on(Checkbox.Changed)
    def _say_choice(self, event: Checkbox.Changed) -> None:
        """In words too, where there is no colour to tell a tick by."""
        assert event.checkbox.id is not None
        answer = "yes" if event.value else "no"
        event.checkbox.label = f"{_CHOICES[event.checkbox.id]}: {answer}"

    @on(Button.Pressed)
    def action_register(self) -> None:
        self._register()

    @work(exclusive=True)
    async def _register(self) -> None:
        typed = {key: self.query_one(f"#{key}", Input).value.strip() for key in _FIELDS}
        hint = self.query_one(".hint", Static)
        missing = [key for key in ("name", "checkpoint") if not typed[key]]
        if missing:
            self.query_one(f"#{missing[0]}").focus()
            hint.update(Content.styled(f"The {missing[0]} is missing.", "$error"))
            return
        hint.update(Content("Opening the checkpoint …"))
        values: dict[str, object] = {
            "task": self.query_one("#task", Select).value,
            "aliases": typed["aliases"].split(),
            "description": typed["description"],
            **{key: self.query_one(f"#{key}", Checkbox).value for key in _CHOICES},
        }
        try:
            file = await asyncio.to_thread(
                register_specialist,
                self._settings,
                typed["name"],
                checkpoint=Path(typed["checkpoint"]),
                values=values,
            )
        except (ClusterError, OSError) as error:
            hint.update(Content.styled(str(error), "$error"))
        else:
            self.dismiss(f"Registered {typed['name']} in {file}")
