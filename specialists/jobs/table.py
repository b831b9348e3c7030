"""Every job, by the name that contracts call it by."""

from collections.abc import Mapping

from specialists.errors import JobError
from specialists.jobs import (
    citation,
    command_safety,
    domain,
    duplicate,
    grounding,
    injection,
    personal_data,
    tool_call,
)
from specialists.jobs.job import Job

_ALL: tuple[Job, ...] = (
    citation.JOB,
    command_safety.JOB,
    domain.JOB,
    duplicate.JOB,
    grounding.JOB,
    injection.JOB,
    personal_data.JOB,
    tool_call.JOB,
)

JOBS: Mapping[str, Job] = {job.name: job for job in _ALL}


def find_job(name: str, *, specialist: str) -> Job:
    """The job that a contract names. Raises `JobError` where it names none, or one unknown."""
    if not name:
        raise JobError(
            f"{specialist} has no job of its own: it judges passages (qshell ask, qshell pipeline)"
        )
    if name == "routing":
        raise JobError(f"{specialist} routes requests: qshell route TEXT")
    if name not in JOBS:
        raise JobError(
            f"{specialist} does the job {name!r}, which this qshell does not know; "
            f"known: {', '.join(JOBS) or 'none'}"
        )
    return JOBS[name]
