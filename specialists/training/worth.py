"""What a single number is worth: how likely a row is relevant, told by a logistic regression."""

from dataclasses import dataclass

import torch
from torch import Tensor

STEPS = 20
RIDGE = 1e-6
"""Of the mean row: two kinds that a number parts wholly have no steepest slope."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worth:
    """P(relevant) = sigmoid(slope * number + offset)."""

    slope: float
    offset: float

    def of(self, number: Tensor) -> Tensor:
        return (self.slope * number + self.offset).sigmoid()


def fit_worth(number_N: Tensor, relevant_N: Tensor, *, evenly: bool = False) -> Worth:
    """By Newton's steps on two numbers; `evenly` lets both kinds of rows count the same, however
    many there are. Numbers that are NaN are left out. Raises `ValueError` where there is nothing to
    tell apart."""
    known = ~number_N.isnan()
    x, y = number_N[known].double(), relevant_N[known].double()
    if len(x) < 2 or y.min() == y.max():
        raise ValueError(
            "what a number is worth takes relevant rows and others; one kind is missing"
        )
    mean, spread = x.mean(), x.std().clamp(min=1e-9)
    design = torch.stack([(x - mean) / spread, torch.ones_like(x)], dim=1)
    share = y.mean()
    counts = torch.where(y > 0, 0.5 / share, 0.5 / (1 - share)) if evenly else torch.ones_like(y)
    weight = torch.zeros(2, dtype=torch.float64, device=x.device)
    ridge = RIDGE * torch.eye(2, dtype=torch.float64, device=x.device)
    for _ in range(STEPS):
        p = (design @ weight).sigmoid()
        curvature = design.T @ (design * (counts * p * (1 - p))[:, None]) / len(x)
        slope = design.T @ (counts * (y - p)) / len(x) - ridge @ weight
        weight = weight + torch.linalg.solve(curvature + ridge, slope)
    steep = weight[0] / spread
    return Worth(slope=float(steep), offset=float(weight[1] - steep * mean))
