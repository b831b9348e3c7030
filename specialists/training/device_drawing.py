"""Draws prompts on the device that trains, thousands at once: a GPU would wait for rows that are
made one by one.

A row is a query, a passage and what is wanted of it. Labelled rows come from the groups: a right
passage, wrong ones of the group's own, rivals that the encoder finds near, one from anywhere. Of a
second kind are sentences from anywhere, asked about passages that the encoder finds near them:
nobody labelled those, and what is wanted is what the encoder's cosine is worth where there are
labels. Some passages are made long out of several, for a chunk of somebody's documents may answer
in one of its sentences.

Shapes: G groups, C candidates of all of them, K rivals, R rows, B rows of a batch, T positions,
P pieces of a passage, S sentences, N texts, M width of the encoder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from specialists.corpora.relevance import RelevanceRows
from specialists.training.batches import PAD, PromptIds
from specialists.training.drawing import shares_of
from specialists.training.rivals import AskedSentences
from specialists.training.sentence_encoder import Encoded

NEGATIVES, RIVALS = 3, 2
"""Of a group's own, and of its rivals, in one drawing."""
PIECES = 3
NEAR_PASSAGES = (10, 10, 100, 100)
"""Of an unlabelled sentence: each is drawn from so many of the nearest."""
WIDTH_STEP = 32
FITTED_GROUPS = 20_000
POOL_STEPS = 16
"""Rows are drawn for so many steps at once and shared out by length."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """P(relevant) = sigmoid(slope * cosine + offset)."""

    slope: float
    offset: float

    def of(self, near: Tensor) -> Tensor:
        return (self.slope * near + self.offset).sigmoid()


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnRows:
    """The query is `query_length_R` tokens from `query_start_R` on, with the vector
    `asked_RM`; the passage is the texts `piece_RP` (-1 for none), of which `main_R` is the one that
    `label_R` (-1 without a label) is about."""

    query_start_R: Tensor
    query_length_R: Tensor
    asked_RM: Tensor
    piece_RP: Tensor
    main_R: Tensor
    label_R: Tensor
    near_R: Tensor
    """The cosine of query and `main_R`, NaN where the encoder does not know one of them."""

    def __getitem__(self, chosen: Tensor) -> "DrawnRows":
        return DrawnRows(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def __len__(self) -> int:
        return len(self.main_R)


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptBatch:
    """`wanted_B` is the probability that the verdict is led to, `label_B` the label or -1.
    `place_S` are flat positions at which a sentence ends whose cosine is `near_S`; over the query's
    echo (`after_BT`) the whole and the nearest sentence are asked for, NaN where unknown.
    `passage_BT` are the positions of the passage."""

    ids_BT: Tensor
    last_B: Tensor
    wanted_B: Tensor
    label_B: Tensor
    passage_BT: Tensor
    after_BT: Tensor
    place_S: Tensor
    near_S: Tensor
    whole_B: Tensor
    nearest_B: Tensor

    @property
    def tokens(self) -> int:
        """Without the padding."""
        return int(self.last_B.sum()) + len(self.last_B)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """What is drawn: so many of the rows' groups by `weights`, `unlabelled_share` of all rows about
    sentences, `joined_share` made long; of what is wanted the encoder says `soft_share`."""

    weights: Mapping[str, float]
    unlabelled_share: float
    joined_share: float
    soft_share: float
    max_length: int


Pool = tuple[DrawnRows, list[list[tuple[Tensor, int]]]]
"""Rows, and for each step its batches: which of the rows, and the width they are read with."""


class DeviceSampler:
    """All that is drawn from lies on the device of `encoded`."""

    def __init__(
        self,
        rows: RelevanceRows,
        prompt: PromptIds,
        encoded: Encoded,
        mixture: Mixture,
        *,
        rivals_GK: Tensor,
        sentences: AskedSentences | None,
        seed: int,
        development: bool = False,
    ) -> None:
        device = encoded.place_N.device
        self.device, self.prompt, self.encoded, self.mixture = device, prompt, encoded, mixture
        self.rivals_GK, self.sentences, self.seed = rivals_GK, sentences, seed
        groups = np.flatnonzero(np.asarray(rows.development) == development)
        self.groups = torch.from_numpy(groups).to(device)
        self.cumulative = torch.from_numpy(shares_of(rows, groups, mixture.weights)).to(device)
        fixed = [prompt.before, prompt.between, prompt.echo or (), prompt.tail]
        self.fixed_start, at = [], len(rows.tokens)
        for part in fixed:
            self.fixed_start.append(at)
            at += len(part)
        flat = np.concatenate([np.asarray(rows.tokens), *(np.array(p, np.uint16) for p in fixed)])
        self.tokens = torch.from_numpy(flat.astype(np.int32)).to(device)
        self.fixed_length = [len(part) for part in fixed]
        start = torch.from_numpy(np.array(rows.text_start)).to(device)
        self.text_start, self.text_length = start[:-1], start.diff()
        self.query_G = torch.from_numpy(np.asarray(rows.query).astype(np.int64)).to(device)
        # The right passages of every group before its wrong ones.
        group = np.repeat(np.arange(len(rows.query)), np.diff(rows.group_start))
        order = np.lexsort((~np.asarray(rows.relevant), group))
        candidates = np.asarray(rows.candidate)[order].astype(np.int64)
        self.candidate_C = torch.from_numpy(candidates).to(device)
        right = np.bincount(group[np.asarray(rows.relevant)], minlength=len(rows.query))
        self.first_G = torch.from_numpy(np.array(rows.group_start)[:-1]).to(device)
        self.right_G = torch.from_numpy(right).to(device)
        self.wrong_G = torch.from_numpy(np.diff(rows.group_start) - right).to(device)
        self.rival_G = (rivals_GK >= 0).sum(1)
        self.worth = Worth(slope=0.0, offset=0.0)
        self._drawn_for: tuple[int, int, int] | None = None
        self._pool: Pool

    def batches(self, *, step: int, token_budget: int, most_tokens: int) -> list[PromptBatch]:
        """Those of one step: about `token_budget` tokens with padding, in batches of at most
        `most_tokens`."""
        pool, number = divmod(step, POOL_STEPS)
        if self._drawn_for != (pool, token_budget, most_tokens):
            self._drawn_for = (pool, token_budget, most_tokens)
            self._pool = self._draw_pool(pool, token_budget, most_tokens)
        drawn, shares = self._pool
        return [self._batch(drawn[rows], width) for rows, width in shares[number % len(shares)]]

    def fit_worth(self) -> None:
        """What a cosine is worth among labelled rows whose wrong passages somebody chose: the
        group's own and its rivals."""
        generator = torch.Generator(self.device).manual_seed(self.seed)
        drawn = self._labelled(FITTED_GROUPS, generator)
        same = drawn.query_start_R == drawn.query_start_R.roll(-1)
        chosen = same & ~drawn.near_R.isnan()  # the last of a group comes from anywhere
        self.worth = worth_of_cosines(drawn.near_R[chosen], drawn.label_R[chosen])

    def _draw_pool(self, pool: int, token_budget: int, most_tokens: int) -> Pool:
        generator = torch.Generator(self.device).manual_seed(self.seed * 1_000_003 + pool)
        count = max(8, POOL_STEPS * token_budget // 1_100)  # groups of six rows of 180 tokens
        drawn = self._labelled(count, generator)
        if self.sentences is not None and self.mixture.unlabelled_share:
            share = self.mixture.unlabelled_share
            more = int(len(drawn) * share / (1 - share) / (len(NEAR_PASSAGES) + 1))
            others = self._unlabelled(max(1, more), generator)
            drawn = DrawnRows(
                **{
                    f.name: torch.cat([getattr(drawn, f.name), getattr(others, f.name)])
                    for f in fields(drawn)
                }
            )
        drawn = self._made_long(drawn, generator)
        length = self._lengths(drawn)
        order = length.argsort(descending=True)
        widths = (-(-length[order] // WIDTH_STEP) * WIDTH_STEP).tolist()
        batches, at = [], 0
        while at < len(widths):
            size = max(1, min(token_budget, most_tokens) // widths[at])
            batches.append((order[at : at + size], widths[at]))
            at += size
        choice = np.random.default_rng((self.seed, pool))
        a_step = max(1, token_budget // min(token_budget, most_tokens))
        mixed = [batches[int(place)] for place in choice.permutation(len(batches))]
        return drawn, [mixed[at : at + a_step] for at in range(0, len(mixed), a_step)]

    def _random(self, size: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.rand(size, generator=generator, device=self.device, dtype=torch.float64)

    def _below(self, most_R: Tensor, generator: torch.Generator) -> Tensor:
        """One whole number in [0, most) for each; 0 where there is none."""
        drawn = self._random(tuple(most_R.shape), generator) * most_R
        return torch.minimum(drawn.long(), (most_R - 1).clamp(min=0))

    def _anywhere(self, size: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return self.candidate_C[
            torch.randint(len(self.candidate_C), size, generator=generator, device=self.device)
        ]

    def _labelled(self, count: int, generator: torch.Generator) -> DrawnRows:
        at = torch.searchsorted(self.cumulative, self._random((count,), generator))
        group = self.groups[at.clamp(max=len(self.groups) - 1)]
        right, wrong, rivals = self.right_G[group], self.wrong_G[group], self.rival_G[group]
        first = self.first_G[group]
        # Some in a row from a drawn place on: different ones without a permutation for each group.
        positive = first + self._below(right, generator)
        turn_N = torch.arange(NEGATIVES, device=self.device)
        negative = (self._below(wrong, generator)[:, None] + turn_N) % wrong.clamp(min=1)[:, None]
        negative = (first + right)[:, None] + negative
        turn_R = torch.arange(RIVALS, device=self.device)
        rival = (self._below(rivals, generator)[:, None] + turn_R) % rivals.clamp(min=1)[:, None]
        most = len(self.candidate_C) - 1
        text = torch.cat(
            [
                self.candidate_C[positive.clamp(max=most)][:, None],
                self.candidate_C[negative.clamp(max=most)],
                self.rivals_GK[group].gather(1, rival),
                self._anywhere((count, 1), generator),
            ],
            dim=1,
        )
        there = torch.cat(
            [
                (right > 0)[:, None],
                turn_N < wrong[:, None],
                turn_R < rivals[:, None],
                torch.ones(count, 1, dtype=torch.bool, device=self.device),
            ],
            dim=1,
        )
        # By chance the one from anywhere may be the right one.
        there[:, -1] &= text[:, -1] != text[:, 0]
        label = torch.zeros_like(text)
        label[:, 0] = 1
        query = self.query_G[group]
        place = self.encoded.place_N[query]
        row, column = torch.nonzero(there, as_tuple=True)
        asked_RM = self.encoded.whole_NM[place.clamp(min=0)[row]]
        main = text[row, column]
        return DrawnRows(
            query_start_R=self.text_start[query][row],
            query_length_R=self.text_length[query].clamp(max=self.prompt.max_query)[row],
            asked_RM=asked_RM,
            piece_RP=self._alone(main),
            main_R=main,
            label_R=label[row, column],
            near_R=torch.where(place[row] >= 0, self._near(asked_RM, main), torch.nan),
        )

    def _unlabelled(self, count: int, generator: torch.Generator) -> DrawnRows:
        assert self.sentences is not None
        asked = self.sentences
        chosen = torch.randint(
            len(asked.start_Q), (count,), generator=generator, device=self.device
        )
        ranks = torch.tensor(NEAR_PASSAGES, device=self.device).clamp(max=asked.near_QL.shape[1])
        rank = self._below(ranks.expand(count, -1), generator)
        text = torch.cat(
            [asked.near_QL[chosen].gather(1, rank), self._anywhere((count, 1), generator)], dim=1
        )
        row = torch.arange(count, device=self.device).repeat_interleave(text.shape[1])
        main = text.flatten()
        asked_RM = self.encoded.sentence_SM[asked.sentence_Q[chosen]][row]
        return DrawnRows(
            query_start_R=asked.start_Q[chosen][row],
            query_length_R=asked.length_Q[chosen].clamp(max=self.prompt.max_query)[row],
            asked_RM=asked_RM,
            piece_RP=self._alone(main),
            main_R=main,
            label_R=torch.full_like(main, -1),
            near_R=self._near(asked_RM, main),
        )

    def _alone(self, main_R: Tensor) -> Tensor:
        piece_RP = torch.full((len(main_R), PIECES), -1, dtype=torch.int64, device=self.device)
        piece_RP[:, 0] = main_R
        return piece_RP

    def _near(self, asked_RM: Tensor, text_R: Tensor) -> Tensor:
        """Cosines, NaN for texts that were not encoded."""
        place_R = self.encoded.place_N[text_R]
        said_RM = self.encoded.whole_NM[place_R.clamp(min=0)]
        near_R = (asked_RM.float() * said_RM.float()).sum(-1)
        return torch.where(place_R >= 0, near_R, torch.nan)

    def _made_long(self, drawn: DrawnRows, generator: torch.Generator) -> DrawnRows:
        """In some rows other passages stand around the one that is asked about, as far as they
        fit; half of them are its neighbours in this drawing, which mostly answer the same query
        wrongly, the others come from anywhere."""
        count = len(drawn)
        long = self._random((count,), generator) < self.mixture.joined_share
        other = self._anywhere((count, PIECES - 1), generator)
        beside = torch.where(drawn.label_R == 0, drawn.main_R, other[:, 0]).roll(1)
        same_query = drawn.query_start_R == drawn.query_start_R.roll(1)
        half = self._random((count,), generator) < 0.5
        other[:, 0] = torch.where(half & same_query, beside, other[:, 0])
        wanted = self._random((count, 1), generator) * 0.7 + 0.3
        room = self._room(drawn.query_length_R)[:, None] * wanted
        length = self.text_length[torch.cat([drawn.main_R[:, None], other], dim=1)]
        fits = (length.cumsum(1) <= room) & long[:, None]
        fits[:, 0] = True
        piece = torch.where(fits, torch.cat([drawn.main_R[:, None], other], dim=1), -1)
        turned = self._random((count, PIECES), generator).argsort(1)
        # Those that are not there go to the end.
        piece = piece.gather(1, turned)
        piece = piece.gather(1, (piece < 0).to(torch.int8).argsort(dim=1, stable=True))
        return replace(drawn, piece_RP=piece)

    def _room(self, query_length_R: Tensor) -> Tensor:
        """Tokens that are left for the passage."""
        times = 1 if self.prompt.echo is None else 2
        return self.mixture.max_length - sum(self.fixed_length) - times * query_length_R

    def _piece_lengths(self, drawn: DrawnRows) -> Tensor:
        """[R, P], as far as they are read."""
        length = torch.where(drawn.piece_RP >= 0, self.text_length[drawn.piece_RP.clamp(min=0)], 0)
        until = torch.minimum(length.cumsum(1), self._room(drawn.query_length_R)[:, None])
        return until.diff(dim=1, prepend=torch.zeros_like(until[:, :1]))

    def _lengths(self, drawn: DrawnRows) -> Tensor:
        times = 1 if self.prompt.echo is None else 2
        fixed = sum(self.fixed_length)
        return fixed + times * drawn.query_length_R + self._piece_lengths(drawn).sum(1)

    def _batch(self, drawn: DrawnRows, width: int) -> PromptBatch:
        count, pieces = len(drawn), self._piece_lengths(drawn)
        text_start = self.text_start[drawn.piece_RP.clamp(min=0)]
        echo = drawn.query_length_R if self.prompt.echo is not None else 0 * drawn.query_length_R

        def fixed(part: int) -> tuple[Tensor, Tensor]:
            ones = torch.ones(count, dtype=torch.int64, device=self.device)
            return ones * self.fixed_start[part], ones * self.fixed_length[part]

        segments = [
            fixed(0),
            (drawn.query_start_R, drawn.query_length_R),
            fixed(1),
            *((text_start[:, p], pieces[:, p]) for p in range(PIECES)),
            fixed(2),
            (drawn.query_start_R, echo),
            fixed(3),
        ]
        start_B9 = torch.stack([start for start, _ in segments], dim=1)
        length_B9 = torch.stack([length for _, length in segments], dim=1)
        end_B9 = length_B9.cumsum(1)
        place_T = torch.arange(width, device=self.device)
        segment_BT = torch.searchsorted(end_B9, place_T.expand(count, -1).contiguous(), right=True)
        inside_BT = place_T < end_B9[:, -1:]
        segment_BT = segment_BT.clamp(max=len(segments) - 1)
        begin_B9 = end_B9 - length_B9
        at_BT = place_T + (start_B9 - begin_B9).gather(1, segment_BT)
        ids_BT = torch.where(inside_BT, self.tokens[at_BT.clamp(0, len(self.tokens) - 1)], PAD)
        place_S, near_S, nearest_B = self._sentences_of(
            drawn, pieces, begin_B9[:, 3 : 3 + PIECES], width
        )
        alone_B = drawn.piece_RP[:, 1] < 0
        return PromptBatch(
            ids_BT=ids_BT.long(),
            last_B=end_B9[:, -1] - 1,
            wanted_B=self._wanted(drawn),
            label_B=drawn.label_R,
            passage_BT=(place_T >= begin_B9[:, 3:4]) & (place_T < begin_B9[:, 6:7]),
            after_BT=(place_T >= begin_B9[:, 6:7]) & inside_BT,
            place_S=place_S,
            near_S=near_S,
            whole_B=torch.where(alone_B, drawn.near_R, torch.nan),
            nearest_B=nearest_B,
        )

    def _wanted(self, drawn: DrawnRows) -> Tensor:
        worth_R = self.worth.of(drawn.near_R)
        label_R = drawn.label_R.float()
        soft = self.mixture.soft_share
        mixed_R = torch.where(worth_R.isnan(), label_R, (1 - soft) * label_R + soft * worth_R)
        return torch.where(drawn.label_R >= 0, mixed_R, worth_R.nan_to_num(0.0)).float()

    def _sentences_of(
        self, drawn: DrawnRows, pieces: Tensor, begin_BP: Tensor, width: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Flat positions of sentence ends with their cosines, and the largest of each row."""
        encoded, count = self.encoded, len(drawn)
        place_BP = encoded.place_N[drawn.piece_RP.clamp(min=0)]
        known_BP = (drawn.piece_RP >= 0) & (place_BP >= 0) & ~drawn.near_R.isnan()[:, None]
        first_BP = encoded.start_N1[place_BP.clamp(min=0)]
        count_BP = torch.where(known_BP, encoded.start_N1[place_BP.clamp(min=0) + 1] - first_BP, 0)
        flat_count = count_BP.flatten()
        cell_S = torch.repeat_interleave(flat_count)
        before = flat_count.cumsum(0) - flat_count
        steps = torch.arange(len(cell_S), device=self.device)
        sentence_S = steps - before[cell_S] + first_BP.flatten()[cell_S]
        end_S = encoded.end_S[sentence_S].long()
        read_S = end_S <= pieces.flatten()[cell_S]
        cell_S, sentence_S, end_S = cell_S[read_S], sentence_S[read_S], end_S[read_S]
        row_S = cell_S // PIECES
        near_S = (encoded.sentence_SM[sentence_S].float() * drawn.asked_RM[row_S].float()).sum(-1)
        place_S = row_S * width + begin_BP.flatten()[cell_S] + end_S - 1
        nearest_B = torch.full((count,), -torch.inf, device=self.device)
        nearest_B = nearest_B.scatter_reduce(0, row_S, near_S, "amax")
        return place_S, near_S, torch.where(nearest_B.isinf(), torch.nan, nearest_B)


def worth_of_cosines(near_N: Tensor, relevant_N: Tensor) -> Worth:
    """By logistic regression: Newton's steps on two numbers. Raises `ValueError` where there is
    nothing to tell apart."""
    known = ~near_N.isnan()
    x, y = near_N[known].double(), relevant_N[known].double()
    if len(x) < 2 or y.min() == y.max():
        raise ValueError("the worth of a cosine needs relevant and other rows that were encoded")
    design = torch.stack([x, torch.ones_like(x)], dim=1)
    weight = torch.zeros(2, dtype=torch.float64, device=x.device)
    for _ in range(20):
        p = (design @ weight).sigmoid()
        curvature = design.T @ (design * (p * (1 - p))[:, None])
        curvature += 1e-6 * torch.eye(2, dtype=torch.float64, device=x.device)
        weight = weight + torch.linalg.solve(curvature, design.T @ (y - p))
    return Worth(slope=float(weight[0]), offset=float(weight[1]))
