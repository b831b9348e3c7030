"""Where workers live, as one small contract: start one, send it a batch, stop it.

Everything a worker has to say comes back through one function, in order, on the loop's thread:
first `Hello` and `Ready` (or `CannotStart`), then a `Replied` or `Refused` for each batch, and at
the very end `Lost`, exactly once for every start. A backend decides nothing: no retries, no
budget, no queue.
"""

from typing import Protocol

from cluster.registry import SpecialistSpec
from cluster.workers.wire import Report
from specialists.requests import SpecialistRequest


class WorkerHandle(Protocol):
    """One worker, seen from the cluster. Nothing here blocks."""

    @property
    def pid(self) -> int | None:
        """None until the worker has said hello, and where there is no process of its own."""

    @property
    def heard_s(self) -> float | None:
        """When it last gave a sign of life, on the monotonic clock; None before the first."""

    def send(self, batch_id: int, request: SpecialistRequest) -> None: ...

    def stop(self) -> None:
        """Ends it in good order; it is killed when it does not go within its grace."""

    def kill(self, reason: str) -> None:
        """Ends it now. `reason` becomes that of the `Lost` which follows."""


class Backend(Protocol):
    def start(self, spec: SpecialistSpec, report: Report) -> WorkerHandle: ...

    def estimate_bytes(self, spec: SpecialistSpec) -> int:
        """What loading it will cost, before it was ever measured."""

    @property
    def base_pids(self) -> tuple[int, ...]:
        """Processes that are no worker but belong to the bill."""

    async def close(self) -> None:
        """Ends whatever still lives. Returns when it is gone."""
