"""Verdicts for passages."""

import pytest

from cluster.answering.filter import SLICE, filter_passages, filter_text, verdict_reason
from cluster.errors import CallError
from cluster.records import Passage
from specialists.requests import Decide, Decided, Generate, Generated, Verdict


class Recorded:
    """Answers with the verdicts it was given and remembers what it was asked."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = verdicts
        self.asked: list[tuple[str, Decide]] = []

    async def __call__(self, name: str, request: Decide | Generate, /) -> Decided | Generated:
        assert isinstance(request, Decide)
        self.asked.append((name, request))
        return Decided(verdicts=self.verdicts)


def verdict(score: float, *, truncated: bool = False) -> Verdict:
    return Verdict(
        label=str(int(score > 0.5)),
        positive=score > 0.5,
        score=score,
        logits=(0.0, 0.0),
        truncated=truncated,
        tokens=384,
    )


def passage(text: str, heading: str = "") -> Passage:
    return Passage(text=text, source="a.md", start=0, end=len(text), line=1, heading=heading)


async def test_one_call_judges_all_passages_in_their_order() -> None:
    call = Recorded(verdict(0.93), verdict(0.04))
    passages = (passage("one"), passage("two", "Part"))
    judged = await filter_passages(call, "q-rag", "why?", passages)  # type: ignore[arg-type]  # overloads
    assert call.asked == [("q-rag", Decide(query="why?", passages=("one", "Part: two")))]
    assert [(j.passage, j.kept, j.reason) for j in judged] == [
        (passages[0], True, "relevant (score 0.93)"),
        (passages[1], False, "not relevant (score 0.04)"),
    ]


async def test_who_looks_on_is_told_of_verdicts_as_they_are_decided() -> None:
    asked: list[int] = []
    told: list[tuple[str, ...]] = []

    async def call(name: str, request: Decide, /) -> Decided:
        asked.append(len(request.passages))
        return Decided(verdicts=(verdict(0.9),) * len(request.passages))

    passages = [passage(f"passage {number}") for number in range(2 * SLICE + 1)]
    judged = await filter_passages(
        call,  # type: ignore[arg-type]  # overloads
        "q-rag",
        "why?",
        passages,
        on_judged=lambda some: told.append(tuple(j.passage.text for j in some)),
    )
    assert [j.passage for j in judged] == passages
    assert asked == [SLICE, SLICE, 1]
    assert [text for some in told for text in some] == [p.text for p in passages]


async def test_a_threshold_takes_the_place_of_the_own_decision() -> None:
    call = Recorded(verdict(0.93), verdict(0.31), verdict(0.29))
    passages = (passage("one"), passage("two"), passage("three"))
    judged = await filter_passages(call, "q-rag", "why?", passages, threshold=0.3)  # type: ignore[arg-type]  # overloads
    assert [j.kept for j in judged] == [True, True, False]
    assert judged[1].reason == "at or above the calibrated threshold (score 0.31 of 0.30)"


async def test_without_passages_nobody_is_called() -> None:
    call = Recorded()
    assert await filter_passages(call, "q-rag", "why?", ()) == ()  # type: ignore[arg-type]  # overloads
    assert call.asked == []


async def test_a_missing_verdict_is_an_error_not_a_shift() -> None:
    call = Recorded(verdict(0.9))
    with pytest.raises(CallError, match="1 verdicts for 2 passages"):
        await filter_passages(call, "q-rag", "why?", (passage("a"), passage("b")))  # type: ignore[arg-type]  # overloads


def test_a_cut_passage_says_how_much_was_read() -> None:
    assert verdict_reason(verdict(0.2, truncated=True)) == (
        "not relevant (score 0.20); only the first 384 tokens were read"
    )


@pytest.mark.parametrize(
    ("heading", "text", "expected"),
    [
        ("", "Text.", "Text."),
        ("Install", "# Install\n\nText.", "# Install\n\nText."),
        ("Install > From source", "# From source\n\nX.", "Install: # From source\n\nX."),
        ("Opening hours", "We open at nine.", "Opening hours: We open at nine."),
    ],
)
def test_headings_are_read_where_the_text_does_not_repeat_them(
    heading: str, text: str, expected: str
) -> None:
    assert filter_text(passage(text, heading)) == expected
