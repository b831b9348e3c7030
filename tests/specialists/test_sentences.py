"""Sentences and their exact offsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialists.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It is 3.5 m wide. Yes.", ["It is 3.5 m wide.", "Yes."]),
        ("Ask Dr. Hale, e.g. by post. Wait.", ["Ask Dr. Hale, e.g. by post.", "Wait."]),
        ("By J. R. Marrow. Second.", ["By J. R. Marrow.", "Second."]),
        ("See No. 7 there. No. It rains.", ["See No. 7 there.", "No.", "It rains."]),
        ("Open until 5 p.m. The café closes.", ["Open until 5 p.m.", "The café closes."]),
        ("Open at 9 a.m. on Monday.", ["Open at 9 a.m. on Monday."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("Wait... he said. Good.", ["Wait... he said.", "Good."]),
        ("雨です。晴れます。", ["雨です。", "晴れます。"]),
        ("hard wrapped\nline. Next\none.", ["hard wrapped\nline.", "Next\none."]),
        ("no full stop\n\nnew paragraph", ["no full stop", "new paragraph"]),
        ("- one item\n  goes on\n- two. Three", ["one item\n  goes on", "two.", "Three"]),
        ("1. First step.\n2. Second step.", ["First step.", "Second step."]),
        ("# Title\n\nText.", ["Text."]),
        ("Title\n=====\n\nText.\n-----\nMore.", ["More."]),
        ("See:\n\n```\na = 1\nb = 2.5\n```\nDone.", ["See:", "a = 1", "b = 2.5", "Done."]),
        ("Run:\n\n    make all\n    make test", ["Run:", "make all", "make test"]),
        ("| Adult | 7.50 |\n| Child | 3 |", ["| Adult | 7.50 |", "| Child | 3 |"]),
        ("", []),
        ("# Only a title", []),
    ],
)
def test_a_text_is_cut_into(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="ab A.!?\n-#=|`1 \t", max_size=200))
def test_spans_are_in_order_apart_and_free_of_white_space(text: str) -> None:
    at = 0
    for start, end in split_sentences(text):
        assert at <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        at = end
