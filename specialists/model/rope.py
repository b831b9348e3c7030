"""Rotary position embedding (Su et al. 2021), halves convention: pair i is (x[i], x[i + H/2]).

Shapes: T positions, H head size.
"""

import torch
from torch import Tensor


def rotary_table(head_dim: int, max_seq_len: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each [max_seq_len, H], float32."""
    pairs = torch.arange(0, head_dim, 2, dtype=torch.float32, device="cpu")
    frequency = theta ** (-pairs / head_dim)
    positions = torch.arange(max_seq_len, dtype=torch.float32, device="cpu")
    angle_TH = torch.outer(positions, frequency).repeat(1, 2)
    return angle_TH.cos(), angle_TH.sin()


def rotate(x_BNTH: Tensor, cos_TH: Tensor, sin_TH: Tensor) -> Tensor:
    """Turns every head vector by its position's angles; keeps the type of `x_BNTH`."""
    first, second = x_BNTH.chunk(2, dim=-1)
    turned_BNTH = torch.cat((-second, first), dim=-1)
    return x_BNTH * cos_TH.to(x_BNTH.dtype) + turned_BNTH * sin_TH.to(x_BNTH.dtype)
