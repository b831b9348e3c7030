"""Trains a label recipe whose prompts are pairs with an echo, from the weights of q-rag.

What q-rag learned about two texts, where in the one a word of the other stands, is lost when the
label alone is trained on; so its dense helpers go on (see `losses.py`), and rows are drawn by
their query, a few candidates of each beside one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from specialists.corpora.labels import LabelRow
from specialists.corpora.words import stem_words, word_borders
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import Contract
from specialists.specialist import load_model
from specialists.training.batches import (
    RelevanceBatch,
    Row,
    Words,
    batches_side_by_side,
    prompt_ids,
    prompt_length,
)
from specialists.training.labelling import LabelRun, parted
from specialists.training.loop import StepReport
from specialists.training.losses import DenseHead
from specialists.training.objective import RelevanceObjective, SideBySide, mean_figures
from specialists.training.optimizer import ready_to_train
from specialists.training.pools import draw_share

MOST_OF_A_QUERY = 4
MEASURED_BATCHES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One row as words. `label` indexes the contract's labels, `query` is that of the rows which
    share it, `length` counts the tokens of the whole prompt."""

    asked: Words
    text: Words
    label: int
    query: int
    length: int


class PairSampler:
    """Draws queries with some of their rows, as often as they have rows, and shares them out by
    length."""

    def __init__(self, pairs: Sequence[Pair], *, positive: int, seed: int) -> None:
        self._pairs, self._positive, self._seed = pairs, positive, seed
        self._of_query: dict[int, list[int]] = {}
        for number, pair in enumerate(pairs):
            self._of_query.setdefault(pair.query, []).append(number)

    def rows_of(self, *, step: int, token_budget: int) -> list[Row]:
        """The rows of `step`; they follow from (seed, step)."""
        chosen = draw_share(
            self._draw_group,
            lambda pair: pair.length,
            step=step,
            seed=self._seed,
            token_budget=token_budget,
        )
        return [
            Row(
                query=pair.asked,
                passage=pair.text,
                relevant=pair.label == self._positive,
                group=pair.query,
                label=pair.label,
            )
            for pair in chosen
        ]

    def _draw_group(self, choice: np.random.Generator) -> list[Pair]:
        """A row from anywhere, and a few of its query's others."""
        first = int(choice.integers(len(self._pairs)))
        others = [n for n in self._of_query[self._pairs[first].query] if n != first]
        drawn = choice.permutation(len(others))[: MOST_OF_A_QUERY - 1]
        return [self._pairs[n] for n in (first, *(others[int(n)] for n in drawn))]


def train_pairs(run: LabelRun) -> FinanceDecoder:
    """The specialist, trained."""
    recipe = run.recipe
    contract, tokenizer = run.reading()
    prompt = prompt_ids(contract, tokenizer)
    training, held_back = (
        PairSampler(
            label_pairs(rows, contract, tokenizer, longest=recipe.max_length),
            positive=contract.positive_index,
            seed=recipe.seed,
        )
        for rows in parted(run.rows())
    )
    model = ready_to_train(load_model(run.start))
    objective = RelevanceObjective(
        model=model,
        dense=DenseHead(model.config.d_model),
        label_ids=torch.tensor(contract.label_ids),
        positive=contract.positive_index,
        match_layers=recipe.match_layers,
    )
    side_by_side = SideBySide(run.threads or torch.get_num_threads())

    def batches_of(sampler: PairSampler, step: int) -> list[list[RelevanceBatch]]:
        return batches_side_by_side(
            sampler.rows_of(step=step, token_budget=recipe.token_budget),
            prompt,
            max_length=recipe.max_length,
            cores=side_by_side.cores,
        )

    def take_step(step: int) -> StepReport:
        return side_by_side.descend(objective, batches_of(training, step))

    @torch.no_grad()
    def measure() -> dict[str, float]:
        shares = [share for n in range(MEASURED_BATCHES) for share in batches_of(held_back, n)]
        return mean_figures([objective.loss(share) for share in shares], ("verdict", "accuracy"))

    run.train(objective.modules(), take_step=take_step, measure=measure)
    return model


def label_pairs(
    rows: Sequence[LabelRow], contract: Contract, tokenizer: Tokenizer, *, longest: int
) -> list[Pair]:
    """The rows as words, without those whose prompt has more than `longest` tokens. Raises
    `CorpusError` when none is left."""
    words = _words_of({text for row in rows for text in (row.query, row.text)}, tokenizer)
    prompt = prompt_ids(contract, tokenizer)
    queries: dict[tuple[str, str], int] = {}
    pairs = []
    for row in rows:
        asked, text = words[row.query], words[row.text]
        length = prompt_length(prompt, asked, text)
        if length <= longest:
            pairs.append(
                Pair(
                    asked=asked,
                    text=text,
                    label=contract.outcomes.index(row.label),
                    query=queries.setdefault((row.group, row.query), len(queries)),
                    length=length,
                )
            )
    if not pairs:
        raise CorpusError(f"none of {len(rows)} rows fits into {longest} tokens")
    return pairs


def _words_of(texts: set[str], tokenizer: Tokenizer) -> dict[str, Words]:
    """Each text as token ids, with the stems of its words."""
    ordered = sorted(texts)
    encoded = tokenizer.encode_batch_fast(ordered, add_special_tokens=False)
    lengths = [len(encoding.ids) for encoding in encoded]
    tokens = np.concatenate([np.array(encoding.ids, dtype=np.uint16) for encoding in encoded])
    whole = Words(ids=tokens, stems=stem_words(tokens, word_borders(tokenizer)))
    starts = np.cumsum([0, *lengths])
    return {
        text: whole[int(start) : int(start) + length]
        for text, start, length in zip(ordered, starts[:-1], lengths, strict=True)
    }
