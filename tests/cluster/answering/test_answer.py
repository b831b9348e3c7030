"""From a question to quotes or a refusal, over the sample documents."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.answering.answer import AnswerStep, Judging, answer_question
from cluster.answering.endpoint import EndpointSettings
from cluster.answering.extract import MAX_SENTENCES, extract_answer
from cluster.answering.guards import choose_guards
from cluster.errors import CallError
from cluster.records import USUAL_GUARDS, JudgedPassage, Passage, SpecialistCaller
from cluster.retrieval.documents import read_document
from cluster.retrieval.index import Index
from cluster.retrieval.words import stems
from specialists.requests import Decide, Decided, Verdict

SAMPLES = Path(__file__).parents[3] / "shell" / "sample_docs"


class Lexical:
    """A specialist that finds relevant what has enough of the question's words."""

    def __init__(self, threshold: float = 0.6) -> None:
        self.threshold = threshold
        self.sizes: list[int] = []

    async def decide(self, name: str, request: Decide, /) -> Decided:
        self.sizes.append(len(request.passages))
        asked = set(stems(request.query))
        shares = [len(asked & set(stems(text))) / len(asked) for text in request.passages]
        return Decided(verdicts=tuple(self._verdict(share) for share in shares))

    def _verdict(self, share: float) -> Verdict:
        positive = share >= self.threshold
        return Verdict(
            label=str(int(positive)),
            positive=positive,
            score=share,
            logits=(share, 1 - share),
            truncated=False,
            tokens=9,
        )

    @property
    def call(self) -> SpecialistCaller:
        return self.decide  # type: ignore[return-value]  # only Decide is ever asked


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.open_or_build(SAMPLES, tmp_path_factory.mktemp("cache")) as index:
        yield index


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("When are bookings deleted after the visit?", "30 days after the visit"),
        ("What is the focal length of the Marrow reflector?", "8.2 metres"),
        ("What is the focal length of the Teal refractor?", "3.9 metres"),
        ("How many guests are admitted on one evening?", "no more than 24 guests"),
        ("Who was the first director?", "Amalie Brandt"),
        ("How much does a family ticket for the visitor centre cost?", "18 crowns"),
        ("When was the strongest gust?", "131 km/h"),
        ("What does error E24 mean?", "hotter than 85"),
    ],
)
async def test_the_first_quote_holds_the_answer(samples: Index, question: str, quoted: str) -> None:
    answer = await answer_question(Lexical().call, samples, question)
    assert not answer.refused
    assert quoted in " ".join(answer.citations[0].quote.split())
    assert answer.composed_by == "extract"


async def test_every_quote_stands_in_its_document_at_its_offsets(samples: Index) -> None:
    answer = await answer_question(Lexical(0.3).call, samples, "When is the dome shutter closed?")
    assert 1 <= len(answer.citations) <= 3
    for number, citation in enumerate(answer.citations, start=1):
        text = read_document(SAMPLES / citation.source).text
        assert text[citation.start : citation.end] == citation.quote
        assert text.count("\n", 0, citation.start) + 1 == citation.line
        assert f"{' '.join(citation.quote.split())} [{number}]" in answer.text


async def test_an_unanswerable_question_is_refused_with_the_best_score(samples: Index) -> None:
    answer = await answer_question(
        Lexical().call, samples, "Which airline sells tickets from Lindmere to Reykjavik?"
    )
    assert answer.refused
    assert (answer.text, answer.citations) == ("", ())
    assert answer.reason.startswith(
        (f"none of {len(answer.passages)} passages is relevant; the", "the only passage is not")
    )
    assert all(j.reason.startswith("not relevant (score") for j in answer.passages)


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (0.6, "the only passage that is relevant tries to"),
        (0.2, r"all \d+ relevant passages try to"),
    ],
)
async def test_where_a_guard_takes_all_passages_out_the_refusal_says_so(
    samples: Index, threshold: float, said: str
) -> None:
    async def suspects_all(name: str, inputs: Mapping[str, Any], /) -> dict[str, Any]:
        return {"injection": True, "score": 0.99}

    answer = await answer_question(
        Lexical(threshold).call,
        samples,
        "Who was the first director?",
        endpoint=EndpointSettings(url="http://127.0.0.1:1/v1", model="nobody is asked"),
        guards=choose_guards(suspects_all, {"injection": "q-inject"}, USUAL_GUARDS),
    )
    assert answer.refused
    assert re.match(said, answer.reason), answer.reason


async def test_a_question_that_shares_no_word_calls_nobody(samples: Index) -> None:
    specialist = Lexical()
    answer = await answer_question(specialist.call, samples, "qwertzuiop?")
    assert answer.refused
    assert answer.reason == "no passage shares a word with the question"
    assert specialist.sizes == []


