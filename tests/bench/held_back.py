"""Marks of q-rag and of simpler matchers on held-back pairs: what a recipe may be tuned on.

Run by hand:  python -m tests.bench.held_back RUN [--specialist FOLDER ...] [--each 50]
RUN is the folder of `qshell train q-rag`. Of every source up to `--each` queries are drawn from the
development rows, each with one right passage, up to four of its wrong ones and one from anywhere;
with `--near`, in place of the wrong ones, four of the passages of the source that have most in
common with the query, but for the very nearest. Printed are, as means over the sources and for each
of them, how often the right one scores highest and the area under the ROC curve, in percent.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch.nn.functional import normalize

from specialists.corpora.relevance import RelevanceRows, open_rows
from specialists.evaluation.baselines import packaged_minilm
from specialists.loading import load_for_worker
from specialists.requests import Decide
from specialists.tokenizer import open_tokenizer
from specialists.training.coverage import Matcher
from specialists.training.matcher import read_matcher
from specialists.training.sharpened_run import NEIGHBOURS
from specialists.training.teaching_aids import MATCHER, VECTORS

LONGEST = 300
NEAREST, LOOKED_AT = 4, 20
"""Neighbours that may well answer are left out; those after them are drawn from."""
COUNTED = 40_000
Score = Callable[[int, Sequence[int]], Sequence[float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Places of a query and of its passages among the texts; the first passage is the right one."""

    source: str
    query: int
    passages: tuple[int, ...]


def draw(
    rows: RelevanceRows, *, each: int, near_GK: npt.NDArray[np.int64] | None = None
) -> Iterator[Asked]:
    choice = np.random.default_rng(0)
    for number, source in enumerate(rows.source_names):
        held_back = np.flatnonzero((rows.source == number) & rows.development)
        drawn = 0
        for group in choice.permutation(held_back):
            span = rows.candidates(int(group))
            texts, relevant = rows.candidate[span], rows.relevant[span]
            if not relevant.any() or relevant.all() or drawn == each:
                continue
            wrong = texts[~relevant]
            if near_GK is not None:
                found = near_GK[group]
                wrong = found[(found >= 0) & ~np.isin(found, texts)][NEAREST:LOOKED_AT]
                if not len(wrong):
                    continue
            wrong = choice.permutation(wrong)[:4]
            passages = (choice.choice(texts[relevant]), *wrong, choice.choice(rows.candidate))
            drawn += 1
            yield Asked(
                source=source,
                query=int(rows.query[group]),
                passages=tuple(int(passage) for passage in passages),
            )


def by_words(rows: RelevanceRows) -> Score:
    """The share of the query's stems that the passage has, rare ones counting more."""
    choice = np.random.default_rng(1)
    counts: dict[int, int] = {}
    for text in choice.integers(0, len(rows.text_start) - 1, COUNTED):
        for stem in set(rows.stems[rows.text(int(text))][:LONGEST].tolist()):
            counts[stem] = counts.get(stem, 0) + 1

    def score(query: int, passages: Sequence[int]) -> list[float]:
        asked = set(rows.stems[rows.text(query)].tolist()) - {0}
        weight = {stem: np.log(COUNTED / (counts.get(stem, 0) + 0.5)) for stem in asked}
        said = [set(rows.stems[rows.text(p)][:LONGEST].tolist()) for p in passages]
        total = sum(weight.values()) or 1.0  # a query may be all signs
        return [sum(weight[s] for s in asked & one) / total for one in said]

    return score


def by_matcher(rows: RelevanceRows, matcher: Matcher) -> Score:
    """Its bag and its nearness, added."""

    def read(text: int) -> tuple[torch.Tensor, torch.Tensor]:
        ids = torch.from_numpy(rows.tokens[rows.text(text)][:LONGEST].astype(np.int64))
        return matcher.vectors_VD[ids], matcher.weight_V[ids][:, None]

    def score(query: int, passages: Sequence[int]) -> list[float]:
        asked, weight = read(query)
        bag = normalize((asked * weight).sum(0), dim=0)
        found = []
        for passage in passages:
            said, heavy = read(passage)
            nearest = (asked @ said.T).amax(1, keepdim=True)
            near = (nearest * weight).sum() / weight.sum()
            found.append(float(bag @ normalize((said * heavy).sum(0), dim=0) + near))
        return found

    return score


def by_minilm(rows: RelevanceRows, tokenizer: Tokenizer) -> Score | None:
    minilm = packaged_minilm()
    if minilm is None:
        return None
    return lambda query, passages: (
        minilm.score(
            _text(rows, tokenizer, query), [_text(rows, tokenizer, p) for p in passages]
        ).scores
    )


def by_specialist(rows: RelevanceRows, tokenizer: Tokenizer, folder: Path) -> Score:
    loaded = load_for_worker(folder, "float32", folder)

    def score(query: int, passages: Sequence[int]) -> list[float]:
        texts = tuple(_text(rows, tokenizer, passage) for passage in passages)
        decided = loaded.decide(Decide(query=_text(rows, tokenizer, query), passages=texts))
        return [verdict.score for verdict in decided.verdicts]

    return score


def _text(rows: RelevanceRows, tokenizer: Tokenizer, text: int) -> str:
    said: str = tokenizer.decode(rows.tokens[rows.text(text)][:LONGEST].tolist())
    return said


def marks(asked: Sequence[Asked], score: Score) -> dict[str, tuple[float, float]]:
    """By source: how often the right passage comes first, and the area under the ROC curve."""
    scores: dict[str, list[Sequence[float]]] = {}
    for one in asked:
        scores.setdefault(one.source, []).append(score(one.query, one.passages))
    found = {}
    for source, lists in scores.items():
        right = np.array([one[0] for one in lists])
        wrong = np.sort([value for one in lists for value in one[1:]])
        below = np.searchsorted(wrong, right, "left") + np.searchsorted(wrong, right, "right")
        first = np.mean([one[0] > max(one[1:]) for one in lists])
        found[source] = (100 * float(first), 100 * float(below.mean()) / 2 / len(wrong))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--specialist", type=Path, action="append", default=[])
    parser.add_argument("--each", type=int, default=50)
    parser.add_argument("--near", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = open_rows(given.run / "rows")
    tokenizer = open_tokenizer(given.run / "weights" / "tokenizer.json")
    ways: dict[str, Score | None] = {
        "equal words": by_words(rows),
        **{
            name: by_matcher(rows, read_matcher(given.run / file))
            for name, file in (("matcher", MATCHER), ("taught vectors", VECTORS))
            if (given.run / file).is_file()
        },
        "MiniLM-L6": by_minilm(rows, tokenizer),
        **{str(one): by_specialist(rows, tokenizer, one) for one in given.specialist},
    }
    near_GK = np.load(given.run / NEIGHBOURS) if given.near else None
    asked = list(draw(rows, each=given.each, near_GK=near_GK))
    print(f"{len(asked)} queries of {len({one.source for one in asked})} sources")
    for name, score in ways.items():
        if score is not None:
            found = marks(asked, score)
            means = np.mean(list(found.values()), axis=0)
            print(f"{name:40} first {means[0]:.1f}  AUROC {means[1]:.1f}  |", end=" ")
            print(*(f"{s} {first:.0f}/{area:.0f}" for s, (first, area) in found.items()))


if __name__ == "__main__":
    main()
