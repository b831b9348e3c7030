"""Cheaper arithmetic for a loaded model: bfloat16, or int8 with bfloat16 between.

Only the matrices inside the blocks change. The residual stream, the norms, the embedding and the
rows of the language head stay float32, so that errors do not add up from block to block.
"""

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from specialists.model.decoder import Block, FinanceDecoder

Arithmetic = Literal["float32", "bfloat16", "int8"]
INT8_STEPS = 127


class Int8Linear(nn.Module):
    """y = x W^T in whole numbers: weights with one scale an output, activations with one a
    position, both symmetric. Input and output are bfloat16.

    Shapes: N positions, I inputs, O outputs.
    """

    def __init__(self, weight_OI: Tensor) -> None:
        super().__init__()
        scale_O = _steps(weight_OI)
        whole_OI = (weight_OI / scale_O).round().to(torch.int8)
        self.register_buffer("weight_IO", whole_OI.t().contiguous(), persistent=False)
        self.register_buffer("scale_O", scale_O.squeeze(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., I] -> [..., O]."""
        x_NI = x.reshape(-1, x.shape[-1]).float()
        scale_N1 = _steps(x_NI)
        whole_NI = (x_NI / scale_N1).round_().to(torch.int8)
        sum_NO = torch._int_mm(whole_NI, self.get_buffer("weight_IO")).float()
        y_NO = sum_NO.mul_(scale_N1).mul_(self.get_buffer("scale_O"))
        return y_NO.to(torch.bfloat16).view(*x.shape[:-1], -1)


def lowered(model: FinanceDecoder, arithmetic: Arithmetic) -> FinanceDecoder:
    """A model that shares everything with `model` but the matrices of its blocks, which take the
    `arithmetic`; for float32, `model` itself."""
    if arithmetic == "float32":
        return model
    quick = copy.copy(model)
    quick._modules = dict(model._modules)
    quick.blocks = nn.ModuleList(copy.deepcopy(block) for block in model.blocks)
    for block in quick.blocks:
        assert isinstance(block, Block)
        block.inner = torch.bfloat16
        for part in (block.attention, block.feed_forward):
            for name, linear in list(part.named_children()):
                assert isinstance(linear, nn.Linear)
                if arithmetic == "int8":
                    part.register_module(name, Int8Linear(linear.weight))
                else:
                    linear.to(torch.bfloat16)
    return quick


def fast_arithmetic() -> Arithmetic:
    """bfloat16 where the processor multiplies it natively, else float32."""
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if native else "float32"


def _steps(x_NI: Tensor) -> Tensor:
    return x_NI.abs().amax(dim=1, keepdim=True).clamp_min_(1e-12).div_(INT8_STEPS)
