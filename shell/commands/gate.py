"""`qshell gate`: marks a checkpoint, writes its card, and says whether it may ship.

It knows which files are read and the words for the outcome; marks, floors and the card come from
`specialists.evaluation`.
"""

import os
import platform
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.commands.bench import Drawing, line_up, print_holdout, print_marks, scorer_of
from shell.output import Output
from shell.registered import registered_folder
from shell.settings import read_settings
from specialists.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from specialists.checkpoint import Checkpoint
    from specialists.evaluation.lexical import Lexical
    from specialists.evaluation.tasks import Scorer
    from specialists.jobs.job import Inputs, Result


PLOTS = "plots"


@click.command(name="gate")
@click.argument("specialist", metavar="NAME|FOLDER")
@click.option(
    "--data",
    "folders",
    type=click.Path(path_type=Path),
    multiple=True,
    help="For relevance: a judged collection in BEIR layout; may be given again.",
)
@click.option(
    "--rows",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For a job: JSON lines with input and output.  [default: the rows that ship]",
)
@click.option(
    "--plots",
    is_flag=True,
    help=f"For relevance: draw the curves as PNG and SVG in {PLOTS}/ beside the card.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(
    specialist: str,
    folders: tuple[Path, ...],
    rows: Path | None,
    plots: bool,
    as_json: bool,
) -> None:
    """Mark the specialist NAME, or the checkpoint in FOLDER, and write card.md and marks.json
    beside its weights. Ends with code 1 when a floor is not cleared; the card then says so.

    A specialist for relevance is marked on the judged collections and on the holdout that ships.
    The data must never have been trained or tuned on.

    \b
    Examples:
      qshell gate q-rag --data data/scifact --data data/cranfield
      qshell gate q-cmdsafe
      qshell gate ./my-checkpoint --data data/scifact --json
    """
    from specialists.checkpoint import open_checkpoint

    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    checkpoint = open_checkpoint(registered_folder(settings, specialist))
    if checkpoint.contract is not None and checkpoint.contract.job:
        _gate_job(checkpoint, rows, output)
    elif folders:
        _gate_relevance(checkpoint, folders, output, plots=plots)
    else:
        raise click.UsageError("name at least one judged collection with --data")


def _gate_job(checkpoint: "Checkpoint", path: Path | None, output: Output) -> None:
    from specialists.evaluation.cards import recipe_of, weights_of, write_card
    from specialists.evaluation.job_gate import (
        ROWS_FOLDER,
        JobReport,
        job_card,
        mark_job,
        most_wanted,
        read_job_rows,
    )
    from specialists.evaluation.rules import RULES

    assert checkpoint.contract is not None
    name = checkpoint.name
    held = read_job_rows(path or ROWS_FOLDER / f"{name}.jsonl")
    answer = _answerer(checkpoint)
    floors = {"the most frequent": most_wanted(held.rows)}
    floors |= {"the rule": RULES[name]} if name in RULES else {}
    with output.progress() as tick:
        ours = mark_job(name, held.rows, answer, tick=tick)
        beside = [mark_job(floor, held.rows, floors[floor], tick=tick) for floor in floors]
    report = JobReport(
        specialist=name,
        job=checkpoint.contract.job,
        date=datetime.now(UTC).date().isoformat(),
        command=f"qshell gate {name}" + (f" --rows {path.name}" if path else ""),
        machine=_machine(),
        weights=weights_of(checkpoint),
        recipe=recipe_of(checkpoint),
        rows_file=held.file,
        rows_sha256=held.sha256,
        n_rows=len(held.rows),
        n_groups=len({row.group for row in held.rows}),
        marks=(ours, *beside),
    )
    card, _ = write_card(checkpoint.folder, job_card(report), report.to_dict())
    if output.json:
        output.document({**report.to_dict(), "card": str(card)})
    else:
        rows = [(kind, *(str(marks.kinds[kind]) for marks in report.marks)) for kind in ours.kinds]
        rows.append(("all", *(str(marks.accuracy) for marks in report.marks)))
        output.table(("rows", *(marks.name for marks in report.marks)), rows)
        output.note(f"wrote {card} and marks.json")
    if not report.passed:
        raise GateError(f"{name} does not pass the gate ({'; '.join(report.faults)}); see {card}")


