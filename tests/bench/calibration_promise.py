"""Does a calibrated threshold keep its promise on queries it has not seen? Run by hand:

    python -m tests.bench.calibration_promise data/eval/scifact [MORE ...] [--specialist FOLDER]

Each judged collection is halved at random, by queries, many times; a threshold is fitted to one
half, and the other half says which recall it reached. Figures only; nothing is tuned on them. A
half of some hundred queries is itself a small sample, so a threshold whose true recall is right
still falls short on it at times: `expected` says how often, by exact counting under the one
assumption that queries are exchangeable; equal scores can only add to it.
"""

import argparse
import random
from collections.abc import Sequence
from math import comb
from pathlib import Path

import numpy as np

from shell.commands.bench import open_scorer
from specialists.evaluation.baselines import packaged_minilm
from specialists.evaluation.calibrate import draw_positives, fit_threshold, promised_place
from specialists.evaluation.lexical import Lexical
from specialists.evaluation.tasks import (
    Scored,
    Scorer,
    Settings,
    Task,
    build_task,
    read_collection,
    score_task,
)


def expected_share(fitted: int, place: int, tested: int, recall: float) -> float:
    """Chance that at least `recall` of `tested` new scores reach the `place`-th lowest of `fitted`
    old ones. That j of them fall below it has a negative hypergeometric chance."""
    worst = int(np.floor(tested * (1 - recall) + 1e-9))
    total = comb(fitted + tested, tested)
    return sum(
        comb(place - 1 + j, j) * comb(fitted - place + tested - j, tested - j) / total
        for j in range(worst + 1)
    )


def run(task: Task, scorer: Scorer, *, splits: int, recall: float, confidence: float) -> str:
    scored = score_task(task, scorer)
    rows = [
        (positive, [one.scores[i] for i in group.rows if not group.relevant[i]])
        for group, one in zip(task.groups, scored, strict=True)
        for positive in draw_positives(_alone(task, group.query_id), (one,), seed=0)
    ]
    reached, accepted = [], []
    half = len(rows) // 2
    for split in range(splits):
        order = random.Random(split).sample(rows, len(rows))
        fitted = fit_threshold([p for p, _ in order[:half]], recall=recall, confidence=confidence)
        rest = order[half:]
        reached.append(np.mean([p >= fitted.value for p, _ in rest]))
        accepted.append(np.mean([s >= fitted.value for _, many in rest for s in many]))
    place = promised_place(half, recall=recall, confidence=confidence)
    share = expected_share(half, place, len(rest), recall)
    kept = np.mean(np.array(reached) >= recall - 1e-9)
    return (
        f"{task.name:10} {scorer.name:10} {len(rows):4} queries  recall on the other half: "
        f"mean {np.mean(reached):.1%}, lowest {np.min(reached):.1%}; at least {recall:.0%} in "
        f"{kept:.0%} of {splits} splits (expected {share:.0%}); irrelevant accepted "
        f"{np.mean(accepted):.1%}"
    )


def _alone(task: Task, query_id: str) -> Task:
    return Task(name=task.name, groups=tuple(g for g in task.groups if g.query_id == query_id))


class Once:
    """Scores the labelled rows alone: absent twins are not asked for here."""

    def __init__(self, scorer: Scorer, task: Task) -> None:
        self.name = scorer.name
        self._scorer = scorer
        self._rows = {g.query: len(g.rows) for g in task.groups}

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        n = self._rows[query]
        scores = self._scorer.score(query, passages[:n]).scores
        return Scored(scores=(*scores, *(0.0 for _ in passages[n:])))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--specialist", help="a checkpoint folder, or the name of a shipped one")
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--recall", type=float, default=0.95)
    parser.add_argument("--confidence", type=float, default=0.9)
    given = parser.parse_args()
    for folder in given.folders:
        collection = read_collection(folder)
        lexical = Lexical(collection.passages)
        task = build_task(collection, lexical, Settings())
        minilm = packaged_minilm()
        entrants: list[Scorer] = [lexical, *([minilm] if minilm else [])]
        if given.specialist:
            entrants.append(open_scorer(given.specialist))
        for scorer in entrants:
            line = run(
                task,
                Once(scorer, task),
                splits=given.splits,
                recall=given.recall,
                confidence=given.confidence,
            )
            print(line, flush=True)  # noqa: T201  figures are what it is for


if __name__ == "__main__":
    main()
