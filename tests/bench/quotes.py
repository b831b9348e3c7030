"""How often the sentence that is quoted first is one that answers.

Run by hand:  python -m tests.bench.quotes [--specialist FOLDER]
`answering_sentences.tsv` names, for queries of written rows (`specialists/corpora/written.py`), the
sentences of their passage that answer, counted from one, as a language model read them one by one.
Each query is asked of its passage alone, which counts as kept, so only the choice of the sentence
is measured. Beside `extract_answer` stand the words a sentence shares with the query, the cosine of
all-MiniLM-L6-v2 where it is installed, and chance. Printed are percent with 95% intervals.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from cluster.answering.extract import extract_answer
from cluster.records import JudgedPassage, Passage, SpecialistCaller
from specialists.corpora.written import DOCUMENTS, read_written
from specialists.evaluation.baselines import packaged_minilm
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.evaluation.measure import wilson
from specialists.loading import load_for_worker
from specialists.requests import Decide, Decided
from specialists.sentences import split_sentences
from specialists.specialist import Specialist
from tests.bench.left_open import by_words

LABELS = Path(__file__).parent / "answering_sentences.tsv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    query: str
    text: str
    invented: bool
    sentences: tuple[str, ...]
    answering: frozenset[int]
    """Indices of sentences."""


def read_labelled() -> Iterator[Labelled]:
    passages = {query: row for row in read_written() for query in row.asks}
    for line in LABELS.read_text("utf-8").splitlines():
        numbers, query = line.split("\t")
        row = passages[query]
        yield Labelled(
            query=query,
            text=row.text,
            invented=row.source == DOCUMENTS,
            sentences=tuple(row.text[a:b] for a, b in split_sentences(row.text)),
            answering=frozenset(int(number) - 1 for number in numbers.split(",")),
        )


def by_quotes(specialist: Specialist) -> Callable[[Labelled], bool]:
    async def decide(name: str, request: Decide) -> Decided:
        return specialist.decide(request)

    call = cast(SpecialistCaller, decide)

    def right(one: Labelled) -> bool:
        (verdict,) = specialist.decide(Decide(query=one.query, passages=(one.text,))).verdicts
        passage = Passage(text=one.text, source="", start=0, end=len(one.text), line=1)
        judged = JudgedPassage(passage=passage, verdict=verdict, kept=True, reason="")
        composed = asyncio.run(extract_answer(call, "", one.query, [judged], max_quotes=1))
        return any(one.sentences[n] in composed.citations[0].quote for n in one.answering)

    return right


def by_score(score: Callable[[str, Sequence[str]], Sequence[float]]) -> Callable[[Labelled], bool]:
    def right(one: Labelled) -> bool:
        scores = score(one.query, one.sentences)
        return max(range(len(scores)), key=scores.__getitem__) in one.answering

    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specialist", type=Path, default=WEIGHTS_FOLDER / "q-rag")
    given = parser.parse_args()
    torch.set_num_threads(1)
    ways = {
        "equal words": by_score(by_words),
        "quotes": by_quotes(load_for_worker(given.specialist, "float32", given.specialist)),
    }
    minilm = packaged_minilm()
    if minilm is not None:
        ways["MiniLM-L6"] = by_score(lambda query, texts: minilm.score(query, texts).scores)
    for invented in (True, False):
        mine = [one for one in read_labelled() if one.invented == invented]
        print(f"{'invented documents' if invented else 'passages'}: {len(mine)} queries")
        chance = sum(len(one.answering) / len(one.sentences) for one in mine) / len(mine)
        print(f"  {'chance':12} {chance:.1%}")
        for name, right in ways.items():
            found = sum(map(right, mine))
            low, high = wilson(found, len(mine))
            print(f"  {name:12} {found / len(mine):.1%} [{100 * low:.1f}, {100 * high:.1f}]")


if __name__ == "__main__":
    main()
