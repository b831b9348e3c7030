"""BM25 ranks whole words by their stems, and only within its own corpus."""

import pytest

from specialists.errors import CorpusError
from specialists.evaluation.lexical import Lexical

PASSAGES = {
    "pump": "The pump was replaced in March and pumps water again.",
    "lease": "The lease is signed by the owner of the house.",
    "sea": "Waves at sea grow with the wind.",
}


def test_the_passage_with_the_words_comes_first_by_stem() -> None:
    assert Lexical(PASSAGES).ranking("replacing the pumps")[0] == "pump"


def test_a_ranking_holds_every_passage_once_and_equals_keep_their_order() -> None:
    assert list(Lexical(PASSAGES).ranking("zebra")) == ["pump", "lease", "sea"]


def test_scores_stand_in_the_order_asked_and_agree_with_the_ranking() -> None:
    lexical = Lexical(PASSAGES)
    scores = lexical.score("who signs a lease", [PASSAGES["sea"], PASSAGES["lease"]]).scores
    assert scores[0] == 0 < scores[1]


def test_stopwords_alone_score_nothing() -> None:
    assert Lexical(PASSAGES).score("the of and", list(PASSAGES.values())).scores == (0, 0, 0)


def test_a_passage_of_another_corpus_is_refused() -> None:
    with pytest.raises(CorpusError, match="only score passages of the corpus"):
        Lexical(PASSAGES).score("pump", ["something else"])


def test_an_empty_corpus_is_refused() -> None:
    with pytest.raises(CorpusError, match="no passage"):
        Lexical({})
