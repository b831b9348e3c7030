"""Whether a passage supports a statement, contradicts it, or leaves it open: to check an answer
against the text it claims to stand on."""

from specialists.contract import POCKET_GROUNDING
from specialists.jobs.job import Inputs, Job, Steps, text_input
from specialists.jobs.probabilities import probabilities, rounded
from specialists.requests import Decide

MOST_STATEMENT = 600
MOST_PASSAGE = 2_000
"""Characters. A longer passage must be cut by whoever asks: what is not read may contradict."""


def _run(inputs: Inputs) -> Steps:
    statement, passage = (
        " ".join(text_input(inputs, name, job=JOB.name).split())[:most]
        for name, most in (("statement", MOST_STATEMENT), ("passage", MOST_PASSAGE))
    )
    decided = yield Decide(query=statement, passages=(passage,))
    scores = probabilities(decided.verdicts[0], POCKET_GROUNDING.outcomes)
    return {"verdict": max(scores, key=scores.__getitem__), "scores": rounded(scores)}


JOB = Job(
    name="grounding",
    summary="Says whether a passage supports a statement, contradicts it or leaves it unsettled.",
    inputs={"statement": "one sentence", "passage": "the text it is held against"},
    main="statement",
    run=_run,
)
