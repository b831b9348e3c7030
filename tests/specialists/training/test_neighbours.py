"""Neighbours are the nearest passages of the query's own source, and never the right one again."""

from pathlib import Path

import numpy as np
import pytest
import torch

from specialists.corpora.relevance import QueryGroup, RelevanceRows, open_rows, write_rows
from specialists.tokenizer import train_tokenizer
from specialists.training.neighbours import KEPT, find_neighbours
from tests.specialists.training.test_rivals import names

FIRST, SECOND, THIRD = names(held_out=False, count=3)
OWLS = "owls hunt mice by night"
GROUPS = [
    QueryGroup(
        source="birds",
        name=FIRST,
        query="when do owls hunt mice",
        positives=(OWLS,),
        negatives=("trains run on rails", "owls by night hunt mice", "owls rest by day"),
    ),
    QueryGroup(
        source="birds",
        name=SECOND,
        query="what do swans eat",
        positives=("swans eat grass",),
        negatives=("owls hunt voles",),
    ),
    QueryGroup(
        source="ships",
        name=THIRD,
        query="do owls hunt mice",
        positives=("a ship of that name sails",),
        negatives=("owls hunt mice at sea",),
    ),
]


@pytest.fixture
def rows(tmp_path: Path) -> RelevanceRows:
    texts = [t for g in GROUPS for t in (g.query, *g.positives, *g.negatives)]
    write_rows(GROUPS, train_tokenizer(iter(texts * 20), vocab_size=400), tmp_path)
    return open_rows(tmp_path)


def vectors(rows: RelevanceRows) -> torch.Tensor:
    """Every token is like itself alone."""
    return torch.eye(int(rows.tokens.max()) + 1)


def text_of(rows: RelevanceRows, words: str) -> int:
    """The place of a text of `GROUPS` among those of the rows, in the order they are met."""
    met = dict.fromkeys(t for g in GROUPS for t in (g.query, *g.positives, *g.negatives))
    return list(met).index(words)


def find(rows: RelevanceRows, groups: int = 10) -> list[list[int]]:
    found = find_neighbours(rows, vectors(rows), groups=groups, more_groups={"ships": 0}, seed=0)
    assert found.shape == (3, KEPT)
    return [[int(text) for text in line if text >= 0] for line in found]


def test_the_nearest_of_the_source_come_first_without_what_says_the_same(
    rows: RelevanceRows,
) -> None:
    first = find(rows)[0]
    assert first[0] in (text_of(rows, "owls hunt voles"), text_of(rows, "owls rest by day"))
    assert not {text_of(rows, OWLS), text_of(rows, "owls by night hunt mice")} & set(first)
    assert text_of(rows, "owls hunt mice at sea") not in first


def test_as_many_groups_are_looked_at_as_are_asked_for(rows: RelevanceRows) -> None:
    assert not find(rows)[2]
    assert sum(bool(line) for line in find(rows, groups=1)) == 1


def test_the_same_seed_finds_the_same(rows: RelevanceRows) -> None:
    again = find_neighbours(rows, vectors(rows), groups=10, more_groups={"ships": 0}, seed=0)
    assert np.array_equal(again[0][again[0] >= 0], find(rows)[0])
