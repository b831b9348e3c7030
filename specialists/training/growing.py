"""A model made deeper without changing what it says: blocks are put on top that add nothing until
they are trained (Chen, Goodfellow and Shlens 2016, "Net2Net").
"""

from dataclasses import replace

import torch

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
