"""Batches for both trainings, each drawn from (seed, step) alone: a run that was stopped goes on
with the very batches it would have seen.

Shapes: B rows, T positions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from specialists.corpora.relevance import RelevanceRows
from specialists.corpora.tokens import TokenIds
from specialists.prompts import Contract

PAD = 0


def text_batch(token_ids: TokenIds, *, rows: int, length: int, seed: int, step: int) -> Tensor:
    """[B, T] windows of running text, int64."""
    choice = np.random.default_rng((seed, step))
    starts = choice.integers(0, len(token_ids) - length, size=rows)
    windows = np.stack([token_ids[start : start + length] for start in starts])
    return torch.from_numpy(windows.astype(np.int64))


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceBatch:
    """Prompts padded on the right. `last_B` is the position where the verdict is read.

    `same_token_BT` says of each passage position whether its token stands in the query, and
    `same_word_BT`, where a word closes, whether the word's stem does: 1 yes, 0 no, -1 no question.
    `passage_BT` marks the second half of the passage.
    Rows of one query share a number in `group_B`.
    """

    ids_BT: Tensor
    last_B: Tensor
    relevant_B: Tensor
    same_token_BT: Tensor
    same_word_BT: Tensor
    passage_BT: Tensor
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


class RelevanceSampler:
    """Draws groups by source weight, fits each into `max_length` tokens, fills a token budget.

    Every group brings one positive (where it has one), up to `negatives` of its own and one
    passage of another query from anywhere, the cross-domain negative.
    """

    def __init__(
        self,
        rows: RelevanceRows,
        prompt: PromptIds,
        *,
        weights: Mapping[str, float],
        seed: int,
        development: bool = False,
        negatives: int = 3,
    ) -> None:
        self.rows, self.prompt, self.seed, self.negatives = rows, prompt, seed, negatives
        self.tokens, self.stems = np.asarray(rows.tokens), np.asarray(rows.stems)
        self.groups = np.flatnonzero(np.asarray(rows.development) == development)
        source = np.asarray(rows.source)[self.groups]
        share = np.array([weights.get(name, 1.0) for name in rows.source_names])[source]
        self.cumulative = np.cumsum(share / share.sum())
        lengths = np.diff(rows.text_start)
        self.passage_length = lengths[np.asarray(rows.candidate)]

    def draw(self, *, step: int, token_budget: int, max_length: int) -> RelevanceBatch:
        """Passages over `max_length` are cut at the end. A group whose query takes more than a
        third of it, or whose every positive would lose more than a third, waits for longer
        prompts."""
        choice = np.random.default_rng((self.seed, step))
        drawn: list[tuple[int, int, bool, int]] = []
        widest, number = 0, 0
        while True:
            at = min(int(np.searchsorted(self.cumulative, choice.random())), len(self.groups) - 1)
            candidates = self._candidates(int(self.groups[at]), choice, max_length)
            query = int(self.rows.query[self.groups[at]])
            if not candidates or self._length(query) > max_length // 3:
                continue
            width = max(self._prompt_length(query, text, max_length) for text, _ in candidates)
            if drawn and (len(drawn) + len(candidates)) * max(widest, width) > token_budget:
                break
            widest, number = max(widest, width), number + 1
            drawn.extend((query, text, relevant, number) for text, relevant in candidates)
        return self._collate(drawn, widest, max_length)

    def _candidates(
        self, group: int, choice: np.random.Generator, max_length: int
    ) -> list[tuple[int, bool]]:
        span = self.rows.candidates(group)
        texts, relevant = self.rows.candidate[span], self.rows.relevant[span]
        fits = self.passage_length[span] <= 1.6 * max_length
        positives = texts[relevant & fits]
        negatives = texts[~relevant]
        if relevant.any() and not len(positives):
            return []
        chosen = [(int(choice.choice(positives)), True)] if len(positives) else []
        count = min(self.negatives, len(negatives))
        chosen += [(int(text), False) for text in choice.permutation(negatives)[:count]]
        other = int(choice.integers(len(self.rows.candidate)))
        if not span.start <= other < span.stop:
            chosen.append((int(self.rows.candidate[other]), False))
        return chosen

    def _prompt_length(self, query: int, text: int, max_length: int) -> int:
        fixed = len(self.prompt.before) + len(self.prompt.between) + len(self.prompt.tail)
        query_length = min(self.prompt.max_query, self._length(query))
        return min(max_length, fixed + query_length + self._length(text))

    def _length(self, text: int) -> int:
        return int(self.rows.text_start[text + 1] - self.rows.text_start[text])

    def _collate(
        self, drawn: list[tuple[int, int, bool, int]], width: int, max_length: int
    ) -> RelevanceBatch:
        shape = (len(drawn), width)
        ids = np.full(shape, PAD, dtype=np.int64)
        same_token = np.full(shape, -1, dtype=np.int64)
        same_word = np.full(shape, -1, dtype=np.int64)
        second_half = np.zeros(shape, dtype=np.bool_)
        last = np.zeros(len(drawn), dtype=np.int64)
        for row, (query, text, _, _) in enumerate(drawn):
            query_ids = self.tokens[self.rows.text(query)][: self.prompt.max_query]
            head = [*self.prompt.before, *query_ids, *self.prompt.between]
            room = max_length - len(head) - len(self.prompt.tail)
            span = self.rows.text(text)
            passage = self.tokens[span][:room]
            end = len(head) + len(passage)
            ids[row, : len(head)] = head
            ids[row, len(head) : end] = passage
            ids[row, end : end + len(self.prompt.tail)] = self.prompt.tail
            last[row] = end + len(self.prompt.tail) - 1
            same_token[row, len(head) : end] = np.isin(passage, query_ids)
            same_word[row, len(head) : end] = self._same_words(query, self.stems[span][:room])
            second_half[row, (len(head) + end) // 2 : end] = True
        return RelevanceBatch(
            ids_BT=torch.from_numpy(ids),
            last_B=torch.from_numpy(last),
            relevant_B=torch.tensor([relevant for _, _, relevant, _ in drawn]),
            same_token_BT=torch.from_numpy(same_token),
            same_word_BT=torch.from_numpy(same_word),
            passage_BT=torch.from_numpy(second_half),
            group_B=torch.tensor([number for *_, number in drawn]),
        )

    def _same_words(self, query: int, stems: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        query_stems = self.stems[self.rows.text(query)]
        found = np.isin(stems, query_stems[query_stems > 0]).astype(np.int64)
        return np.where(stems > 0, found, -1)
