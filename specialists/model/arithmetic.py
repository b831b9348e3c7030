"""Cheaper arithmetic for a loaded model: the matrices inside the blocks in int8.

All else stays float32: the residual stream, norms, attention, and the rows of the language head.
Not bfloat16: its product on a CPU keeps generated code for every batch shape it has met, so that
a worker grows with each; `_int_mm` keeps nothing.
"""

import copy
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from specialists.model.decoder import FinanceDecoder

Arithmetic = Literal["float32", "int8"]
INT8_STEPS = 127


class Whole(NamedTuple):
    """Activations in whole numbers: x = `whole_NI` * `scale_N1`, in the `shape` that x had."""

    whole_NI: Tensor
    scale_N1: Tensor
    shape: torch.Size


class Int8Intake(nn.Module):
    """Rounds once what several linear layers read."""

    def forward(self, x: Tensor) -> Whole:
        """[..., I] float32, one scale for each of the N positions."""
        x_NI = x.reshape(-1, x.shape[-1])
        scale_N1 = _steps(x_NI)
        whole_NI = (x_NI * scale_N1.reciprocal()).round_().to(torch.int8)
        return Whole(whole_NI, scale_N1, x.shape)


class Int8Linear(nn.Module):
    """y = x W^T in whole numbers: weights with one scale an output, activations with one a
    position, both symmetric.

    Shapes: N positions, I inputs, O outputs.
    """

    def __init__(self, weight_OI: Tensor) -> None:
        super().__init__()
        scale_O1 = _steps(weight_OI)
        whole_OI = (weight_OI / scale_O1).round().to(torch.int8)
        self.register_buffer("weight_IO", whole_OI.t().contiguous(), persistent=False)
        self.register_buffer("scale_O", scale_O1.squeeze(1), persistent=False)
        self.intake = Int8Intake()

    def forward(self, x: Tensor | Whole) -> Tensor:
        """[..., I] -> [..., O], float32."""
        whole_NI, scale_N1, shape = self.intake(x) if isinstance(x, Tensor) else x
        sum_NO = torch._int_mm(whole_NI, self.get_buffer("weight_IO")).to(torch.float32)
        y_NO = sum_NO.mul_(scale_N1).mul_(self.get_buffer("scale_O"))
        return y_NO.view(*shape[:-1], -1)


def lowered(model: FinanceDecoder, arithmetic: Arithmetic) -> FinanceDecoder:
    """A model that shares everything with `model` but the matrices of its blocks, which take the
    `arithmetic`; for float32, `model` itself."""
    if arithmetic == "float32":
        return model
    quick = copy.copy(model)
    quick._modules = dict(model._modules)
    quick.blocks = nn.ModuleList(_lowered_part(block) for block in model.blocks)
    return quick


def arithmetics_here() -> tuple[Arithmetic, ...]:
    """Those worth trying, the fastest last. Without instructions for int8 torch takes forty times
    as long as for float32."""
    return ("float32", "int8") if torch.cpu._is_vnni_supported() else ("float32",)


def _lowered_part(part: nn.Module) -> nn.Module:
    """A copy down to the linear layers and their intakes; everything else is shared."""
    if isinstance(part, nn.Linear):
        return Int8Linear(part.weight)
    if isinstance(part, nn.Identity):
        return Int8Intake()
    twin = copy.copy(part)
    twin._modules = {name: child and _lowered_part(child) for name, child in part._modules.items()}
    return twin


def _steps(x_NI: Tensor) -> Tensor:
    """One step of the whole numbers, [N, 1]."""
    largest_N1 = torch.maximum(x_NI.amax(dim=1, keepdim=True), -x_NI.amin(dim=1, keepdim=True))
    return largest_N1.clamp_min_(1e-12).div_(INT8_STEPS)
