"""`qshell pipeline`: list, check, graph, new, run and test work of several steps."""

import asyncio
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from shell.exits import Exit
from shell.groups import TeachingGroup
from shell.output import Output, plain
from shell.settings import Settings, read_settings

if TYPE_CHECKING:
    from cluster.pipelines.pipeline import Pipeline

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@click.group(name="pipeline", cls=TeachingGroup, no_args_is_help=True)
def command() -> None:
    """Work of several steps, written in a YAML file and checked whole before anything runs.
    PIPELINE is the name of a shipped one or a file of your own.

    \b
    Examples:
      qshell pipeline list
      qshell pipeline run filter-jsonl < rows.jsonl > kept.jsonl
      qshell pipeline new night-filter --from filter-jsonl
      qshell pipeline check night-filter.yaml
    """


@command.command(name="list")
@_JSON
def show_list(as_json: bool) -> None:
    """List the shipped pipelines, those whose files stand in this folder, and the steps that
    pipelines are made of.

    \b
    Examples:
      qshell pipeline list
      qshell pipeline list --json
    """
    from cluster.pipelines.kinds import find_kind, step_names
    from shell.listed import list_pipelines

    _, output = _begin(as_json)
    listed = list_pipelines(Path())
    kinds = [kind for name in step_names() if (kind := find_kind(name))]
    if as_json:
        output.document(
            {
                "pipelines": {
                    one.given: {
                        "description": one.pipeline.description if one.pipeline else "",
                        "inputs": {
                            n: str(i.type)
                            for n, i in (one.pipeline.inputs if one.pipeline else {}).items()
                        },
                        "problems": list(one.problems),
                    }
                    for one in listed
                },
                "steps": {k.name: k.purpose for k in kinds},
            }
        )
        return
    output.table(("pipeline", "what it does"), [(one.given, one.about) for one in listed])
    output.answer()
    output.table(("step", "what it does"), [(k.name, k.purpose) for k in kinds])


@command.command(name="check")
@click.argument("pipelines", nargs=-1, metavar="[PIPELINE]...")
@_JSON
def check(pipelines: tuple[str, ...], as_json: bool) -> int:
    """Check every PIPELINE, the shipped ones when none is named: names, types, wiring,
    specialists. Every mistake is told with its line; nothing is run.

    \b
    Examples:
      qshell pipeline check
      qshell pipeline check night-filter.yaml
    """
    from cluster.errors import PipelineError
    from cluster.pipelines.library import shipped_names

    settings, output = _begin(as_json)
    found: dict[str, list[str]] = {}
    for given in pipelines or shipped_names():
        try:
            _read(settings, given)
            found[given] = []
        except PipelineError as error:
            found[given] = str(error).splitlines()
    if as_json:
        output.document(found)
    for name, problems in found.items() if not as_json else ():
        for sentence in problems or (f"{name}: ok",):
            output.answer(sentence)
    return Exit.FAILURE if any(found.values()) else Exit.OK


@command.command(name="graph")
@click.argument("pipeline")
@click.option("--mermaid", is_flag=True, help="Print a Mermaid diagram.")
def graph(pipeline: str, mermaid: bool) -> None:
    """Draw PIPELINE: its inputs, what each step takes and gives, and what comes out.

    \b
    Examples:
      qshell pipeline graph cite-report
      qshell pipeline graph cite-report --mermaid > graph.mmd
    """
    from cluster.pipelines.graph import draw_mermaid, draw_text

    settings, output = _begin(False)
    checked = _read(settings, pipeline)
    output.raw(plain(draw_mermaid(checked) if mermaid else draw_text(checked)))


@command.command(name="new")
@click.argument("name")
@click.option(
    "--from", "model", default="ask", show_default=True, help="The shipped pipeline to begin with."
)
def new(name: str, model: str) -> None:
    """Write NAME.yaml into this folder, a copy of a shipped pipeline to change.

    \b
    Examples:
      qshell pipeline new night-filter --from filter-jsonl
    """
    from cluster.pipelines.library import find_pipeline

    _, output = _begin(False)
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"{name!r} is no name: small letters, digits, - and _ after a letter"
        )
    text = find_pipeline(model, files=False).read_text("utf-8")
    path = Path(f"{name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^pipeline: .*$", f"pipeline: {name}", text, count=1))
    except FileExistsError as error:
        raise click.UsageError(f"{path} is there already; choose another name") from error
    output.note(f"wrote {path}; change it, then `qshell pipeline check {path}`")


@command.command(name="python")
@click.argument("pipeline")
def python(pipeline: str) -> None:
    """Print the Python code that builds PIPELINE.

    \b
    Examples:
      qshell pipeline python ask > ask_pipeline.py
    """
    from cluster.pipelines.as_python import as_python

    settings, output = _begin(False)
    output.raw(as_python(_read(settings, pipeline)))


