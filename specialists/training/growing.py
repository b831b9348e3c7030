"""What becomes of a model from one training to the next.

It is made deeper without changing what it says: blocks are put on top that add nothing until they
are trained (Chen, Goodfellow and Shlens 2016, "Net2Net"). And some of what it was is kept: the mean
of both weights is better on texts of other kinds than the later ones alone (Wortsman et al. 2022).
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from specialists.model.decoder import FinanceDecoder, draw_blocks


def grown(model: FinanceDecoder, n_layer: int, *, seed: int) -> FinanceDecoder:
    """The same function of its input, with `n_layer` blocks. Raises `ValueError` for fewer than
    there are."""
    present = model.config.n_layer
    if n_layer < present:
        raise ValueError(f"{n_layer} blocks are fewer than the {present} there are")
    deeper = FinanceDecoder(replace(model.config, n_layer=n_layer))
    draw_blocks(deeper, seed=seed)
    with torch.no_grad():
        for block in list(deeper.blocks)[present:]:
            for name, parameter in block.named_parameters():
                if name.endswith(("output.weight", "down.weight")):
                    parameter.zero_()
    deeper.load_state_dict(model.state_dict(), strict=False)
    return deeper


@torch.no_grad()
def keep_share(model: FinanceDecoder, before: Mapping[str, Tensor], share: float) -> None:
    """Mixes the weights `before` into those of `model`, in place; none of them for a share of 0."""
    if share:
        for name, value in model.state_dict().items():
            value.lerp_(before[name], share)
