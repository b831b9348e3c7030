"""Sentences of the rows are cut alike in our tokens and in the encoder's."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from specialists.corpora.relevance import QueryGroup, RelevanceRows, open_rows, write_rows
from specialists.tokenizer import train_tokenizer
from specialists.training import wordpieces
from specialists.training.wordpieces import WordPieces, split_into_pieces

QUERY = "where do the owls of the old tower sleep"
PASSAGE = (
    "The owls sleep in the old tower. No. They fly at night over 3.5 fields of wheat! "
    "In winter they stay"
)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    trained = train_tokenizer(iter([QUERY, PASSAGE] * 20), vocab_size=320)
    trained.save(str(tmp_path / "tokenizer.json"))
    return trained


@pytest.fixture
def rows(tokenizer: Tokenizer, tmp_path: Path) -> RelevanceRows:
    group = QueryGroup(source="a", name="a", query=QUERY, positives=(PASSAGE,), negatives=())
    write_rows([group], tokenizer, tmp_path / "rows")
    return open_rows(tmp_path / "rows")


def pieces_of(rows: RelevanceRows, folder: Path, *, processes: int = 1) -> WordPieces:
    path = folder / "tokenizer.json"  # both sides read with ours
    return split_into_pieces(rows, path, path, processes=processes)


def sentences(rows: RelevanceRows, tokenizer: Tokenizer, found: WordPieces, text: int) -> list[str]:
    ends = found.end_S[found.start_N1[text] : found.start_N1[text + 1]].tolist()
    ids = np.asarray(rows.tokens)[rows.text(text)].tolist()
    spans = zip([0, *ends], ends, strict=False)
    return [tokenizer.decode(ids[a:b]).strip() for a, b in spans]


def test_sentences_end_where_words_begin_and_short_ones_belong_to_the_next(
    rows: RelevanceRows, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    found = pieces_of(rows, tmp_path)
    assert sentences(rows, tokenizer, found, 0) == [QUERY]
    assert sentences(rows, tokenizer, found, 1) == [
        "the owls sleep in the old tower.",
        "no. they fly at night over 3.5 fields of wheat!",
        "in winter they stay",
    ]


def test_the_encoder_s_tokens_say_the_same_sentences(
    rows: RelevanceRows, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    found = pieces_of(rows, tmp_path)
    ours = sentences(rows, tokenizer, found, 0) + sentences(rows, tokenizer, found, 1)
    spans = zip(found.begin_S1[:-1], found.begin_S1[1:], strict=True)
    theirs = [tokenizer.decode(found.ids_W[a:b].tolist()).strip() for a, b in spans]
    assert theirs == ours


def test_what_is_beyond_the_longest_is_not_read(
    rows: RelevanceRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wordpieces, "LONGEST", 6)
    found = pieces_of(rows, tmp_path)
    assert found.end_S.tolist() == [6, 6]
    assert found.start_N1.tolist() == [0, 1, 2]


def test_several_processes_give_what_one_gives(
    rows: RelevanceRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pieces_of(rows, tmp_path)
    monkeypatch.setattr(wordpieces, "PORTION", 1)
    two = pieces_of(rows, tmp_path, processes=2)
    assert one.ids_W.tolist() == two.ids_W.tolist()
    assert one.begin_S1.tolist() == two.begin_S1.tolist()
