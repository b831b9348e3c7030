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
    `query_BT`, `passage_BT` and `echo_BT` mark the positions of each. Rows of one query share a
    number in `group_B`.
    """

    ids_BT: Tensor
    stems_BT: Tensor
    query_BT: Tensor
    passage_BT: Tensor
    echo_BT: Tensor
    last_B: Tensor
    relevant_B: Tensor
    group_B: Tensor

    @property
    def tokens(self) -> int:
        """Without the padding."""
        return int(self.last_B.sum()) + len(self.last_B)


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptIds:
    """Token ids of the contract's fixed parts: before the query, between query and passage, before
    the query's echo (None without one), and at the end."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    echo: tuple[int, ...] | None
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
        echo=tuple(encode(contract.echo.split("{query}")[0].rstrip())) if contract.echo else None,
        tail=contract.tail_ids,
        max_query=contract.max_query_tokens,
    )


def prompt_length(prompt: PromptIds, query: Words, passage: Words) -> int:
    """Tokens of the whole prompt, its query cut as the contract says."""
    query_length = min(prompt.max_query, len(query))
    echo = 0 if prompt.echo is None else len(prompt.echo) + query_length
    fixed = len(prompt.before) + len(prompt.between) + echo + len(prompt.tail)
    return fixed + query_length + len(passage)


def relevance_batch(rows: Sequence[Row], prompt: PromptIds, *, max_length: int) -> RelevanceBatch:
    """Passages are cut at the end to fit `max_length`."""
    width = max(min(max_length, prompt_length(prompt, row.query, row.passage)) for row in rows)
    shape = (len(rows), width)
    ids, stems = np.full(shape, PAD, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    query_at, passage_at, echo_at = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    last = np.zeros(len(rows), dtype=np.int64)
    for number, row in enumerate(rows):
        query = row.query[: prompt.max_query]
        fixed = prompt_length(prompt, query, query) - len(query)
        passage = row.passage[: width - fixed]
        position = 0
        for part, mark in (
            (prompt.before, None),
            (query, query_at),
            (prompt.between, None),
            (passage, passage_at),
            (prompt.echo or (), None),
            (query if prompt.echo is not None else (), echo_at),
            (prompt.tail, None),
        ):
            span = slice(position, position + len(part))
            if isinstance(part, Words):
                ids[number, span], stems[number, span] = part.ids, part.stems
            else:
                ids[number, span] = part
            if mark is not None:
                mark[number, span] = True
            position = span.stop
        last[number] = position - 1
    return RelevanceBatch(
        ids_BT=torch.from_numpy(ids),
        stems_BT=torch.from_numpy(stems),
        query_BT=torch.from_numpy(query_at),
        passage_BT=torch.from_numpy(passage_at),
        echo_BT=torch.from_numpy(echo_at),
        last_B=torch.from_numpy(last),
        relevant_B=torch.tensor([row.relevant for row in rows]),
        group_B=torch.tensor([row.group for row in rows]),
    )
