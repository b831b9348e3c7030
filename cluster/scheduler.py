"""When a call may run: every decision of the cluster, as pure functions.

Each `on_…` takes the recorded state and one thing that happened, and returns the state after it
with the short list of what has to be done. The clock is an argument. Nothing here waits, sends,
logs or raises for what users do, so any history can be replayed and any property tried.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cluster.batching import next_batch
from cluster.eviction import Evict, Fits, Load, Refuse, admit, choose_victims, mebibytes
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

GIVE_UP_AFTER = 3
"""Failures in a row after which those who wait are told, instead of waiting for the next start."""
LONGEST_BACK_OFF_S = 30.0
_MOST_DOUBLINGS = 10
"""Far above the longest wait, and no number too large for a float."""
SHORTEST_STAY_S = 1.0
"""A worker with calls waiting keeps its place at least so long, or loading would be all we do."""
EVERYONE = 2**62
"""Above every ticket's number and turn."""
SILENCE_S = 5.0
"""A worker that gives no sign of life for so long hangs."""
STARTING_PATIENCE = 3
"""So many times longer while it loads: imports may hold everything else up."""


def on_call(schedule: Schedule, ticket: Ticket, now_s: float) -> Step:
    draft = _Draft(schedule)
    seat = draft.seats[ticket.name]
    if seat.removed:
        draft.fail(ticket, Fault.REMOVED, f"{seat.name} was removed from the registry")
    elif len(seat.queue) >= seat.rules.queue_limit and ticket.size:
        draft.fail(
            ticket,
            Fault.QUEUE_FULL,
            f"{len(seat.queue)} calls already wait for {seat.name} and its limits.queue is "
            f"{seat.rules.queue_limit}; try again later or raise it",
        )
    elif _given_up(seat) and now_s < seat.retry_at_s:
        draft.fail(
            ticket,
            Fault.WORKER_FAILED,
            f"{seat.name}: {seat.reason} (tried again in {seat.retry_at_s - now_s:.1f} s)",
        )
    else:
        draft.put(replace(seat, queue=(*seat.queue, replace(ticket, turn=draft.take_turn()))))
    return _settle(draft, now_s)


def on_cancel(schedule: Schedule, name: str, ticket_id: int, now_s: float) -> Step:
    """Its caller has gone. What is being computed for it is finished and thrown away."""
    draft = _Draft(schedule)
    if name in draft.seats:
        draft.forget(draft.seats[name], {ticket_id})
    return _settle(draft, now_s)


def on_ready(schedule: Schedule, name: str, generation: int, now_s: float) -> Step:
    draft = _Draft(schedule)
    seat = draft.current(name, generation)
    if seat is not None and seat.state is WorkerState.STARTING and not seat.stop_sent:
        draft.note("ready", name, f"after {now_s - seat.since_s:.2f} s")
        seat = replace(seat, state=WorkerState.READY, since_s=now_s, last_used_s=now_s)
        _finish_loads(draft, seat)
        if seat.removed:
            draft.drain(name, "removed from the registry", serve_until=EVERYONE)
        elif seat.serve_until >= 0:
            draft.drain(name, "unloaded as asked", serve_until=seat.serve_until)
    return _settle(draft, now_s)


def on_reply(
    schedule: Schedule, name: str, generation: int, *, batch_id: int, now_s: float
) -> Step:
    draft = _Draft(schedule)
    seat = draft.current(name, generation)
    if seat is not None and seat.running is not None and seat.running.id == batch_id:
        more: list[Ticket] = []
        for part in _live(seat.running):
            if part.stop == part.ticket.size:
                draft.effects.append(Finish(ticket_id=part.ticket.id))
            else:
                more.append(replace(part.ticket, answered=part.stop, turn=draft.take_turn()))
        draft.put(
            replace(
                seat,
                running=None,
                queue=(*seat.queue, *more),
                last_used_s=now_s,
                failures=0,
                reason="",
            )
        )
    return _settle(draft, now_s)


