"""`qshell bench`: marks of a specialist beside floors and baselines, on judged data of any kind.

The model runs in this process, not in a worker: marks must not depend on the cluster. It knows
the words and the table; every figure comes from `specialists.evaluation`.
"""

import importlib.util
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.commands.bench_filter import EXTRA, bench_filter
from shell.errors import ShellError
from shell.groups import TeachingGroup
from shell.output import Output
from shell.registered import registered_folder
from shell.settings import read_settings

if TYPE_CHECKING:
    from specialists.evaluation.curves import ScoredRows
    from specialists.evaluation.gate import Measured
    from specialists.evaluation.lexical import Lexical
    from specialists.evaluation.tasks import Scored, Scorer, Task
    from specialists.evaluation.ten_domains import HoldoutMarks
    from specialists.specialist import Specialist

_WIDE = 120
_ORACLE = (
    "* at its oracle threshold, chosen on these very rows: an upper bound, no fair mark; "
    "without *: at its own decisions"
)


def _read_ranks(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)-(\d+)", value)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise click.BadParameter(f"{value}: expected two ranks such as 7-20, the lower first")
    return int(found[1]), int(found[2])


@click.group(name="bench", cls=TeachingGroup, no_args_is_help=True)
def command() -> None:
    """Measure on this machine.

    \b
    Examples:
      qshell bench holdout
      qshell bench beir data/scifact
      qshell bench beir data/scifact --specialist none --ranks 1-4
      qshell bench filter
    """


command.add_command(bench_filter)

_SPECIALIST = click.option(
    "--specialist",
    "--model",
    "specialist",
    default="q-rag",
    show_default=True,
    metavar="NAME|FOLDER|none",
    help="Whom to mark; none marks the baselines alone.",
)
_BASELINES = click.option(
    "--baselines/--no-baselines", default=True, help="Mark BM25, MiniLM and e5 too."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
_PLOTS = click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Draw recall against false accepts, reliability, and marks over sizes, as PNG and SVG in "
    "DIR.",
)


