"""`qshell train`: carries out the recipes of the shipped checkpoints, step by step, with a bar.

Each command skips what its run folder already holds and goes on where it was stopped. torch is
imported only when a command runs.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.groups import TeachingGroup
from shell.output import Output, Ticks
from shell.settings import read_settings
from specialists.errors import RecipeError
from specialists.jobs.table import JOBS
from specialists.training.recipes import LABELS, LabelRecipe, pocket_q_route

if TYPE_CHECKING:
    from specialists.model.decoder import FinanceDecoder
    from specialists.training.loop import Progress
    from specialists.training.recipes import DistilledRecipe, RelevanceRecipe, SharpenedRecipe


@dataclass(frozen=True, kw_only=True, slots=True)
class _Given:
    """What every training is told."""

    data: Path | None
    run: Path
    out: Path
    tier: str
    steps: int | None
    threads: int | None
    output: Output


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that every training shares; `function` takes those of its own besides."""
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
    def with_options(
        data: Path | None,
        run_folder: Path | None,
        out: Path | None,
        tier: str,
        steps: int | None,
        threads: int | None,
        as_json: bool,
        **own: object,
    ) -> None:
        run = run_folder or Path("runs") / tier
        _let_threads_sleep()
        function(
            _Given(
                data=data,
                run=run,
                out=out or run / "weights",
                tier=tier,
                steps=steps,
                threads=threads,
                output=Output(json=as_json, colours=read_settings().colours),
            ),
            **own,
        )

    return with_options


@click.group(name="train", cls=TeachingGroup, no_args_is_help=True)
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
def base_command(given: _Given) -> None:
    """The tokenizer and the base of all specialists.

    A tokenizer, embeddings counted from the text, then next-token training.

    \b
    Examples:
      qshell train base --data data/
      qshell train base --data data/ --steps 20 --run runs/try --out runs/try/weights
    """
    from specialists.training.base_run import (
        export_base,
        prepare_embeddings,
        prepare_text,
        prepare_tokenizer,
        train_base,
    )
    from specialists.training.recipes import BASES

    recipe = BASES[given.tier]()
    with given.output.progress() as tick:
        say = _saying(tick)
        prepare_tokenizer(recipe, data=given.data, run=given.run, say=say)
        prepare_text(recipe, data=given.data, run=given.run, say=say)
        prepare_embeddings(recipe, run=given.run, say=say)
        model = train_base(
            recipe,
            run=given.run,
            steps=given.steps,
            threads=given.threads,
            on_progress=_ticking(tick),
        )
    export_base(recipe, model, run=given.run, weights=given.out)
    _finish(given, recipe.name)


_on_device = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where its long stretch is trained: minutes on a GPU, far longer on a CPU.",
)


@command.command(name="q-rag")
@_on_device
@_options
def q_rag_command(given: _Given, device: str) -> None:
    """The filter, through all six of its stretches.

    Rows from pairs and text, then q-rag-words, q-rag-cover, q-rag-taught, q-rag-vectors,
    q-rag-distilled and q-rag, each from the one before.

    \b
    Examples:
      qshell train q-rag --data data/ --device cuda
      qshell train q-rag --data data/ --steps 100 --run runs/try --out runs/try/weights
    """
    from specialists.training.recipes import SHARPENED
    from specialists.training.sharpened_run import export_sharpened, train_sharpened

    recipe = SHARPENED[given.tier]()
    rows = recipe.after.after
    _train_after(rows, recipe, train_sharpened, export_sharpened, given=given, device=device)


@command.command(name="q-rag-distilled")
@_on_device
@_options
def q_rag_distilled_command(given: _Given, device: str) -> None:
    """Stretch 5 of q-rag: wider, taught by an encoder.

    \b
    Examples:
      qshell train q-rag-distilled --data data/ --device cuda
      qshell train q-rag-distilled --data data/ --steps 100 --run runs/try --out runs/try/weights
    """
    from specialists.training.distilled_run import export_distilled, train_distilled
    from specialists.training.recipes import DISTILLED

    recipe = DISTILLED[given.tier]()
    _train_after(
        recipe.after, recipe, train_distilled, export_distilled, given=given, device=device
    )


