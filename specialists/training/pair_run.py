"""Trains a label recipe whose prompts are pairs with an echo, from the weights of q-rag.

What q-rag learned about two texts, where in the one a word of the other stands, is lost when the
label alone is trained on; so its dense helpers go on (see `losses.py`), and rows are drawn by
their query, a few candidates of each beside one another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from specialists.checkpoint import Checkpoint
from specialists.corpora.labels import LabelRow, read_label_rows
from specialists.corpora.words import stem_words, word_borders
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import Contract, resolve_labels
from specialists.specialist import load_model
from specialists.tokenizer import open_tokenizer
from specialists.training.batches import (
    PromptIds,
    RelevanceBatch,
    Row,
    Words,
    prompt_ids,
    prompt_length,
    relevance_batch,
)
from specialists.training.loop import Progress, StepReport, train
from specialists.training.losses import DenseHead, RelevanceLoss, relevance_loss
from specialists.training.optimizer import make_optimizer
from specialists.training.recipes import LabelRecipe

POOL = 8
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

    def __init__(
        self, pairs: Sequence[Pair], prompt: PromptIds, *, positive: int, seed: int
    ) -> None:
        self._pairs, self._prompt, self._positive, self._seed = pairs, prompt, positive, seed
        self._of_query: dict[int, list[int]] = {}
        for number, pair in enumerate(pairs):
            self._of_query.setdefault(pair.query, []).append(number)

    def draw(
        self, *, step: int, token_budget: int, max_length: int
    ) -> tuple[RelevanceBatch, torch.Tensor]:
        """The batch of `step` and the labels of its rows [B]; both follow from (seed, step)."""
        choice = np.random.default_rng((self._seed, step // POOL))
        pool: list[tuple[int, list[int]]] = []
        total = 0
        while total < POOL * token_budget:
            first = int(choice.integers(len(self._pairs)))
            others = [n for n in self._of_query[self._pairs[first].query] if n != first]
            drawn = choice.permutation(len(others))[: MOST_OF_A_QUERY - 1]
            group = [first, *(others[int(n)] for n in drawn)]
            width = max(self._pairs[n].length for n in group)
            pool.append((width, group))
            total += width * len(group)
        pool.sort(key=lambda item: item[0])
        ends = np.cumsum([width * len(group) for width, group in pool]) * POOL // total
        place = int(choice.permutation(POOL)[step % POOL])
        groups = [group for (_, group), share in zip(pool, ends, strict=True) if share == place]
        chosen = [self._pairs[n] for group in groups for n in group]
        rows = [
            Row(
                query=pair.asked,
                passage=pair.text,
                relevant=pair.label == self._positive,
                group=pair.query,
            )
            for pair in chosen
        ]
        batch = relevance_batch(rows, self._prompt, max_length=max_length)
        return batch, torch.tensor([pair.label for pair in chosen])


def train_pairs(
    recipe: LabelRecipe,
    *,
    run: Path,
    start: Checkpoint,
    steps: int | None = None,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The specialist after `steps` (the recipe's own where None), going on from the run's state."""
    tokenizer = open_tokenizer(start.tokenizer_path)
    contract = resolve_labels(recipe.contract, tokenizer)
    rows = read_label_rows(run / recipe.name / "rows.jsonl")
    prompt = prompt_ids(contract, tokenizer)
    training, held_back = (
        PairSampler(
            label_pairs(
                [row for row in rows if row.held_back is held],
                contract,
                tokenizer,
                longest=recipe.max_length,
            ),
            prompt,
            positive=contract.positive_index,
            seed=recipe.seed,
        )
        for held in (False, True)
    )
    model = load_model(start).train()
    model.requires_grad_(True)
    model.embedding.requires_grad_(False)
    dense = DenseHead(model.config.d_model)
    label_ids = torch.tensor(contract.label_ids)

    def loss_at(sampler: PairSampler, step: int) -> tuple[RelevanceLoss, int]:
        """The loss of a step's batch, and its tokens."""
        batch, target_B = sampler.draw(
            step=step, token_budget=recipe.token_budget, max_length=recipe.max_length
        )
        with torch.autocast("cpu", torch.bfloat16):
            loss = relevance_loss(
                model,
                dense,
                batch,
                label_ids,
                contract.positive_index,
                match_layers=recipe.match_layers,
                target_B=target_B,
            )
        return loss, int(batch.last_B.sum()) + len(batch.last_B)

    def take_step(step: int) -> StepReport:
        loss, tokens = loss_at(training, step)
        return StepReport(loss=loss.total, figures=loss.figures(), tokens=tokens)

    @torch.no_grad()
    def measure() -> dict[str, float]:
        drawn = [loss_at(held_back, step)[0].figures() for step in range(MEASURED_BATCHES)]
        return {
            f"development_{name}": sum(figures[name] for figures in drawn) / len(drawn)
            for name in ("verdict", "accuracy")
        }

    train(
        run / recipe.name,
        modules={"model": model, "dense": dense},
        optimizer=make_optimizer([model, dense], learning_rate=recipe.learning_rate),
        steps=steps or recipe.steps,
        threads=threads,
        take_step=take_step,
        measure=measure,
        measure_every=80,
        on_progress=on_progress,
    )
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
