"""Carries out the job of a specialist, wherever the specialist lives.

The job itself, its checks and its results, stands in `specialists.jobs`; here it is only driven:
each request goes to the worker, each reply back to the job.
"""

import contextlib

from cluster.errors import CallError
from cluster.records import SpecialistCaller
from cluster.registry import Registry, SpecialistSpec
from specialists.contract import read_contract
from specialists.errors import JobError, SpecialistError
from specialists.jobs.job import Inputs, Job, Result
from specialists.jobs.table import find_job


def job_of(spec: SpecialistSpec) -> Job:
    """The job that its contract names. Raises `ContractError` where the contract cannot be read,
    `JobError` where it names none."""
    contract = read_contract(spec.folder / "contract.json")
    return find_job(contract.job, specialist=spec.name)


def inputs_of(spec: SpecialistSpec) -> tuple[str, ...]:
    """The names of what its job takes; none where it has no job."""
    try:
        return tuple(job_of(spec).inputs)
    except SpecialistError:
        return ()


def jobs_of(registry: Registry) -> dict[str, str]:
    """The first specialist for each job, by the job's name. Contracts that cannot be read, and
    those without a job, are passed over: who needs the job will say that nobody does it."""
    first: dict[str, str] = {}
    for spec in registry.specs.values():
        with contextlib.suppress(SpecialistError):
            contract = read_contract(spec.folder / "contract.json")
            if contract.job:
                first.setdefault(contract.job, spec.name)
    return first


async def do_job(call: SpecialistCaller, spec: SpecialistSpec, inputs: Inputs) -> Result:
    """The result on `inputs`. Raises `JobError` for inputs the job does not take and for verdicts
    that are not of its labels, and what `call` raises."""
    job = job_of(spec)
    steps = job.start(inputs)
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
    except ValueError as error:
        raise JobError(
            f"the verdicts of {spec.name!r} do not have the labels of the job {job.name!r}, which "
            f"its contract names ({error}); correct contract.json or train it for that job"
        ) from error
