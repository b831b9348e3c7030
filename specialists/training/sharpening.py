"""What the last stretch of q-rag is drawn from and led to: right passages beside wrong ones that
are just as near, both kinds of error counting the same.

Shapes: B rows, G groups of the rows, K neighbours, Q queries of a batch.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from specialists.corpora.relevance import RelevanceRows
from specialists.errors import RecipeError
from specialists.model.decoder import FinanceDecoder
from specialists.training.batches import PromptIds, RelevanceBatch, Row, Words, prompt_length
from specialists.training.losses import verdict_margins, within_query_loss
from specialists.training.objective import RelevanceLoss
from specialists.training.other_questions import OtherQuestions

OWN = 2
"""Wrong candidates of a query that are shown at most."""
WRONG = 4
"""With its neighbours; one passage from anywhere comes on top."""
NEAREST = 16
"""Neighbours of which some are drawn."""
EVEN = 3_000
"""Groups from which on a source is drawn no more often; below, by the root of their number."""
WITHIN_QUERY_SHARE = 0.5
LEAST_COMPANY, MOST_COMPANY = 24, 160
"""Tokens of another passage that stand before or after one."""
NEARLY = 0.3
"""A doubtful passage that comes so near to the right one's margin, or above it, is not counted."""


class NeighbourSampler:
    """Draws queries, sources nearly evenly, from (seed, step) alone. `neighbours_GK` are as
    `find_neighbours` finds them; in the sources `sure` they are wrong beyond doubt. Queries that
    take more than a third of `max_length` are left out.

    Of `company_share` of the queries every passage stands among parts of others of its source, as
    far as there is room; beside `turned_share` of them one of `others` is asked about the right
    passage."""

    def __init__(
        self,
        rows: RelevanceRows,
        prompt: PromptIds,
        neighbours_GK: npt.NDArray[np.int64],
        *,
        weights: Mapping[str, float],
        sure: Collection[str],
        max_length: int,
        seed: int,
        development: bool = False,
        company_share: float = 0.0,
        turned_share: float = 0.0,
        others: OtherQuestions | None = None,
    ) -> None:
        self.rows, self.prompt, self.neighbours_GK = rows, prompt, neighbours_GK
        self.sure, self.max_length, self.seed = frozenset(sure), max_length, seed
        self.company_share, self.turned_share, self.others = company_share, turned_share, others
        self.tokens, self.stems = np.asarray(rows.tokens), np.asarray(rows.stems)
        source, held_out = np.asarray(rows.source), np.asarray(rows.development)
        fits = np.diff(rows.text_start)[np.asarray(rows.query)] <= max_length // 3
        drawn = (held_out == development) & (neighbours_GK[:, 0] >= 0) & fits
        self.groups = [np.flatnonzero(drawn & (source == n)) for n in range(len(rows.source_names))]
        share = np.array(
            [
                min(len(groups), EVEN) ** 0.5 * weights.get(name, 1.0)
                for name, groups in zip(rows.source_names, self.groups, strict=True)
            ]
        )
        self.shares = share / max(share.sum(), 1e-9)
        seen = np.repeat(held_out == development, np.diff(rows.group_start))
        self.may_be_shown = np.zeros(len(rows.text_start), dtype=np.bool_)
        self.may_be_shown[np.asarray(rows.candidate)[seen]] = True

    def __len__(self) -> int:
        return sum(map(len, self.groups))

    def rows_of(self, *, step: int, token_budget: int) -> list[Row]:
        """Whole queries with their passages until the budget is spent. Raises `RecipeError` where
        there is none."""
        if not len(self):
            raise RecipeError(f"no query of up to {self.max_length // 3} tokens has a neighbour")
        choice = np.random.default_rng((self.seed, step))
        drawn: list[Row] = []
        tokens = number = 0
        while tokens < token_budget:
            source = int(choice.choice(len(self.groups), p=self.shares))
            group = int(choice.choice(self.groups[source]))
            found = self._rows_of_group(group, choice, number)
            drawn += found
            tokens += sum(
                min(self.max_length, prompt_length(self.prompt, row.query, row.passage))
                for row in found
            )
            number += 1
        return drawn

    def _rows_of_group(self, group: int, choice: np.random.Generator, number: int) -> list[Row]:
        span = self.rows.candidates(group)
        texts, relevant = np.asarray(self.rows.candidate[span]), self.rows.relevant[span]
        sure = self.rows.source_names[int(self.rows.source[group])] in self.sure
        shown = [(int(text), False) for text in choice.permutation(texts[~relevant])[:OWN]]
        near = self.neighbours_GK[group]
        near = near[(near >= 0) & self.may_be_shown[near] & ~np.isin(near, texts)][:NEAREST]
        if relevant.any():
            near = choice.permutation(near)[: WRONG - len(shown)]
            shown += [(int(text), not sure) for text in near]
        other = int(choice.choice(self.rows.candidate))
        if other not in texts:
            shown.append((other, False))
        query = self._text(int(self.rows.query[group]))
        found = [
            Row(query=query, passage=self._text(t), relevant=False, group=number, doubtful=doubt)
            for t, doubt in shown
        ]
        if relevant.any():
            right = self._text(int(choice.choice(texts[relevant])))
            found.insert(0, Row(query=query, passage=right, relevant=True, group=number))
            turned = self._turned(group, choice)
            if turned is not None:
                found.append(Row(query=turned, passage=right, relevant=False, group=number))
        if choice.random() < self.company_share:
            source = int(self.rows.source[group])
            found = [self._in_company(row, source, choice) for row in found]
        return found

    def _turned(self, group: int, choice: np.random.Generator) -> Words | None:
        if self.others is None or choice.random() >= self.turned_share:
            return None
        return self.others.beside(group, choice)

    def _in_company(self, row: Row, source: int, choice: np.random.Generator) -> Row:
        """Before it the end of another passage, after it the beginning of one, or both."""
        room = self.max_length - prompt_length(self.prompt, row.query, row.passage)
        before, after = ((True, False), (False, True), (True, True))[int(choice.integers(3))]
        passage = row.passage
        for wanted, first in ((before, True), (after, False)):
            most = min(MOST_COMPANY, room)
            if not wanted or most < LEAST_COMPANY:
                continue
            other = self._anything_of(source, choice)
            length = int(choice.integers(LEAST_COMPANY, most + 1))
            part = other[-length:] if first else other[:length]
            room -= len(part)
            passage = part + passage if first else passage + part
        return replace(row, passage=passage)

    def _anything_of(self, source: int, choice: np.random.Generator) -> Words:
        group = int(choice.choice(self.groups[source]))
        return self._text(int(choice.choice(self.rows.candidate[self.rows.candidates(group)])))

    def _text(self, index: int) -> Words:
        span = self.rows.text(index)
        return Words(ids=self.tokens[span], stems=self.stems[span])


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharpening:
    """`label_ids` [2], of which `positive` is the index of 1."""

    model: FinanceDecoder
    label_ids: Tensor
    positive: int

    def modules(self) -> dict[str, nn.Module]:
        return {"model": self.model}

    def margins(self, batches: Sequence[RelevanceBatch]) -> Tensor:
        """[B], batch after batch; see `verdict_margins`."""
        found = [
            verdict_margins(
                self.model,
                self.model.hidden(batch.ids_BT),
                batch.last_B,
                label_ids=self.label_ids,
                positive=self.positive,
            )
            for batch in batches
        ]
        return torch.cat(found)

    def loss(self, batches: Sequence[RelevanceBatch]) -> RelevanceLoss:
        """The verdict, and the choice within each query's passages."""
        margin_B = self.margins(batches)
        relevant_B = torch.cat([batch.relevant_B for batch in batches])
        group_B = torch.cat([batch.group_B for batch in batches])
        doubtful_B = torch.cat([batch.doubtful_B for batch in batches])
        counts_B = ~(doubtful_B & _rivals_the_right(margin_B.detach(), relevant_B, group_B))
        margin_B, relevant_B, group_B = (x[counts_B] for x in (margin_B, relevant_B, group_B))
        verdict = even_verdict_loss(margin_B, relevant_B, group_B)
        within = within_query_loss(margin_B, relevant_B, group_B)
        return RelevanceLoss(
            total=verdict + WITHIN_QUERY_SHARE * within,
            figures={
                "verdict": float(verdict.detach()),
                "within_query": float(within.detach()),
                "accuracy": float(((margin_B.detach() > 0) == relevant_B).float().mean()),
            },
        )


def even_verdict_loss(margin_B: Tensor, relevant_B: Tensor, group_B: Tensor) -> Tensor:
    """Binary cross-entropy in nats; in each query what is right counts as much as what is wrong,
    however much there is of it."""
    query_Q, place_B = np.unique(group_B.numpy(), return_inverse=True)
    query_B = torch.from_numpy(place_B)
    loss_B = softplus(torch.where(relevant_B, -margin_B, margin_B))
    total = margin_B.sum() * 0.0
    for kind_B in (relevant_B, ~relevant_B):
        count_Q = torch.zeros(len(query_Q)).index_add(0, query_B, kind_B.float())
        total = total + (loss_B * kind_B / count_Q.clamp(min=1.0)[query_B]).sum()
    return total / (2 * len(query_Q))


def _rivals_the_right(margin_B: Tensor, relevant_B: Tensor, group_B: Tensor) -> Tensor:
    """[B]: whether a row comes near to the least right passage of its query, or above it."""
    same_BB = (group_B[:, None] == group_B[None, :]) & relevant_B[None, :]
    least_B = torch.where(same_BB, margin_B[None, :], torch.inf).amin(1)
    return margin_B > least_B - NEARLY
