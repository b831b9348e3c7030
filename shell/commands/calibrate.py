"""`qshell calibrate`: fits a threshold that promises a recall, and keeps it for `qshell ask`.

It knows the words and where the calibration is kept; the promise is made by
`specialists.evaluation.calibrate`. The model runs in this process, as it does for every mark.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.commands.bench import open_scorer
from shell.output import Output
from shell.settings import Settings, read_settings

if TYPE_CHECKING:
    from cluster.registry import SpecialistSpec
    from specialists.evaluation.calibrate import Calibration

_EVEN = 0.5
"""A score above it is a verdict of 1."""
_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command(name="calibrate")
@click.argument("pairs", required=False, type=click.Path(path_type=Path))
@click.option(
    "--specialist", metavar="NAME", help="Default: the first registered specialist for relevance."
)
@click.option(
    "--recall",
    type=_SHARE,
    default=0.95,
    show_default=True,
    help="Share of relevant passages that must be kept.",
)
@click.option(
    "--confidence",
    type=_SHARE,
    default=0.9,
    show_default=True,
    help="How sure the promise is, over the draw of the pairs.",
)
@click.option("--seed", default=0, show_default=True, help="Draws one relevant passage a query.")
@click.option("--remove", is_flag=True, help="Remove the specialist's calibration.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(
    pairs: Path | None,
    specialist: str | None,
    recall: float,
    confidence: float,
    seed: int,
    remove: bool,
    as_json: bool,
) -> None:
    """Fit a threshold to your own labelled PAIRS, so that at least --recall of the relevant
    passages are kept, and use it in `qshell ask` from then on.

    PAIRS holds one JSON object a line: query, passage, label (1 or 0) and, where several queries
    are variants of one, group. Passages should be what `qshell ask` reads: pieces of your own
    documents. The calibration is bound to the weights and the prompt of the specialist, and is
    refused for any other.

    \b
    Examples:
      qshell calibrate my-pairs.jsonl
      qshell calibrate my-pairs.jsonl --recall 0.9 --confidence 0.95
      qshell calibrate --remove
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    spec = find_spec(settings, specialist)
    path = settings.calibrations_dir / f"{spec.name}.json"
    if remove and pairs is not None:
        raise click.UsageError("give the file of labelled pairs, or --remove, not both")
    if remove:
        there = path.exists()
        path.unlink(missing_ok=True)
        if as_json:
            output.document({"specialist": spec.name, "removed": there})
        else:
            output.answer(f"{spec.name}: {'its own decision again' if there else 'had none'}")
        return
    if pairs is None:
        raise click.UsageError("give the file of labelled pairs, or --remove")
    if str(pairs) == "-":
        raise click.UsageError("pairs are read from a file, not from stdin: give its name")
    calibration, own = _fit(
        pairs, spec, recall=recall, confidence=confidence, seed=seed, output=output
    )
    from specialists.evaluation.calibrate import write_calibration

    write_calibration(calibration, path)
    if as_json:
        output.document({**asdict(calibration), "own_decision": asdict(own), "file": str(path)})
    else:
        _print(output, calibration, own, path)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDecision:
    """What the specialist accepts of the same pairs without a threshold: of the relevant ones drawn
    for the calibration, one for each query, and of the others."""

    positives: int
    negatives: int


def find_spec(settings: Settings, specialist: str | None) -> "SpecialistSpec":
    """The registered specialist of this name, or the first for relevance, its folder in place."""
    from cluster.registry import require_checkpoint
    from shell.registered import read_registered

    registry = read_registered(settings)
    spec = registry.resolve(specialist) if specialist else registry.first_for_relevance()
    require_checkpoint(spec)
    return spec


def _fit(
    pairs: Path,
    spec: "SpecialistSpec",
    *,
    recall: float,
    confidence: float,
    seed: int,
    output: Output,
) -> tuple["Calibration", OwnDecision]:
    from specialists.checkpoint import open_checkpoint, sha256_of
    from specialists.evaluation.calibrate import (
        Calibration,
        draw_positives,
        fit_threshold,
        identity_of,
    )
    from specialists.evaluation.holdout import read_holdout
    from specialists.evaluation.tasks import score_task

    task = read_holdout(pairs)
    identity = identity_of(open_checkpoint(spec.folder))
    scorer = open_scorer(str(spec.folder))
    with output.progress() as tick:
        numbers = iter(range(1, len(task.groups) + 1))
        total = len(task.groups)
        scored = score_task(
            task, scorer, on_group=lambda: tick(next(numbers), total, f"scoring by {spec.name}")
        )
    positives = draw_positives(task, scored, seed=seed)
    threshold = fit_threshold(positives, recall=recall, confidence=confidence)
    negatives = [
        (one.scores[i], bool(one.decisions and one.decisions[i]))
        for group, one in zip(task.groups, scored, strict=True)
        for i in group.rows
        if not group.relevant[i]
    ]
    calibration = Calibration(
        specialist=spec.name,
        threshold=threshold,
        identity=identity,
        negatives=len(negatives),
        accepted=sum(score >= threshold.value for score, _ in negatives),
        pairs_sha256=sha256_of(pairs),
    )
    own = OwnDecision(
        positives=sum(score > _EVEN for score in positives),
        negatives=sum(accepted for _, accepted in negatives),
    )
    return calibration, own


def _print(output: Output, calibration: "Calibration", own: OwnDecision, path: Path) -> None:
    from specialists.evaluation.measure import wilson

    threshold = calibration.threshold
    output.answer(
        f"{calibration.specialist}: keeps at least {100 * threshold.recall:g}% of the relevant "
        f"passages, with {100 * threshold.confidence:g}% confidence, at a score of "
        f"{threshold.value:.4g} and above"
    )
    output.answer(f"queries it is fitted to: {threshold.positives}; below it: {threshold.below}")
    share = calibration.accepted / calibration.negatives
    low, high = wilson(share * calibration.negatives, calibration.negatives)
    output.answer(
        f"of {calibration.negatives} irrelevant pairs {share:.1%} [{low:.1%}, {high:.1%}] come "
        "through; nothing is promised about them"
    )
    output.answer(
        f"its own decision, without a threshold, keeps {own.positives / threshold.positives:.1%} "
        f"of those queries' passages, and {own.negatives / calibration.negatives:.1%} of the "
        "irrelevant pairs come through"
    )
    output.note(f"kept in {path}; qshell ask uses it from now on")
