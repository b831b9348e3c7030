"""Theme colours for what is drawn as rich text: tables and logs, which know no theme names."""

from rich.text import Text
from textual.app import App

_FADED = "$foreground 55%"


def coloured(app: App[None], text: str, style: str) -> Text:
    """`style` as in marks: a theme colour such as `$success`, or nothing."""
    if style == _FADED:
        return Text(text, style="dim")
    colour = app.theme_variables.get(style.removeprefix("$"), "") if style else ""
    return Text(text, style=colour)
