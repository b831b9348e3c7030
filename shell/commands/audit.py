"""`qshell audit`: how often it refuses when the documents hold no answer, on one's own documents.

It joins the search of the cluster with the marks of `specialists.evaluation.audit`, and knows the
words. The model runs in this process, as it does for every mark.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shell.commands.ask import SAMPLE_DOCS
from shell.commands.bench import open_scorer
from shell.output import Output, shorten
from shell.settings import Settings, read_settings

if TYPE_CHECKING:
    from cluster.registry import SpecialistSpec
    from specialists.evaluation.audit import Known, Search
    from specialists.evaluation.measure import Marks

_SHOWN = 5
_WORDS = {
    "false_answers": "answered although the answer was taken away (lower is better)",
    "answered": "answered while the answer was there",
    "absent_auroc": "best score with the answer above best score without it",
}


@click.command(name="audit")
@click.option(
    "--docs",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="The folder, or the one file, to audit.",
)
@click.option(
    "--pairs",
    type=click.Path(exists=True, path_type=Path),
    help="Labelled pairs whose relevant passages stand in the documents.  [default: questions and "
    "claims made from the documents]",
)
@click.option(
    "--specialist", metavar="NAME", help="Default: the first registered specialist for relevance."
)
@click.option(
    "-k",
    "depth",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many passages are retrieved and judged, as in qshell ask.",
)
@click.option(
    "--questions",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Maximum number of questions, drawn by --seed.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the draw.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(
    docs: Path,
    pairs: Path | None,
    specialist: str | None,
    depth: int,
    questions: int,
    seed: int,
    as_json: bool,
) -> None:
    """Ask each question twice: of the documents as they are, and with the passages that answer it
    taken away and the list refilled. The second time it should refuse.

    A calibrated threshold is used where one is in force. Questions made from the documents share
    their words: people's own questions, given as --pairs, are a harder and a fairer test.

    \b
    Examples:
      qshell audit --docs notes/
      qshell audit --docs notes/ --pairs my-pairs.jsonl
      qshell audit --docs notes/ --pairs my-pairs.jsonl --questions 30 --json
    """
    from specialists.evaluation.audit import at_threshold, build_twins, misled
    from specialists.evaluation.measure import mark_task
    from specialists.evaluation.tasks import score_task

    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    spec, threshold = _judge(settings, specialist, output)
    known = (
        _questions(pairs, most=questions, seed=seed)
        if pairs
        else _made_questions(docs, most=questions, seed=seed)
    )
    with _opened(settings, docs) as search:
        task = build_twins(known, search, depth=depth)
    scorer = open_scorer(str(spec.folder))
    with output.progress() as tick:
        numbers = iter(range(1, len(task.groups) + 1))
        total = len(task.groups)
        scored = score_task(task, scorer, on_group=lambda: tick(next(numbers), total, "judging"))
    decided = at_threshold(scored, threshold)
    marks = mark_task(task, decided, scorer=spec.name)
    wrong = misled(task, decided)
    if as_json:
        output.document(
            {
                "specialist": spec.name,
                "threshold": threshold,
                "questions": len(known),
                "with_answer_found": sum(bool(group.present) for group in task.groups),
                "marks": {n: asdict(m) for n, m in marks.marks.items() if n in _WORDS},
                "misled": [asdict(one) for one in wrong],
            }
        )
        return
    found = sum(bool(group.present) for group in task.groups)
    _print(output, marks, asked=len(known), found=found, depth=depth)
    if threshold is not None:
        output.note(f"{spec.name} accepts at its calibrated threshold, {threshold:.4g} and above")
    if pairs is None:
        output.note(
            "these questions were made of the documents and share their words, so this is the easy "
            "case: people's own questions, given as --pairs, are refused less often where nothing "
            "answers them"
        )
    if wrong:
        output.answer("\nAccepted after the answer was taken away; does it answer all the same?")
        output.table(
            ("score", "question", "passage"),
            [
                (
                    f"{one.score:.3f}",
                    shorten(one.question, limit=60),
                    shorten(one.passage, limit=90),
                )
                for one in wrong[:_SHOWN]
            ],
        )


def _print(output: Output, marks: "Marks", *, asked: int, found: int, depth: int) -> None:
    refused = 1 - marks.marks["false_answers"].value
    low, high = 1 - marks.marks["false_answers"].high, 1 - marks.marks["false_answers"].low
    output.answer(
        f"{marks.scorer} refuses {refused:.1%} [{low:.1%}, {high:.1%}] of {found} questions once "
        "the passages that answer them are gone"
    )
    rows = [(str(marks.marks[name]), words) for name, words in _WORDS.items()]
    output.table(("in percent", ""), rows)
    output.note(
        f"{found} of {asked} questions have their answer among the first {depth} passages found; "
        "the others are left out. In brackets: 95% intervals over questions"
    )


def _judge(
    settings: Settings, specialist: str | None, output: Output
) -> tuple["SpecialistSpec", float | None]:
    from shell.asking import calibrated_threshold
    from shell.commands.calibrate import find_spec

    spec = find_spec(settings, specialist)
    threshold, refused = calibrated_threshold(settings, spec)
    for sentence in refused:
        output.note(sentence)
    return spec, threshold


def _questions(pairs: Path, *, most: int, seed: int) -> list["Known"]:
    from specialists.evaluation.audit import known_answers
    from specialists.evaluation.holdout import read_holdout

    known = list(known_answers(read_holdout(pairs)))
    random.Random(seed).shuffle(known)  # noqa: S311  sampling, not secrecy
    return known[:most]


def _made_questions(docs: Path, *, most: int, seed: int) -> list["Known"]:
    """Questions and claims that the forge makes from the documents themselves."""
    from shell.commands.forge import read_sections
    from specialists.corpora.forge import forge_rows
    from specialists.evaluation.audit import Known

    sections, names, _ = read_sections(docs, first=0)
    others, _, _ = read_sections(SAMPLE_DOCS, first=len(names))
    rows = forge_rows(sections, others=others, sources=names, most_queries=3 * most, seed=seed)
    known = [
        Known(question=row.query, answers=(row.passage,))
        for row in rows
        if row.label and row.form in ("question", "yes/no", "claim")
    ]
    random.Random(seed).shuffle(known)  # noqa: S311  sampling, not secrecy
    return known[:most]


@contextmanager
def _opened(settings: Settings, docs: Path) -> Iterator["Search"]:
    """The search of `qshell ask`; its passages read as the specialist reads them there."""
    from cluster.answering.filter import filter_text
    from cluster.retrieval.index import Index

    with Index.open_or_build(docs.absolute(), settings.index_dir) as index:
        yield lambda question, most: [filter_text(p) for p in index.search(question, most)]
