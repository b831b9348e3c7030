"""A model made deeper says what it said, and its new blocks can learn."""

import pytest
import torch

from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.training.growing import grown, keep_share

TINY = DecoderConfig(
    vocab_size=90, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=32
)


@pytest.fixture
def model() -> FinanceDecoder:
    model = FinanceDecoder(TINY)
    initialize(model, seed=4)
    return model


def test_more_blocks_change_nothing_at_first_and_learn_afterwards(model: FinanceDecoder) -> None:
    ids = torch.arange(20).view(2, 10)
    deeper = grown(model, 4, seed=0)
    assert deeper.config.n_layer == len(deeper.blocks) == 4
    assert torch.allclose(deeper(ids).logits, model(ids).logits, atol=1e-6)
    deeper(ids).logits.square().mean().backward()
    newest = dict(list(deeper.blocks)[-1].named_parameters())
    assert any(float(p.grad.abs().sum()) > 0 for p in newest.values() if p.grad is not None)


def test_wider_parts_change_nothing_at_first_and_learn_afterwards(model: FinanceDecoder) -> None:
    ids = torch.arange(20).view(2, 10)
    wider = grown(model, 2, d_ff=64, seed=0)
    assert wider.config.d_ff == 64
    assert torch.allclose(wider(ids).logits, model(ids).logits, atol=1e-6)
    wider(ids).logits.square().mean().backward()
    grad = wider.get_parameter("blocks.0.feed_forward.down.weight").grad
    assert grad is not None
    assert float(grad[:, 48:].abs().sum()) > 0


def test_a_model_is_never_made_shallower(model: FinanceDecoder) -> None:
    with pytest.raises(ValueError, match="1 blocks of width 48 are less than the 2"):
        grown(model, 1, seed=0)


def test_a_share_of_what_it_was_is_kept(model: FinanceDecoder) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    keep_share(model, before, 0.25)
    for name, value in model.state_dict().items():
        assert torch.allclose(value, before[name] + 0.75, atol=1e-5), name
    keep_share(model, before, 0.0)
    assert not torch.allclose(model.embedding.weight, before["embedding.weight"])
