"""Rows written one by one: what ships is whole, and apart from the holdout."""

import json
import re
from pathlib import Path

import pytest

from specialists.corpora.written import DOCUMENTS, ROWS, read_written
from specialists.errors import CorpusError
from specialists.evaluation.ten_domains import read_questions


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
    invented = [passage for passage in found if passage.source == DOCUMENTS]
    assert 1_000 < len(invented) < len(found) - 1_000


def test_nothing_that_ships_says_what_the_holdout_says() -> None:
    kept_apart = set()
    for question in read_questions():
        for text in (question.query, question.right, question.near, question.cross):
            kept_apart |= runs_of_words(text, 8)
    for passage in read_written():
        for text in (passage.text, *passage.asks, *passage.misses):
            assert not runs_of_words(text, 8) & kept_apart, text


@pytest.mark.parametrize("line", ["[1]", "{", json.dumps({"set": "a", "text": "b"})])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "written.jsonl"
    path.write_text(f"{line}\n", "utf-8")
    with pytest.raises(CorpusError, match=r"written\.jsonl line 1"):
        read_written(path)


def test_rows_ship_packed() -> None:
    assert ROWS.stat().st_size < 3 * 2**20
