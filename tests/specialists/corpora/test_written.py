"""Rows written one by one: what ships is whole, apart from the holdout, and split by its sets."""

import json
import re
from pathlib import Path

import pytest

from specialists.corpora.relevance import in_development
from specialists.corpora.written import (
    DOCUMENTS,
    PASSAGES,
    ROWS,
    WrittenPassage,
    read_written,
    written_groups,
)
from specialists.errors import CorpusError
from specialists.evaluation.ten_domains import read_questions

TWINS = (
    WrittenPassage(
        together="ferry-1",
        source=DOCUMENTS,
        text="Dogs travel free on the lower deck.",
        asks=("What does a dog cost?",),
        misses=("May cats come along?",),
    ),
    WrittenPassage(
        together="ferry-1",
        source=DOCUMENTS,
        text="Bicycles cost two euros each way.",
        asks=("How much is a bike there and back?",),
        misses=(),
    ),
)


def runs_of_words(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[n : n + length]) for n in range(len(words) - length + 1)}


def test_every_passage_that_ships_answers_something_and_leaves_something_open() -> None:
    found = read_written()
    assert len({passage.text for passage in found}) == len(found)
    for passage in found:
        assert passage.asks
        assert passage.misses
        assert not set(passage.asks) & set(passage.misses)
    assert {group.source for group in written_groups(found)} == {DOCUMENTS, PASSAGES}


def test_nothing_that_ships_says_what_the_holdout_says() -> None:
    kept_apart = set()
    for question in read_questions():
        for text in (question.query, question.right, question.near, question.cross):
            kept_apart |= runs_of_words(text, 8)
    for passage in read_written():
        for text in (passage.text, *passage.asks, *passage.misses):
            assert not runs_of_words(text, 8) & kept_apart, text


def test_documents_of_a_set_are_wrong_for_each_other_and_what_is_left_open_has_no_answer() -> None:
    first, missed, second = written_groups(TWINS)
    assert first.positives == (TWINS[0].text,)
    assert first.negatives == (TWINS[1].text,)
    assert second.negatives == (TWINS[0].text,)
    assert (missed.positives, missed.negatives) == ((), (TWINS[0].text,))
    assert {group.name for group in (first, missed, second)} == {"ferry-1"}
    assert in_development("ferry-1", 1.0)
    assert not in_development("ferry-1", 0.0)


def test_parts_of_one_article_may_answer_each_other() -> None:
    parts = [
        WrittenPassage(together="a", source="text/x", text=text, asks=("Q?",), misses=("M?",))
        for text in ("One.", "Two.")
    ]
    asked = [group for group in written_groups(parts) if group.positives]
    assert [group.negatives for group in asked] == [(), ()]
    assert {group.source for group in asked} == {PASSAGES}


@pytest.mark.parametrize("line", ["[1]", "{", json.dumps({"set": "a", "text": "b"})])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "written.jsonl"
    path.write_text(f"{line}\n", "utf-8")
    with pytest.raises(CorpusError, match=r"written\.jsonl line 1"):
        read_written(path)


def test_rows_ship_packed() -> None:
    assert ROWS.stat().st_size < 3 * 2**20
