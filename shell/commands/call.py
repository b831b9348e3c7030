"""`qshell call`: one specialist, one job, one result.

It knows how a person gives inputs; which inputs there are, and what comes out, the job says.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from cluster.jobs import job_of
from shell.asking import open_cluster
from shell.output import Output
from shell.registered import read_registered
from shell.settings import Settings, read_settings
from specialists.errors import JobError
from specialists.jobs.job import Inputs, Result

_MOST_BYTES = 64 * 2**20
"""Read of stdin."""


@click.command(name="call")
@click.argument("name")
@click.argument("text", required=False)
@click.option(
    "-i",
    "--input",
    "given",
    metavar="INPUT=VALUE",
    multiple=True,
    help="One input of the job; @FILE reads a file, a JSON list or object is taken as such.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(name: str, text: str | None, given: tuple[str, ...], as_json: bool) -> None:
    """Let the specialist NAME do its job on TEXT (`-` reads it from stdin), its main input.

    \b
    Examples:
      qshell call q-doccite                # says what it takes
      qshell call q-cmdsafe "rm -rf build/"
      qshell call q-dup -i first="How do I reset it?" -i second="How can I reset it?"
      cat mail.txt | qshell call q-pii - --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    spec = read_registered(settings).resolve(name)
    job = job_of(spec)
    if text is None and not given:
        takes = "".join(f"\n  {name}: {what}" for name, what in job.inputs.items())
        raise click.UsageError(f"{name}: {job.summary} It takes:{takes}")
    inputs: dict[str, Any] = dict(_read_input(one) for one in given)
    if text is not None:
        inputs[job.main] = _read_stdin() if text == "-" else text
    try:
        job.start(inputs).close()  # inputs that are missing or unknown are told at once
    except JobError as error:
        shown = " ".join(f"-i {one}=..." for one in job.inputs)
        raise JobError(f"{error}; write: qshell call {name} {shown}") from error
    with output.progress() as tick:
        tick(0, None, f"{spec.name} at work")
        result = asyncio.run(_do(settings, spec.name, inputs))
    if as_json:
        output.document(result)
    else:
        for key, value in result.items():
            output.answer(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")


async def _do(settings: Settings, name: str, inputs: Inputs) -> Result:
    async with open_cluster(settings) as cluster:
        return await cluster.do(name, inputs)


def _read_stdin() -> str:
    if sys.stdin is None:
        raise click.UsageError("stdin is closed; type the text, or give it on stdin")
    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise JobError(f"stdin: over {_MOST_BYTES // 2**20} MiB; give it in parts")
    return _decoded(data, "stdin")


def _read_input(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not equals:
        raise click.BadParameter(f"{given!r}: write it as INPUT=VALUE")
    if value.startswith("@"):
        path = Path(value[1:])
        value = _decoded(path.read_bytes(), str(path))
    if value.lstrip().startswith(("[", "{")):
        with contextlib.suppress(ValueError, RecursionError):
            return name, json.loads(value)
    return name, value


def _decoded(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JobError(f"{place}: not UTF-8 text ({error}); save it as UTF-8") from error
