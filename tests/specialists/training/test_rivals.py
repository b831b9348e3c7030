"""Rivals are near the query, and not so near that they may well answer it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from specialists.corpora.relevance import (
    QueryGroup,
    RelevanceRows,
    in_development,
    open_rows,
    write_rows,
)
from specialists.tokenizer import train_tokenizer
from specialists.training.rivals import KEPT, ask_sentences, find_rivals, pool_of
from specialists.training.sentence_encoder import Encoded

ANGLE = {
    "the question": 0.0,
    "the answer": 0.2,
    "far away": 2.5,
    "another question": 3.0,
    "as near as the answer": -0.25,
    "about the same": -0.7,
    "about something like it": -0.9,
    "held back": -0.75,
}
"""Where the encoder puts each text, in radians: the cosine is that of the difference. In the order
in which the rows meet them."""
TEXTS = list(ANGLE)


def names(*, held_out: bool, count: int) -> list[str]:
    return [n for n in map(str, range(2_000)) if in_development(n) == held_out][:count]


def group(name: str, query: str, right: str, *wrong: str) -> QueryGroup:
    return QueryGroup(source="ours", name=name, query=query, positives=(right,), negatives=wrong)


@pytest.fixture
def rows(tmp_path: Path) -> RelevanceRows:
    first, second = names(held_out=False, count=2)
    (kept,) = names(held_out=True, count=1)
    near = ("as near as the answer", "about the same", "about something like it")
    groups = [
        group(first, "the question", "the answer", "far away"),
        group(second, "another question", "far away", *near),
        group(kept, "the question", "the answer", "held back"),
    ]
    write_rows(groups, train_tokenizer(iter(TEXTS * 20), vocab_size=300), tmp_path)
    return open_rows(tmp_path)


def encoded(rows: RelevanceRows, *, without: str = "") -> Encoded:
    """Every text is one sentence, and its own vector."""
    assert len(rows.text_start) - 1 == len(TEXTS)
    angles = np.array(list(ANGLE.values()))
    vectors = torch.from_numpy(np.stack([np.cos(angles), np.sin(angles)], 1)).half()
    place = torch.tensor([-1 if text == without else n for n, text in enumerate(TEXTS)])
    return Encoded(
        place_N=place,
        whole_NM=vectors,
        start_N1=torch.arange(len(TEXTS) + 1),
        end_S=torch.from_numpy(np.diff(rows.text_start).astype(np.int32)),
        sentence_SM=vectors,
    )


def rivals_of(rows: RelevanceRows, known: Encoded, number: int) -> list[str]:
    found = find_rivals(rows, known, pool_of(rows, known))
    assert found.shape == (3, KEPT)
    return [TEXTS[text] for text in found[number].tolist() if text >= 0]


def test_what_may_answer_is_no_rival_and_the_nearest_comes_first(rows: RelevanceRows) -> None:
    expected = ["about the same", "about something like it", "far away"]
    assert rivals_of(rows, encoded(rows), 0) == expected


def test_passages_that_are_held_back_are_no_rivals_but_have_some(rows: RelevanceRows) -> None:
    expected = ["about the same", "about something like it", "far away"]
    assert rivals_of(rows, encoded(rows), 2) == expected


def test_a_text_that_was_not_encoded_is_neither_asked_nor_a_rival(rows: RelevanceRows) -> None:
    less = encoded(rows, without="about the same")
    assert rivals_of(rows, less, 0) == ["about something like it", "far away"]
    assert rivals_of(rows, encoded(rows, without="the question"), 0) == []


def test_sentences_that_are_asked_about_come_with_what_is_nearest(
    rows: RelevanceRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("specialists.training.rivals.SENTENCE_TOKENS", (1, 48))
    known = encoded(rows)
    asked = ask_sentences(rows, known, pool_of(rows, known), most=3, seed=0)
    assert len(asked.start_Q) == 3
    for start, length, sentence, near in zip(
        asked.start_Q, asked.length_Q, asked.sentence_Q, asked.near_QL, strict=True
    ):
        text = int(sentence)  # every text is one sentence
        assert int(start) == int(rows.text_start[text])
        assert int(length) == int(rows.text_start[text + 1] - rows.text_start[text])
        assert int(near[0]) == text
        assert TEXTS.index("held back") not in near.tolist()