def on_refusal(
    schedule: Schedule, name: str, generation: int, *, batch_id: int, message: str, now_s: float
) -> Step:
    """The specialist refused a batch. Calls that shared it are tried again one by one, so that
    only the one at fault hears of it."""
    draft = _Draft(schedule)
    seat = draft.current(name, generation)
    if seat is not None and seat.running is not None and seat.running.id == batch_id:
        parts = _live(seat.running)
        draft.put(replace(seat, running=None, last_used_s=now_s, failures=0, reason=""))
        if len(seat.running.parts) == 1:
            for part in parts:
                draft.fail(part.ticket, Fault.REFUSED, f"{name}: {message}")
        else:
            draft.put_back(name, (replace(part.ticket, alone=True) for part in parts))
    return _settle(draft, now_s)


def on_lost(
    schedule: Schedule,
    name: str,
    generation: int,
    *,
    reason: str,
    hopeless: bool,
    now_s: float,
) -> Step:
    """The worker is gone. `hopeless`: it said that it cannot start, so waiting helps nobody."""
    draft = _Draft(schedule)
    seat = draft.current(name, generation)
    if seat is not None and seat.loaded:
        if seat.stop_sent:
            _come_to_rest(draft, seat)
        else:
            _mourn(draft, seat, reason=reason, hopeless=hopeless, now_s=now_s)
    return _settle(draft, now_s)


def on_measure(
    schedule: Schedule, memory: Mapping[str, tuple[int, int]], base_bytes: int, now_s: float
) -> Step:
    """What workers really use: (share of the bill, private) bytes of each, by name."""
    draft = _Draft(schedule)
    draft.base_bytes = base_bytes
    for name, (charge, private) in memory.items():
        seat = draft.seats.get(name)
        if seat is not None and seat.state is WorkerState.READY:
            draft.put(
                replace(
                    seat,
                    charge_bytes=charge,
                    private_bytes=private,
                    learned_bytes=max(seat.learned_bytes, private),
                    measured=True,
                )
            )
    _relieve(draft, now_s)
    return _settle(draft, now_s)


def on_tick(schedule: Schedule, heard_s: Mapping[str, float], now_s: float) -> Step:
    """Time has passed. `heard_s`: when each worker last gave a sign of life, if it ever did."""
    draft = _Draft(schedule)
    # After a pause of our own (a suspended machine, a blocked loop) silence proves nothing.
    awake = now_s - schedule.ticked_s < SILENCE_S / 2
    draft.ticked_s = now_s
    for seat in schedule.seats.values():
        _expire(draft, seat, now_s)
        seat = draft.seats[seat.name]
        if seat.loaded and not seat.kill_sent:
            silence_s = now_s - heard_s.get(seat.name, now_s) if awake else 0.0
            reason = _why_kill(seat, silence_s=silence_s, now_s=now_s)
            if reason:
                draft.put(replace(seat, kill_sent=True))
                draft.effects.append(Kill(name=seat.name, reason=reason))
            elif _is_idle_too_long(seat, now_s):
                draft.drain(seat.name, f"idle for {seat.rules.idle_timeout_s:g} s")
    return _settle(draft, now_s)


def on_unload(schedule: Schedule, name: str, last_ticket_id: int, now_s: float) -> Step:
    """Serve those who already wait, up to `last_ticket_id`, then stop."""
    draft = _Draft(schedule)
    seat = draft.seats[name]
    if seat.state is WorkerState.READY:
        draft.drain(name, "unloaded as asked", serve_until=last_ticket_id)
    elif seat.state is WorkerState.STARTING:
        draft.put(replace(seat, serve_until=last_ticket_id))
    return _settle(draft, now_s)


