"""Every shape of one decoder, frozen. No torch here: a checkpoint can be described without it."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from specialists.errors import CheckpointError


@dataclass(frozen=True, kw_only=True, slots=True)
class DecoderConfig:
    """Shapes of a `FinanceDecoder`. The defaults are those of the published 50M family
    (the family's cards name all but `d_ff`, which every file states for itself)."""

    vocab_size: int = 32_000
    n_layer: int = 12
    d_model: int = 512
    n_head: int = 8
    n_kv_head: int = 2
    d_ff: int = 1_536
    max_seq_len: int = 2_048
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-5
    n_predict: int = 4
    """Tokens predicted at each position: the next one by the language head, the others by
    `n_predict - 1` multi-token-prediction heads."""
    n_decision: int = 2
    """Outputs of the decision head; 0 leaves it out."""
    tie_embeddings: bool = True
    embedding_scale: float = 1.0
    """Factor on the embeddings as they enter the residual stream. The pocket tier uses
    sqrt(d_model): embeddings of small norm drown under the first blocks' outputs."""

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_layer", "d_model", "n_head", "n_kv_head", "d_ff"):
            if getattr(self, name) < 1:
                raise CheckpointError(
                    f"model shape {name}={getattr(self, name)}: must be 1 or more"
                )
        if self.d_model % self.n_head:
            raise CheckpointError(
                f"model shapes d_model={self.d_model} and n_head={self.n_head}: "
                "d_model must be a multiple of n_head"
            )
        if self.n_head % self.n_kv_head:
            raise CheckpointError(
                f"model shapes n_head={self.n_head} and n_kv_head={self.n_kv_head}: "
                "n_head must be a multiple of n_kv_head"
            )
        if self.head_dim % 2:
            raise CheckpointError(f"head size {self.head_dim} is odd: RoPE rotates pairs")
        if self.n_predict < 1 or self.n_decision < 0:
            raise CheckpointError("n_predict must be 1 or more and n_decision 0 or more")

    @property
    def head_dim(self) -> int:
        return self.d_model // self.n_head

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Raises `CheckpointError` for a key it does not know or a value of another type."""
        known = {field.name: field.type for field in fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise CheckpointError(
                f"model configuration holds unknown keys {', '.join(unknown)}; "
                f"known are {', '.join(known)}"
            )
        for name, value in values.items():
            wanted = known[name]
            right = (
                isinstance(value, bool)
                if wanted is bool
                else isinstance(value, int | float) and not isinstance(value, bool)
                if wanted is float
                else isinstance(value, int) and not isinstance(value, bool)
            )
            if not right:
                kind = getattr(wanted, "__name__", wanted)
                raise CheckpointError(f"model configuration {name}={value!r}: expected {kind}")
        return cls(**values)
