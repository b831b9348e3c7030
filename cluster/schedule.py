"""The recorded state that the scheduler decides over: who waits, what runs, what is loaded.

Frozen values only. No request and no process in here: a call is known by its number, a worker by
its specialist's name and the number of its start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class WorkerState(StrEnum):
    """`failed` carries a reason and a time at which it may be tried again."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


class Fault(StrEnum):
    """Why a call ended without a reply; the dispatcher turns it into an error."""

    REFUSED = "refused"
    WORKER_FAILED = "worker failed"
    OVER_BUDGET = "over budget"
    QUEUE_FULL = "queue full"
    TIMEOUT = "timeout"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One call, in a queue or in a batch, never both.

    `size` counts passages; a ticket of size 0 only asks that the specialist be loaded. Tickets
    of equal `merge_key` may share a batch. `turn` orders those who wait, across all queues: a
    call that has had its part of a batch goes to the back.
    """

    id: int
    name: str
    size: int
    merge_key: str | None = None
    deadline_s: float | None = None
    turn: int = 0
    answered: int = 0
    retried: bool = False
    alone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The passages `start` to `stop` of one call, inside a batch. `ended`: nobody waits any more
    for what is being computed."""

    ticket: Ticket
    start: int
    stop: int
    ended: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    id: int
    parts: tuple[Part, ...]
    sent_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SeatRules:
    """What the registry says about one specialist, as far as scheduling goes."""

    expected_bytes: int
    pinned: bool = False
    preload: bool = False
    idle_timeout_s: float | None = None
    queue_limit: int = 256
    batch_limit: int = 32
    start_limit_s: float = 120.0
    busy_limit_s: float = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """One specialist's place: its queue, its worker if any, its bill.

    `charge_bytes` counts towards the budget, `private_bytes` is what its end frees; until this
    worker is `measured` both are what was expected. `learned_bytes` is the most that it was ever
    seen to cost. `serve_until` is the last ticket id
    served before a draining worker stops.
    """

    name: str
    rules: SeatRules
    state: WorkerState = WorkerState.STOPPED
    reason: str = ""
    generation: int = 0
    queue: tuple[Ticket, ...] = ()
    running: Batch | None = None
    charge_bytes: int = 0
    private_bytes: int = 0
    learned_bytes: int = 0
    measured: bool = False
    since_s: float = 0.0
    last_used_s: float = 0.0
    failures: int = 0
    retry_at_s: float = 0.0
    restart: bool = False
    serve_until: int = -1
    stop_sent: bool = False
    kill_sent: bool = False
    removed: bool = False

    @property
    def loaded(self) -> bool:
        return self.state in (WorkerState.STARTING, WorkerState.READY, WorkerState.DRAINING)

    @property
    def claimed_bytes(self) -> int:
        """Its part of the budget: what it uses, and room to grow to what it has used before."""
        if not self.loaded:
            return 0
        return self.charge_bytes + max(0, self.learned_bytes - self.private_bytes)

    @property
    def expected_bytes(self) -> int:
        return self.learned_bytes or self.rules.expected_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Everything. `slots` is how many workers may be busy at once, one a core."""

    seats: Mapping[str, Seat]
    budget_bytes: int
    slots: int
    base_bytes: int = 0
    next_turn: int = 0
    next_batch: int = 0
    ticked_s: float = 0.0

    @property
    def used_bytes(self) -> int:
        return self.base_bytes + sum(seat.charge_bytes for seat in self.seats.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    name: str
    generation: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    name: str
    batch: Batch


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kill:
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """Every passage of this call is answered."""

    ticket_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Fail:
    ticket_id: int
    fault: Fault
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something worth telling; it changes nothing."""

    kind: str
    name: str
    message: str


Effect = Start | Send | Stop | Kill | Finish | Fail | Note


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What the world is after an event, and what has to be done for it to be true."""

    schedule: Schedule
    effects: tuple[Effect, ...]
