from specialists.jobs.duplicate import JOB, MOST_CHARACTERS
from specialists.jobs.job import carry_out
from specialists.requests import Decide, Decided, Verdict


def by_length(request: Decide) -> Decided:
    """Likelier the longer the query is beside the passage: it depends on the order."""
    (passage,) = request.passages
    score = len(request.query) / (len(request.query) + len(passage))
    return Decided(
        verdicts=(
            Verdict(
                label="same",
                positive=True,
                score=score,
                logits=(0.0, 0.0),
                truncated=False,
                tokens=9,
            ),
        )
    )


def test_the_order_of_the_questions_does_not_matter() -> None:
    pair = {"first": "What is it?", "second": "Could you tell me what it is?"}
    turned = {"first": pair["second"], "second": pair["first"]}
    assert carry_out(JOB, pair, by_length) == carry_out(JOB, turned, by_length)


def test_equal_questions_need_no_model() -> None:
    def unasked(request: Decide) -> Decided:
        raise AssertionError("asked")

    result = carry_out(JOB, {"first": " Who  am I?", "second": "who am i?"}, unasked)
    assert result == {"duplicate": True, "score": 1.0}


def test_no_more_than_a_question_is_sent() -> None:
    sent: list[int] = []

    def measured(request: Decide) -> Decided:
        sent.extend((len(request.query), len(request.passages[0])))
        return by_length(request)

    carry_out(JOB, {"first": "x" * 9_000, "second": "y" * 9_000}, measured)
    assert max(sent) == MOST_CHARACTERS