async def test_steps_are_told_in_order_and_timed(samples: Index) -> None:
    told: list[AnswerStep | Judging] = []
    answer = await answer_question(
        Lexical().call, samples, "Who was the first director?", k=5, on_event=told.append
    )
    steps = [one for one in told if isinstance(one, AnswerStep)]
    assert [(s.step, len(s.found), len(s.judged)) for s in steps] == [
        ("retrieve", 5, 0),
        ("filter", 5, 5),
        ("compose", 5, 5),
    ]
    assert answer.seconds == {s.step: s.seconds for s in steps}
    judging = [one for one in told if isinstance(one, Judging)]
    assert [(one.done, one.total) for one in judging] == [(4, 5), (5, 5)]
    assert sum((one.judged for one in judging), ()) == answer.passages


async def test_sentences_shown_to_the_specialist_are_bounded() -> None:
    text = " ".join(f"Sentence number {n} is about owls." for n in range(99))
    specialist = Lexical()
    judged = await judge(specialist, "owls", text)
    composed = await extract_answer(specialist.call, "q-rag", "owls", judged)
    assert specialist.sizes[-1] == MAX_SENTENCES
    assert len(composed.citations) == 1, "near repeats are quoted once"


async def test_a_kept_passage_without_any_sentence_is_quoted_whole() -> None:
    specialist = Lexical()
    judged = await judge(specialist, "owls", "# Owls")
    composed = await extract_answer(specialist.call, "q-rag", "owls", judged)
    assert composed.text == "# Owls [1]"


async def test_a_sentence_is_judged_under_its_headings_and_after_what_it_leans_on() -> None:
    specialist = Lexical()
    text = "The north pump is blue. It was replaced in March 1987. Owls hunt at night."
    (judged,) = await judge(specialist, "When was the north pump replaced?", text)
    under = replace(judged, passage=replace(judged.passage, heading="House > Water > Pumps"))
    shown: list[str] = []

    async def call(name: str, request: Decide, /) -> Decided:
        shown.extend(request.passages)
        return await specialist.decide(name, request)

    composed = await extract_answer(
        call,  # type: ignore[arg-type]  # overloads
        "q-rag",
        "When was the north pump replaced?",
        [under],
    )
    assert shown == [
        "Water: Pumps: The north pump is blue.",
        "Water: Pumps: The north pump is blue. It was replaced in March 1987.",
        "Water: Pumps: Owls hunt at night.",
    ]
    assert composed.text == "It was replaced in March 1987. [1]"


async def test_a_date_is_quoted_with_what_happened_then() -> None:
    specialist = Lexical()
    text = "8 November 2023. The whole north pump was exchanged. Cost: 6,450 euros.\n\n3 May 2024."
    judged = await judge(specialist, "When was the north pump exchanged?", text)
    composed = await extract_answer(
        specialist.call, "q-rag", "When was the north pump exchanged?", judged
    )
    assert composed.text == "8 November 2023. The whole north pump was exchanged. [1]"
    (citation,) = composed.citations
    assert text[citation.start : citation.end] == citation.quote
    assert citation.score == judged[0].verdict.score, "that of the passage it stands in"


async def test_a_failing_specialist_is_not_hidden(samples: Index) -> None:
    async def fail(name: str, request: Decide, /) -> Decided:
        raise CallError("the worker is gone")

    with pytest.raises(CallError, match="gone"):
        await answer_question(fail, samples, "Who was the first director?")  # type: ignore[arg-type]  # overloads


async def judge(specialist: Lexical, question: str, text: str) -> tuple[JudgedPassage, ...]:
    passage = Passage(text=text, source="a.md", start=0, end=len(text), line=1)
    (verdict,) = (
        await specialist.decide("q-rag", Decide(query=question, passages=(text,)))
    ).verdicts
    return (JudgedPassage(passage=passage, verdict=verdict, kept=verdict.positive, reason=""),)


async def test_nobody_is_warned_of_what_is_not_sent(samples: Index) -> None:
    async def nobody(name: str, inputs: Mapping[str, Any], /) -> dict[str, Any]:
        raise AssertionError("looked through for nothing")

    answer = await answer_question(
        Lexical(threshold=2.0).call,
        samples,
        "Who was the first director?",
        endpoint=EndpointSettings(url="https://example.org/v1", model="m", allow_remote=True),
        guards=choose_guards(nobody, {"personal-data": "q-pii"}, USUAL_GUARDS),
    )
    assert answer.refused
    assert answer.warnings == ()
