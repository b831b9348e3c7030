"""Batches for both trainings, as tensors. Which rows a step sees is decided in `drawing.py`.

Shapes: B rows, T positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from specialists.corpora.tokens import TokenIds
from specialists.corpora.words import Stems
from specialists.prompts import Contract

PAD = 0
BATCH_TOKENS = 1_536
"""Of a small batch, with the padding: more outgrow the caches."""
WIDTH_STEP = 16
"""Small batches come in few shapes: a product of a new shape is prepared before it is computed."""


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

    def __add__(self, other: "Words") -> "Words":
        return Words(
            ids=np.concatenate([self.ids, other.ids]),
            stems=np.concatenate([self.stems, other.stems]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Taught:
    """What a teacher says of a query and a passage (`teacher.py`): the cosine `near` of each
    sentence that ends before one of the passage's tokens `ends`, and that of the `whole`."""

    ends: npt.NDArray[np.int32]
    near: npt.NDArray[np.float32]
    whole: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A query, a passage, and whether it is relevant; `doubtful` where it is held for wrong and may
    yet be right. Rows of one query share `group`. `label` counts where there are more than two."""

    query: Words
    passage: Words
    relevant: bool
    group: int
    label: int | None = None
    taught: Taught | None = None
    doubtful: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TaughtPlaces:
    """What a teacher says of a batch: `near_BT` where a sentence of the passage ends, `whole_B`,
    and `nearest_B`, the largest of the first; NaN where it says nothing."""

    near_BT: Tensor
    whole_B: Tensor
    nearest_B: Tensor


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
    doubtful_B: Tensor
    label_B: Tensor | None = None
    group_B: Tensor
    taught: TaughtPlaces | None = None

    @property
    def tokens(self) -> int:
        """Without the padding."""
        return int(self.last_B.sum()) + len(self.last_B)

    def target_B(self, positive: int) -> Tensor:
        """Labels as indices; with two of them they follow from what is relevant."""
        if self.label_B is not None:
            return self.label_B
        return torch.where(self.relevant_B, positive, 1 - positive)


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


def batches_side_by_side(
    rows: Sequence[Row], prompt: PromptIds, *, max_length: int, cores: int
) -> list[list[RelevanceBatch]]:
    """The rows in small batches of like length, in as many shares as there are `cores`, each with
    about as many tokens; rows of one query stay in one share."""

    def length(row: Row) -> int:
        return min(max_length, prompt_length(prompt, row.query, row.passage))

    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    shares: list[list[Row]] = [[] for _ in range(min(cores, len(groups)))]
    tokens = [0] * len(shares)
    for group in sorted(groups.values(), key=lambda group: -sum(map(length, group))):
        least = tokens.index(min(tokens))
        shares[least].extend(group)
        tokens[least] += sum(map(length, group))
    found = []
    for share in shares:
        share.sort(key=length, reverse=True)
        batches = []
        while share:
            width = min(max_length, -(-length(share[0]) // WIDTH_STEP) * WIDTH_STEP)
            fitting = max(1, BATCH_TOKENS // width)
            batches.append(
                relevance_batch(share[:fitting], prompt, max_length=max_length, width=width)
            )
            share = share[fitting:]
        found.append(batches)
    return found


def relevance_batch(
    rows: Sequence[Row], prompt: PromptIds, *, max_length: int, width: int | None = None
) -> RelevanceBatch:
    """Passages are cut at the end to fit `max_length`; `width` is that of the longest row where
    None, and may be more."""
    longest = max(min(max_length, prompt_length(prompt, row.query, row.passage)) for row in rows)
    width = longest if width is None else max(longest, width)
    shape = (len(rows), width)
    ids, stems = np.full(shape, PAD, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    query_at, passage_at, echo_at = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    last = np.zeros(len(rows), dtype=np.int64)
    for number, row in enumerate(rows):
        query = row.query[: prompt.max_query]
        fixed = prompt_length(prompt, query, query) - len(query)
        passage = row.passage[: min(width, max_length) - fixed]
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
    labels = [row.label for row in rows if row.label is not None]
    return RelevanceBatch(
        ids_BT=torch.from_numpy(ids),
        stems_BT=torch.from_numpy(stems),
        query_BT=torch.from_numpy(query_at),
        passage_BT=torch.from_numpy(passage_at),
        echo_BT=torch.from_numpy(echo_at),
        last_B=torch.from_numpy(last),
        relevant_B=torch.tensor([row.relevant for row in rows]),
        doubtful_B=torch.tensor([row.doubtful for row in rows]),
        label_B=torch.tensor(labels) if labels else None,
        group_B=torch.tensor([row.group for row in rows]),
        taught=_taught_places(rows, passage_at),
    )


def _taught_places(rows: Sequence[Row], passage_at: npt.NDArray[np.bool_]) -> TaughtPlaces | None:
    """`passage_at` [B, T] says where each passage stands as far as it is read."""
    if all(row.taught is None for row in rows):
        return None
    near = np.full(passage_at.shape, np.nan, dtype=np.float32)
    whole, nearest = (np.full(len(rows), np.nan, dtype=np.float32) for _ in range(2))
    for number, row in enumerate(rows):
        if row.taught is not None:
            read = row.taught.ends <= passage_at[number].sum()
            if read.any():
                near[number, passage_at[number].argmax() + row.taught.ends[read] - 1] = (
                    row.taught.near[read]
                )
                whole[number], nearest[number] = row.taught.whole, row.taught.near[read].max()
    return TaughtPlaces(
        near_BT=torch.from_numpy(near),
        whole_B=torch.from_numpy(whole),
        nearest_B=torch.from_numpy(nearest),
    )
