"""Marks of q-rag and of simpler matchers on written rows that were held back from training.

Run by hand:  python -m tests.bench.left_open RUN [--specialist FOLDER ...] [--each 150]
RUN is the folder of `qshell train q-rag`. Of invented documents and of passages up to `--each`
queries are drawn, each with its right passage and the three others of their kind that share most
words with it. Printed are, in percent, how often the right one scores highest, the area under the
ROC curve, and the area between what right passages answer and what they leave open, which no
matching of words tells apart; of a specialist also how often it says yes to each of the three.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from specialists.corpora.relevance import RelevanceRows, open_rows
from specialists.tokenizer import open_tokenizer
from specialists.training.distilling import area
from specialists.training.left_open import LeftOpen, answered
from specialists.training.sharpened_run import WRITTEN
from tests.bench.held_back import Score, by_minilm, by_specialist, by_words

WRONG = 3
YES = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Places among the texts; `left_open` is a query that the passage `right` does not answer."""

    source: str
    query: int
    right: int
    wrong: tuple[int, ...]
    left_open: int


def draw(rows: RelevanceRows, *, each: int) -> Iterator[Asked]:
    choice, words, others = np.random.default_rng(0), by_words(rows), LeftOpen(rows)
    source_of = np.repeat(np.asarray(rows.source), np.diff(rows.group_start))
    for number, source in enumerate(rows.source_names):
        passages = np.unique(np.asarray(rows.candidate)[source_of == number]).tolist()
        asking = np.flatnonzero((rows.source == number) & rows.development & answered(rows))
        for group in choice.permutation(asking)[:each].tolist():
            span = rows.candidates(group)
            right = int(rows.candidate[span][rows.relevant[span]][0])
            if not others.queries[right]:
                continue
            query = int(rows.query[group])
            shared = np.argsort(-np.array(words(query, passages)), kind="stable")
            near = [passages[n] for n in shared[: WRONG + 1] if passages[n] != right]
            yield Asked(
                source=source,
                query=query,
                right=right,
                wrong=tuple(near[:WRONG]),
                left_open=int(choice.choice(others.queries[right])),
            )


def area_between(right: Sequence[float], wrong: Sequence[float]) -> float:
    scores = torch.tensor([*right, *wrong])
    return 100 * area(scores, torch.arange(len(scores)) < len(right))


def marks(asked: list[Asked], score: Score) -> str:
    lists = [score(one.query, (one.right, *one.wrong)) for one in asked]
    right = [one[0] for one in lists]
    wrong = [value for one in lists for value in one[1:]]
    left = [score(one.left_open, (one.right,))[0] for one in asked]
    first = 100 * float(np.mean([one[0] > max(one[1:]) for one in lists]))
    yes = [100 * np.mean([score > YES for score in scores]) for scores in (right, wrong, left)]
    return (
        f"first {first:.1f}  AUROC {area_between(right, wrong):.1f}  left open "
        f"{area_between(right, left):.1f}  over {YES}: {yes[0]:.0f} {yes[1]:.0f} {yes[2]:.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--specialist", type=Path, action="append", default=[])
    parser.add_argument("--each", type=int, default=150)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = open_rows(given.run / WRITTEN)
    tokenizer = open_tokenizer(given.run / "weights" / "tokenizer.json")
    asked = list(draw(rows, each=given.each))
    ways: dict[str, Score | None] = {
        "equal words": by_words(rows),
        "MiniLM-L6": by_minilm(rows, tokenizer),
        **{str(one): by_specialist(rows, tokenizer, one) for one in given.specialist},
    }
    for source in rows.source_names:
        mine = [one for one in asked if one.source == source]
        print(f"{source}: {len(mine)} queries")
        for name, score in ways.items():
            if score is not None:
                print(f"  {name:40} {marks(mine, score)}")


if __name__ == "__main__":
    main()
