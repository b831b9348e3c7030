import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialists.errors import JobError
from specialists.jobs.citation import JOB, MOST_SENTENCES, check_citation
from specialists.jobs.job import carry_out
from specialists.jobs.quotes import MOST_CHARACTERS, quotable, quotable_text
from tests.specialists.jobs.deciders import accepting, at_random

PAGES = [
    "# Opening hours\n\nThe pool opens at nine. It closes at six,\nbut at four on Sundays.",
    "Dogs stay outside. Lost keys are kept for a month.",
]


def cite(question: str, *accepted: str, pages: Any = None) -> dict[str, Any]:
    inputs = {"question": question, "pages": PAGES if pages is None else pages}
    result = carry_out(JOB, inputs, accepting(*accepted))
    assert check_citation(inputs, result) == ()
    return result


def test_the_best_accepted_sentence_is_quoted_with_its_page_and_place() -> None:
    result = cite("How long are keys kept?", "for a month", "Dogs")
    assert result["quote"] == "Lost keys are kept for a month."
    assert (result["page"], result["start"], result["end"]) == (2, 19, 50)
    assert result["text"] == "Lost keys are kept for a month. [page 2]"
    assert result["reason"] == "the best of 4 sentences scored 0.99"


def test_a_quote_keeps_every_letter_and_its_text_stands_on_one_line() -> None:
    result = cite("When does it close?", "closes at six")
    assert result["quote"] == "It closes at six,\nbut at four on Sundays."
    assert result["text"] == "It closes at six, but at four on Sundays. [page 1]"


def test_what_no_sentence_says_is_refused_with_how_many_were_looked_at() -> None:
    result = cite("What does the pool cost?", "nothing")
    assert result == {
        "refused": True,
        "reason": "none of 4 sentences says it; the best scored 0.10",
        "quote": "",
        "page": None,
        "start": None,
        "end": None,
        "text": "",
    }


def test_a_sentence_is_read_under_its_heading_with_what_it_leans_on() -> None:
    shown = [quotable_text(one) for one in quotable(PAGES)]
    assert shown[0] == "Opening hours: The pool opens at nine."
    assert shown[1].startswith("Opening hours: (The pool opens at nine.) It closes at six, but")
    assert shown[2] == "Dogs stay outside."


def test_of_many_sentences_those_nearest_to_the_question_are_looked_at() -> None:
    pages = ["Nothing happens here at all. " * 300 + "The wolf sleeps by day."]
    result = cite("Where is the wolf?", "wolf", pages=pages)
    assert result["quote"] == "The wolf sleeps by day."
    assert f"the best of {MOST_SENTENCES} (of 301, those" in result["reason"]


def test_pages_without_a_sentence_are_refused() -> None:
    assert cite("Who?", pages=["", "# Title\n"])["reason"] == "the pages hold no sentence"


def test_a_text_without_full_stops_is_offered_in_parts() -> None:
    page = "word " * 1_000
    parts = list(quotable([page]))
    assert all(0 < len(one.text) <= MOST_CHARACTERS for one in parts)
    assert "".join(one.text.replace(" ", "") for one in parts) == page.replace(" ", "")


@pytest.mark.parametrize("page", ["x" * 900_000, "# " * 400_000, "It is. " * 100_000])
def test_a_page_of_a_million_letters_does_not_take_minutes(page: str) -> None:
    started = time.monotonic()
    cite("Is it?", pages=[page])
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ("a text", "pages must be a list of texts"),
        ({"1": "a"}, "pages must be a list of texts"),
        ([], "pages holds 0 pages; give 1 to 2,000"),
        (["a", 3], "page 2 must be a text, not int"),
        (["a", "b \ud800"], "page 2 holds half a character"),
        (["a" * 600_000] * 2, "the pages have 1,200,000 characters"),
    ],
)
def test_wrong_pages_are_told(pages: Any, said: str) -> None:
    with pytest.raises(JobError, match=said):
        cite("Who?", pages=pages)


PIECES = """The|lamp.|It|burns!|# A|\n|\n\n|```|- |1.|e.g.|“no”|?|。|🙂|...|Dr.|| x | y||a,"""
TEXTS = st.text(max_size=120) | st.lists(
    st.sampled_from([*PIECES.split("|"), "\x00", "\ud800", "\r\n", "\u2028"]), max_size=24
).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(question=TEXTS, pages=st.lists(TEXTS, max_size=4), seed=st.integers(0, 99))
def test_whatever_is_decided_a_quote_stands_on_the_page_that_it_names(
    question: str, pages: list[str], seed: int
) -> None:
    inputs = {"question": question, "pages": pages}
    try:
        result = carry_out(JOB, inputs, at_random(seed))
    except JobError:
        assert not question.strip() or not pages or "\ud800" in "".join(pages)
        return
    assert check_citation(inputs, result) == ()
    assert json.loads(json.dumps(result)) == result


def test_the_check_sees_what_is_invented() -> None:
    inputs = {"question": "When?", "pages": PAGES}
    right = cite("When?", "Dogs")
    assert check_citation(inputs, right) == ()
    for wrong in (
        {"page": 1},
        {"page": 3},
        {"page": None},
        {"start": 1},
        {"end": True},
        {"quote": "Dogs stay inside."},
        {"text": "Dogs stay outside. [page 1]"},
        {"refused": True},
        {"more": 1},
    ):
        assert check_citation(inputs, {**right, **wrong}), wrong
