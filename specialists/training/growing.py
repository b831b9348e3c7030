"""What becomes of a model from one training to the next.

It is made deeper and wider without changing what it says: blocks are put on top, and channels
beside the others, that add nothing until they are trained (Chen, Goodfellow and Shlens 2016,
"Net2Net"). And some of what it was is kept: the mean of both weights is better on texts of other
kinds than the later ones alone (Wortsman et al. 2022).
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from specialists.model.decoder import FinanceDecoder, draw_blocks


def grown(
    model: FinanceDecoder, n_layer: int, *, d_ff: int | None = None, seed: int
) -> FinanceDecoder:
    """The same function of its input, with `n_layer` blocks whose feed-forward parts are `d_ff`
    wide (as they were where None). Raises `ValueError` for less than there is."""
    present, narrow = model.config.n_layer, model.config.d_ff
    d_ff = narrow if d_ff is None else d_ff
    if n_layer < present or d_ff < narrow:
        raise ValueError(
            f"{n_layer} blocks of width {d_ff} are less than the {present} of {narrow} there are"
        )
    larger = FinanceDecoder(replace(model.config, n_layer=n_layer, d_ff=d_ff))
    draw_blocks(larger, seed=seed)
    known = model.state_dict()
    with torch.no_grad():
        for name, parameter in larger.named_parameters():
            if name not in known:
                if name.endswith(("output.weight", "down.weight")):
                    parameter.zero_()
            elif name.endswith("down.weight"):
                parameter.zero_()[:, :narrow] = known[name]
            elif name.endswith(("gate.weight", "up.weight")):
                parameter[:narrow] = known[name]
            else:
                parameter.copy_(known[name])
    return larger


@torch.no_grad()
def keep_share(model: FinanceDecoder, before: Mapping[str, Tensor], share: float) -> None:
    """Mixes the weights `before` into those of `model`, in place; none of them for a share of 0."""
    if share:
        for name, value in model.state_dict().items():
            value.lerp_(before[name], share)
