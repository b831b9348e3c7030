"""`qshell ask`: one question over a folder of documents, answered or refused.

It reads the options, asks the cluster once, prints, saves, and picks the exit code. What an
answer is belongs to the cluster, how it looks to `shell.answers`.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.answers import print_answer
from shell.errors import SessionError
from shell.exits import Exit
from shell.output import Output
from shell.question import read_question
from shell.report import Report
from shell.session import Sessions, checked_name, new_name
from shell.settings import Settings, is_address, read_guards, read_settings

if TYPE_CHECKING:
    from cluster.answering.endpoint import EndpointSettings
    from cluster.records import GuardName

SAMPLE_DOCS = Path(__file__).parents[1] / "sample_docs"
_NO_ENDPOINT = "none"


def _address(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value == _NO_ENDPOINT or is_address(value):
        return value
    raise click.BadParameter(
        f"{value} is not an http or https address such as http://127.0.0.1:11434/v1"
    )


def _guards(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple["GuardName", ...] | None:
    try:
        return None if value is None else read_guards(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else checked_name(value)
    except SessionError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="ask")
@click.argument("question", required=False)
@click.option(
    "--docs",
    type=click.Path(exists=True, path_type=Path),
    help="The folder, or the one file, to answer from.  [default: the shipped samples]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
@click.option("--session", callback=_name, metavar="NAME", help="Save the answer under NAME.")
@click.option(
    "--continue",
    "go_on",
    is_flag=True,
    help="Save into the last session and ask its documents; each question stands for itself.",
)
@click.option(
    "-k",
    "passages",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many passages are retrieved and judged.",
)
@click.option(
    "--specialist",
    metavar="NAME",
    help="The specialist that judges the passages; the first registered for relevance when left "
    "out.",
)
@click.option(
    "--endpoint",
    callback=_address,
    metavar="URL",
    help="Compose the answer with a model behind this OpenAI-compatible address; `none` for "
    "quotes alone.",
)
@click.option("--model", metavar="NAME", help="The model's name at the endpoint.")
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Let the question and its passages leave this machine for the endpoint.",
)
@click.option(
    "--guards",
    callback=_guards,
    metavar="LIST",
    help="What stands beside the answer model: injection, personal-data, grounding, or none.  "
    "[default: injection,personal-data]",
)
@click.option(
    "--answer-cache/--no-answer-cache",
    default=None,
    help="Answer a question that was asked before from what was answered then.",
)
@click.option(
    "--explain",
    "--verbose",
    "explain",
    is_flag=True,
    help="Show every passage with its verdict, and the seconds of each step.",
)
def command(
    *,
    question: str | None,
    docs: Path | None,
    as_json: bool,
    session: str | None,
    go_on: bool,
    passages: int,
    specialist: str | None,
    endpoint: str | None,
    model: str | None,
    allow_remote: bool,
    guards: tuple["GuardName", ...] | None,
    answer_cache: bool | None,
    explain: bool,
) -> int:
    """Answer QUESTION from documents: passages are found, a specialist keeps those that answer,
    and the answer cites them. Where nothing is relevant it says so and ends with code 3.

    QUESTION is read from stdin when it is `-` or left out.

    \b
    Examples:
      qshell ask "When was the pump replaced?" --docs notes/
      qshell ask "Who signs the lease?" --docs contracts/ --json
      echo "What is the notice period?" | qshell ask --docs contracts/ --session lease
      qshell ask "Who pays the rent?" --continue --explain
    """
    # The cluster takes a moment to import; help does without it.
    from shell.asking import Order, ask_cluster

    if session and go_on:
        raise click.UsageError("--session and --continue exclude each other; give one")
    settings = read_settings()
    answer_model = _answer_model(settings, endpoint, model, allow_remote=allow_remote)
    output = Output(json=as_json, colours=settings.colours)
    text = read_question(question)
    conversation = _conversation(settings, output, docs=docs, session=session, go_on=go_on)
    folder = _documents(output, docs or conversation.docs)
    order = Order(
        question=text,
        docs=folder,
        passages=passages,
        specialist=specialist,
        endpoint=answer_model,
        guards=settings.guards if guards is None else guards,
        answer_cache=settings.answer_cache if answer_cache is None else answer_cache,
    )
    report = asyncio.run(ask_cluster(settings, order, output))
    if conversation.name:  # before anything is printed: nobody may be reading
        _save(settings, output, conversation.name, report=report, docs=folder)
    if as_json:
        output.document(report)
    else:
        print_answer(output, report, explain=explain)
    return Exit.REFUSED if report["refused"] else Exit.OK


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conversation:
    """The session an answer belongs to, if any, and the documents its last turn was asked of."""

    name: str | None = None
    docs: Path | None = None


def _conversation(
    settings: Settings, output: Output, *, docs: Path | None, session: str | None, go_on: bool
) -> _Conversation:
    """What the saved sessions say. Where they cannot be read a question of `docs` is answered all
    the same, and the note says that nothing is remembered; of what another would be asked is not
    known. Raises `SessionError` then."""
    if not session and not go_on:
        return _Conversation()
    try:
        known = Sessions(settings.sessions_file).list()
    except SessionError as error:
        if docs is None:
            raise SessionError(f"{error}; or name the documents with --docs") from error
        output.note(f"{error}; the answer will not be saved")
        return _Conversation()
    wanted = known[:1] if go_on else [one for one in known if one.name == session]
    if wanted:
        return _Conversation(name=wanted[0].name, docs=Path(wanted[0].docs))
    name = session or new_name()
    if go_on:
        output.note(f"no session to go on with; this one is saved as {name}")
    return _Conversation(name=name)


def _documents(output: Output, docs: Path | None) -> Path:
    if docs is not None and not docs.exists():
        raise click.UsageError(f"the documents of this session are gone from {docs}; give --docs")
    if docs is not None:
        return docs.absolute()
    output.note("answering from the shipped samples; give your own folder with --docs")
    return SAMPLE_DOCS


def _answer_model(
    settings: Settings, url: str | None, model: str | None, *, allow_remote: bool
) -> "EndpointSettings | None":
    """The endpoint in force: what was typed, else what the file says; None for quotes alone."""
    if url == _NO_ENDPOINT:
        return None
    url, model = url or settings.endpoint, model or settings.model
    if url and not model:
        raise click.UsageError("an endpoint needs the name of a model: add --model NAME")
    if model and not url:
        raise click.UsageError("a model needs the address of its endpoint: add --endpoint URL")
    if not url or not model:
        return None
    from cluster.answering.endpoint import EndpointSettings

    remote = allow_remote or settings.allow_remote
    return EndpointSettings(url=url, model=model, allow_remote=remote)


def _save(settings: Settings, output: Output, name: str, *, report: Report, docs: Path) -> None:
    try:
        Sessions(settings.sessions_file).save(name, report=report, docs=str(docs))
    except SessionError as error:
        output.note(f"the answer was not saved: {error}")
