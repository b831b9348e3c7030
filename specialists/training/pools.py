"""Rows drawn for several steps at once and shared out by length, so that little of a batch is
padding. It knows neither rows nor batches: groups of anything that has a length.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TypeVar

import numpy as np

POOL = 8
"""So many steps share what is drawn at once."""

Row = TypeVar("Row")


def draw_share(
    draw_group: Callable[[np.random.Generator], Sequence[Row]],
    length_of: Callable[[Row], int],
    *,
    step: int,
    seed: int,
    token_budget: int,
) -> list[Row]:
    """The rows of `step`, about `token_budget` tokens with the padding within groups; they follow
    from (seed, step) alone. Groups stay whole."""
    choice = np.random.default_rng((seed, step // POOL))
    pool: list[tuple[int, int, Sequence[Row]]] = []
    total = 0
    while total < POOL * token_budget:
        group = draw_group(choice)
        width = max(map(length_of, group))
        tokens = width * len(group)
        pool.append((width, tokens, group))
        total += tokens
    pool.sort(key=itemgetter(0))
    # Shares of equal tokens: the cut follows the running sum.
    ends = np.cumsum([tokens for _, tokens, _ in pool]) * POOL // total
    place = int(choice.permutation(POOL)[step % POOL])
    return [
        row
        for (_, _, group), share in zip(pool, ends, strict=True)
        if share == place
        for row in group
    ]