@command.command(name="test")
@click.argument("pipelines", nargs=-1, metavar="[PIPELINE]...")
@_JSON
def test(pipelines: tuple[str, ...], as_json: bool) -> int:
    """Run the examples that every PIPELINE carries under 'expect:', the shipped ones when none is
    named, and say where something else comes out.

    \b
    Examples:
      qshell pipeline test
      qshell pipeline test night-filter.yaml
    """
    from cluster.pipelines.library import shipped_names
    from shell.piping import try_pipelines

    settings, output = _begin(as_json)
    checked = [_read(settings, given) for given in pipelines or shipped_names()]
    results = asyncio.run(try_pipelines(settings, checked, output))
    if as_json:
        output.document(
            {
                p.name: [{"name": e.name, "problems": list(e.problems)} for e in examples]
                for p, examples in results
            }
        )
    for pipeline, examples in results if not as_json else ():
        if not examples:
            output.answer(f"{pipeline.name}: it carries no examples ('expect:')")
        for example in examples:
            place = f"{pipeline.where}:{example.line}: {example.name}"
            said = "; ".join(example.problems)
            output.answer(
                f"{pipeline.name}: {example.name}: ok" if not said else f"{place}: {said}"
            )
    return Exit.FAILURE if any(e.problems for _, found in results for e in found) else Exit.OK


@command.command(name="run")
@click.argument("pipeline")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="An input for every row; text and paths as they are, a list of text line by line, "
    "anything else as JSON.",
)
@click.option(
    "--in",
    "rows_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file of rows.  [default: stdin]",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder that the pipeline reads and writes below.  [default: this one]",
)
@click.option(
    "--failed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file for rows that fail, which can be run again.  [default: PIPELINE.failed.jsonl, "
    "or a free name like it]",
)
@click.option(
    "--at-once", type=click.IntRange(1, 64), default=8, show_default=True, help="Rows under way."
)
@click.option("--fresh", is_flag=True, help="Do not go on with a run that stopped.")
@click.option("--trace", is_flag=True, help="Say on stderr what every step did, row by row.")
def run(
    *,
    pipeline: str,
    given: tuple[str, ...],
    rows_file: Path | None,
    root: Path,
    failed: Path | None,
    at_once: int,
    fresh: bool,
    trace: bool,
) -> int:
    """Run PIPELINE for every row of stdin, a JSON object a line, and print a line for each, in
    order. With every input that has no default given by --set it runs once; --in reads rows all the
    same.

    A run that stopped goes on where it was when it is given again. Rows that fail are kept in a
    file, and the run ends with code 1.

    \b
    Examples:
      qshell pipeline run filter-jsonl < rows.jsonl > kept.jsonl
      qshell pipeline run ask --set docs=notes --set question="Who signs the lease?"
      qshell pipeline run ask --set docs=notes --in questions.jsonl --trace
    """
    from cluster.errors import PipelineError
    from shell.piping import RowsOrder, run_once, run_stream

    settings, output = _begin(True)
    checked = _read(settings, pipeline)
    order = RowsOrder(
        fixed=_fixed(checked, given),
        root=root.absolute(),
        failed=failed or Path(f"{checked.name}.failed.jsonl"),
        named=failed is not None,
        at_once=at_once,
        fresh=fresh,
        trace=trace,
    )
    missing = [n for n, i in checked.inputs.items() if i.required and n not in order.fixed]
    if not missing and rows_file is None:
        result = asyncio.run(run_once(settings, checked, order, output))
        if result.status == "failed":
            raise PipelineError(f"{result.step or checked.name}: {result.reason}")
        output.document(result.to_json())
        return Exit.REFUSED if result.status == "refused" else Exit.OK
    with ExitStack() as files:
        stream = files.enter_context(rows_file.open("rb")) if rows_file else _stdin(missing)
        count = asyncio.run(run_stream(settings, checked, stream, order, output))
    if count.failed:
        kept = count.kept_in
        where = f"; they are kept in {kept} (qshell pipeline run {pipeline} --in {kept})"
        raise PipelineError(
            f"{count.failed} of {count.rows} rows failed, the first being {count.first_failure}"
            f"{where if kept else ''}"
        )
    refused = f", {count.refused} of them refused" if count.refused else ""
    before = f", {count.replayed} of them by the run before" if count.replayed else ""
    output.note(f"{count.rows} rows done{refused}{before}")
    return Exit.OK


def _stdin(missing: list[str]) -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError(
            f"the input {missing[0]!r} is missing: give it with --set {missing[0]}=..., or give "
            "rows on stdin or with --in"
        )
    return sys.stdin.buffer


def _fixed(pipeline: "Pipeline", given: tuple[str, ...]) -> dict[str, Any]:
    """The inputs typed with --set, as their types. Raises `click.UsageError`."""
    from cluster.errors import RowError
    from cluster.registry import nearest
    from shell.piping import read_input

    values = {}
    for typed in given:
        name, equals, text = typed.partition("=")
        if not equals:
            raise click.UsageError(f"--set {typed}: write --set NAME=VALUE")
        if name not in pipeline.inputs:
            raise click.UsageError(
                f"--set {typed}: {pipeline.name} has no input {name!r}"
                f"{nearest(name, pipeline.inputs)}; it has {', '.join(pipeline.inputs) or 'none'}"
            )
        try:
            values[name] = read_input(name, pipeline.inputs[name], text)
        except RowError as error:
            raise click.UsageError(f"--set {error}") from error
    return values


def _read(settings: Settings, given: str) -> "Pipeline":
    from cluster.pipelines.library import find_pipeline
    from cluster.pipelines.reading import read_pipeline
    from shell.registered import read_registered

    return read_pipeline(find_pipeline(given), read_registered(settings))


def _begin(as_json: bool) -> tuple[Settings, Output]:
    settings = read_settings()
    return settings, Output(json=as_json, colours=settings.colours)
