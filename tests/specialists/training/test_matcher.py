"""The matcher learns which words mean the same from pairs alone, and never from held-out ones."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from torch.nn.functional import normalize

from specialists.corpora.relevance import (
    QueryGroup,
    RelevanceRows,
    in_development,
    open_rows,
    write_rows,
)
from specialists.tokenizer import train_tokenizer
from specialists.training.coverage import Matcher
from specialists.training.matcher import keep_matcher, read_matcher, train_matcher

SAME = (("pump", "engine"), ("owl", "bird"), ("doctor", "nurse"), ("boat", "ship"))
HELD_BACK = ("crane", "stork")
PAIRS = (*SAME, HELD_BACK)


def groups(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> list[QueryGroup]:
    return [
        QueryGroup(
            source="words",
            name=name,
            query=f"the {asked}",
            positives=(f"a {meant} is here",),
            negatives=tuple(f"a {other} is here" for _, other in SAME if other != meant),
        )
        for name in names
        for asked, meant in pairs
    ]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [f"the {word} a {word} is here" for pair in PAIRS for word in pair]
    return train_tokenizer(iter(texts * 9), vocab_size=345)


@pytest.fixture(scope="module")
def rows(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> RelevanceRows:
    names = [f"g {number}" for number in range(900)]
    held_back = [name for name in names if in_development(name)]
    trained = [name for name in names if not in_development(name)][:60]
    folder = tmp_path_factory.mktemp("rows")
    write_rows([*groups(SAME, trained), *groups(PAIRS, held_back)], tokenizer, folder)
    return open_rows(folder)


def trained(rows: RelevanceRows, size: int, *, steps: int) -> Matcher:
    vectors = torch.randn(size, 32, generator=torch.Generator().manual_seed(3))
    return train_matcher(rows, normalize(vectors, dim=1), weights={}, steps=steps, seed=0)


def nearness(matcher: Matcher, tokenizer: Tokenizer, one: str, other: str) -> float:
    ids = [tokenizer.encode(f" {word}").ids for word in (one, other)]
    assert all(len(found) == 1 for found in ids), "each word is one token"
    return float(matcher.vectors_VD[ids[0][0]] @ matcher.vectors_VD[ids[1][0]])


def test_words_that_answer_each_other_come_near_but_not_those_held_back(
    tokenizer: Tokenizer, rows: RelevanceRows
) -> None:
    size = tokenizer.get_vocab_size()
    begun, matcher = (trained(rows, size, steps=steps) for steps in (1, 250))
    for asked, meant in SAME:
        others = [nearness(matcher, tokenizer, asked, other) for _, other in SAME if other != meant]
        assert nearness(matcher, tokenizer, asked, meant) > max(others) + 0.1
        assert nearness(matcher, tokenizer, asked, meant) > nearness(begun, tokenizer, asked, meant)
    before, after = (nearness(one, tokenizer, *HELD_BACK) for one in (begun, matcher))
    assert after < before + 0.05
    assert float(matcher.weight_V.mean()) == pytest.approx(1.0)
    assert matcher.vectors_VD.norm(dim=1).tolist() == pytest.approx([1.0] * size)


def test_it_is_kept_and_the_same_for_the_same_seed(
    tokenizer: Tokenizer, rows: RelevanceRows, tmp_path: Path
) -> None:
    first, again = (trained(rows, tokenizer.get_vocab_size(), steps=5) for _ in range(2))
    keep_matcher(first, tmp_path / "run" / "matcher.safetensors")
    kept = read_matcher(tmp_path / "run" / "matcher.safetensors")
    for matcher in (again, kept):
        assert torch.equal(matcher.vectors_VD, first.vectors_VD)
        assert torch.equal(matcher.weight_V, first.weight_V)
