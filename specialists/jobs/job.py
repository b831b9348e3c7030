"""What a specialist does for people: a job takes their input, asks for verdicts, and makes of them
a result that cannot be malformed.

A job is a plain generator. It yields the `Decide` it wants answered, is sent the `Decided`, and
returns a result of JSON values, built from closed sets and from spans of the input alone. Who
answers (a loaded specialist, a cluster, a stub) it does not know, so the same job serves the
command line, pipelines and the gate.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from specialists.errors import JobError
from specialists.requests import Decide, Decided

MAX_CHARACTERS = 1_000_000

Inputs = Mapping[str, Any]
Result = dict[str, Any]
Steps = Generator[Decide, Decided, Result]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """`name` is the `job` of the contract that it serves. `inputs` says of each input what it is;
    `main` is the one that a single text given by a person fills. `run` raises `JobError` for
    inputs it cannot use."""

    name: str
    summary: str
    inputs: Mapping[str, str]
    main: str
    run: Callable[[Inputs], Steps]

    def start(self, inputs: Inputs) -> Steps:
        """The job on `inputs`. Raises `JobError` for one that is missing or unknown."""
        for wrong, said in (
            (sorted(inputs.keys() - self.inputs.keys()), "unknown"),
            (sorted(self.inputs.keys() - inputs.keys()), "missing"),
        ):
            if wrong:
                known = ", ".join(self.inputs)
                raise JobError(f"{self.name}: {said} input {wrong[0]!r}; it takes: {known}")
        return self.run(inputs)


def carry_out(job: Job, inputs: Inputs, decide: Callable[[Decide], Decided]) -> Result:
    """The result of the job, with verdicts from `decide`."""
    steps = job.start(inputs)
    try:
        request = next(steps)
        while True:
            request = steps.send(decide(request))
    except StopIteration as end:
        result: Result = end.value
        return result


def text_input(inputs: Inputs, name: str, *, job: str) -> str:
    """The text under `name`. Raises `JobError` where it is none, is empty or is too long."""
    value = inputs.get(name)
    if not isinstance(value, str):
        raise JobError(f"{job}: {name} must be a text, not {type(value).__name__}")
    if not value.strip():
        raise JobError(f"{job}: {name} is empty; give some text")
    if len(value) > MAX_CHARACTERS:
        raise JobError(
            f"{job}: {name} has {len(value):,} characters; {MAX_CHARACTERS:,} at most are read, "
            "so give it in parts"
        )
    return value