def on_rules(
    schedule: Schedule, rules: Mapping[str, SeatRules], replaced: Iterable[str], now_s: float
) -> Step:
    """A new registry is in force. `replaced` have another checkpoint: their workers are drained,
    and the next call starts the new one. Seats without rules are removed when they are empty."""
    draft = _Draft(schedule)
    for name, rule in rules.items():
        old = draft.seats.get(name)
        draft.put(replace(old, rules=rule, removed=False) if old else Seat(name=name, rules=rule))
    for name in replaced:
        seat = draft.seats[name]
        draft.put(replace(seat, learned_bytes=0, failures=0, retry_at_s=0.0))
        draft.replace_worker(name, "replaced by the registry")
    for name in set(draft.seats) - set(rules):
        draft.put(replace(draft.seats[name], removed=True))
        if draft.seats[name].state is WorkerState.READY:
            draft.drain(name, "removed from the registry", serve_until=EVERYONE)
        elif not draft.seats[name].loaded:
            _come_to_rest(draft, draft.seats[name])
    return _settle(draft, now_s)


def on_pin(schedule: Schedule, name: str, pinned: bool, now_s: float) -> Step:
    draft = _Draft(schedule)
    seat = draft.seats[name]
    draft.put(replace(seat, rules=replace(seat.rules, pinned=pinned)))
    return _settle(draft, now_s)


