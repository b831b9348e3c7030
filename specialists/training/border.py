"""Where a verdict turns from no to yes.

What a training shows is not what a filter is given: far more that is wrong than right, an encoder's
doubt, or passages nearer than most, so yes begins elsewhere than it should. The border is moved to
where both errors count the same on held-out rows, whatever the share of relevant ones (Youden
1950). The verdict is
an argmax, without a number beside it, so the move goes into the weights: the vectors of the two
labels are led apart along a direction in which all states at the verdict are alike.

Shapes: N rows, D width.
"""

import torch
from torch import Tensor

from specialists.model.decoder import FinanceDecoder

NEARLY = 0.005
"""Borders whose share of right verdicts is so near the best cannot be told from it."""
RIDGE = 1e-4
"""Share of the mean square of a state: the direction stays small."""


def even_border(margin_N: Tensor, relevant_N: Tensor) -> float:
    """The middle of the margins that part relevant rows from others best, both counting the same.
    Raises `ValueError` unless there are rows of both kinds."""
    if relevant_N.all() or not relevant_N.any():
        raise ValueError("a border is found between relevant rows and others; one kind is missing")
    margin_N, order = margin_N.double().sort()
    relevant_N = relevant_N[order].double()
    refused_N = (1 - relevant_N).cumsum(0) / (1 - relevant_N).sum()
    lost_N = relevant_N.cumsum(0) / relevant_N.sum()
    gain_N = refused_N - lost_N
    return float(margin_N[gain_N >= gain_N.max() - NEARLY].mean())


@torch.no_grad()
def move_border(model: FinanceDecoder, state_ND: Tensor, *, yes: int, no: int, by: float) -> None:
    """Adds `by` to the margin of every row whose normed state at the verdict is like `state_ND`, in
    place; `yes` and `no` are token ids."""
    square_DD = state_ND.T @ state_ND / len(state_ND)
    ridge_DD = RIDGE * square_DD.diagonal().mean() * torch.eye(len(square_DD))
    alike_D = torch.linalg.solve(square_DD + ridge_DD, state_ND.mean(0))
    alike_D = alike_D / (state_ND @ alike_D).mean()
    vectors_VD = model.language_weight_VD
    vectors_VD[yes] += by / 2 * alike_D
    vectors_VD[no] -= by / 2 * alike_D
