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


def test_long_texts_are_no_questions_and_the_same_only_word_for_word() -> None:
    def unasked(request: Decide) -> Decided:
        raise AssertionError("asked")

    start = "word " * MOST_CHARACTERS
    first, second = f"{start} of a pump?", f"{start} of a lease?"
    result = carry_out(JOB, {"first": first, "second": second}, unasked)
    assert result == {"duplicate": False, "score": 0.0}
    assert carry_out(JOB, {"first": first, "second": first}, unasked)["duplicate"]
