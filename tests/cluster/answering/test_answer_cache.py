from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cluster.answering.answer_cache import AnswerCache
from cluster.records import Answer, Citation

JUDGE = ["q-rag 1", 20, None]


def answer(question: str) -> Answer:
    cited = Citation(
        quote="In 1987.", source="a.md", start=0, end=8, line=1, page=None, heading="", score=0.9
    )
    return Answer(
        question=question,
        text="In 1987. [1]",
        refused=False,
        reason="1 of 20 passages kept",
        citations=(cited,),
        passages=(),
        composed_by="extract",
        seconds={"filter": 0.1},
    )


def cache(folder: Path, *, documents: str = "d1", asks: str | None = "q-dup") -> AnswerCache:
    return AnswerCache(
        folder / "answers.sqlite3", documents=documents, judge=JUDGE, writer=None, asks=asks
    )


async def same_when_pump(name: str, inputs: Mapping[str, Any], /) -> dict[str, Any]:
    """Stands in for q-dup: two questions that both name the pump ask the same."""
    assert name == "q-dup"
    same = all("pump" in text for text in inputs.values())
    return {"duplicate": same, "score": 0.9 if same else 0.1}


async def nobody(name: str, inputs: Mapping[str, Any], /) -> dict[str, Any]:
    raise AssertionError("nobody needs to be asked")


async def test_the_same_words_find_the_answer_without_asking_anybody(tmp_path: Path) -> None:
    known = cache(tmp_path)
    known.keep(answer("When was the pump replaced?"))
    found = await known.find(nobody, "when was the PUMP replaced")
    assert found is not None
    assert (found.text, found.citations) == ("In 1987. [1]", answer("").citations)
    assert found.question == "when was the PUMP replaced"
    assert found.reason == (
        "answered before, as: When was the pump replaced?; 1 of 20 passages kept"
    )


async def test_other_words_count_where_the_specialist_says_so(tmp_path: Path) -> None:
    known = cache(tmp_path)
    known.keep(answer("When was the pump replaced?"))
    assert await known.find(same_when_pump, "In which year was the pump replaced?")
    assert await known.find(same_when_pump, "When was the roof replaced?") is None
    assert await known.find(nobody, "Who paid for the new gate?") is None


async def test_without_a_specialist_only_the_same_words_count(tmp_path: Path) -> None:
    known = cache(tmp_path, asks=None)
    known.keep(answer("When was the pump replaced?"))
    assert await known.find(nobody, "In which year was the pump replaced?") is None


async def test_an_answer_over_other_documents_is_no_answer(tmp_path: Path) -> None:
    cache(tmp_path).keep(answer("When was the pump replaced?"))
    again, changed = cache(tmp_path), cache(tmp_path, documents="d2")
    assert await again.find(nobody, "When was the pump replaced?")
    assert await changed.find(nobody, "When was the pump replaced?") is None


async def test_a_cache_that_cannot_be_used_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite3").write_bytes(b"no database at all, but long enough to be read")
    known = cache(tmp_path)
    known.keep(answer("When was the pump replaced?"))
    assert await known.find(nobody, "When was the pump replaced?") is None
    known.close()


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ("What is C++?", "What is C#?"),
        ("What holds at -5 degrees?", "What holds at 5 degrees?"),
        ("When is x < y?", "When is x > y?"),
        ("How much is 5!", "How much is 5?"),
        ("Is .5 enough?", "Is 5 enough?"),
    ],
)
async def test_signs_tell_questions_apart(tmp_path: Path, before: str, asked: str) -> None:
    known = cache(tmp_path, asks=None)
    known.keep(answer(before))
    assert await known.find(nobody, asked) is None
    assert await known.find(nobody, f"  {before.upper().rstrip('?')}") is not None
