"""The one loop: feeds the scheduler with what happens and carries out what it decides.

Only this file changes the state of workers. Events are taken strictly one after the other, also
those that carrying one out brings about, so that the scheduler never sees half a step.
"""

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import overload

from cluster import scheduler
from cluster.backends.base import Backend, WorkerHandle
from cluster.errors import (
    CallError,
    CallTimeout,
    OverBudget,
    QueueFull,
    UnknownSpecialist,
    WorkerFailed,
)
from cluster.events import EventLog
from cluster.registry import SpecialistSpec
from cluster.schedule import (
    Batch,
    Effect,
    Fail,
    Fault,
    Finish,
    Kill,
    Note,
    Part,
    Schedule,
    Seat,
    SeatRules,
    Send,
    Start,
    Step,
    Stop,
    Ticket,
    WorkerState,
)
from cluster.tally import Tally
from cluster.workers.wire import CannotStart, Hello, Lost, Ready, Refused, Replied, WorkerReport
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    Represent,
    Represented,
    SpecialistReply,
    SpecialistRequest,
    join_replies,
    reply_part,
    reply_size,
    request_size,
)

BUSY_TICK_S = 0.05
IDLE_TICK_S = 1.0
STOP_GRACE_S = 2.5

ERROR_OF_FAULT: Mapping[Fault, type[CallError]] = {
    Fault.REFUSED: CallError,
    Fault.WORKER_FAILED: WorkerFailed,
    Fault.OVER_BUDGET: OverBudget,
    Fault.QUEUE_FULL: QueueFull,
    Fault.TIMEOUT: CallTimeout,
    Fault.REMOVED: UnknownSpecialist,
}


@dataclass(kw_only=True, slots=True)
class _Call:
    """A call under way; replies to its parts gather here."""

    name: str
    request: SpecialistRequest | None
    future: asyncio.Future[SpecialistReply | None]
    asked_s: float
    parts: list[SpecialistReply] = field(default_factory=list)


