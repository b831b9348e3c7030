"""The step that lets a specialist do its job: `call`, as `qshell call` does.

Which inputs a job takes stands in the specialist's contract, so a wrong name is found before
anything runs wherever the registry is known.
"""

from typing import Any

from cluster.jobs import job_of
from cluster.pipelines.pipeline import Port, Refused, Setting, StepCall, StepKind, StepShape
from cluster.pipelines.types import RECORD
from cluster.pipelines.values import to_json
from cluster.registry import nearest
from specialists.errors import SpecialistError


async def _call(step: StepCall) -> dict[str, Any]:
    inputs = {name: to_json(value) for name, value in step.inputs["inputs"].items()}
    result = await step.tools.do(step.settings["specialist"], inputs)
    if result.get("refused"):
        raise Refused(str(result.get("reason") or "the specialist refused"), result)
    return result


def _objects(shape: StepShape) -> tuple[tuple[str, str], ...]:
    """What the job takes is compared with what it is given, where both are known."""
    name = shape.settings["specialist"]
    if shape.registry is None:
        return ()
    try:
        job = job_of(shape.registry.resolve(name))
    except SpecialistError as error:
        return (("specialist", str(error)),)
    given = dict(shape.inputs["inputs"].fields)
    unknown = [one for one in given if one not in job.inputs]
    missing = [one for one in job.inputs if one not in given]
    if unknown:
        takes = f"its job, {job.name}, takes {', '.join(job.inputs)}"
        return tuple(
            (f"inputs.{one}", f"{name} takes no {one!r}{nearest(one, missing)}; {takes}")
            for one in unknown
        )
    if not given:
        return ()
    return tuple(("inputs", f"{name} needs {one!r} too: {job.inputs[one]}") for one in missing)


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
    objects=_objects,
)
