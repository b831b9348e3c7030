"""Which weights move and how: AdamW with weight decay on matrices alone, and the learning rate of
every step.

The schedule is trapezoidal (Hägele et al. 2024): a short rise, a level, a linear fall over the
last part. While it is level a run may be lengthened or shortened without starting again.
"""

from collections.abc import Iterable

import torch
from torch import nn

from specialists.model.decoder import FinanceDecoder

EMBEDDING_RATE = 0.1
"""Share of the learning rate for embeddings: Adam moves every row by about the rate at each step,
and counted embeddings of rare tokens know more than the few gradients they get."""

RISE = 100
"""Steps, the first ones, over which it rises."""

FALL = 0.3
"""Share of the steps, the last ones, over which the learning rate falls."""


def ready_to_train(model: FinanceDecoder) -> FinanceDecoder:
    """The same model in training mode, every weight free but the embeddings, which stay as they
    are: most siblings share the base's."""
    model.train().requires_grad_(True)
    model.embedding.requires_grad_(False)
    return model


def make_optimizer(
    modules: Iterable[nn.Module], *, learning_rate: float, weight_decay: float = 0.05
) -> torch.optim.AdamW:
    """Over every parameter that wants a gradient; one group for embeddings, one for matrices,
    one for the rest."""
    embeddings, matrices, vectors = list[nn.Parameter](), list[nn.Parameter](), list[nn.Parameter]()
    for module in modules:
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                group = (
                    embeddings
                    if name.startswith("embedding")
                    else matrices
                    if parameter.dim() >= 2
                    else vectors
                )
                group.append(parameter)
    groups = [
        {"params": embeddings, "weight_decay": 0.0, "lr": EMBEDDING_RATE * learning_rate},
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=learning_rate,
        betas=(0.9, 0.97),
        fused=True,
    )


def learning_rate_factor(step: int, steps: int, *, rise: int = RISE, fall: float = FALL) -> float:
    """Factor on the peak rate at `step` of `steps`, in [0, 1]."""
    rising = (step + 1) / rise
    falling = (steps - step) / max(1.0, fall * steps)
    return max(0.0, min(1.0, rising, falling))