class Dispatcher:
    """Must be made and used on one running loop."""

    def __init__(
        self,
        specs: Mapping[str, SpecialistSpec],
        backend: Backend,
        events: EventLog,
        *,
        budget_bytes: int,
        slots: int,
    ) -> None:
        self.specs = dict(specs)
        self.tallies = {name: Tally() for name in specs}
        self._backend = backend
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._schedule = Schedule(seats={}, budget_bytes=budget_bytes, slots=slots)
        self._happened: deque[Callable[[Schedule, float], Step]] = deque()
        self._at_work = False
        self._closed = False
        self._calls: dict[int, _Call] = {}
        self._ticket_ids = itertools.count(1)
        self._handles: dict[str, tuple[int, WorkerHandle]] = {}
        self._cannot_start: set[tuple[str, int]] = set()
        self._probing_bytes = 0
        self._wake = asyncio.Event()
        self._rest = asyncio.Event()
        self._happen(partial(_take_rules, rules=self._rules(self.specs), replaced=()))
        self._ticking = self._loop.create_task(self._tick_forever())

    @property
    def schedule(self) -> Schedule:
        return self._schedule

    @property
    def handles(self) -> dict[str, WorkerHandle]:
        """The living workers by specialist."""
        return {name: handle for name, (_, handle) in self._handles.items()}

    @overload
    async def call(
        self, name: str, request: Decide, *, timeout_s: float | None = ...
    ) -> Decided: ...
    @overload
    async def call(
        self, name: str, request: Generate, *, timeout_s: float | None = ...
    ) -> Generated: ...
    @overload
    async def call(
        self, name: str, request: Represent, *, timeout_s: float | None = ...
    ) -> Represented: ...
    async def call(
        self, name: str, request: SpecialistRequest, *, timeout_s: float | None = None
    ) -> SpecialistReply:
        """`name` must be registered. Raises a `CallError`."""
        if isinstance(request, Decide) and not request.passages:
            return Decided(verdicts=())
        if isinstance(request, Represent) and not request.texts:
            return Represented(features=(), decisions=(), tokens=())
        reply = await self._wait_for(name, request, timeout_s)
        assert reply is not None
        return reply

    async def load(self, name: str, *, timeout_s: float | None = None) -> None:
        """Returns when the specialist is ready. Raises a `CallError`."""
        await self._wait_for(name, None, timeout_s)

    async def unload(self, name: str) -> None:
        """Serves those who wait, stops the worker, and returns when it is gone."""
        last = next(self._ticket_ids)
        self._happen(lambda s, now: scheduler.on_unload(s, name, last, now))
        generation = self._handles.get(name, (0, None))[0]
        while name in self._handles and self._handles[name][0] == generation:
            self._rest.clear()
            await self._rest.wait()

    def pin(self, name: str, pinned: bool) -> None:
        self._happen(lambda s, now: scheduler.on_pin(s, name, pinned, now))

    def measured(self, memory: Mapping[str, tuple[int, int]], base_bytes: int) -> None:
        base_bytes += self._probing_bytes
        self._happen(lambda s, now: scheduler.on_measure(s, memory, base_bytes, now))

    def take_registry(self, specs: Mapping[str, SpecialistSpec], replaced: tuple[str, ...]) -> None:
        """`replaced`: those whose workers hold what is no longer registered."""
        rules = self._rules(specs)
        for name in rules.keys() & self._schedule.seats.keys():
            if specs[name].entry.pin == self.specs[name].entry.pin:
                # What was pinned or unpinned since stays so.
                pinned = self._schedule.seats[name].rules.pinned
                rules[name] = replace(rules[name], pinned=pinned)
        self.specs.update(specs)
        for name in specs:
            self.tallies.setdefault(name, Tally())
        self._happen(partial(_take_rules, rules=rules, replaced=replaced))

    async def probe(self, spec: SpecialistSpec) -> None:
        """Starts a worker on the side, and stops it when it is ready. Raises `WorkerFailed` with
        what it said. Its memory counts as shared until then."""
        outcome: asyncio.Future[str] = self._loop.create_future()
        gone = asyncio.Event()

        def report(message: WorkerReport) -> None:
            match message:
                case Ready():
                    said = ""
                case CannotStart(message=said):
                    pass
                case Lost(reason=said):
                    gone.set()
                case _:
                    return
            if not outcome.done():
                outcome.set_result(said)

        handle: WorkerHandle | None = None
        self._probing_bytes = self._backend.estimate_bytes(spec)
        try:
            handle = self._backend.start(spec, report)
            async with asyncio.timeout(spec.entry.limits.start_s):
                said = await outcome
        except TimeoutError:
            said = f"not ready after {spec.entry.limits.start_s:g} s (limits.start_s)"
        except OSError as error:
            said = f"cannot start a process ({error})"
        finally:
            if handle is not None:
                handle.stop()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STOP_GRACE_S):
                        await gone.wait()
            self._probing_bytes = 0
        if said:
            raise WorkerFailed(f"{spec.where}: {spec.name} was tried and did not start: {said}")

    async def close(self) -> None:
        """In this order: nobody new, whoever waits is told, idle workers stop, busy ones end."""
        self._closed = True
        self._ticking.cancel()
        # Whatever it ended with, the workers are closed.
        await asyncio.gather(self._ticking, return_exceptions=True)
        for call in self._calls.values():
            if not call.future.done():
                call.future.set_exception(CallError("the cluster was closed"))
        for name, (_, handle) in tuple(self._handles.items()):
            seat = self._schedule.seats.get(name)
            if seat is not None and seat.running is None and seat.state is WorkerState.READY:
                handle.stop()
            else:
                handle.kill("the cluster was closed")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE_S):
                while self._handles:
                    self._rest.clear()
                    await self._rest.wait()
        await self._backend.close()

    async def _wait_for(
        self, name: str, request: SpecialistRequest | None, timeout_s: float | None
    ) -> SpecialistReply | None:
        if self._closed:
            raise CallError("the cluster was closed")
        now_s = time.monotonic()
        limits = self.specs[name].entry.limits
        ticket = Ticket(
            id=next(self._ticket_ids),
            name=name,
            size=0 if request is None else request_size(request),
            merge_key=_merge_key(request),
            deadline_s=now_s + (limits.timeout_s if timeout_s is None else timeout_s),
        )
        future: asyncio.Future[SpecialistReply | None] = self._loop.create_future()
        call = _Call(name=name, request=request, future=future, asked_s=now_s)
        self._calls[ticket.id] = call
        try:
            self._happen(lambda s, now: scheduler.on_call(s, ticket, now))
            return await future
        except asyncio.CancelledError:
            self._happen(lambda s, now: scheduler.on_cancel(s, name, ticket.id, now))
            raise
        finally:
            del self._calls[ticket.id]

    def _happen(self, event: Callable[[Schedule, float], Step]) -> None:
        if self._closed:
            return
        self._happened.append(event)
        if self._at_work:
            return
        self._at_work = True
        try:
            while self._happened:
                step = self._happened.popleft()(self._schedule, time.monotonic())
                self._schedule = step.schedule
                for effect in step.effects:
                    self._carry_out(effect)
        finally:
            self._at_work = False

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Start(name=name, generation=generation):
                self._wake.set()
                self._start(name, generation)
            case Send(name=name, batch=batch):
                self._wake.set()
                self._send(name, batch)
            case Stop(name=name):
                if name in self._handles:
                    self._handles[name][1].stop()
            case Kill(name=name, reason=reason):
                if name in self._handles:
                    self._handles[name][1].kill(reason)
            case Finish(ticket_id=ticket_id):
                self._finish(ticket_id)
            case Fail(ticket_id=ticket_id, fault=fault, message=message):
                call = self._calls.get(ticket_id)
                if call is not None and not call.future.done():
                    self.tallies[call.name].failed += 1
                    call.future.set_exception(ERROR_OF_FAULT[fault](message))
            case Note(kind=kind, name=name, message=message):
                self._events.tell(kind, name, message)

    def _start(self, name: str, generation: int) -> None:
        report = partial(self._on_report, name, generation)
        try:
            self._handles[name] = (generation, self._backend.start(self.specs[name], report))
        except OSError as error:
            report(Lost(reason=f"cannot start a process ({error})"))

    def _send(self, name: str, batch: Batch) -> None:
        generation, handle = self._handles[name]
        try:
            handle.send(batch.id, self._request_of(batch))
        except CallError as error:
            self._on_report(name, generation, Refused(batch_id=batch.id, message=str(error)))

    def _request_of(self, batch: Batch) -> SpecialistRequest:
        requests = [(part, self._calls[part.ticket.id].request) for part in batch.parts]
        first = requests[0][1]
        assert first is not None
        if isinstance(first, Generate) or (len(requests) == 1 and _is_whole(batch.parts[0])):
            return first
        texts: list[str] = []
        for part, request in requests:
            assert isinstance(request, Decide | Represent)
            asked = request.passages if isinstance(request, Decide) else request.texts
            texts.extend(asked[part.start : part.stop])
        if isinstance(first, Represent):
            return Represent(texts=tuple(texts))
        return Decide(query=first.query, passages=tuple(texts))

    def _finish(self, ticket_id: int) -> None:
        call = self._calls.get(ticket_id)
        if call is None or call.future.done():
            return
        if call.request is None:
            call.future.set_result(None)
            return
        self.tallies[call.name].count(time.monotonic() - call.asked_s)
        call.future.set_result(join_replies(call.parts))

    def _on_report(self, name: str, generation: int, report: WorkerReport) -> None:
        match report:
            case Replied(batch_id=batch_id):
                if self._gather(name, generation, report):
                    self._happen(
                        lambda s, now: scheduler.on_reply(
                            s, name, generation, batch_id=batch_id, now_s=now
                        )
                    )
            case Refused(batch_id=batch_id, message=message):
                self._happen(
                    lambda s, now: scheduler.on_refusal(
                        s, name, generation, batch_id=batch_id, message=message, now_s=now
                    )
                )
            case Ready():
                self._happen(lambda s, now: scheduler.on_ready(s, name, generation, now))
            case CannotStart():
                self._cannot_start.add((name, generation))
            case Lost(reason=reason):
                self._lose(name, generation, reason)
            case Hello():
                return

    def _gather(self, name: str, generation: int, report: Replied) -> bool:
        """Hands each call its part of the reply; False when the reply is not the one awaited."""
        seat = self._schedule.seats.get(name)
        batch = _awaited(seat, generation, report.batch_id)
        if batch is None:
            return False
        wanted = sum(part.stop - part.start for part in batch.parts)
        reply = report.reply
        if not isinstance(reply, Generated) and (got := reply_size(reply)) != wanted:
            self._handles[name][1].kill(f"it answered {got} of {wanted} passages")
            return False
        self.tallies[name].took(reply, report.cpu_s)
        at = 0
        for part in batch.parts:
            length = part.stop - part.start
            call = self._calls.get(part.ticket.id)
            if call is not None and not part.ended:
                call.parts.append(reply_part(reply, at, at + length))
            at += length
        return True

    def _lose(self, name: str, generation: int, reason: str) -> None:
        hopeless = (name, generation) in self._cannot_start
        self._cannot_start.discard((name, generation))
        if name in self._handles and self._handles[name][0] == generation:
            del self._handles[name]
        self._rest.set()
        if not self._closed:
            self._happen(
                lambda s, now: scheduler.on_lost(
                    s, name, generation, reason=reason, hopeless=hopeless, now_s=now
                )
            )

    def _rules(self, specs: Mapping[str, SpecialistSpec]) -> dict[str, SeatRules]:
        return {name: _seat_rules(spec, self._backend) for name, spec in specs.items()}

    async def _tick_forever(self) -> None:
        """Time passes quickly while something is under way, slowly otherwise."""
        while True:
            heard = {n: h.heard_s for n, h in self.handles.items() if h.heard_s is not None}
            self._happen(partial(_take_tick, heard=heard))
            self._wake.clear()
            busy = bool(self._calls) or any(s.restart for s in self._schedule.seats.values())
            if busy:
                await asyncio.sleep(BUSY_TICK_S)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_TICK_S):
                        await self._wake.wait()


