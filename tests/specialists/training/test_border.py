"""The verdict turns where both errors count the same."""

import pytest
import torch

from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.training.border import even_border, move_border

TINY = DecoderConfig(
    vocab_size=90, n_layer=1, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=32
)


@pytest.mark.parametrize("times", [1, 7])
def test_the_share_of_relevant_rows_does_not_move_the_border(times: int) -> None:
    wrong = torch.linspace(-6.0, -2.0, 200).repeat(times)
    right = torch.linspace(-2.5, 1.0, 100)
    margin = torch.cat([wrong, right])
    relevant = torch.arange(len(margin)) >= len(wrong)
    assert even_border(margin, relevant) == pytest.approx(-2.5, abs=0.15)


def test_one_kind_of_rows_has_no_border() -> None:
    with pytest.raises(ValueError, match="one kind is missing"):
        even_border(torch.zeros(3), torch.ones(3, dtype=torch.bool))


def test_every_margin_moves_by_the_same_and_the_order_stays() -> None:
    model = FinanceDecoder(TINY)
    initialize(model, seed=0)
    ids = torch.randint(90, (64, 12), generator=torch.Generator().manual_seed(0))
    ids[:, -2:] = torch.tensor([7, 8])  # a prompt's last tokens are always the same

    def states() -> torch.Tensor:
        with torch.no_grad():
            return model.hidden(ids)[:, -1]

    def margins() -> torch.Tensor:
        with torch.no_grad():
            logits = model.language_logits(states(), torch.tensor([3, 4]))
        return logits[:, 0] - logits[:, 1]

    before = margins()
    move_border(model, states(), yes=3, no=4, by=1.5)
    moved = margins() - before
    assert float(moved.mean()) == pytest.approx(1.5, abs=0.05)
    assert float(moved.std()) < 0.1
