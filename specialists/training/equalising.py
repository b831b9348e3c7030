"""A model that whole numbers hold better, and that says the same.

What the last matrix of a block reads is the product of gate and up, and a few of its channels grow
far beyond the others; one scale a position then leaves little of those. Each channel of up is
divided by the root of its largest value, and the column of down that reads it multiplied by the
same (the even share of Xiao et al. 2023, "SmoothQuant", over a linear path of SwiGLU).

Shapes: B rows, T positions, F feed-forward width.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from specialists.model.decoder import Block, FinanceDecoder

LEAST = 1e-4
"""A channel that says nothing is not blown up."""


@torch.no_grad()
def equalised(model: FinanceDecoder, prompts: Sequence[Tensor]) -> FinanceDecoder:
    """A copy that computes the same function; channels are measured on `prompts`, token ids [B, T]
    each."""
    even = copy.deepcopy(model).eval()
    layers = [block.feed_forward for block in even.blocks if isinstance(block, Block)]
    largest = [torch.zeros(()) for _ in layers]
    hooks = []
    for place, layer in enumerate(layers):

        def see(_: nn.Module, read: tuple[Tensor], place: int = place) -> None:
            largest[place] = torch.maximum(largest[place], read[0].abs().flatten(0, -2).amax(0))

        hooks.append(layer.down.register_forward_pre_hook(see))
    for ids_BT in prompts:
        even.hidden(ids_BT)
    for hook in hooks:
        hook.remove()
    for layer, largest_F in zip(layers, largest, strict=True):
        share_F = largest_F.clamp(min=LEAST).sqrt()
        layer.up.weight /= share_F[:, None]
        layer.down.weight *= share_F
    return even