def _take_rules(
    schedule: Schedule, now_s: float, *, rules: Mapping[str, SeatRules], replaced: tuple[str, ...]
) -> Step:
    return scheduler.on_rules(schedule, rules, replaced, now_s)


def _take_tick(schedule: Schedule, now_s: float, *, heard: Mapping[str, float]) -> Step:
    return scheduler.on_tick(schedule, heard, now_s)


def _seat_rules(spec: SpecialistSpec, backend: Backend) -> SeatRules:
    entry = spec.entry
    return SeatRules(
        expected_bytes=backend.estimate_bytes(spec),
        pinned=entry.pin,
        preload=entry.preload,
        idle_timeout_s=entry.idle_timeout_s,
        queue_limit=entry.limits.queue,
        batch_limit=entry.limits.batch,
        start_limit_s=entry.limits.start_s,
        busy_limit_s=entry.limits.busy_s,
    )


def _awaited(seat: Seat | None, generation: int, batch_id: int) -> Batch | None:
    if seat is None or seat.generation != generation or seat.running is None:
        return None
    return seat.running if seat.running.id == batch_id else None


def _merge_key(request: SpecialistRequest | None) -> str | None:
    """Requests of one key may share a batch: those of one query, and all that represent texts."""
    match request:
        case Decide(query=query):
            return f"decide {query}"
        case Represent():
            return "represent"
        case _:
            return None


def _is_whole(part: Part) -> bool:
    return part.start == 0 and part.stop == part.ticket.size