class _Draft:
    """A schedule while it is being changed, with the effects so far."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.seats = dict(schedule.seats)
        self.base_bytes = schedule.base_bytes
        self.budget_bytes = schedule.budget_bytes
        self.slots = schedule.slots
        self.ticked_s = schedule.ticked_s
        self.next_turn = schedule.next_turn
        self.next_batch = schedule.next_batch
        self.effects: list[Effect] = []

    def step(self) -> Step:
        schedule = Schedule(
            seats=self.seats,
            budget_bytes=self.budget_bytes,
            slots=self.slots,
            base_bytes=self.base_bytes,
            next_turn=self.next_turn,
            next_batch=self.next_batch,
            ticked_s=self.ticked_s,
        )
        return Step(schedule=schedule, effects=tuple(self.effects))

    def put(self, seat: Seat) -> None:
        self.seats[seat.name] = seat

    def current(self, name: str, generation: int) -> Seat | None:
        """The seat, unless the news are of an earlier worker."""
        seat = self.seats.get(name)
        return seat if seat is not None and seat.generation == generation else None

    def take_turn(self) -> int:
        self.next_turn += 1
        return self.next_turn

    def fail(self, ticket: Ticket, fault: Fault, message: str) -> None:
        self.effects.append(Fail(ticket_id=ticket.id, fault=fault, message=message))

    def note(self, kind: str, name: str, message: str) -> None:
        self.effects.append(Note(kind=kind, name=name, message=message))

    def put_back(self, name: str, tickets: Iterable[Ticket]) -> None:
        seat = self.seats[name]
        self.put(replace(seat, queue=(*tickets, *seat.queue)))

    def forget(self, seat: Seat, ticket_ids: set[int]) -> None:
        running = seat.running
        if running is not None and any(p.ticket.id in ticket_ids for p in running.parts):
            parts = tuple(
                replace(p, ended=True) if p.ticket.id in ticket_ids else p for p in running.parts
            )
            running = replace(running, parts=parts)
        queue = tuple(ticket for ticket in seat.queue if ticket.id not in ticket_ids)
        self.put(replace(seat, queue=queue, running=running))

    def drain(self, name: str, reason: str, serve_until: int = -1) -> None:
        self.put(
            replace(
                self.seats[name],
                state=WorkerState.DRAINING,
                reason=reason,
                serve_until=serve_until,
            )
        )

    def replace_worker(self, name: str, reason: str) -> None:
        """Whoever waits is served by the next worker."""
        seat = self.seats[name]
        if seat.state is WorkerState.READY:
            self.drain(name, reason)
        elif seat.state is WorkerState.DRAINING:
            self.put(replace(seat, serve_until=-1))
        elif seat.state is WorkerState.STARTING:
            self.put(replace(seat, stop_sent=True, kill_sent=True, reason=reason))
            self.effects.append(Kill(name=name, reason=reason))


def _settle(draft: _Draft, now_s: float) -> Step:
    """Everything that may happen now does: the same rules after every event."""
    for seat in tuple(draft.seats.values()):
        if seat.state is WorkerState.READY and seat.queue:
            _finish_loads(draft, seat)
    _admit_waiting(draft, now_s)
    _send_batches(draft, now_s)
    for seat in tuple(draft.seats.values()):
        if seat.state is WorkerState.DRAINING and not seat.stop_sent and not _still_serves(seat):
            draft.put(replace(seat, stop_sent=True))
            draft.effects.append(Stop(name=seat.name))
            draft.note("stopping", seat.name, seat.reason)
    return draft.step()


def _finish_loads(draft: _Draft, seat: Seat) -> None:
    """Who only wanted it loaded is answered."""
    loads = [ticket for ticket in seat.queue if not ticket.size]
    draft.effects.extend(Finish(ticket_id=ticket.id) for ticket in loads)
    draft.put(replace(seat, queue=tuple(t for t in seat.queue if t.size)) if loads else seat)


def _admit_waiting(draft: _Draft, now_s: float) -> None:
    """Those without a worker get one in the order of their turns. Who has to wait for room keeps
    a claim on it, so that a small one behind cannot keep taking it away."""
    reserved = 0
    for claimant in sorted(_claimants(draft, now_s), key=_turn):
        needed = claimant.expected_bytes
        loads = [_load(seat, claimant, now_s) for seat in draft.seats.values() if seat.loaded]
        verdict = admit(
            needed_bytes=needed,
            loads=loads,
            budget_bytes=draft.budget_bytes,
            base_bytes=draft.base_bytes,
            reserved=reserved,
        )
        match verdict:
            case Fits() if _may_start_beside_others(draft, needed + reserved):
                _start(draft, claimant, now_s)
            case Refuse(sum=why):
                _refuse(draft, claimant, why)
            case Evict(victims=victims):
                for victim in victims:
                    draft.drain(victim, f"evicted to make room for {claimant.name}")
                reserved += needed
            case _:
                reserved += needed


def _claimants(draft: _Draft, now_s: float) -> list[Seat]:
    return [
        seat
        for seat in draft.seats.values()
        if not seat.loaded and (seat.queue or seat.restart) and now_s >= seat.retry_at_s
    ]


def _may_start_beside_others(draft: _Draft, needed_bytes: int) -> bool:
    """While the cost of a load is not measured, another follows only if there is ample room: even
    were each of them to cost twice what is expected. So one surprise is the worst that happens."""
    unsure = [seat for seat in draft.seats.values() if seat.loaded and not seat.measured]
    if sum(seat.state is WorkerState.STARTING for seat in unsure) >= draft.slots:
        return False
    used = draft.base_bytes + sum(seat.claimed_bytes for seat in draft.seats.values())
    doubt = sum(seat.charge_bytes for seat in unsure)
    return not unsure or used + doubt + 2 * needed_bytes <= draft.budget_bytes


def _load(seat: Seat, claimant: Seat, now_s: float) -> Load:
    overtaken = (
        bool(claimant.queue)
        and _turn(claimant) < _turn(seat)
        and now_s - seat.since_s >= SHORTEST_STAY_S
    )
    free = seat.state is WorkerState.READY and seat.running is None
    return Load(
        name=seat.name,
        bytes=seat.claimed_bytes,
        frees_bytes=seat.private_bytes,
        pinned=seat.rules.pinned,
        leaving=seat.state is WorkerState.DRAINING,
        evictable=free and (overtaken or not seat.queue),
        idle=not seat.queue,
        last_used_s=seat.last_used_s,
    )


def _start(draft: _Draft, seat: Seat, now_s: float) -> None:
    generation = seat.generation + 1
    draft.put(
        replace(
            seat,
            state=WorkerState.STARTING,
            generation=generation,
            charge_bytes=seat.expected_bytes,
            private_bytes=seat.expected_bytes,
            measured=False,
            since_s=now_s,
            restart=False,
            serve_until=-1,
            stop_sent=False,
            kill_sent=False,
        )
    )
    draft.effects.append(Start(name=seat.name, generation=generation))
    draft.note("starting", seat.name, f"expected to use {mebibytes(seat.expected_bytes)}")


def _refuse(draft: _Draft, seat: Seat, why: str) -> None:
    message = (
        f"{seat.name} cannot be loaded: {why}; unpin another, or raise the memory budget "
        "(memory_budget in config.yaml)"
    )
    for ticket in seat.queue:
        draft.fail(ticket, Fault.OVER_BUDGET, message)
    draft.put(replace(seat, queue=(), restart=False, reason=message))
    draft.note("refused", seat.name, why)


def _send_batches(draft: _Draft, now_s: float) -> None:
    slots = draft.slots - sum(seat.running is not None for seat in draft.seats.values())
    if slots <= 0:
        return
    able = [seat for seat in draft.seats.values() if seat.queue and _can_serve(seat)]
    for seat in sorted(able, key=_turn)[:slots]:
        eligible = _eligible(seat)
        held_back: tuple[Ticket, ...] = ()
        if len(eligible) < len(seat.queue):
            held_back = tuple(ticket for ticket in seat.queue if ticket not in eligible)
        parts, left = next_batch(eligible, seat.rules.batch_limit)
        draft.next_batch += 1
        batch = Batch(id=draft.next_batch, parts=parts, sent_s=now_s)
        draft.put(replace(seat, running=batch, queue=(*left, *held_back)))
        draft.effects.append(Send(name=seat.name, batch=batch))


def _can_serve(seat: Seat) -> bool:
    if seat.running is not None or seat.kill_sent:
        return False
    if seat.state is WorkerState.DRAINING:
        return not seat.stop_sent and bool(_eligible(seat))
    return seat.state is WorkerState.READY


def _eligible(seat: Seat) -> tuple[Ticket, ...]:
    """Those of the queue that this worker still serves: all, unless it drains."""
    if seat.state is not WorkerState.DRAINING:
        return seat.queue
    return tuple(ticket for ticket in seat.queue if ticket.size and ticket.id <= seat.serve_until)


def _still_serves(seat: Seat) -> bool:
    """Whether a draining worker still has something to do."""
    return seat.running is not None or bool(_eligible(seat))


def _come_to_rest(draft: _Draft, seat: Seat) -> None:
    """Stopped as wished."""
    draft.note("stopped", seat.name, seat.reason)
    if seat.removed:
        for ticket in seat.queue:
            draft.fail(ticket, Fault.REMOVED, f"{seat.name} was removed from the registry")
        del draft.seats[seat.name]
        return
    draft.put(
        replace(
            seat,
            state=WorkerState.STOPPED,
            running=None,
            charge_bytes=0,
            private_bytes=0,
            serve_until=-1,
            stop_sent=False,
            kill_sent=False,
        )
    )


def _mourn(draft: _Draft, seat: Seat, *, reason: str, hopeless: bool, now_s: float) -> None:
    """The worker failed: what it had is tried once more, alone, and the next start waits."""
    failures = seat.failures + 1
    doublings = min(failures - 2, _MOST_DOUBLINGS)
    back_off_s = min(0.5 * 2**doublings, LONGEST_BACK_OFF_S) if failures > 1 else 0.0
    if hopeless:
        back_off_s = max(back_off_s, 1.0)
        failures = max(failures, GIVE_UP_AFTER)
    wanted_up = seat.rules.pinned or seat.rules.preload
    again: list[Ticket] = []
    for part in _live(seat.running) if seat.running else ():
        if part.ticket.retried:
            draft.fail(part.ticket, Fault.WORKER_FAILED, f"{seat.name}: {reason}, twice")
        else:
            again.append(replace(part.ticket, retried=True, alone=True))
            draft.note("retried", seat.name, f"call {part.ticket.id} is tried once more")
    failed = replace(
        seat,
        state=WorkerState.FAILED,
        reason=reason,
        running=None,
        queue=(*again, *seat.queue),
        charge_bytes=0,
        private_bytes=0,
        serve_until=-1,
        stop_sent=False,
        failures=failures,
        retry_at_s=now_s + back_off_s,
        restart=wanted_up and not hopeless,
    )
    draft.put(failed)
    draft.note("failed", seat.name, reason)
    if _given_up(failed):
        for ticket in failed.queue:
            draft.fail(ticket, Fault.WORKER_FAILED, f"{seat.name}: {reason}")
        draft.put(replace(failed, queue=()))
    if seat.removed:
        _come_to_rest(draft, draft.seats[seat.name])


def _given_up(seat: Seat) -> bool:
    return seat.state is WorkerState.FAILED and seat.failures >= GIVE_UP_AFTER


def _relieve(draft: _Draft, now_s: float) -> None:
    """Loads turned out larger than expected: the idle go until the budget holds again."""
    loads = [_load(seat, seat, now_s) for seat in draft.seats.values() if seat.loaded]
    used = draft.base_bytes + sum(seat.charge_bytes for seat in draft.seats.values())
    leaving = sum(load.frees_bytes for load in loads if load.leaving)
    missing = used - leaving - draft.budget_bytes
    if missing <= 0:
        return
    able = sum(ld.frees_bytes for ld in loads if ld.evictable and not (ld.pinned or ld.leaving))
    victims = choose_victims(min(missing, able), loads)
    for victim in victims:
        draft.drain(victim, f"evicted: {mebibytes(missing)} over the budget")
    if not victims and not leaving:
        draft.note("budget", "", f"{mebibytes(missing)} over the budget, and nobody may go")


def _expire(draft: _Draft, seat: Seat, now_s: float) -> None:
    waiting = [*seat.queue, *(p.ticket for p in (_live(seat.running) if seat.running else ()))]
    late = [t for t in waiting if t.deadline_s is not None and t.deadline_s <= now_s]
    if late:
        for ticket in late:
            what = f"{ticket.answered} of {ticket.size} passages answered" if ticket.size else ""
            draft.fail(
                ticket,
                Fault.TIMEOUT,
                f"{seat.name} did not answer in time; it is {seat.state.value}"
                + (f", {what}" if what else ""),
            )
        draft.forget(seat, {ticket.id for ticket in late})


def _why_kill(seat: Seat, *, silence_s: float, now_s: float) -> str:
    rules, starting = seat.rules, seat.state is WorkerState.STARTING
    allowed_s = SILENCE_S * (STARTING_PATIENCE if starting else 1)
    if silence_s > allowed_s:
        return f"hung: no sign of life for {allowed_s:g} s"
    if starting and now_s - seat.since_s > rules.start_limit_s:
        return f"not ready after {rules.start_limit_s:g} s (limits.start_s)"
    if seat.running is not None and now_s - seat.running.sent_s > rules.busy_limit_s:
        return f"hung: one batch took over {rules.busy_limit_s:g} s (limits.busy_s)"
    return ""


def _is_idle_too_long(seat: Seat, now_s: float) -> bool:
    limit = seat.rules.idle_timeout_s
    return (
        seat.state is WorkerState.READY
        and limit is not None
        and not (seat.rules.pinned or seat.queue or seat.running)
        and now_s - seat.last_used_s >= limit
    )


def _live(batch: Batch) -> tuple[Part, ...]:
    return tuple(part for part in batch.parts if not part.ended)


def _turn(seat: Seat) -> tuple[int, str]:
    """Who has waited longest comes first; who has nobody waiting comes last."""
    return (seat.queue[0].turn if seat.queue else EVERYONE, seat.name)
