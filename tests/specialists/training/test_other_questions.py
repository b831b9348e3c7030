"""A question that people asked is asked of something else, by one thing."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from specialists.corpora.relevance import QueryGroup, RelevanceRows, open_rows, write_rows
from specialists.tokenizer import train_tokenizer
from specialists.training.other_questions import OtherQuestions

QUESTIONS = (
    "who is the captain of the barque Quillon?",
    "who is the captain of the barque Vexmoor?",
    "who is the captain of the ship?",
    "when did the first barque sail?",
)


@pytest.fixture
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter([*QUESTIONS[2:], "Q: P: A:1 A:0"] * 9), vocab_size=420)


@pytest.fixture
def rows(tokenizer: Tokenizer, tmp_path: Path) -> RelevanceRows:
    groups = [
        QueryGroup(source=source, name=text, query=text, positives=("Yes.",), negatives=("No.",))
        for source in ("people", "headings")
        for text in QUESTIONS
    ]
    write_rows(groups, tokenizer, tmp_path / "rows")
    return open_rows(tmp_path / "rows")


def asked(rows: RelevanceRows, tokenizer: Tokenizer, question: int, source: int = 0) -> set[str]:
    others = OtherQuestions(rows, tokenizer, asked_by_people={"people"})
    found = set()
    for seed in range(20):
        group = source * len(QUESTIONS) + question
        words = others.beside(group, np.random.default_rng(seed))
        if words is not None:
            assert len(words.ids) == len(words.stems)
            found.add(tokenizer.decode(words.ids.tolist()).strip())
    return found


def test_a_name_gives_way_to_another_name_of_the_source(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    assert asked(rows, tokenizer, 0) == {QUESTIONS[1].lower()}


def test_the_first_gives_way_to_the_last(rows: RelevanceRows, tokenizer: Tokenizer) -> None:
    assert "when did the last barque sail?" in asked(rows, tokenizer, 3)


def test_a_question_that_names_nothing_has_none(rows: RelevanceRows, tokenizer: Tokenizer) -> None:
    assert not asked(rows, tokenizer, 2)


def test_a_source_that_nobody_asked_has_none(rows: RelevanceRows, tokenizer: Tokenizer) -> None:
    assert not asked(rows, tokenizer, 3, source=1)


def test_the_same_draw_gives_the_same_question(rows: RelevanceRows, tokenizer: Tokenizer) -> None:
    others = OtherQuestions(rows, tokenizer, asked_by_people={"people"})
    one, two = (others.beside(3, np.random.default_rng(5)) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.ids.tolist() == two.ids.tolist()
