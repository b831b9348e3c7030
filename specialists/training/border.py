"""Where a verdict turns from no to yes.

What a training shows is not what a filter is given: far more that is wrong than right, an encoder's
doubt, or passages nearer than most, so yes begins elsewhere than it should. The border is moved to
where a held-out row is as likely relevant as not, both kinds counting the same however many there
are of each. The share of right verdicts is flat there, so the place where it is highest (Youden
1950) hangs on few rows; all of them tell a logistic regression where it is undecided. The verdict
is an argmax, without a number beside it, so the move goes into the weights: the vectors of the two
labels are led apart along a direction in which all states at the verdict are alike.

Shapes: N rows, D width.
"""

import torch
from torch import Tensor

from specialists.model.decoder import FinanceDecoder
from specialists.training.worth import fit_worth

RIDGE = 1e-4
"""Share of the mean square of a state: the direction stays small."""


def even_border(margin_N: Tensor, relevant_N: Tensor) -> float:
    """Where a logistic regression of relevance on the margin is undecided, both kinds of rows
    counting the same. Raises `ValueError` unless there are rows of both kinds, and relevant ones
    have the higher margins."""
    worth = fit_worth(margin_N, relevant_N, evenly=True)
    if worth.slope <= 0:
        raise ValueError("relevant rows have no higher margins than others: there is no border")
    return -worth.offset / worth.slope


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
