"""What is printed, and where: stdout is for the answer, stderr for talk.

Colour and width are decided here, from the terminal and the settings, so that no command asks
for them. Everything that comes from documents is cleared of control characters on the way, since
a document must not be able to steer the terminal. It knows no command and no cluster.
"""

import errno
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from shell.settings import Colours

# A pipe has no width: lines and columns are never cut there.
_PIPE_WIDTH = 100_000
_SAY_EVERY_S = 30.0
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "�")
_CONTROL_BUT_LINES = {code: mark for code, mark in _CONTROL.items() if chr(code) not in "\n\t"}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in range(127, 160)}


class Ticks(Protocol):
    """A bar under way: how many of how many are done, and what is being done."""

    def __call__(self, done: int, total: int | None = None, doing: str = "") -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """The two streams of one command. With `json`, only `document` writes to stdout."""

    json: bool = False
    colours: Colours = "auto"

    def answer(self, text: str | Text = "") -> None:
        """A line, or several, for stdout."""
        self._stdout().print(plain(text) if isinstance(text, str) else text, soft_wrap=False)

    def raw(self, text: str) -> None:
        """Text for stdout exactly as it is: files that are exported, scripts to be sourced."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()  # whoever reads a pipe sees what is watched as it happens

    def document(self, value: object) -> None:
        """One JSON document for stdout."""
        self.raw(self.as_json(value))

    def as_json(self, value: object) -> str:
        """The value as indented JSON. Escaped are what stdout's encoding cannot carry and, since
        JSON itself lets them through, the upper control characters."""
        unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        text = json.dumps(value, ensure_ascii=not unicode, indent=2)
        return text.translate(_JSON_ESCAPES)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        """Rows under headings, for stdout; the last column takes what width is left."""
        grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in columns:
            grid.add_column(column, overflow="fold", no_wrap=column != columns[-1])
        for row in rows:
            grid.add_row(*(Text(one_line(c)) if isinstance(c, str) else c for c in row))
        console = self._stdout()
        with console.capture() as drawn:
            console.print(grid)
        self.raw("\n".join(line.rstrip() for line in drawn.get().splitlines()))

    def note(self, sentence: str) -> None:
        """A sentence for stderr that the user should know."""
        self._stderr().print(Text(f"qshell: {plain(sentence)}", style="dim"))

    @contextmanager
    def progress(self) -> Iterator[Ticks]:
        """A bar on stderr that is gone at the end. Where no terminal looks on, a sentence now and
        then, so that a log tells long work from a hang."""
        console = self._stderr()
        columns = (BarColumn(bar_width=20), TextColumn("{task.description}"))
        bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        task = bar.add_task("", total=None, visible=False)

        said_at = time.monotonic()

        def tick(done: int, total: int | None = None, doing: str = "") -> None:
            nonlocal said_at
            counted = f"{done}/{total} {doing}" if total else doing
            if bar.disable and counted and time.monotonic() - said_at > _SAY_EVERY_S:
                self.note(counted)
                said_at = time.monotonic()
            label = escape(shorten(counted, limit=max(20, console.width - 24)))
            bar.update(task, completed=done, total=total, description=label, visible=True)

        with bar:
            yield tick

    def _stdout(self) -> Console:
        return _console(sys.stdout, self.colours)

    def _stderr(self) -> Console:
        return _console(sys.stderr, self.colours)


def plain(text: str) -> str:
    """The text without characters that steer a terminal; line ends and tabs stay."""
    return text.replace("\r\n", "\n").translate(_CONTROL_BUT_LINES)


def one_line(text: str) -> str:
    """The text on one line, white space folded, without control characters."""
    return " ".join(text.split()).translate(_CONTROL)


def shorten(text: str, *, limit: int) -> str:
    """The text on one line of at most `limit` characters, cut at a word."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0] + "…"


class _Console(Console):
    """A console that leaves a reader who went away to `shell.exits`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def _console(stream: IO[str], colours: Colours) -> Console:
    console = _Console(
        file=stream,
        force_terminal=True if colours == "always" else None,
        no_color=colours == "never",
        highlight=False,
        markup=False,
        emoji=False,
    )
    if not stream.isatty():
        console.width = _PIPE_WIDTH
    return console
