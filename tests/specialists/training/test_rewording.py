"""A query said in other words keeps its length, its numbers and what its words mean."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch.nn.functional import normalize

from specialists.corpora.words import stem_words, word_borders
from specialists.tokenizer import train_tokenizer
from specialists.training.batches import Words
from specialists.training.coverage import Matcher
from specialists.training.rewording import Thesaurus, make_thesaurus, reword

TEXT = "when did 40 doctors treat tumors in london and physicians treat cancers in 1912"
SAME = ((" doctors", " physicians"), (" tumors", " cancers"), (" 40", " 1912"))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter([TEXT] * 50), vocab_size=420)


@pytest.fixture(scope="module")
def thesaurus(tokenizer: Tokenizer) -> Thesaurus:
    """The words of each pair are one to whoever made the vectors."""
    size = tokenizer.get_vocab_size()
    vectors = torch.randn(size, 64, generator=torch.Generator().manual_seed(0))
    for one, other in SAME:
        vectors[token(tokenizer, one)] = vectors[token(tokenizer, other)]
    return make_thesaurus(
        Matcher(vectors_VD=normalize(vectors, dim=1), weight_V=torch.ones(size)), tokenizer
    )


def token(tokenizer: Tokenizer, word: str) -> int:
    ids: list[int] = tokenizer.encode(word, add_special_tokens=False).ids
    assert len(ids) == 1, word
    return ids[0]


def words(tokenizer: Tokenizer, text: str) -> Words:
    ids = np.array(tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.uint16)
    return Words(ids=ids, stems=stem_words(ids, word_borders(tokenizer)))


def test_words_give_way_to_near_ones_and_to_no_others(
    tokenizer: Tokenizer, thesaurus: Thesaurus
) -> None:
    query = words(tokenizer, TEXT)
    choice = np.random.default_rng(0)
    said = {tokenizer.decode(reword(query, thesaurus, choice).ids.tolist()) for _ in range(200)}
    assert len(said) == 16  # each of four words stays or gives way
    exchange = {one.strip(): other.strip() for one, other in SAME}
    exchange |= {other: one for one, other in exchange.items()}
    for text in said:
        for before, after in zip(TEXT.split(), text.split(), strict=True):
            assert after in (before, exchange.get(before))
    assert all("40" in text and "1912" in text for text in said)


def test_a_new_word_brings_its_stem(tokenizer: Tokenizer, thesaurus: Thesaurus) -> None:
    query = words(tokenizer, TEXT)
    choice = np.random.default_rng(1)
    for _ in range(20):
        changed = reword(query, thesaurus, choice)
        text = tokenizer.decode(changed.ids.tolist())
        assert changed.stems.tolist() == words(tokenizer, text).stems.tolist()
    assert query.ids.tolist() == words(tokenizer, TEXT).ids.tolist()


def test_pieces_of_a_word_stay(tokenizer: Tokenizer, thesaurus: Thesaurus) -> None:
    query = words(tokenizer, "undoctors tumorsly")
    choice = np.random.default_rng(2)
    for _ in range(50):
        assert reword(query, thesaurus, choice).ids.tolist() == query.ids.tolist()
