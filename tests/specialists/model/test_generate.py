"""Generation: drafts must not change a single token, seeds must."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.model.generate import generate_greedy, generate_sampled

TINY = DecoderConfig(
    vocab_size=23, n_layer=2, d_model=32, n_head=2, n_kv_head=1, d_ff=32, max_seq_len=96
)


def trained_on_a_cycle() -> FinanceDecoder:
    """A decoder that has learned to count: its drafts are often right, not always."""
    model = FinanceDecoder(TINY)
    initialize(model, seed=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    row = torch.arange(60) % 7
    ids = torch.stack([(row + start) % 7 for start in range(7)])
    for _ in range(60):
        hidden = model.hidden(ids[:, :-4])
        loss = sum(
            torch.nn.functional.cross_entropy(
                model.language_logits(model.prediction_hidden(hidden, ahead)).flatten(0, 1),
                ids[:, ahead + 1 : ahead + 1 + hidden.shape[1]].flatten(),
            )
            for ahead in range(4)
        )
        optimizer.zero_grad()
        torch.as_tensor(loss).backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
    return model.eval().requires_grad_(False)


COUNTING = trained_on_a_cycle()


@settings(max_examples=40, deadline=None)
@given(
    prompt=st.lists(st.integers(0, 22), min_size=1, max_size=12),
    new=st.integers(0, 24),
    end=st.one_of(st.none(), st.integers(0, 6)),
)
def test_drafting_writes_exactly_the_greedy_text(
    prompt: list[int], new: int, end: int | None
) -> None:
    drafted = generate_greedy(COUNTING, prompt, max_new_tokens=new, end_id=end)
    plain = generate_greedy(COUNTING, prompt, max_new_tokens=new, end_id=end, draft=False)
    assert drafted == plain
    assert len(drafted) <= new


def test_drafts_save_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = 0
    hidden = FinanceDecoder.hidden

    def counted(self: FinanceDecoder, ids: torch.Tensor, **kwargs: object) -> torch.Tensor:
        nonlocal readings
        readings += 1
        return hidden(self, ids, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(FinanceDecoder, "hidden", counted)
    written = generate_greedy(COUNTING, [0, 1, 2, 3, 4, 5, 6, 0, 1], max_new_tokens=28)
    assert written[:5] == [2, 3, 4, 5, 6]
    assert readings < 20


def test_the_last_positions_of_the_model_can_be_filled() -> None:
    prompt = [0, 1, 2] * 10
    new = TINY.max_seq_len - len(prompt)
    assert len(generate_greedy(COUNTING, prompt, max_new_tokens=new)) == new


def test_sampling_repeats_with_its_seed_and_differs_with_another() -> None:
    def draw(seed: int) -> list[int]:
        return generate_sampled(COUNTING, [3], max_new_tokens=20, temperature=3.0, seed=seed)

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="the model reads 96"):
        generate_greedy(COUNTING, [1] * 90, max_new_tokens=7)
    with pytest.raises(ValueError, match="empty prompt"):
        generate_greedy(COUNTING, [], max_new_tokens=1)
