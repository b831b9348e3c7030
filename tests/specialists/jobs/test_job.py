from collections.abc import Sequence

import pytest

from specialists.errors import JobError
from specialists.jobs.job import Inputs, Job, Steps, carry_out, text_input
from specialists.jobs.table import JOBS, find_job
from specialists.requests import Decide, Decided, Verdict


def longest_word(inputs: Inputs) -> Steps:
    """Asks for each word, then again for the best alone."""
    words = tuple(text_input(inputs, "text", job="longest").split())
    first = yield Decide(query="", passages=words)
    best = max(range(len(words)), key=lambda n: first.verdicts[n].score)
    again = yield Decide(query=words[best], passages=words[best : best + 1])
    return {"word": words[best], "again": again.verdicts[0].score}


LONGEST = Job(
    name="longest",
    summary="Finds the longest word.",
    inputs={"text": "Words."},
    main="text",
    run=longest_word,
)


def by_length(request: Decide) -> Decided:
    def verdict(text: str) -> Verdict:
        score = float(len(text))
        return Verdict(
            label="1", positive=True, score=score, logits=(score, 0.0), truncated=False, tokens=1
        )

    return Decided(verdicts=tuple(verdict(text) for text in request.passages))


def test_a_job_may_ask_several_times_before_it_concludes() -> None:
    assert carry_out(LONGEST, {"text": "a longer b"}, by_length) == {"word": "longer", "again": 6.0}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "missing input 'text'; it takes: text"),
        ({"text": "a", "texts": "b"}, "unknown input 'texts'"),
        ({"text": 7}, "text must be a text, not int"),
        ({"text": " \n"}, "text is empty"),
        ({"text": "x" * 1_000_001}, "1,000,001 characters; 1,000,000 at most"),
    ],
)
def test_a_wrong_input_is_named(inputs: dict[str, object], said: str) -> None:
    with pytest.raises(JobError, match=said):
        carry_out(LONGEST, inputs, by_length)


def test_a_specialist_without_a_job_says_what_it_is_for() -> None:
    with pytest.raises(JobError, match="q-rag has no job of its own: it judges passages"):
        find_job("", specialist="q-rag")


def test_an_unknown_job_is_named_with_the_known_ones() -> None:
    with pytest.raises(JobError, match="mine does the job 'knitting', which this qshell"):
        find_job("knitting", specialist="mine")


def test_every_job_stands_under_its_own_name_and_fills_an_input_it_has() -> None:
    jobs: Sequence[Job] = [*JOBS.values(), LONGEST]
    for job in jobs:
        assert job.main in job.inputs
        assert job.summary.endswith(".")
    assert all(JOBS[name].name == name for name in JOBS)
