"""`qshell session`: the saved conversations from the command line."""

from pathlib import Path

import click

from shell.answers import print_answer
from shell.groups import TeachingGroup
from shell.output import Output, plain, shorten
from shell.session import Sessions
from shell.settings import read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


@click.group(name="session", cls=TeachingGroup, no_args_is_help=True)
def command() -> None:
    """Saved conversations. `qshell ask --session NAME` begins one or goes on with it.

    \b
    Examples:
      qshell session list
      qshell session show pumps
      qshell session export pumps --as markdown > pumps.md
    """


@command.command(name="list")
@_JSON
def list_sessions(as_json: bool) -> None:
    """List the conversations, last asked first.

    \b
    Examples:
      qshell session list
      qshell session list --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    found = Sessions(settings.sessions_file).list()
    if as_json:
        keys = ("name", "started_at", "last_asked_at", "turns", "docs")
        output.document([{key: getattr(one, key) for key in keys} for one in found])
    elif not found:
        output.note("no conversation is saved yet; begin one with `qshell ask --session NAME`")
    else:
        rows = [(s.name, str(s.turns), s.last_asked_at, s.docs) for s in found]
        output.table(("name", "turns", "last asked", "documents"), rows)


@command.command(name="show")
@click.argument("name")
@_JSON
def show_session(name: str, as_json: bool) -> None:
    """Print the questions and answers of the conversation NAME.

    \b
    Examples:
      qshell session show pumps
      qshell session show pumps --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    session = Sessions(settings.sessions_file).read(name)
    if as_json:
        output.document(session.to_dict())
        return
    for turn in session.turns:
        output.answer(f"{turn.asked_at}  {shorten(turn.report['question'], limit=200)}")
        print_answer(output, turn.report, explain=False)
        output.answer()


@command.command(name="export")
@click.argument("name")
@click.option(
    "--as",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
    help="The form of the export.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of stdout; an existing file is not replaced.",
)
def export_session(name: str, form: str, target: Path | None) -> None:
    """Export the conversation NAME with all its sources.

    \b
    Examples:
      qshell session export pumps > pumps.md
      qshell session export pumps --as json -o pumps.json
    """
    settings = read_settings()
    session = Sessions(settings.sessions_file).read(name)
    output = Output(json=form == "json", colours=settings.colours)
    text = output.as_json(session.to_dict()) if form == "json" else plain(session.to_markdown())
    if target is None:
        output.raw(text)
        return
    try:
        with target.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except FileExistsError as error:
        raise click.BadParameter(f"{target} exists; give another name") from error
    output.note(f"wrote {target}")


@command.command(name="delete")
@click.argument("name")
def delete_session(name: str) -> None:
    """Delete the conversation NAME for good.

    \b
    Examples:
      qshell session delete pumps
    """
    settings = read_settings()
    Sessions(settings.sessions_file).delete(name)
    Output(colours=settings.colours).note(f"deleted {name}")
