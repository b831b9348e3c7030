"""`qshell train`: carries out the recipes of the shipped checkpoints, step by step, with a bar.

Each command skips what its run folder already holds and goes on where it was stopped. torch is
imported only when a command runs.
"""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shell.output import Output, Ticks
from shell.settings import read_settings
from specialists.errors import RecipeError
from specialists.jobs.table import JOBS
from specialists.training.recipes import LABELS

if TYPE_CHECKING:
    from specialists.training.loop import Progress


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that every training shares."""
    path = click.Path(path_type=Path, file_okay=False)

    @click.option("--data", type=path, help="Folder with text/ and pairs/ (see README).")
    @click.option(
        "--run",
        "run_folder",
        type=path,
        help="Folder of this run: prepared data, states, logs.  [default: runs/TIER]",
    )
    @click.option(
        "--out",
        type=path,
        help="Folder that receives the finished checkpoint.  [default: weights in the run folder]",
    )
    @click.option(
        "--tier",
        type=click.Choice(["pocket", "50m"]),
        default="pocket",
        show_default=True,
        help="Which shapes and steps.",
    )
    @click.option("--steps", type=click.IntRange(1), help="Instead of the recipe's own.")
    @click.option("--threads", type=click.IntRange(1), help="Processor threads for torch.")
    @click.option("--json", "as_json", is_flag=True, help="Print the end as JSON on stdout.")
    @wraps(function)
    def with_options(tier: str, run_folder: Path | None, out: Path | None, **options: Any) -> None:
        run_folder = run_folder or Path("runs") / tier
        function(tier=tier, run_folder=run_folder, out=out or run_folder / "weights", **options)

    return with_options


@click.group(name="train", no_args_is_help=True)
def command() -> None:
    """Train the shipped checkpoints again, from random weights, by their own recipes.

    Text and labelled pairs come from --data; everything made on the way stays in --run, so a
    stopped run goes on where it was: give the same command again.

    \b
    Examples:
      qshell train base --data data/
      qshell train q-rag --data data/
    """


@command.command(name="base")
@_options
def base_command(
    data: Path | None,
    run_folder: Path,
    out: Path,
    tier: str,
    steps: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Tokenizer, counted embeddings, next-token training: the base of all specialists.

    \b
    Examples:
      qshell train base --data data/
      qshell train base --data data/ --steps 20 --run runs/try --out runs/try/weights
    """
    _let_threads_sleep()
    from specialists.training.base_run import (
        export_base,
        prepare_embeddings,
        prepare_text,
        prepare_tokenizer,
        train_base,
    )
    from specialists.training.recipes import BASES

    output = Output(json=as_json, colours=read_settings().colours)
    recipe = BASES[tier]()
    with output.progress() as tick:
        say = _saying(tick)
        prepare_tokenizer(recipe, data=data, run=run_folder, say=say)
        prepare_text(recipe, data=data, run=run_folder, say=say)
        prepare_embeddings(recipe, run=run_folder, say=say)
        model = train_base(
            recipe, run=run_folder, steps=steps, threads=threads, on_progress=_ticking(tick)
        )
    export_base(recipe, model, run=run_folder, weights=out)
    _finish(output, out / recipe.name, run_folder / recipe.name)


@command.command(name="q-rag")
@_options
def relevance_command(
    data: Path | None,
    run_folder: Path,
    out: Path,
    tier: str,
    steps: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Relevance, 1 or 0: rows from pairs and text, then training on the base.

    \b
    Examples:
      qshell train q-rag --data data/
      qshell train q-rag --data data/ --steps 100 --run runs/try --out runs/try/weights
    """
    _let_threads_sleep()
    from specialists.checkpoint import open_checkpoint
    from specialists.training.recipes import RELEVANCE
    from specialists.training.relevance_run import (
        export_relevance,
        prepare_rows,
        train_relevance,
    )

    output = Output(json=as_json, colours=read_settings().colours)
    recipe = RELEVANCE[tier]()
    base = open_checkpoint(out / recipe.base)
    with output.progress() as tick:
        prepare_rows(
            recipe, data=data, run=run_folder, tokenizer_path=base.tokenizer_path, say=_saying(tick)
        )
        model = train_relevance(
            recipe,
            run=run_folder,
            base=base,
            steps=steps,
            threads=threads,
            on_progress=_ticking(tick),
        )
    export_relevance(recipe, model, run=run_folder, base=base, target=out / recipe.name)
    _finish(output, out / recipe.name, run_folder / recipe.name)


def _add_label_command(name: str) -> None:
    """`qshell train NAME` for one of the specialists that label texts."""

    @command.command(
        name=name,
        help=f"""{JOBS[LABELS[name]().contract.job].summary} Rows from its generator, then training
        from a sibling's weights.

        \b
        Examples:
          qshell train {name} --data data/
          qshell train {name} --data data/ --steps 60 --run runs/try --out runs/try/weights
        """,
        short_help=JOBS[LABELS[name]().contract.job].summary,
    )
    @_options
    def label_command(
        data: Path | None,
        run_folder: Path,
        out: Path,
        tier: str,
        steps: int | None,
        threads: int | None,
        as_json: bool,
    ) -> None:
        if tier != "pocket":
            raise RecipeError(f"{name} has a recipe of the pocket tier alone; leave --tier out")
        _let_threads_sleep()
        from specialists.checkpoint import open_checkpoint
        from specialists.training.label_run import export_labels, prepare_label_rows, train_labels

        output = Output(json=as_json, colours=read_settings().colours)
        recipe = LABELS[name]()
        base, start = open_checkpoint(out / "base"), open_checkpoint(out / recipe.start)
        with output.progress() as tick:
            prepare_label_rows(recipe, data=data, run=run_folder, say=_saying(tick))
            model = train_labels(
                recipe,
                run=run_folder,
                start=start,
                steps=steps,
                threads=threads,
                on_progress=_ticking(tick),
            )
        export_labels(recipe, model, run=run_folder, base=base, start=start, target=out / name)
        _finish(output, out / name, run_folder / name)


for _name in LABELS:
    _add_label_command(_name)


def _let_threads_sleep() -> None:
    """Must come before torch is imported. Threads that spin while they wait for each other lose
    most of a core to any other program."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _saying(tick: Ticks) -> Callable[[str], None]:
    return lambda sentence: tick(0, None, sentence)


def _ticking(tick: Ticks) -> Callable[["Progress"], None]:
    def show(progress: "Progress") -> None:
        figures = "  ".join(f"{name} {value:.3f}" for name, value in progress.figures.items())
        tick(progress.step, progress.steps, f"{progress.tokens_per_s:,.0f} tokens/s  {figures}")

    return show


def _finish(output: Output, folder: Path, run: Path) -> None:
    from specialists.checkpoint import describe, open_checkpoint

    if output.json:
        output.document(describe(open_checkpoint(folder)))
    else:
        output.answer(f"{folder} is ready; the log of the run is {run / 'log.jsonl'}")
