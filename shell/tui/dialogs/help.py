"""The keys of the screen it is called from, with the names they have in the settings."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from shell.tui.dialogs.dialog import Dialog

_KEY_WIDTH = 16
_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    **{f"f{n}": f"F{n}" for n in range(1, 13)},
}


class HelpDialog(Dialog[bool]):
    def __init__(self, title: str, bindings: Sequence[Binding]) -> None:
        super().__init__()
        self._title = title
        self._keys = bindings

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static(f"Keys of {self._title}", classes="dialog-title")
            with VerticalScroll():
                yield Static(_listed(self._keys))
            yield Static(
                "While typing, Esc leaves the line first. Other keys: `keys:` in config.yaml, "
                "by the names on the right.",
                classes="hint",
            )
            yield Footer(show_command_palette=False)


def _listed(bindings: Sequence[Binding]) -> Content:
    """Those that have a name, once each; what every list and every line does is left out."""
    rows: dict[str, tuple[list[str], str]] = {}
    for binding in bindings:
        if binding.description and binding.id:
            keys, _ = rows.setdefault(binding.description, ([], binding.id or ""))
            keys += [key for key in _shown(binding) if key not in keys]
    return Content("\n").join(
        Content.assemble(
            (f"{' '.join(keys[:3]):{_KEY_WIDTH}}", "$accent"),
            f"{description:34}",
            (name, "$foreground 55%"),
        )
        for description, (keys, name) in rows.items()
    )


def _shown(binding: Binding) -> list[str]:
    keys = binding.key.split(",")
    return [_NAMES.get(key, key.replace("ctrl+", "Ctrl+")) for key in keys]
