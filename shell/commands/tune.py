"""`qshell tune`: measures once what is fastest for a specialist here, and keeps it for loading.

It knows the words and the folder; the candidates are `specialists.evaluation.tune`'s.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cluster.accounting import usable_cores
from shell.errors import ShellError
from shell.health import WITHOUT_INT8
from shell.output import Output
from shell.registered import read_registered
from shell.settings import read_settings

if TYPE_CHECKING:
    from specialists.evaluation.tune import Tuned


@click.command(name="tune")
@click.argument("specialist", required=False)
@click.option(
    "--rounds", type=click.IntRange(1), default=5, show_default=True, help="Alternating rounds."
)
@click.option("--remove", is_flag=True, help="Forget the choice for this specialist.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(specialist: str | None, rounds: int, remove: bool, as_json: bool) -> None:
    """Measure which arithmetic, batch and threads are fastest for SPECIALIST (default: the
    first for relevance) on this machine, and load it so from then on. Whatever the registry
    says of its dtype stays in force.

    \b
    Examples:
      qshell tune
      qshell tune my-filter --rounds 9
      qshell tune q-rag --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    registry = read_registered(settings)
    spec = registry.resolve(specialist) if specialist else registry.first_for_relevance()
    from specialists.evaluation.tune import tune
    from specialists.model.arithmetic import arithmetics_here
    from specialists.specialist import load_specialist
    from specialists.tuning import keep_tuning, tuning_path

    with output.progress() as tick:
        tick(0, None, f"loading {spec.name}")
        exact = load_specialist(spec.folder)
        path = tuning_path(settings.measured_dir, exact.checkpoint.sha256)
        if remove:
            path.unlink(missing_ok=True)
            output.note(f"{spec.name} is loaded in the ordinary way again")
            if as_json:
                output.document({"specialist": spec.name, "kept": None})
            return
        tuned = tune(
            exact,
            settings.measured_dir,
            arithmetics=arithmetics_here(),
            cores=usable_cores(),
            rounds=rounds,
            on_progress=tick,
        )
    try:
        keep_tuning(settings.measured_dir, exact.checkpoint.sha256, tuned.best)
    except OSError as error:
        raise ShellError(f"{path}: the choice cannot be kept there ({error})") from error
    if as_json:
        output.document({"specialist": spec.name, "kept": str(path), **asdict(tuned)})
        return
    _print(output, tuned)
    output.note(f"kept in {path}; workers load {spec.name} so from now on")


def _print(output: Output, tuned: "Tuned") -> None:
    output.table(
        ("arithmetic", "batch tokens", "threads", "a second", "median", ""),
        [
            (
                one.tuning.arithmetic,
                str(one.tuning.batch_tokens),
                str(one.tuning.threads),
                f"{one.per_second:.1f}",
                f"{one.median_ms:.1f} ms",
                "chosen" if one.tuning == tuned.best else "",
            )
            for one in sorted(tuned.tried, key=lambda one: -one.per_second)
        ],
    )
    seen = tuned.agreement
    if seen is None:
        output.answer(WITHOUT_INT8)
        return
    output.answer(
        f"int8 {'may decide' if seen.holds else 'is refused'}: {seen.flips} of {seen.pairs} "
        "verdicts differ from float32, which decides where the margin is below "
        f"{seen.border:.2f}"
    )
