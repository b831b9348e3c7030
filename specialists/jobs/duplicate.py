"""Whether two questions ask the same, so that the answer of one serves the other.

Each is read under the other and the two scores averaged: the result does not depend on their
order. Case and spaces aside, equal questions are the same without asking.
"""

from specialists.jobs.job import Inputs, Job, Steps, text_input
from specialists.requests import Decide

MOST_CHARACTERS = 600
"""Of each question; a longer one is the same as none but itself."""
THRESHOLD = 0.5


def _run(inputs: Inputs) -> Steps:
    first, second = (
        " ".join(text_input(inputs, name, job=JOB.name).split()) for name in ("first", "second")
    )
    if first.casefold() == second.casefold():
        return {"duplicate": True, "score": 1.0}
    if max(len(first), len(second)) > MOST_CHARACTERS:
        return {"duplicate": False, "score": 0.0}
    there = yield Decide(query=first, passages=(second,))
    back = yield Decide(query=second, passages=(first,))
    score = (there.verdicts[0].score + back.verdicts[0].score) / 2
    return {"duplicate": score >= THRESHOLD, "score": round(score, 4)}


JOB = Job(
    name="duplicate",
    summary="Says whether two questions ask the same.",
    inputs={"first": "a question", "second": "another question"},
    main="second",
    run=_run,
)
