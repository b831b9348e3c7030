from itertools import pairwise

import numpy as np

from specialists.training.pools import POOL, draw_share

BUDGET = 60


def draw(step: int) -> list[tuple[int, int]]:
    """Rows as (group, length): groups of one to three rows, up to 20 tokens each."""

    def draw_group(choice: np.random.Generator) -> list[tuple[int, int]]:
        name = int(choice.integers(1 << 30))
        return [(name, int(length)) for length in choice.integers(1, 21, 1 + name % 3)]

    return draw_share(draw_group, lambda row: row[1], step=step, seed=7, token_budget=BUDGET)


def test_steps_of_a_pool_share_its_groups_whole_and_by_width() -> None:
    batches = [draw(step) for step in range(POOL)]
    names = [{name for name, _ in batch} for batch in batches]
    assert len(set().union(*names)) == sum(map(len, names))
    assert all(
        sum(one == name for one, _ in batch) == 1 + name % 3
        for batch in batches
        for name, _ in batch
    )
    spans = sorted((min(widths), max(widths)) for widths in map(widths_of, batches))
    assert all(widest <= least for (_, widest), (least, _) in pairwise(spans))


def test_a_step_follows_from_its_number_and_pools_differ() -> None:
    assert draw(5) == draw(5)
    assert draw(5) != draw(5 + POOL)


def widths_of(batch: list[tuple[int, int]]) -> list[int]:
    widths: dict[int, int] = {}
    for name, length in batch:
        widths[name] = max(length, widths.get(name, 0))
    return list(widths.values())
