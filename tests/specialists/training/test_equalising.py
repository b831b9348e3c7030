"""Channels that stand out are evened out, and nothing else changes."""

import torch

from specialists.model.arithmetic import lowered
from specialists.model.config import DecoderConfig
from specialists.model.decoder import Block, FinanceDecoder, initialize
from specialists.model.feed_forward import FeedForward
from specialists.training.equalising import equalised

TINY = DecoderConfig(
    vocab_size=96, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=64, max_seq_len=64
)
IDS = torch.randint(0, 96, (4, 24), generator=torch.Generator().manual_seed(0))
OTHERS = torch.randint(0, 96, (4, 24), generator=torch.Generator().manual_seed(1))


def uneven() -> FinanceDecoder:
    """Two channels of each block are a hundred times the others, and read a hundredth of that."""
    model = FinanceDecoder(TINY)
    initialize(model, seed=0)
    with torch.no_grad():
        for layer in feed_forwards(model):
            for matrix in (layer.gate, layer.up, layer.down):
                matrix.weight *= 5
            layer.up.weight[:2] *= 100
            layer.down.weight[:, :2] /= 100
    return model.eval()


def feed_forwards(model: FinanceDecoder) -> list[FeedForward]:
    return [block.feed_forward for block in model.blocks if isinstance(block, Block)]


@torch.no_grad()
def error_in_whole_numbers(model: FinanceDecoder) -> float:
    exact, rounded = model.hidden(OTHERS), lowered(model, "int8").hidden(OTHERS)
    return float((exact - rounded).abs().mean())


@torch.no_grad()
def test_it_says_the_same_with_a_fraction_of_the_error_in_whole_numbers() -> None:
    model = uneven()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    even = equalised(model, [IDS, IDS[:2, :7]])
    assert torch.allclose(even.hidden(OTHERS), model.hidden(OTHERS), atol=1e-4)
    assert error_in_whole_numbers(even) < 0.5 * error_in_whole_numbers(model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


@torch.no_grad()
def test_a_channel_that_says_nothing_stays_harmless() -> None:
    model = uneven()
    feed_forwards(model)[0].up.weight[5] = 0.0
    even = equalised(model, [IDS])
    assert all(bool(value.isfinite().all()) for value in even.state_dict().values())
    assert torch.allclose(even.hidden(OTHERS), model.hidden(OTHERS), atol=1e-4)
