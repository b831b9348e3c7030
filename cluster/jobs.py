"""Carries out the job of a specialist, wherever the specialist lives.

The job itself, its checks and its results, stands in `specialists.jobs`; here it is only driven:
each request goes to the worker, each reply back to the job.
"""

from cluster.errors import CallError
from cluster.records import SpecialistCaller
from cluster.registry import SpecialistSpec
from specialists.contract import read_contract
from specialists.jobs.job import Inputs, Job, Result
from specialists.jobs.table import find_job


def job_of(spec: SpecialistSpec) -> Job:
    """The job that its contract names. Raises `ContractError` where the contract cannot be read,
    `JobError` where it names none."""
    contract = read_contract(spec.folder / "contract.json")
    return find_job(contract.job, specialist=spec.name)


async def do_job(call: SpecialistCaller, spec: SpecialistSpec, inputs: Inputs) -> Result:
    """The result on `inputs`. Raises `JobError` for inputs the job does not take, and what `call`
    raises."""
    steps = job_of(spec).start(inputs)
    try:
        request = next(steps)
        while True:
            decided = await call(spec.name, request)
            if len(decided.verdicts) != len(request.passages):
                raise CallError(
                    f"specialist {spec.name!r} gave {len(decided.verdicts)} verdicts for "
                    f"{len(request.passages)} texts"
                )
            request = steps.send(decided)
    except StopIteration as end:
        result: Result = end.value
        return result
