"""`qshell`: finds the command, runs it, and ends every run in one place.

The commands stand in a static table and their modules are imported only when one of them runs,
so help costs nothing. Whatever goes wrong comes out of `main` as one sentence on stderr and a
code from `shell.exits`. It knows no command's inside.
"""

import importlib
import importlib.util
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from shell.exits import Ending, Exit, ending
from shell.groups import TeachingGroup

_DISTRIBUTION = "qovaryx-shell"
_COMPLETION_VARIABLE = "_QSHELL_COMPLETE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One command of the table: its part of the help, its module under `shell.commands`, and
    what it is for."""

    part: str
    module: str
    purpose: str


def _part(part: str, **purposes: str) -> dict[str, Entry]:
    return {n: Entry(part=part, module=n, purpose=p) for n, p in purposes.items()}


COMMANDS: dict[str, Entry] = {
    **_part(
        "Ask",
        ask="Answer a question from a folder of documents, or refuse.",
        call="Let one specialist do its job on a text.",
        pipeline="Check, run and test work of several steps, row by row.",
        session="List, show, export and delete saved conversations.",
    ),
    **_part(
        "Specialists",
        route="Say which specialist a request is for, or none.",
        registry="Show, check and change the registered specialists.",
        ps="Show the workers with their memory and CPU.",
        top="Show what the workers have cost so far.",
        load="Start the worker of a specialist.",
        unload="Stop the worker of a specialist.",
        pin="Keep a worker from being stopped for room.",
        unpin="Let a pinned worker be stopped again.",
        checkpoint="Verify, describe and convert checkpoints.",
    ),
    **_part(
        "Train and measure",
        train="Train a shipped specialist again.",
        gate="Say whether a checkpoint's marks let it ship.",
        bench="Measure speed and quality on this machine.",
        tune="Find what is fastest for a specialist here, and load it so.",
        calibrate="Fit a threshold that promises a recall on your own pairs.",
        audit="See how often it refuses when your documents hold no answer.",
        forge="Make labelled pairs with near-misses from your own documents.",
    ),
    **_part(
        "Maintenance",
        doctor="Check this installation and say how to mend it.",
        info="Print versions, folders and specialists.",
        completion="Print the completion script of a shell.",
    ),
}


class LazyGroup(TeachingGroup):
    """The commands of `COMMANDS` whose modules stand in this build."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, entry in COMMANDS.items() if _stands(entry)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None or not _stands(entry):
            return None
        command = importlib.import_module(f"shell.commands.{entry.module}").command
        assert isinstance(command, click.Command), f"{cmd_name}: not a command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        for part in dict.fromkeys(COMMANDS[name].part for name in names):
            rows = [(n, COMMANDS[n].purpose) for n in names if COMMANDS[n].part == part]
            with formatter.section(part):
                formatter.write_dl(rows, col_max=16)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [n for n in self.list_commands(ctx) if n.startswith(incomplete)]
        found = [CompletionItem(name, help=COMMANDS[name].purpose) for name in names]
        return found + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name=_DISTRIBUTION, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.option("--plain", is_flag=True, help="Draw the screen for screen readers.")
@click.pass_context
def cli(ctx: click.Context, debug: bool, plain: bool) -> int:
    """A cluster of small specialists on this machine: it finds passages in your documents, keeps
    those that answer, and refuses where none does. Nothing leaves the machine unless you name an
    endpoint. Without a command the screen opens.

    \b
    Examples:
      qshell
      qshell ask "When was the pump replaced?" --docs notes/
      qshell ask "Who signs the lease?" --docs contracts/ --json
      qshell doctor
    """
    if ctx.invoked_subcommand is not None:
        return Exit.OK
    if _terminal_looks_on():
        return int(importlib.import_module("shell.tui.run").run_screen(plain=plain))
    click.echo(ctx.get_help())
    return Exit.OK


def main() -> NoReturn:
    """The entry point of the `qshell` command."""
    code = run(sys.argv[1:])
    # The interpreter still has to shut down: a further Ctrl-C ends it at once and in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code."""
    _prepare_streams()
    try:
        with _termination_as_interrupt():
            code = _invoke(list(arguments))
            sys.stdout.flush()
            return code
    except BaseException as error:
        return _end(error, debug="--debug" in arguments[:1])


def _terminal_looks_on() -> bool:
    """Or a browser, where Textual serves the screen as a page."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    can_draw = os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    return can_draw and sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _prepare_streams() -> None:
    """A character the terminal cannot show must not cost the answer, nor a stream that the
    caller has closed."""
    if sys.stdout is None or sys.stderr is None:
        nowhere = Path(os.devnull).open("w")  # noqa: SIM115  stays open to the end
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _invoke(arguments: list[str]) -> int:
    """Parses and runs. `cli.main` is not used but for completion: it would end a broken pipe and
    an interrupt in its own way."""
    if _COMPLETION_VARIABLE in os.environ:
        cli.main(arguments, prog_name="qshell", complete_var=_COMPLETION_VARIABLE)
    try:
        with cli.make_context("qshell", arguments) as ctx:
            result = cli.invoke(ctx)
    except click.exceptions.Exit as done:
        return done.exit_code
    return int(result or 0)


def _end(error: BaseException, *, debug: bool) -> int:
    """Says what `error` means and returns the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(bool(error.code))
    if isinstance(error, (click.exceptions.Abort, EOFError)):
        error = KeyboardInterrupt()
    end = _usage(error) if isinstance(error, click.ClickException) else ending(error)
    if end is None:
        end = _unexpected(error, debug=debug)
    if end.sentence:
        _say(end.sentence)
    _close_stdout()
    return end.code


def _usage(error: click.ClickException) -> Ending:
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return Ending(code=Exit.WRONG_USE, sentence="")
    sentence = error.format_message().rstrip(".")
    sentence = sentence[:1].lower() + sentence[1:]
    if isinstance(ctx, click.Context) and ctx.parent is not None:
        sentence += f" (see `{ctx.command_path} --help`)"
    code = Exit.WRONG_USE if isinstance(error, click.UsageError) else Exit.FAILURE
    return Ending(code=code, sentence=sentence)


def _unexpected(error: BaseException, *, debug: bool) -> Ending:
    """A mistake of ours: the traceback goes to a log file, or to stderr when asked for."""
    crash = importlib.import_module("shell.crash")
    if debug:
        sys.stderr.write(crash.traceback_text(error))
    kept = crash.keep_traceback(error)
    what = f"unexpected {type(error).__name__}; this is a mistake in qshell"
    where = f"the details are in {kept}" if kept else "run `qshell --debug ...` for the details"
    return Ending(code=Exit.UNEXPECTED, sentence=f"{what}; {where}")


def _say(sentence: str) -> None:
    try:
        words: str = importlib.import_module("shell.output").plain(sentence)
        print(f"qshell: {words}", file=sys.stderr, flush=True)  # noqa: T201  the last word
    except OSError:
        return


def _close_stdout() -> None:
    """Writes out what is buffered; where nobody reads any more, points stdout away so that the
    interpreter's own last flush stays quiet."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """While it lasts, SIGTERM is taken like Ctrl-C: workers are stopped and files closed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A script that starts us with `&` has Ctrl-C ignored, and then raising it does nothing.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stands(entry: Entry) -> bool:
    return importlib.util.find_spec(f"shell.commands.{entry.module}") is not None
