"""What a number is worth is the share of relevant rows among those that have it."""

import pytest
import torch

from specialists.training.worth import fit_worth


def drawn(slope: float, offset: float, count: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    number = torch.rand(count, generator=generator)
    chance = (slope * number + offset).sigmoid()
    return number, torch.rand(count, generator=generator) < chance


def test_the_worth_of_a_number_is_the_share_that_is_relevant() -> None:
    number, relevant = drawn(9.0, -5.0)
    number[::7] = torch.nan
    worth = fit_worth(number, relevant)
    assert worth.slope == pytest.approx(9.0, rel=0.1)
    assert worth.offset == pytest.approx(-5.0, rel=0.1)
    assert float(worth.of(torch.tensor(1.0))) == pytest.approx(0.98, abs=0.01)


def test_evenly_the_share_of_relevant_rows_does_not_count() -> None:
    number, relevant = drawn(9.0, -5.0)
    kept = relevant | (torch.arange(len(number)) % 5 == 0)
    rare = [fit_worth(number[kept], relevant[kept], evenly=e) for e in (False, True)]
    undecided = [-worth.offset / worth.slope for worth in rare]
    even = fit_worth(number, relevant, evenly=True)
    assert undecided[1] == pytest.approx(-even.offset / even.slope, abs=0.02)
    assert undecided[0] < undecided[1] - 0.1


def test_kinds_that_a_number_parts_wholly_have_a_border_between_them() -> None:
    number = torch.tensor([-30.0, -20.0, 10.0, 12.0])
    worth = fit_worth(number, number > 0, evenly=True)
    assert -20 < -worth.offset / worth.slope < 10


def test_worth_needs_both_kinds_of_rows() -> None:
    with pytest.raises(ValueError, match="one kind is missing"):
        fit_worth(torch.rand(5), torch.ones(5))
