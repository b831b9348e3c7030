"""Windows of running text."""

import numpy as np
import torch

from specialists.training.batches import text_batch


def test_windows_of_text_follow_from_seed_and_step() -> None:
    ids = np.arange(1_000, dtype=np.uint16)
    first = text_batch(ids, rows=4, length=9, seed=0, step=2)
    assert torch.equal(first, text_batch(ids, rows=4, length=9, seed=0, step=2))
    assert not torch.equal(first, text_batch(ids, rows=4, length=9, seed=0, step=3))
    assert torch.equal(first[:, 1:] - first[:, :-1], torch.ones(4, 8, dtype=torch.int64))