def _answerer(checkpoint: "Checkpoint") -> "Callable[[Inputs], Result]":
    """Its job done by the model in this process; a router routes, and has no job beside that."""
    import numpy as np

    from cluster.route_extension import no_extension
    from cluster.router import route_by_features
    from cluster.routing import head_of
    from specialists.jobs.job import carry_out
    from specialists.jobs.table import find_job
    from specialists.loading import load_to_ship
    from specialists.requests import Represent

    assert checkpoint.contract is not None
    loaded = load_to_ship(checkpoint.folder)
    if checkpoint.task != "routing":
        job = find_job(checkpoint.contract.job, specialist=checkpoint.name)
        return lambda inputs: carry_out(job, inputs, loaded.decide)
    head = head_of(checkpoint, where=str(checkpoint.folder))
    extension = no_extension(width=checkpoint.config.d_model, routes=len(head.routes))

    def route(inputs: "Inputs") -> "Result":
        found = loaded.represent(Represent(texts=(str(inputs.get("text", "")),)))
        feature_D, logits_C = (
            np.array(row, dtype=np.float32) for row in (found.features[0], found.decisions[0])
        )
        routed = route_by_features(
            feature_D, logits_C, head=head, extension=extension, registered=head.routes
        )
        return {"route": routed.name}

    return route


def _machine() -> str:
    return f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}"


def open_to_ship(checkpoint: "Checkpoint") -> "Scorer":
    """The specialist as its users will get it."""
    from specialists.loading import load_to_ship

    return scorer_of(checkpoint.folder.resolve().name, load_to_ship(checkpoint.folder))


def _gate_relevance(
    checkpoint: "Checkpoint", folders: tuple[Path, ...], output: Output, *, plots: bool
) -> None:
    from specialists.evaluation.cards import recipe_of, weights_of
    from specialists.evaluation.gate import (
        RELEVANCE_GATE,
        Report,
        check,
        measure_collection,
    )
    from specialists.evaluation.relevance_card import write_report
    from specialists.evaluation.tasks import read_collection
    from specialists.evaluation.ten_domains import measure_holdout

    for folder in folders:
        read_collection(folder)  # before an hour's work on the one before it
    drawings = [Drawing(folder=checkpoint.folder / PLOTS) for _ in folders] if plots else []
    ours = open_to_ship(checkpoint)

    def entrants(bm25: "Lexical") -> "list[Scorer]":
        return line_up(bm25, [ours], baselines=True, output=output)

    with output.progress() as tick:
        measured = tuple(
            measure_collection(
                one,
                RELEVANCE_GATE.settings,
                entrants,
                tick=tick,
                hear=drawings[place].hear if plots else lambda scorer, task, scored: None,
            )
            for place, one in enumerate(folders)
        )
        holdout = measure_holdout(entrants, tick=tick)
    names = " ".join(f"--data {one.resolve().name}" for one in folders)
    report = Report(
        specialist=ours.name,
        gate=RELEVANCE_GATE,
        date=datetime.now(UTC).date().isoformat(),
        command=f"qshell gate {ours.name} {names}",
        machine=_machine(),
        weights=weights_of(checkpoint),
        recipe=recipe_of(checkpoint),
        measured=measured,
        holdout=holdout,
        checks=check(RELEVANCE_GATE, measured, holdout, scorer=ours.name),
    )
    card, _ = write_report(report, checkpoint.folder)
    if drawings:  # the card is safe by now
        drawn = [
            f"{PLOTS}/{path.name}"
            for drawing, one in zip(drawings, measured, strict=True)
            for path in drawing.finish(output, one)
            if path.suffix == ".svg"
        ]
        report = replace(report, plots=tuple(drawn))
        write_report(report, checkpoint.folder)
    if output.json:
        values = {"passed": report.passed, "faults": report.faults, "card": str(card)}
        output.document({**values, **asdict(report)})
    else:
        for one in measured:
            print_marks(output, one)
        print_holdout(output, holdout)
        output.note(f"wrote {card} and marks.json")
    if not report.passed:
        faults = "; ".join(report.faults)
        raise GateError(f"{ours.name} does not pass the gate ({faults}); see {card}")
