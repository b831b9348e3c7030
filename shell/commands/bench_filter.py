"""`qshell bench filter`: how many passages a second are decided, beside the card's own way, the
encoders people use and what this machine can multiply. It knows the words and the tables; every
figure comes from `specialists.evaluation`.
"""

import importlib.util
import itertools
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.errors import ShellError
from shell.health import WITHOUT_INT8
from shell.output import Output
from shell.registered import registered_folder
from shell.settings import read_settings

if TYPE_CHECKING:
    from specialists.evaluation.floor import Floor
    from specialists.evaluation.speed import Speed
    from specialists.specialist import Specialist

EXTRA = 'install the extra "bench" (in the checkout: pip install -e ".[bench]")'
_FLOOR_PASSAGES, _FLOOR_TOKENS = 20, 128


@click.command(name="filter")
@click.option(
    "--specialist",
    default="q-rag",
    show_default=True,
    metavar="NAME|FOLDER|50m",
    help="Whose speed; 50m takes the published shape with random weights.",
)
@click.option(
    "--passages",
    "counts",
    multiple=True,
    type=click.IntRange(1),
    default=(1, 5, 20, 100),
    show_default=True,
    help="Passages under one question; may be given again.",
)
@click.option(
    "--tokens",
    "lengths",
    multiple=True,
    type=click.IntRange(8),
    default=(32, 128, 512),
    show_default=True,
    help="Length of each passage; may be given again.",
)
@click.option(
    "--rounds", type=click.IntRange(1), default=5, show_default=True, help="Alternating rounds."
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Threads of each way; a worker has one, or what `qshell tune` chose.",
)
@click.option("--peers/--no-peers", default=True, help="Measure the encoders people use too.")
@click.option("--memory/--no-memory", default=True, help="Weigh a process of each way.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Draw the speeds as PNG and SVG in DIR.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def bench_filter(
    specialist: str,
    counts: tuple[int, ...],
    lengths: tuple[int, ...],
    rounds: int,
    threads: int,
    peers: bool,
    memory: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure how many passages a second are decided: the plain way, whole and all logits, beside
    ours in float32 and int8, and sentence and cross-encoders where the extra `bench` is installed;
    how near ours come to what this machine can multiply. Rounds alternate.

    \b
    Examples:
      qshell bench filter
      qshell bench filter --specialist 50m --passages 20 --tokens 128 --no-peers
      qshell bench filter --plot plots/ --json
    """
    if plot and importlib.util.find_spec("matplotlib") is None:
        raise ShellError(f"--plot needs matplotlib: {EXTRA}")
    from specialists.agreement import find_agreement
    from specialists.evaluation.speed import (
        longest_passage,
        measure_floors,
        measure_speed,
        random_50m,
    )
    from specialists.model.arithmetic import arithmetics_here
    from specialists.specialist import load_specialist

    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    folder = None if specialist == "50m" else registered_folder(settings, specialist)
    judge = load_specialist(folder) if folder else random_50m()
    most = longest_passage(judge)
    kept = [length for length in lengths if length <= most]
    for length in set(lengths) - set(kept):
        output.note(f"{length} tokens left out: {judge.checkpoint.name} reads {most} of a passage")
    arithmetics, agreement = arithmetics_here(), None
    if "int8" not in arithmetics:
        output.note(WITHOUT_INT8)
    with output.progress() as tick:
        if "int8" in arithmetics:
            tick(0, None, "asking whether int8 agrees with float32")
            agreement = find_agreement(judge, "int8", settings.measured_dir)
        border = agreement.border if agreement else 0.0
        found = measure_speed(
            judge,
            counts=counts,
            lengths=kept,
            rounds=rounds,
            threads=threads,
            arithmetics=arithmetics,
            border=border,
            peers=peers,
            on_progress=tick,
        )
        tick(0, None, "measuring what this machine can multiply")
        floors = measure_floors(
            judge,
            passages=_FLOOR_PASSAGES,
            tokens=min(_FLOOR_TOKENS, most),
            rounds=rounds,
            threads=threads,
            arithmetics=arithmetics,
            border=border,
        )
        ways = {speed.way for speed in found}
        if agreement and not agreement.holds:
            ways.discard("int8")
        weights = _weigh(judge, folder, settings.measured_dir, ways) if memory else {}
    if agreement and not agreement.holds:
        output.note(
            f"int8 turns {agreement.flips} of {agreement.pairs} verdicts of "
            f"{judge.checkpoint.name}: a worker takes float32, and int8 is not weighed"
        )
    if as_json:
        output.document(
            {
                "speeds": [asdict(speed) for speed in found],
                "floors": [{**asdict(floor), "share": floor.share} for floor in floors],
                "pss_bytes": weights,
            }
        )
    else:
        _print_speeds(output, found, weights)
        _print_floors(output, floors)
        output.note(
            f"{threads} thread(s), medians of {rounds} alternating rounds; x plain and the rates "
            "are of CPU time"
        )
    if plot:
        from specialists.evaluation.plots import draw_speed

        for path in draw_speed(found, plot, name=judge.checkpoint.name):
            output.note(f"drew {path}")


def _print_speeds(output: Output, found: Sequence["Speed"], weights: dict[str, int | None]) -> None:
    columns = (
        "passages",
        "tokens",
        "way",
        "a second",
        "a CPU second",
        "p50",
        "p95",
        "x plain",
        "as plain",
        "PSS",
    )
    rows = []
    for speed in found:
        pss = weights.get(speed.way)
        rows.append(
            (
                str(speed.passages),
                str(speed.tokens),
                speed.way,
                f"{speed.per_second:.1f}",
                f"{speed.per_cpu_second:.1f}",
                f"{speed.median_ms:.1f} ms",
                f"{speed.p95_ms:.1f} ms",
                f"{speed.times_plain:.1f}",
                "–" if speed.same_labels is None else f"{speed.same_labels:.1%}",
                f"{pss / 2**20:.0f} MiB" if pss else "–",
            )
        )
    output.table(columns, rows)


def _print_floors(output: Output, floors: Sequence["Floor"]) -> None:
    for floor in floors:
        output.answer()
        output.answer(
            f"{floor.arithmetic}, {floor.passages} passages of {floor.tokens} tokens: "
            f"{floor.giga_operations:.1f} G operations in the blocks at {floor.giga_rate:.0f} G/s "
            f"(a bare product) make {floor.floor_ms:.1f} ms; taken were {floor.median_ms:.1f} ms, "
            f"{floor.share:.0%} of the rate; {floor.decided_again} passages decided again in "
            "float32"
        )
        shares = ", ".join(f"{name} {share:.0%}" for name, share in floor.account.items())
        output.answer(f"  of the time: {shares}")


def _weigh(
    judge: "Specialist", folder: Path | None, measured: Path, ways: set[str]
) -> dict[str, int | None]:
    """PSS of a fresh process for each way that has one."""
    from specialists.evaluation.peers import ARITHMETICS, PEERS
    from specialists.evaluation.speed import make_passages
    from specialists.evaluation.weighing import weigh_peer, weigh_specialist
    from specialists.model.arithmetic import arithmetics_here
    from specialists.specialist import PROBE_QUERY

    passages = make_passages(judge, count=_FLOOR_PASSAGES, tokens=_FLOOR_TOKENS)
    found: dict[str, int | None] = {}
    for arithmetic in arithmetics_here():
        if folder is None or arithmetic not in ways:
            continue
        found[arithmetic] = weigh_specialist(
            folder,
            arithmetic=arithmetic,
            measured=measured,
            query=PROBE_QUERY,
            passages=passages,
        )
    for name, kind in itertools.product(PEERS, ARITHMETICS):
        way = f"{name}, ONNX {kind}"
        if way in ways:
            found[way] = weigh_peer(name, arithmetic=kind, query=PROBE_QUERY, passages=passages)
    return found
