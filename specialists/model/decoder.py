"""The network: token ids in, logits of its heads out.

Pre-norm blocks of grouped-query attention and SwiGLU; a language head tied to the embedding;
multi-token-prediction heads that look further ahead; a decision head on the last position.

Shapes: B rows, T positions, D model width, V vocabulary, C decisions.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from specialists.model.attention import Attention, causal_mask
from specialists.model.cache import KeyValueCache
from specialists.model.config import DecoderConfig
from specialists.model.embedding import Int8Embedding
from specialists.model.feed_forward import FeedForward
from specialists.model.rope import rotary_table


@dataclass(frozen=True, kw_only=True, slots=True)
class DecoderOutput:
    """`logits` [B, T, V]: the next token. `decision` [B, C] where asked for."""

    logits: Tensor
    decision: Tensor | None = None


class Block(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.d_model, eps=config.norm_eps)
        self.attention = Attention(config)
        self.feed_forward_norm = nn.RMSNorm(config.d_model, eps=config.norm_eps)
        self.feed_forward = FeedForward(config)

    def forward(
        self,
        x_BTD: Tensor,
        rotary: tuple[Tensor, Tensor],
        *,
        mask_TS: Tensor | None = None,
        cache: KeyValueCache | None = None,
        layer: int = 0,
    ) -> Tensor:
        normed_BTD = self.attention_norm(x_BTD)
        x_BTD = x_BTD + self.attention(
            normed_BTD, rotary, mask_TS=mask_TS, cache=cache, layer=layer
        )
        return self._fed_forward(x_BTD)

    def at(
        self,
        position_B: Tensor,
        x_BTD: Tensor,
        rotary: tuple[Tensor, Tensor],
        *,
        cache: KeyValueCache,
        layer: int,
    ) -> Tensor:
        """[B, 1, D]: what `forward` gives at one position of each row."""
        normed_BTD = self.attention_norm(x_BTD)
        own_B1D = x_BTD[torch.arange(len(position_B)), position_B][:, None]
        return self._fed_forward(
            own_B1D + self.attention.at(position_B, normed_BTD, rotary, cache=cache, layer=layer)
        )

    def _fed_forward(self, x_BTD: Tensor) -> Tensor:
        y_BTD: Tensor = x_BTD + self.feed_forward(self.feed_forward_norm(x_BTD))
        return y_BTD


class FinanceDecoder(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.d_model
        self.embedding: nn.Embedding | Int8Embedding = (
            nn.Embedding(  # zeros: drawing it for every load costs seconds
                config.vocab_size, width, _weight=torch.zeros(config.vocab_size, width)
            )
        )
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.final_norm = nn.RMSNorm(width, eps=config.norm_eps)
        if not config.tie_embeddings:
            self.language_head = nn.Linear(width, config.vocab_size, bias=False)
        self.prediction_heads = nn.ModuleList(
            nn.Linear(width, width, bias=False) for _ in range(config.n_predict - 1)
        )
        if config.n_decision:
            self.decision_head = nn.Linear(width, config.n_decision)
        self.place_rotary_table()

    def place_rotary_table(self) -> None:
        """Computes the angles again, as after a model was built without memory and then filled:
        they are not among the weights."""
        config = self.config
        cos, sin = rotary_table(config.head_dim, config.max_seq_len, config.rope_theta)
        self.register_buffer("rotary_cos", cos, persistent=False)
        self.register_buffer("rotary_sin", sin, persistent=False)

    @property
    def language_weight_VD(self) -> Tensor:
        if self.config.tie_embeddings:
            return self.embedding.weight
        return self.language_head.weight

    def embed(self, ids_BT: Tensor) -> Tensor:
        """[B, T] -> [B, T, D], as it enters the residual stream."""
        embedded: Tensor = self.embedding(ids_BT)
        return embedded * self.config.embedding_scale

    def rotary(self, past: int, new: int) -> tuple[Tensor, Tensor]:
        """Rotation of positions past .. past + new. Raises `ValueError` past `max_seq_len`."""
        if past + new > self.config.max_seq_len:
            raise ValueError(f"{past + new} positions: the model reads {self.config.max_seq_len}")
        cos, sin = self.get_buffer("rotary_cos"), self.get_buffer("rotary_sin")
        return cos[past : past + new], sin[past : past + new]

    def hidden(self, ids_BT: Tensor, *, cache: KeyValueCache | None = None) -> Tensor:
        """[B, T] -> normed [B, T, D]. Positions follow those in the cache, which grows."""
        normed: Tensor = self.final_norm(self._through(self.blocks, ids_BT, cache))
        return normed

    def hidden_at(self, position_B: Tensor, ids_BT: Tensor, *, cache: KeyValueCache) -> Tensor:
        """Normed [B, D]: of `hidden`, one position of each row. The last block reads every
        position but answers at these alone."""
        *lower, last = self.blocks
        rotary = self.rotary(cache.length, ids_BT.shape[1])
        x_BTD = self._through(lower, ids_BT, cache)
        assert isinstance(last, Block)
        x_B1D = last.at(position_B, x_BTD, rotary, cache=cache, layer=len(lower))
        normed: Tensor = self.final_norm(x_B1D[:, 0])
        return normed

    def _through(
        self, blocks: Iterable[nn.Module], ids_BT: Tensor, cache: KeyValueCache | None
    ) -> Tensor:
        past = cache.length if cache is not None else 0
        new = ids_BT.shape[1]
        rotary = self.rotary(past, new)
        mask_TS = causal_mask(new, past) if past else None
        x_BTD = self.embed(ids_BT)
        for layer, block in enumerate(blocks):
            x_BTD = block(x_BTD, rotary, mask_TS=mask_TS, cache=cache, layer=layer)
        return x_BTD

    def language_logits(self, hidden: Tensor, token_ids: Tensor | None = None) -> Tensor:
        """[..., D] -> [..., V], or only the columns of `token_ids`, which costs next to nothing."""
        if token_ids is None:
            return linear(hidden, self.language_weight_VD)
        tied = self.config.tie_embeddings
        return linear(
            hidden, self.embedding(token_ids) if tied else self.language_head.weight[token_ids]
        )

    def prediction_hidden(self, hidden: Tensor, ahead: int) -> Tensor:
        """The state whose language logits are the token `ahead` positions after the next one
        (0 is the next token itself). A residual step per head, as Medusa (Cai et al. 2024)."""
        if ahead == 0:
            return hidden
        return hidden + silu(self.prediction_heads[ahead - 1](hidden))

    def forward(
        self,
        ids_BT: Tensor,
        *,
        return_decision: bool = False,
        lengths_B: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> DecoderOutput:
        """Logits of every position. The decision is read at each row's last position:
        `lengths_B` names it where rows are padded on the right."""
        hidden_BTD = self.hidden(ids_BT, cache=cache)
        decision_BC = None
        if return_decision:
            if not self.config.n_decision:
                raise ValueError("this decoder has no decision head (n_decision is 0)")
            last_B = (
                torch.full((ids_BT.shape[0],), ids_BT.shape[1] - 1)
                if lengths_B is None
                else lengths_B - 1
            )
            decision_BC = self.decision_head(hidden_BTD[torch.arange(len(last_B)), last_B])
        return DecoderOutput(logits=self.language_logits(hidden_BTD), decision=decision_BC)


def initialize(model: FinanceDecoder, *, seed: int) -> None:
    """Random weights, all in this one place: unit-variance sums at the start, output projections
    small, so that the residual stream begins as the embeddings and the blocks fade in."""
    width = model.config.d_model
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(("embedding", "language_head")):
                parameter.normal_(0.0, width**-0.5, generator=generator)
    draw_blocks(model, seed=seed + 1)


def draw_blocks(model: FinanceDecoder, *, seed: int) -> None:
    """The part of `initialize` above the embeddings, which stay."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(("embedding", "language_head")):
                continue
            if name.endswith("norm.weight"):
                parameter.fill_(1.0)
            elif name.endswith("bias"):
                parameter.zero_()
            else:
                std = parameter.shape[1] ** -0.5
                if name.endswith(("output.weight", "down.weight")):
                    std *= 0.1 * (2 * model.config.n_layer) ** -0.5
                parameter.normal_(0.0, std, generator=generator)