def _train_after(
    before: "RelevanceRecipe",
    recipe: "DistilledRecipe | SharpenedRecipe",
    train: Callable[..., "FinanceDecoder"],
    export: Callable[..., object],
    *,
    given: _Given,
    device: str,
) -> None:
    """`recipe` on the rows of the recipe `before`, with all that leads to it."""
    from specialists.checkpoint import open_checkpoint
    from specialists.training.relevance_run import prepare_rows

    base = open_checkpoint(given.out / before.base)
    with given.output.progress() as tick:
        say = _saying(tick)
        path = base.tokenizer_path
        prepare_rows(before, data=given.data, run=given.run, tokenizer_path=path, say=say)
        model = train(
            recipe,
            run=given.run,
            base=base,
            device=device,
            steps=given.steps,
            threads=given.threads,
            say=say,
            on_progress=_ticking(tick),
        )
    export(recipe, model, run=given.run, base=base, target=given.out / recipe.name)
    _finish(given, recipe.name)


def _add_relevance_command(name: str, *, about: str) -> None:
    """`qshell train NAME` for what q-rag begins with."""

    @command.command(
        name=name,
        help=f"""{about}

        \b
        Examples:
          qshell train {name} --data data/
          qshell train {name} --data data/ --steps 100 --run runs/try --out runs/try/weights
        """,
    )
    @_options
    def relevance_command(given: _Given) -> None:
        from specialists.checkpoint import open_checkpoint
        from specialists.training.recipes import DISTILLED, RELEVANCE
        from specialists.training.relevance_run import (
            export_relevance,
            prepare_rows,
            train_relevance,
        )

        recipe = RELEVANCE[given.tier][name]()
        rows = DISTILLED[given.tier]().after
        base = open_checkpoint(given.out / recipe.base)
        with given.output.progress() as tick:
            prepare_rows(
                rows,
                data=given.data,
                run=given.run,
                tokenizer_path=base.tokenizer_path,
                say=_saying(tick),
            )
            model = train_relevance(
                recipe,
                run=given.run,
                base=base,
                steps=given.steps,
                threads=given.threads,
                on_progress=_ticking(tick),
            )
        export_relevance(recipe, model, run=given.run, base=base, target=given.out / recipe.name)
        _finish(given, recipe.name)


_add_relevance_command(
    "q-rag-vectors",
    about="Stretch 4 of q-rag: embeddings of its own.",
)
_add_relevance_command(
    "q-rag-taught",
    about="Stretch 3 of q-rag: which sentence is near.",
)
_add_relevance_command(
    "q-rag-cover",
    about="Stretch 2 of q-rag: how much is covered.",
)
_add_relevance_command(
    "q-rag-words",
    about="Stretch 1 of q-rag: find the same words.",
)


def _add_label_command(
    make_recipe: Callable[[], LabelRecipe], *, name: str, about: str, short: str | None = None
) -> None:
    """`qshell train NAME` for one of the specialists that label texts or route requests."""

    @command.command(
        name=name,
        help=f"""{about}

        \b
        Examples:
          qshell train {name} --data data/
          qshell train {name} --data data/ --steps 60 --run runs/try --out runs/try/weights
        """,
        short_help=short,
    )
    @_options
    def label_command(given: _Given) -> None:
        if given.tier != "pocket":
            raise RecipeError(f"{name} has a recipe of the pocket tier alone; leave --tier out")
        from specialists.checkpoint import open_checkpoint
        from specialists.training.label_run import train_labels
        from specialists.training.labelling import LabelRun, prepare_label_rows
        from specialists.training.pair_run import train_pairs
        from specialists.training.route_run import export_routes, train_routes

        recipe = make_recipe()
        base, start = open_checkpoint(given.out / "base"), open_checkpoint(given.out / recipe.start)
        with given.output.progress() as tick:
            prepare_label_rows(recipe, data=given.data, run=given.run, say=_saying(tick))
            run = LabelRun(
                recipe=recipe,
                run=given.run,
                start=start,
                steps=given.steps,
                threads=given.threads,
                on_progress=_ticking(tick),
            )
            if recipe.task == "routing":
                model = train_routes(run)
                _saying(tick)("measuring the features")
                export_routes(run, model, base=base, target=given.out / name)
            else:
                model = (train_pairs if recipe.contract.echo else train_labels)(run)
                run.export(model, base=base, target=given.out / name)
        _finish(given, name)


for _name, _make_recipe in LABELS.items():
    _summary = JOBS[_make_recipe().contract.job].summary
    _add_label_command(
        _make_recipe,
        name=_name,
        about=f"{_summary} Rows from its generator, then training from a sibling's weights.",
        short=_summary,
    )
_add_label_command(
    pocket_q_route,
    name="q-route",
    about="Says which specialist a request is for, or none.",
)


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


def _finish(given: _Given, name: str) -> None:
    from specialists.checkpoint import describe, open_checkpoint

    folder = given.out / name
    if given.output.json:
        given.output.document(describe(open_checkpoint(folder)))
    else:
        log = given.run / name / "log.jsonl"
        given.output.answer(f"{folder} is ready; the log of the run is {log}")
