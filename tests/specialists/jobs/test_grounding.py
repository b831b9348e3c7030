import pytest

from specialists.contract import POCKET_GROUNDING
from specialists.errors import JobError
from specialists.jobs.grounding import JOB, MOST_PASSAGE
from specialists.jobs.job import carry_out
from specialists.requests import Decide, Decided, Verdict


def by_words(request: Decide) -> Decided:
    """Supports what it holds, contradicts what it denies, and leaves open the rest."""
    (passage,) = request.passages
    assert len(passage) <= MOST_PASSAGE
    place = 0 if request.query in passage else 2 if f"not {request.query}" == passage else 1
    logits = tuple(4.0 if n == place else 0.0 for n in range(3))
    label = POCKET_GROUNDING.outcomes[place]
    return Decided(
        verdicts=(
            Verdict(
                label=label,
                positive=not place,
                score=0.9,
                logits=logits,
                truncated=False,
                tokens=9,
            ),
        )
    )


@pytest.mark.parametrize(
    ("passage", "verdict"),
    [("it is  red", "supports"), ("it is a stone", "unsettled")],
)
def test_the_likeliest_verdict_is_given_with_the_score_of_each(passage: str, verdict: str) -> None:
    result = carry_out(JOB, {"statement": "is red", "passage": passage}, by_words)
    assert result["verdict"] == verdict
    assert sorted(result["scores"]) == ["contradicts", "supports", "unsettled"]
    assert abs(sum(result["scores"].values()) - 1) < 0.001


def test_a_passage_of_any_length_is_cut() -> None:
    carry_out(JOB, {"statement": "a", "passage": "b " * 40_000}, by_words)


def test_without_a_passage_nothing_is_said() -> None:
    with pytest.raises(JobError, match="missing input 'passage'"):
        carry_out(JOB, {"statement": "a"}, by_words)
