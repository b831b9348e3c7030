"""Grouped-query attention (Ainslie et al. 2023) with rotary positions and a key/value cache.

Shapes: B rows, T new positions, S all positions, N query heads, K key/value heads, H head size,
D model width.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from specialists.model.cache import KeyValueCache
from specialists.model.config import DecoderConfig
from specialists.model.rope import rotate


def causal_mask(new: int, past: int) -> Tensor | None:
    """[T, S] with True where a new position may look; None where nothing is hidden."""
    if new == 1:
        return None
    return torch.ones(new, past + new, dtype=torch.bool).tril(diagonal=past)


class Attention(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        self.query = nn.Linear(config.d_model, config.n_head * config.head_dim, bias=False)
        self.key = nn.Linear(config.d_model, config.n_kv_head * config.head_dim, bias=False)
        self.value = nn.Linear(config.d_model, config.n_kv_head * config.head_dim, bias=False)
        self.output = nn.Linear(config.n_head * config.head_dim, config.d_model, bias=False)

    def forward(
        self,
        x_BTD: Tensor,
        rotary: tuple[Tensor, Tensor],
        *,
        mask_TS: Tensor | None = None,
        cache: KeyValueCache | None = None,
        layer: int = 0,
    ) -> Tensor:
        """[B, T, D] -> [B, T, D]. Without a mask and a cache, plain causal attention."""
        rows, new, _ = x_BTD.shape
        heads = (rows, new, -1, self.head_dim)
        query_BNTH = rotate(self.query(x_BTD).view(heads).transpose(1, 2), *rotary)
        key_BKSH = rotate(self.key(x_BTD).view(heads).transpose(1, 2), *rotary)
        value_BKSH = self.value(x_BTD).view(heads).transpose(1, 2)
        if cache is not None:
            key_BKSH, value_BKSH = cache.append(layer, key_BKSH, value_BKSH)
        mixed_BNTH = scaled_dot_product_attention(
            query_BNTH,
            key_BKSH,
            value_BKSH,
            attn_mask=mask_TS,
            is_causal=mask_TS is None and new > 1,
            enable_gqa=True,
        )
        mixed: Tensor = self.output(mixed_BNTH.transpose(1, 2).reshape(rows, new, -1))
        return mixed
