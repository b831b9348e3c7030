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

MOST_SCORES = 1 << 26
"""That training holds at once in each block: half a gibibyte with their gradients."""
PART_QUERIES = 64
"""Fewer save more of what the mask hides, and pay for it with smaller products."""


def causal_mask(new: int, past: int) -> Tensor | None:
    """[T, S] with True where a new position may look; None where nothing is hidden."""
    if new == 1:
        return None
    return torch.ones(new, past + new, dtype=torch.bool).tril(diagonal=past)


class Attention(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        self.intake = nn.Identity()  # where cheaper arithmetic reads the input once for all three
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
        taken, shape = self.intake(x_BTD), x_BTD.shape
        query_BNTH = rotate(self._heads(self.query, taken, shape), *rotary)
        key_BKSH = rotate(self._heads(self.key, taken, shape), *rotary)
        value_BKSH = self._heads(self.value, taken, shape)
        if cache is not None:
            key_BKSH, value_BKSH = cache.append(layer, key_BKSH, value_BKSH)
        if mask_TS is not None:
            return self._joined(_attend_in_parts(query_BNTH, key_BKSH, value_BKSH, mask_TS))
        if (
            query_BNTH.requires_grad
            and query_BNTH.device.type == "cpu"
            and cache is None
            and query_BNTH.shape[:-1].numel() * shape[1] <= MOST_SCORES
        ):
            return self._joined(_attend_in_products(query_BNTH, key_BKSH, value_BKSH))
        causal = cache is None or shape[1] > 1  # one new position may see all of a past
        mixed_BNTH = scaled_dot_product_attention(
            query_BNTH, key_BKSH, value_BKSH, is_causal=causal, enable_gqa=True
        )
        return self._joined(mixed_BNTH)

    def at(
        self,
        position_B: Tensor,
        x_BTD: Tensor,
        rotary: tuple[Tensor, Tensor],
        *,
        cache: KeyValueCache,
        layer: int,
    ) -> Tensor:
        """[B, T, D] -> [B, 1, D]: what `forward` gives at one position of each row, for the price
        of the keys and values alone."""
        cos_TH, sin_TH = rotary
        own_BTD = x_BTD[torch.arange(len(position_B)), position_B][:, None]
        own_rotary = (cos_TH[position_B][:, None, None], sin_TH[position_B][:, None, None])
        own = self.intake(own_BTD)
        query_BN1H = rotate(self._heads(self.query, own, own_BTD.shape), *own_rotary)
        past = cache.length_of(layer)
        taken, shape = self.intake(x_BTD), x_BTD.shape
        key_BKSH, value_BKSH = cache.append(
            layer,
            rotate(self._heads(self.key, taken, shape), *rotary),
            self._heads(self.value, taken, shape),
        )
        seen_BS = torch.arange(key_BKSH.shape[2])[None, :] <= (past + position_B)[:, None]
        mixed_BN1H = scaled_dot_product_attention(
            query_BN1H, key_BKSH, value_BKSH, attn_mask=seen_BS[:, None, None], enable_gqa=True
        )
        return self._joined(mixed_BN1H)

    def _heads(self, projection: nn.Module, taken: object, shape: torch.Size) -> Tensor:
        rows, new, _ = shape
        heads: Tensor = projection(taken).view(rows, new, -1, self.head_dim).transpose(1, 2)
        return heads

    def _joined(self, mixed_BNTH: Tensor) -> Tensor:
        rows, _, new, _ = mixed_BNTH.shape
        joined: Tensor = self.output(mixed_BNTH.transpose(1, 2).reshape(rows, new, -1))
        return joined


def _attend_in_products(query_BNTH: Tensor, key_BKTH: Tensor, value_BKTH: Tensor) -> Tensor:
    """Causal attention for training, [B, N, T, H]: forward and backward together take a third of
    the time of the fused operator's on a CPU, for memory that grows with T squared. The query heads
    of one key head are read as more positions of it."""
    rows, heads, new, size = query_BNTH.shape
    kinds = key_BKTH.shape[1]
    query = (query_BNTH * size**-0.5).reshape(rows * kinds, -1, size)
    key, value = (
        kind_BKTH.reshape(rows * kinds, new, size) for kind_BKTH in (key_BKTH, value_BKTH)
    )
    hidden_TS = torch.full((new, new), -torch.inf, dtype=query.dtype).triu(1)
    score = torch.bmm(query, key.transpose(1, 2)).view(rows * kinds, -1, new, new) + hidden_TS
    share = score.softmax(-1).view(rows * kinds, -1, new)
    return torch.bmm(share, value).view(rows, heads, new, size)


def _attend_in_parts(
    query_BNTH: Tensor, key_BKSH: Tensor, value_BKSH: Tensor, mask_TS: Tensor
) -> Tensor:
    """Causal attention behind a past, [B, N, T, H]. A mask alone does not spare the work that it
    hides, so each part of the queries is shown only the keys that its last one may see."""
    new, all_keys = mask_TS.shape
    parts = -(-new // PART_QUERIES)
    mixed = []
    for part in range(parts):
        first, end = new * part // parts, new * (part + 1) // parts
        seen = all_keys - new + end
        mixed.append(
            scaled_dot_product_attention(
                query_BNTH[:, :, first:end],
                key_BKSH[:, :, :seen],
                value_BKSH[:, :, :seen],
                attn_mask=mask_TS[first:end, :seen],
                enable_gqa=True,
            )
        )
    return torch.cat(mixed, dim=2)
