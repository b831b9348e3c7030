"""How much of a query a passage covers, shown to a model at every position instead of once a row.

A static matcher (`matcher.py`) says at every position how near the nearest word of the other side
stands and how much the word weighs; from that follows what part of the query, read so far in its
echo, the passage covers, by like words and by the same words. A small head, dropped afterwards, is
asked for all of it: without it a small decoder that finds each word again does not learn to weigh
and to sum.

Shapes: B rows, T positions, S other positions, D width, V vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, normalize

from specialists.training.batches import RelevanceBatch

_MOST_WEIGHT = 4.0
_NEARNESS, _WEIGHT, _LIKE, _SAME, _BAG = 8.0, 0.3, 15.0, 6.0, 15.0
"""What each question counts: about so much that none of them drowns the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    """Texts compared word by word, without a model: `vectors_VD` of unit norm, `weight_V` with a
    mean of 1."""

    vectors_VD: Tensor
    weight_V: Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Covered:
    """At every position of a batch. `nearest_BT`, the cosine of the likest token of the other
    side, and `weight_BT`; `like_BT` and `same_BT`, the part of the echoed query up to here that
    the passage holds in like and in the same words. `bag_B` compares the whole texts."""

    nearest_BT: Tensor
    weight_BT: Tensor
    like_BT: Tensor
    same_BT: Tensor
    bag_B: Tensor


class CoverageHead(nn.Module):
    """From halfway up the blocks the nearness and weight of a word, from the top what is covered
    so far (like, same) and in the end (like, same, bag). Training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.halfway = nn.Linear(width, 2)
        self.top = nn.Linear(width, 5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """The helper as a whole: who knows the answers, and who is asked."""

    matcher: Matcher
    head: CoverageHead


@torch.no_grad()
def find_covered(matcher: Matcher, batch: RelevanceBatch, match_BTS: Tensor) -> Covered:
    """`match_BTS` says which positions of the other side hold the same word."""
    vectors_BTD = matcher.vectors_VD[batch.ids_BT]
    near_BTS = (vectors_BTD.bfloat16() @ vectors_BTD.bfloat16().transpose(1, 2)).float()
    passage_BT, echo_BT, query_BT = batch.passage_BT, batch.echo_BT, batch.query_BT

    def nearest(among_BT: Tensor) -> Tensor:
        return near_BTS.masked_fill(~among_BT[:, None, :], -1).amax(-1).clamp(min=0)

    nearest_BT = torch.where(echo_BT, nearest(passage_BT), nearest(query_BT))
    weight_BT = matcher.weight_V[batch.ids_BT]
    echo_weight_BT = weight_BT * echo_BT
    so_far_BT = echo_weight_BT.cumsum(1).clamp(min=1e-3)
    same_BT = match_BTS.any(-1).float()

    def bag(part_BT: Tensor) -> Tensor:
        return normalize((vectors_BTD * (weight_BT * part_BT)[..., None]).sum(1), dim=-1)

    return Covered(
        nearest_BT=nearest_BT,
        weight_BT=weight_BT,
        like_BT=(nearest_BT * echo_weight_BT).cumsum(1) / so_far_BT,
        same_BT=(same_BT * echo_weight_BT).cumsum(1) / so_far_BT,
        bag_B=(bag(query_BT) * bag(passage_BT)).sum(-1),
    )


def coverage_loss(
    coverage: Coverage,
    halfway_BTD: Tensor,
    top_BTD: Tensor,
    batch: RelevanceBatch,
    match_BTS: Tensor,
) -> Tensor:
    """Squared errors, weighted so that each question counts about the same. `match_BTS` says which
    positions of the other side hold the same word."""
    head, covered = coverage.head, find_covered(coverage.matcher, batch, match_BTS)
    asking_BT = batch.passage_BT | batch.echo_BT
    rows = torch.arange(len(batch.last_B))
    halfway_BT2 = head.halfway(halfway_BTD).float()
    top_BT5 = head.top(top_BTD).float()
    end_B5 = top_BT5[rows, batch.last_B]
    like_B, same_B = covered.like_BT[rows, batch.last_B], covered.same_BT[rows, batch.last_B]
    weight_BT = covered.weight_BT.clamp(max=_MOST_WEIGHT)
    echo_BT = batch.echo_BT
    return (
        _NEARNESS * mse_loss(halfway_BT2[..., 0][asking_BT], covered.nearest_BT[asking_BT])
        + _WEIGHT * mse_loss(halfway_BT2[..., 1][asking_BT], weight_BT[asking_BT])
        + _LIKE * mse_loss(top_BT5[..., 0][echo_BT], covered.like_BT[echo_BT])
        + _SAME * mse_loss(top_BT5[..., 1][echo_BT], covered.same_BT[echo_BT])
        + _LIKE * mse_loss(end_B5[:, 2], like_B)
        + _SAME * mse_loss(end_B5[:, 3], same_B)
        + _BAG * mse_loss(end_B5[:, 4], covered.bag_B)
    )
