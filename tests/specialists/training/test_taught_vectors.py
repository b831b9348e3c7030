"""Vectors that are taught by an encoder say what it says of words, and are read like a base's."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from specialists.corpora.relevance import RelevanceRows
from specialists.errors import CorpusError
from specialists.training.coverage import Matcher
from specialists.training.taught_vectors import mixed, train_vectors
from specialists.training.teacher import Teacher

VOCABULARY, SEEN, WIDTH, MEANING = 66, 60, 16, 24
TEXTS, LENGTH = 500, 10
CONCEPTS = torch.arange(VOCABULARY) // 3
"""Three tokens in a row mean the same."""


@pytest.fixture(scope="module")
def rows() -> RelevanceRows:
    """Texts of tokens drawn from anywhere but the last few of the vocabulary."""
    nothing = np.zeros(0, dtype=np.int64)
    return RelevanceRows(
        tokens=np.random.default_rng(0).integers(0, SEEN, TEXTS * LENGTH).astype(np.uint16),
        stems=np.zeros(TEXTS * LENGTH, dtype=np.uint32),
        text_start=np.arange(0, TEXTS * LENGTH + 1, LENGTH),
        query=nothing.astype(np.int32),
        candidate=nothing.astype(np.int32),
        relevant=nothing.astype(np.bool_),
        group_start=np.zeros(1, dtype=np.int64),
        source=nothing.astype(np.int16),
        development=nothing.astype(np.bool_),
        source_names=(),
    )


def known_teacher(rows: RelevanceRows, *, ends: int = LENGTH) -> Teacher:
    """Every text is one sentence, and its vector the sum of what its tokens mean."""
    drawn = torch.Generator().manual_seed(5)
    meaning_VE = torch.randn(VOCABULARY, MEANING, generator=drawn)[CONCEPTS]
    ids = torch.from_numpy(np.asarray(rows.tokens).astype(np.int64)).view(TEXTS, LENGTH)
    found = normalize(meaning_VE[ids].sum(1), dim=1).numpy().astype(np.float16)
    return Teacher(
        text_N=np.arange(TEXTS, dtype=np.int32),
        whole_ND=found,
        start_N1=np.arange(TEXTS + 1),
        end_S=np.full(TEXTS, ends, dtype=np.int32),
        sentence_SD=found,
    )


def base_vectors() -> Tensor:
    return torch.randn(VOCABULARY, WIDTH, generator=torch.Generator().manual_seed(1))


def test_tokens_that_mean_the_same_to_the_encoder_come_to_stand_together(
    rows: RelevanceRows,
) -> None:
    taught = train_vectors(rows, known_teacher(rows), base_vectors(), steps=200, seed=0)
    assert taught.vectors_VD.norm(dim=1).tolist() == pytest.approx([1.0] * VOCABULARY, abs=1e-4)
    assert float(taught.weight_V.mean()) == pytest.approx(1.0)
    near_VV = (taught.vectors_VD @ taught.vectors_VD.T)[:SEEN, :SEEN].fill_diagonal_(-1.0)
    nearest_V = near_VV.argmax(1)
    alike = (CONCEPTS[nearest_V] == CONCEPTS[:SEEN]).float().mean()
    assert float(alike) > 0.9


def test_a_token_that_is_hardly_seen_keeps_what_the_base_knows(rows: RelevanceRows) -> None:
    taught = train_vectors(rows, known_teacher(rows), base_vectors(), steps=2, seed=0)
    own = normalize(base_vectors(), dim=1)
    assert torch.allclose(taught.vectors_VD[SEEN:], own[SEEN:])
    assert not torch.isclose(taught.vectors_VD, own).all(dim=1)[:SEEN].any()
    assert taught.weight_V.isfinite().all()


def test_the_vectors_are_turned_onto_those_of_the_base(rows: RelevanceRows) -> None:
    """Taught twice with bases that are turned against each other, they are turned as these are."""
    turn, _ = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(3)))
    one, other = (
        train_vectors(rows, known_teacher(rows), base, steps=20, seed=0).vectors_VD
        for base in (base_vectors(), base_vectors() @ turn)
    )
    assert torch.allclose(one @ turn, other, atol=1e-3)


def test_the_mixture_lies_between_both() -> None:
    base_VD = normalize(torch.randn(50, 8, generator=torch.Generator().manual_seed(2)), dim=1)
    taught = Matcher(vectors_VD=base_VD.flip(0), weight_V=torch.ones(50))
    assert torch.allclose(mixed(3 * base_VD, taught, 0.0), base_VD)
    assert torch.allclose(mixed(base_VD, taught, 1.0), taught.vectors_VD)
    half = mixed(base_VD, taught, 0.5)
    assert half.norm(dim=1).tolist() == pytest.approx([1.0] * 50, abs=1e-5)
    assert torch.allclose((half * base_VD).sum(1), (half * taught.vectors_VD).sum(1), atol=1e-5)


def test_without_a_sentence_it_says_so(rows: RelevanceRows) -> None:
    with pytest.raises(CorpusError, match="4 tokens"):
        train_vectors(rows, known_teacher(rows, ends=2), base_vectors(), steps=1, seed=0)