@command.command(name="beir")
@click.argument("folder", type=click.Path(path_type=Path))
@_SPECIALIST
@click.option(
    "--negatives",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Irrelevant passages beside each relevant one.",
)
@click.option(
    "--ranks",
    callback=_read_ranks,
    metavar="LO-HI",
    default="7-20",
    show_default=True,
    help="BM25 ranks the negatives are drawn from.",
)
@click.option(
    "--depth",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Length of the lists with and without a relevant passage.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of every draw.")
@click.option("--queries", type=click.IntRange(1), help="Mark a random part of the queries.")
@_BASELINES
@_PLOTS
@_JSON
def bench_beir(
    folder: Path,
    specialist: str,
    negatives: int,
    ranks: tuple[int, int],
    depth: int,
    seed: int,
    queries: int | None,
    baselines: bool,
    plots: Path | None,
    as_json: bool,
) -> None:
    """Mark a specialist on the judged collection in FOLDER (BEIR layout: corpus.jsonl,
    queries.jsonl, qrels/test.tsv; .xz and .gz are read).

    \b
    Examples:
      qshell bench beir data/scifact
      qshell bench beir data/scifact --specialist ./my-checkpoint --queries 50
      qshell bench beir data/scifact --specialist none --json
    """
    from specialists.evaluation.gate import measure_collection
    from specialists.evaluation.tasks import Settings

    output = Output(json=as_json, colours=read_settings().colours)
    settings = Settings(
        negatives=negatives,
        first_rank=ranks[0],
        last_rank=ranks[1],
        depth=depth,
        seed=seed,
        max_queries=queries or 0,
    )
    drawing = Drawing(folder=plots) if plots else None
    ours = [] if specialist == "none" else [open_scorer(specialist)]
    with output.progress() as tick:
        measured = measure_collection(
            folder,
            settings,
            lambda bm25: line_up(bm25, ours, baselines=baselines, output=output),
            tick=tick,
            hear=drawing.hear if drawing else lambda scorer, task, scored: None,
        )
    if drawing:
        drawing.finish(output, measured)
    if as_json:
        output.document(asdict(measured))
        return
    print_marks(output, measured)


@command.command(name="holdout")
@_SPECIALIST
@_BASELINES
@_PLOTS
@_JSON
def bench_holdout(specialist: str, baselines: bool, plots: Path | None, as_json: bool) -> None:
    """Mark a specialist on the holdout that ships with the project: questions of ten domains, each
    with the passage that answers it, a near-miss and a passage of another domain.

    \b
    Examples:
      qshell bench holdout
      qshell bench holdout --specialist ./my-checkpoint --json
      qshell bench holdout --specialist none --plots plots/
    """
    from specialists.evaluation.ten_domains import measure_holdout

    output = Output(json=as_json, colours=read_settings().colours)
    drawing = Drawing(folder=plots) if plots else None
    ours = [] if specialist == "none" else [open_scorer(specialist)]
    with output.progress() as tick:
        measured = measure_holdout(
            lambda bm25: line_up(bm25, ours, baselines=baselines, output=output),
            tick=tick,
            hear=drawing.hear if drawing else lambda scorer, task, scored: None,
        )
    if drawing:
        drawing.finish(output)
    if as_json:
        output.document(asdict(measured))
        return
    print_holdout(output, measured)


class Drawing:
    """Collects what scorers say of a task and draws it at the end."""

    def __init__(self, *, folder: Path) -> None:
        """Raises `ShellError` at once, before anything is measured, where nothing can draw."""
        if importlib.util.find_spec("matplotlib") is None:
            raise ShellError(f"--plots needs matplotlib: {EXTRA}")
        self._folder = folder
        self._rows: list[ScoredRows] = []
        self.parameters: dict[str, int] = {}
        """Of those who were heard and say how large they are."""

    def hear(self, scorer: "Scorer", task: "Task", scored: Sequence["Scored"]) -> None:
        from specialists.evaluation.curves import scored_rows

        self._rows.append(scored_rows(task, scored, scorer=scorer.name))
        if count := getattr(scorer, "parameters", None):
            self.parameters[scorer.name] = count

    def finish(self, output: Output, measured: "Measured | None" = None) -> list[Path]:
        """Draws, and says what; with what was `measured` on a collection also marks over sizes."""
        from specialists.evaluation.gate import sized_marks
        from specialists.evaluation.plots import draw_curves, draw_sizes

        drawn = [*draw_curves(self._rows, self._folder)]
        if measured is not None:
            floor = 1 - 1 / (1 + measured.settings.negatives)
            marks = sized_marks(measured, self.parameters)
            drawn += draw_sizes(
                marks, floor, self._folder, name=measured.name, title="rows decided correctly"
            )
        for path in drawn:
            output.note(f"drew {path}")
        return drawn


def open_scorer(name_or_folder: str) -> "Scorer":
    """The specialist, loaded in this process. Raises `SpecialistError`, and `ShellError` for one
    whose job is another than relevance."""
    from specialists.checkpoint import open_checkpoint
    from specialists.loading import load_for_worker

    settings = read_settings()
    folder = registered_folder(settings, name_or_folder)
    task = open_checkpoint(folder, verify=False).task
    if task != "relevance":
        raise ShellError(
            f"{name_or_folder} is for {task}, and relevance is judged here; its "
            "own marks are on its card"
        )
    decider = load_for_worker(folder, None, settings.measured_dir)
    return scorer_of(folder.resolve().name, decider)


def scorer_of(name: str, decider: "Specialist") -> "Scorer":
    """The loaded specialist under that name, as large as it is."""
    from specialists.evaluation.cards import weights_of
    from specialists.evaluation.gate import SpecialistScorer

    parameters = weights_of(decider.checkpoint).parameters
    return SpecialistScorer(name=name, decider=decider, parameters=parameters)


def line_up(
    bm25: "Lexical", ours: Sequence["Scorer"], *, baselines: bool, output: Output
) -> list["Scorer"]:
    """Who is marked, floor first. Says so when a baseline is not installed."""
    from specialists.evaluation.baselines import AlwaysNo, packaged_encoders

    if not baselines:
        return [AlwaysNo(), *ours]
    encoders = packaged_encoders(read_settings().cache_dir)
    if len(encoders) < 2:
        output.note(f"not every encoder is here, so fewer are marked: {EXTRA}")
    return [AlwaysNo(), bm25, *encoders, *ours]


def print_marks(output: Output, measured: "Measured") -> None:
    """One column for each scorer, in percent with 95% intervals, and what the figures mean."""
    from specialists.evaluation.lexical import SETTINGS
    from specialists.evaluation.measure import LEGEND, OWN_DECISION
    from specialists.evaluation.relevance_card import lead_columns, twin_words

    settings, first = measured.settings, measured.marks[0]
    output.answer(
        f"{measured.name}: {first.n_queries} queries, {first.n_rows} rows "
        f"(1 relevant + {settings.negatives} from ranks {settings.first_rank}-"
        f"{settings.last_rank}, seed {settings.seed})"
    )
    heads = [m.scorer + ("" if m.rule == OWN_DECISION else "*") for m in measured.marks]
    names = [name for name in LEGEND if any(name in m.marks for m in measured.marks)]
    rows = [[name, *(str(m.marks.get(name, "–")) for m in measured.marks)] for name in names]
    _print_columns(output, heads, rows)
    if measured.leads:
        (_, *rivals), ahead = lead_columns(measured)
        output.answer(f"\nahead in points, {measured.leads[0].scorer} of")
        _print_columns(output, rivals, [list(row) for row in ahead])
    output.note(
        "in brackets: 95% intervals that resample whole queries, at 0 and 100 Wilson's; always 0 "
        "is the floor"
    )
    output.note(_ORACLE)
    output.note("; ".join(f"{name}: {LEGEND[name]}" for name in names))
    output.note(f"mined with {SETTINGS}; {twin_words(measured)}")
    if measured.left_out:
        output.note(
            f"judged queries left out, without a relevant passage in the corpus or with too few "
            f"others: {measured.left_out}"
        )


def print_holdout(output: Output, measured: "HoldoutMarks") -> None:
    """The marks in the card's shape, those on near-misses, and those by kind of row."""
    from specialists.evaluation.measure import OWN_DECISION
    from specialists.evaluation.ten_domains import LEGEND

    output.answer(
        f"{measured.name}: {measured.n_questions} questions in {measured.n_twins} pairs of twins, "
        "each with a relevant passage, a near-miss and one of another domain"
    )
    heads = [m.scorer + ("" if m.rule == OWN_DECISION else "*") for m in measured.marks]
    rows = [
        [f"{words}: {name}", *(str(getattr(m, part).marks.get(name, "–")) for m in measured.marks)]
        for part, words in (("card", "carry+cross"), ("near", "carry+near"))
        for name in ("accuracy", "recall", "false_accepts", "auroc", "first")
    ]
    rows += [[name, *(str(m.kinds.get(name, "–")) for m in measured.marks)] for name in LEGEND]
    _print_columns(output, heads, rows)
    output.note(
        "in brackets: 95% intervals that resample whole pairs of twins, at 0 and 100 Wilson's; 50 "
        "is what always 0, and whoever reads only the question or only the passage, reaches"
    )
    output.note(_ORACLE)
    output.note("; ".join(f"{name}: {meaning}" for name, meaning in list(LEGEND.items())[:4]))


def _print_columns(output: Output, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """One column for each head. A narrow terminal gets one table for each; a pipe has no width."""
    if shutil.get_terminal_size(fallback=(_WIDE, 0)).columns >= _WIDE:
        output.table(("in percent", *heads), rows)
        return
    for place, head in enumerate(heads, start=1):
        output.answer()
        output.table((head, "in percent"), [(row[0], row[place]) for row in rows])
