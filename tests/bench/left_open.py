"""Marks of q-rag and of simpler matchers on written rows, which no shipped weights were trained on.

Run by hand:  python -m tests.bench.left_open [--specialist FOLDER ...] [--each 150]
Of invented documents and of passages up to `--each` queries are drawn, each with its right passage,
the three others of its kind that share most words with it, and a query that the right passage
leaves open. Printed are, in percent, how often the right one scores highest, the area under the ROC
curve, the area between what right passages answer and what they leave open, which no matching of
words tells apart, and how often a specialist says yes to each of the three.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cluster.retrieval.words import stems
from specialists.corpora.written import DOCUMENTS, WrittenPassage, read_written
from specialists.evaluation.baselines import packaged_minilm
from specialists.loading import load_for_worker
from specialists.requests import Decide
from specialists.training.distilling import area

WRONG = 3
YES = 0.5
Score = Callable[[str, Sequence[str]], Sequence[float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    query: str
    right: str
    wrong: tuple[str, ...]
    left_open: str


def draw(passages: Sequence[WrittenPassage], *, each: int) -> Iterator[Asked]:
    choice = random.Random(0)
    words = {passage.text: set(stems(passage.text)) for passage in passages}
    for passage in choice.sample(passages, min(each, len(passages))):
        query = choice.choice(passage.asks)
        asked = set(stems(query))
        shared = sorted(words, key=lambda text: -len(asked & words[text]))
        wrong = [text for text in shared[: WRONG + 1] if text != passage.text][:WRONG]
        yield Asked(
            query=query,
            right=passage.text,
            wrong=tuple(wrong),
            left_open=choice.choice(passage.misses),
        )


def by_words(query: str, passages: Sequence[str]) -> list[float]:
    asked = set(stems(query))
    return [len(asked & set(stems(text))) / max(1, len(asked)) for text in passages]


def by_minilm() -> Score | None:
    minilm = packaged_minilm()
    return None if minilm is None else lambda query, texts: minilm.score(query, texts).scores


def by_specialist(folder: Path) -> Score:
    loaded = load_for_worker(folder, "float32", folder)

    def score(query: str, passages: Sequence[str]) -> list[float]:
        decided = loaded.decide(Decide(query=query, passages=tuple(passages)))
        return [verdict.score for verdict in decided.verdicts]

    return score


def area_between(right: Sequence[float], wrong: Sequence[float]) -> float:
    scores = torch.tensor([*right, *wrong])
    return 100 * area(scores, torch.arange(len(scores)) < len(right))


def marks(asked: Sequence[Asked], score: Score) -> str:
    lists = [score(one.query, (one.right, *one.wrong)) for one in asked]
    right = [one[0] for one in lists]
    wrong = [value for one in lists for value in one[1:]]
    left = [score(one.left_open, (one.right,))[0] for one in asked]
    first = 100 * sum(one[0] > max(one[1:]) for one in lists) / len(lists)
    yes = [100 * sum(s > YES for s in scores) / len(scores) for scores in (right, wrong, left)]
    return (
        f"first {first:.1f}  AUROC {area_between(right, wrong):.1f}  left open "
        f"{area_between(right, left):.1f}  over {YES}: {yes[0]:.0f} {yes[1]:.0f} {yes[2]:.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specialist", type=Path, action="append", default=[])
    parser.add_argument("--each", type=int, default=150)
    given = parser.parse_args()
    torch.set_num_threads(1)
    ways: dict[str, Score | None] = {
        "equal words": by_words,
        "MiniLM-L6": by_minilm(),
        **{str(one): by_specialist(one) for one in given.specialist},
    }
    for invented in (True, False):
        mine = [one for one in read_written() if (one.source == DOCUMENTS) == invented]
        asked = list(draw(mine, each=given.each))
        print(f"{'invented documents' if invented else 'passages'}: {len(asked)} queries")
        for name, score in ways.items():
            if score is not None:
                print(f"  {name:40} {marks(asked, score)}")


if __name__ == "__main__":
    main()
