"""The step that lets a specialist do its job: `call`, as `qshell call` does."""

from typing import Any

from cluster.errors import CallError
from cluster.pipelines.pipeline import Port, Refused, Setting, StepCall, StepKind
from cluster.pipelines.types import RECORD
from cluster.pipelines.values import to_json
from specialists.errors import JobError


async def _call(step: StepCall) -> dict[str, Any]:
    inputs = {name: to_json(value) for name, value in step.inputs["inputs"].items()}
    try:
        result = await step.tools.do(step.settings["specialist"], inputs)
    except JobError as error:
        raise CallError(str(error)) from error
    if result.get("refused"):
        raise Refused(str(result.get("reason") or "the specialist refused"), result)
    return dict(result)


CALL = StepKind(
    name="call",
    purpose="Let a specialist do its job; what comes out has the names that the job gives.",
    ports={"inputs": Port(accepts=(RECORD,), purpose="The job's inputs by their names.")},
    settings={
        "specialist": Setting(
            kind=str, required=True, replies="verdict", purpose="The specialist with that job."
        )
    },
    gives=lambda _: RECORD,
    run=_call,
    refuses="go_on",
    cacheable=True,
)
