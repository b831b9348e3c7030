"""The embedding table as it is stored, in int8: a quarter of the memory, and where the file is
mapped, one copy for all processes that read it.

Shapes: V vocabulary, D model width.
"""

from functools import cached_property

import torch
from torch import Tensor, nn


class Int8Embedding(nn.Module):
    """Looks like `nn.Embedding`, for a model that is not trained."""

    def __init__(self, whole_VD: Tensor, scale_V: Tensor) -> None:
        super().__init__()
        self.register_buffer("whole_VD", whole_VD, persistent=False)
        self.register_buffer("scale_V", scale_V, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """[...] -> [..., D] float32."""
        whole, scale = self.get_buffer("whole_VD")[ids], self.get_buffer("scale_V")[ids]
        return whole.to(torch.float32) * scale[..., None]

    @cached_property
    def weight(self) -> Tensor:
        """[V, D] float32: the whole table, for whoever needs every token's logit."""
        table: Tensor = self(torch.arange(len(self.get_buffer("scale_V"))))
        return table
