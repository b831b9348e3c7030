"""SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)).  Shapes: [..., D] -> [..., D]."""

from torch import Tensor, nn
from torch.nn.functional import silu

from specialists.model.config import DecoderConfig


class FeedForward(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.intake = nn.Identity()  # where cheaper arithmetic reads the input once for both
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        taken = self.intake(x)
        y: Tensor = self.down(silu(self.gate(taken)) * self.up(taken))
        return y
