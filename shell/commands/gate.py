"""`qshell gate`: marks a checkpoint, writes its card, and says whether it may ship.

It knows which files are read and the words for the outcome; marks, floors and the card come from
`specialists.evaluation`.
"""

import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from shell.commands.bench import line_up, open_scorer, print_marks
from shell.output import Output
from shell.settings import read_settings
from specialists.errors import GateError


@click.command(name="gate")
@click.argument("specialist", metavar="NAME|FOLDER")
@click.option(
    "--data",
    "folders",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A judged collection in BEIR layout; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(specialist: str, folders: tuple[Path, ...], as_json: bool) -> None:
    """Mark the specialist NAME, or the checkpoint in FOLDER, and write card.md and marks.json
    beside its weights. Ends with code 1 when a floor is not cleared; the card then says so.

    The data must never have been trained or tuned on.

    \b
    Examples:
      qshell gate q-rag --data data/scifact --data data/cranfield
      qshell gate ./my-checkpoint --data data/scifact --json
    """
    from specialists.checkpoint import open_checkpoint
    from specialists.evaluation.gate import (
        RELEVANCE_GATE,
        Report,
        check,
        find_folder,
        measure_collection,
        recipe_of,
        weights_of,
        write_report,
    )

    output = Output(json=as_json, colours=read_settings().colours)
    folder = find_folder(specialist)
    checkpoint = open_checkpoint(folder)
    ours = open_scorer(specialist)
    with output.progress() as tick:
        measured = tuple(
            measure_collection(
                one,
                RELEVANCE_GATE.settings,
                lambda bm25: line_up(bm25, [ours], baselines=True, output=output),
                tick=tick,
            )
            for one in folders
        )
    names = " ".join(f"--data {one.resolve().name}" for one in folders)
    report = Report(
        specialist=ours.name,
        gate=RELEVANCE_GATE,
        date=datetime.now(UTC).date().isoformat(),
        command=f"qshell gate {ours.name} {names}",
        machine=f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}",
        weights=weights_of(checkpoint),
        recipe=recipe_of(checkpoint),
        measured=measured,
        checks=check(RELEVANCE_GATE, measured, scorer=ours.name),
    )
    card, _ = write_report(report, folder)
    if as_json:
        values = {"passed": report.passed, "faults": report.faults, "card": str(card)}
        output.document({**values, **asdict(report)})
    else:
        for one in measured:
            print_marks(output, one)
        output.note(f"wrote {card} and marks.json")
    if not report.passed:
        faults = "; ".join(report.faults)
        raise GateError(f"{ours.name} does not pass the gate ({faults}); see {card}")
