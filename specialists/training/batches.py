"""Batches for both trainings, as tensors. Which rows a step sees is decided in `drawing.py`.

Shapes: B rows, T positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from specialists.corpora.tokens import TokenIds
from specialists.corpora.words import Stems
from specialists.prompts import Contract

PAD = 0


def text_batch(token_ids: TokenIds, *, rows: int, length: int, seed: int, step: int) -> Tensor:
    """[B, T] windows of running text, int64."""
    choice = np.random.default_rng((seed, step))
    starts = choice.integers(0, len(token_ids) - length, size=rows)
    windows = np.stack([token_ids[start : start + length] for start in starts])
    return torch.from_numpy(windows.astype(np.int64))


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A text as token ids with, where a word closes, its stem; 0 elsewhere."""

    ids: TokenIds
    stems: Stems

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: slice) -> "Words":
        return Words(ids=self.ids[part], stems=self.stems[part])


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A query, a passage, and whether it is relevant. Rows of one query share `group`."""

    query: Words
    passage: Words
    relevant: bool
    group: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceBatch:
    """Prompts padded on the right. `last_B` is the position where the verdict is read.

    `stems_BT` holds the stem of every word of query and passage where it closes, 0 elsewhere;
    `query_BT` and `passage_BT` mark the positions of each. Rows of one query share a number in
    `group_B`.
    """

    ids_BT: Tensor
    stems_BT: Tensor
    query_BT: Tensor
    passage_BT: Tensor
    last_B: Tensor
    relevant_B: Tensor
    group_B: Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptIds:
    """Token ids of the contract's fixed parts: before the query, between query and passage, and
    after the passage."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    tail: tuple[int, ...]
    max_query: int


def prompt_ids(contract: Contract, tokenizer: Tokenizer) -> PromptIds:
    """The fixed parts as they come out when a whole prompt is built from `contract`."""
    before_text, _ = contract.head.split("{query}")

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)

    before = encode(before_text.rstrip())
    probe = encode(contract.head_text("word"))
    word = encode("word")
    return PromptIds(
        before=tuple(before),
        between=tuple(probe[len(before) + len(word) :]),
        tail=contract.tail_ids,
        max_query=contract.max_query_tokens,
    )


def prompt_length(prompt: PromptIds, query: Words, passage: Words) -> int:
    """Tokens of the whole prompt, its query cut as the contract says."""
    fixed = len(prompt.before) + len(prompt.between) + len(prompt.tail)
    return fixed + min(prompt.max_query, len(query)) + len(passage)


def relevance_batch(rows: Sequence[Row], prompt: PromptIds, *, max_length: int) -> RelevanceBatch:
    """Passages are cut at the end to fit `max_length`."""
    width = max(min(max_length, prompt_length(prompt, row.query, row.passage)) for row in rows)
    shape = (len(rows), width)
    ids, stems = np.full(shape, PAD, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    query_at, passage_at = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    last = np.zeros(len(rows), dtype=np.int64)
    for number, row in enumerate(rows):
        query = row.query[: prompt.max_query]
        start = len(prompt.before)
        middle = start + len(query)
        passage_start = middle + len(prompt.between)
        passage = row.passage[: width - passage_start - len(prompt.tail)]
        end = passage_start + len(passage)
        closing = end + len(prompt.tail)
        ids[number, :start] = prompt.before
        ids[number, start:middle], stems[number, start:middle] = query.ids, query.stems
        ids[number, middle:passage_start] = prompt.between
        ids[number, passage_start:end] = passage.ids
        stems[number, passage_start:end] = passage.stems
        ids[number, end:closing] = prompt.tail
        query_at[number, start:middle], passage_at[number, passage_start:end] = True, True
        last[number] = closing - 1
    return RelevanceBatch(
        ids_BT=torch.from_numpy(ids),
        stems_BT=torch.from_numpy(stems),
        query_BT=torch.from_numpy(query_at),
        passage_BT=torch.from_numpy(passage_at),
        last_B=torch.from_numpy(last),
        relevant_B=torch.tensor([row.relevant for row in rows]),
        group_B=torch.tensor([row.group for row in rows]),
    )
