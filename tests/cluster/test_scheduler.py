"""The scheduler's promises, tried over random histories, and its rules one by one.

A `World` plays everything outside: workers that start, answer, refuse, crash and hang, callers
that come and go, a clock, and a scale. After every step it checks what must always hold.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster import scheduler
from cluster.schedule import (
    Batch,
    Fail,
    Finish,
    Kill,
    Note,
    Schedule,
    SeatRules,
    Send,
    Start,
    Step,
    Stop,
    Ticket,
    WorkerState,
)

MIB = 1024 * 1024


class World:
    """`costs` is what each specialist really uses; it is expected to use 10 MiB."""

    def __init__(
        self,
        costs: dict[str, int],
        *,
        budget: int = 35 * MIB,
        slots: int = 2,
        rules: SeatRules | None = None,
    ) -> None:
        self.costs = costs
        self.now = 100.0
        self.rules = rules or SeatRules(expected_bytes=10 * MIB, batch_limit=4, queue_limit=50)
        self.schedule = Schedule(seats={}, budget_bytes=budget, slots=slots)
        self.starting: dict[str, int] = {}
        self.up: dict[str, int] = {}
        self.stopping: dict[str, int] = {}
        self.killed: set[str] = set()
        self.batches: dict[str, Batch] = {}
        self.tickets: dict[int, Ticket] = {}
        self.answered: Counter[int] = Counter()
        self.ended: dict[int, str] = {}
        self.notes: list[Note] = []
        self.apply(
            scheduler.on_rules(self.schedule, dict.fromkeys(costs, self.rules), (), self.now)
        )

    # What happens from outside

    def call(self, name: str, size: int = 1, query: str | None = "q", wait_s: float = 0) -> int:
        ticket = Ticket(
            id=len(self.tickets) + 1,
            name=name,
            size=size,
            merge_key=query,
            deadline_s=self.now + wait_s if wait_s else None,
        )
        self.tickets[ticket.id] = ticket
        self.apply(scheduler.on_call(self.schedule, ticket, self.now))
        return ticket.id

    def cancel(self, ticket_id: int) -> None:
        if ticket_id in self.tickets and ticket_id not in self.ended:
            name = self.tickets[ticket_id].name
            self.ended[ticket_id] = "cancelled"
            self.apply(scheduler.on_cancel(self.schedule, name, ticket_id, self.now))

    def ready(self, name: str) -> None:
        if name in self.starting:
            generation = self.up[name] = self.starting.pop(name)
            self.apply(scheduler.on_ready(self.schedule, name, generation, self.now))

    def reply(self, name: str) -> None:
        if name in self.batches and name in self.up:
            batch = self.batches.pop(name)
            awaited = self.schedule.seats[name].running
            assert awaited is not None
            for part in awaited.parts:
                if not part.ended:
                    assert self.answered[part.ticket.id] == part.start
                    self.answered[part.ticket.id] = part.stop
            self.apply(
                scheduler.on_reply(
                    self.schedule, name, self.up[name], batch_id=batch.id, now_s=self.now
                )
            )

    def refuse(self, name: str) -> None:
        if name in self.batches and name in self.up:
            batch = self.batches.pop(name)
            self.apply(
                scheduler.on_refusal(
                    self.schedule,
                    name,
                    self.up[name],
                    batch_id=batch.id,
                    message="no",
                    now_s=self.now,
                )
            )

    def lose(self, name: str, *, hopeless: bool = False) -> None:
        """Crash, exit or kill: whatever it is, the worker is gone."""
        self.killed.discard(name)
        for place in (self.starting, self.up, self.stopping):
            if name in place:
                generation = place.pop(name)
                self.batches.pop(name, None)
                self.apply(
                    scheduler.on_lost(
                        self.schedule,
                        name,
                        generation,
                        reason="gone",
                        hopeless=hopeless,
                        now_s=self.now,
                    )
                )
                return

    def weigh(self) -> None:
        memory = {name: (self.costs[name], self.costs[name]) for name in self.up}
        self.apply(scheduler.on_measure(self.schedule, memory, 0, self.now))

    def pass_time(self, seconds: float, silent: str = "") -> None:
        self.now += seconds
        heard = {name: self.now - (60 if name == silent else 0) for name in self.up}
        self.apply(scheduler.on_tick(self.schedule, heard, self.now))

    def unload(self, name: str) -> None:
        self.apply(scheduler.on_unload(self.schedule, name, len(self.tickets), self.now))

    def pin(self, name: str, pinned: bool) -> None:
        self.apply(scheduler.on_pin(self.schedule, name, pinned, self.now))

    def replace(self, name: str) -> None:
        rules = {seat.name: seat.rules for seat in self.schedule.seats.values()}
        self.apply(scheduler.on_rules(self.schedule, rules, (name,), self.now))

    # What the scheduler wants done, and what must hold

    def apply(self, step: Step) -> None:
        before, self.schedule = self.schedule, step.schedule
        for effect in step.effects:
            match effect:
                case Start(name=name, generation=generation):
                    assert name not in {**self.starting, **self.up, **self.stopping}
                    assert self.schedule.used_bytes <= self.schedule.budget_bytes
                    self.starting[name] = generation
                case Send(name=name, batch=batch):
                    assert name in self.up and name not in self.batches
                    self.batches[name] = batch
                case Stop(name=name):
                    assert name in self.up and name not in self.batches
                    self.stopping[name] = self.up.pop(name)
                case Kill(name=name):
                    assert name in {**self.starting, **self.up, **self.stopping}
                    self.killed.add(name)
                case Finish(ticket_id=ticket_id):
                    self.end(ticket_id, "answered")
                    assert self.answered[ticket_id] == self.tickets[ticket_id].size
                case Fail(ticket_id=ticket_id, fault=fault):
                    self.end(ticket_id, fault.value)
                case Note():
                    self.notes.append(effect)
        self.check(before)

    def end(self, ticket_id: int, how: str) -> None:
        assert ticket_id not in self.ended, f"call {ticket_id} ended twice"
        self.ended[ticket_id] = how

    def check(self, before: Schedule) -> None:
        schedule = self.schedule
        assert sum(seat.running is not None for seat in schedule.seats.values()) <= schedule.slots
        alive = [self.costs[n] for n in (*self.starting, *self.up, *self.stopping)]
        if alive:
            assert sum(alive) - max(alive) <= schedule.budget_bytes
        for seat in schedule.seats.values():
            old = before.seats.get(seat.name)
            if old and seat.state is WorkerState.DRAINING and seat.reason.startswith("evicted"):
                assert not seat.rules.pinned or old.state is WorkerState.DRAINING
                assert seat.running is None
            waiting = [t.id for t in seat.queue]
            waiting += (
                [p.ticket.id for p in seat.running.parts if not p.ended] if seat.running else []
            )
            assert len(waiting) == len(set(waiting))
            assert not set(waiting) & set(self.ended)
        open_calls = set(self.tickets) - set(self.ended)
        held = {t.id for s in schedule.seats.values() for t in s.queue} | {
            p.ticket.id for s in schedule.seats.values() if s.running for p in s.running.parts
        }
        assert open_calls <= held, "a call was lost"

    def run_to_the_end(self) -> None:
        """Nothing fails any more. Whoever waits must be served."""
        for _ in range(400):
            if len(self.ended) == len(self.tickets):
                return
            for name in self.costs:
                if name in self.killed:
                    self.lose(name)
                self.ready(name)
                self.reply(name)
                if name in self.stopping:
                    self.lose(name)
            self.weigh()
            self.pass_time(0.25)
        open_calls = set(self.tickets) - set(self.ended)
        raise AssertionError(f"calls {open_calls} never ended: {self.schedule}")


NAMES = ("a", "b", "c", "d", "e")
NAME = st.sampled_from(NAMES)
ACTIONS: list[st.SearchStrategy[Callable[[World], object]]] = [
    st.builds(
        lambda name, size, query, wait: lambda world: world.call(name, size, query, wait),
        NAME,
        st.integers(0, 11),
        st.sampled_from(["q", "r", None]),
        st.sampled_from([0.0, 0.0, 1.5]),
    ),
    st.builds(lambda name: lambda world: world.ready(name), NAME),
    st.builds(lambda name: lambda world: world.reply(name), NAME),
    st.builds(lambda name: lambda world: world.refuse(name), NAME),
    st.builds(lambda name, sad: lambda world: world.lose(name, hopeless=sad), NAME, st.booleans()),
    st.builds(lambda number: lambda world: world.cancel(number), st.integers(1, 20)),
    st.just(lambda world: world.weigh()),
    st.builds(
        lambda dt, name: lambda world: world.pass_time(dt, name),
        st.sampled_from([0.1, 1.0, 2.0, 40.0]),
        st.sampled_from(["", *NAMES]),
    ),
    st.builds(lambda name: lambda world: world.unload(name), NAME),
    st.builds(lambda name, on: lambda world: world.pin(name, on), NAME, st.booleans()),
    st.builds(lambda name: lambda world: world.replace(name), NAME),
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    costs=st.lists(st.integers(5, 20), min_size=5, max_size=5),
    slots=st.integers(1, 3),
    history=st.lists(st.one_of(ACTIONS), max_size=60),
)
def test_every_history_keeps_the_promises_and_comes_to_an_end(
    costs: list[int], slots: int, history: list[Callable[[World], object]]
) -> None:
    world = World(
        {name: cost * MIB for name, cost in zip(NAMES, costs, strict=True)},
        slots=slots,
        rules=SeatRules(
            expected_bytes=10 * MIB, batch_limit=4, queue_limit=50, idle_timeout_s=30.0
        ),
    )
    for action in history:
        action(world)
    world.run_to_the_end()


def loaded_world(*names: str, slots: int = 2) -> World:
    """All of `names` loaded and weighed, nobody waiting."""
    world = World(dict.fromkeys(names, 10 * MIB), slots=slots)
    for name in names:
        world.call(name, 0)
        world.ready(name)
        world.weigh()
    assert set(world.up) == set(names)
    return world


def test_who_only_wants_it_loaded_is_answered_when_it_is_ready() -> None:
    world = World({"a": 10 * MIB})
    load = world.call("a", 0)
    assert load not in world.ended
    world.ready("a")
    assert world.ended[load] == "answered"


def test_no_more_workers_are_busy_than_there_are_slots() -> None:
    world = loaded_world("a", "b", "c", slots=2)
    for name in ("a", "b", "c"):
        world.call(name)
    assert set(world.batches) == {"a", "b"}
    world.reply("a")
    assert set(world.batches) == {"b", "c"}


def test_a_long_call_lets_others_have_their_turn() -> None:
    world = loaded_world("a")
    long, short = world.call("a", 11, "long"), world.call("a", 1, "short")
    world.reply("a")
    world.reply("a")
    assert world.ended == {1: "answered", short: "answered"}
    world.run_to_the_end()
    assert world.ended[long] == "answered"


def test_a_worker_in_demand_yields_to_one_that_has_waited_longer() -> None:
    world = World(dict.fromkeys("abcd", 10 * MIB))
    for name in "abc":
        world.call(name, 0)
        world.ready(name)
        world.weigh()
    for _ in range(3):
        for name in "abc":
            world.call(name, 4, None)
    waiting = world.call("d")
    world.pass_time(2.0)
    for _ in range(6):
        for name in "abc":
            world.reply(name)
            if name in world.stopping:
                world.lose(name)
        world.ready("d")
        world.reply("d")
    assert world.ended[waiting] == "answered"


def test_a_pinned_worker_is_neither_evicted_nor_idled_out() -> None:
    world = World(
        dict.fromkeys("ab", 10 * MIB),
        budget=12 * MIB,
        rules=SeatRules(expected_bytes=10 * MIB, idle_timeout_s=5.0),
    )
    world.call("a", 0)
    world.ready("a")
    world.weigh()
    world.pin("a", True)
    world.pass_time(60.0)
    refused = world.call("b")
    assert world.ended[refused] == "over budget"
    assert "a" in world.up


def test_an_idle_worker_is_stopped_after_its_time() -> None:
    world = World({"a": 10 * MIB}, rules=SeatRules(expected_bytes=10 * MIB, idle_timeout_s=5.0))
    world.call("a", 0)
    world.ready("a")
    world.pass_time(4.0)
    assert "a" in world.up
    world.pass_time(2.0)
    assert "a" in world.stopping


def test_an_unfinished_call_is_tried_once_more_and_then_fails() -> None:
    world = loaded_world("a")
    call = world.call("a")
    world.lose("a")
    world.ready("a")
    assert world.batches["a"].parts[0].ticket.id == call
    world.lose("a")
    assert world.ended[call] == "worker failed"


def test_the_back_off_grows_with_every_failure() -> None:
    world = loaded_world("a")
    waits = []
    for _ in range(4):
        world.call("a")
        world.pass_time(60.0)
        world.lose("a")
        waits.append(world.schedule.seats["a"].retry_at_s - world.now)
        world.pass_time(60.0)
    assert waits == [0.0, 0.5, 1.0, 2.0]


def test_after_some_failures_in_a_row_those_who_wait_are_told() -> None:
    world = World({"a": 10 * MIB})
    call = world.call("a")
    for _ in range(scheduler.GIVE_UP_AFTER):
        assert call not in world.ended
        world.lose("a")
        world.pass_time(1.0)
    assert world.ended[call] == "worker failed"


def test_a_pinned_worker_that_crashed_comes_back_by_itself() -> None:
    world = loaded_world("a")
    world.pin("a", True)
    world.lose("a")
    assert "a" in world.starting


def test_a_call_that_comes_while_a_worker_drains_waits_for_the_next() -> None:
    world = loaded_world("a")
    world.unload("a")
    call = world.call("a")
    world.lose("a")
    world.ready("a")
    world.reply("a")
    assert world.ended[call] == "answered"


def test_silence_after_a_pause_of_our_own_proves_nothing() -> None:
    world = loaded_world("a")
    world.pass_time(60.0, silent="a")
    assert not world.killed
    world.pass_time(1.0, silent="a")
    assert world.killed == {"a"}


def test_a_load_that_turns_out_too_large_sends_the_idle_away() -> None:
    world = World({"a": 10 * MIB, "b": 30 * MIB}, budget=35 * MIB)
    world.call("a", 0)
    world.ready("a")
    world.weigh()
    world.call("b", 0)
    world.ready("b")
    world.weigh()
    assert set(world.stopping) == {"a"}


def test_a_worker_that_never_lives_waits_no_longer_than_the_longest_wait() -> None:
    world = loaded_world("a")
    seat = replace(world.schedule.seats["a"], failures=5_000)
    world.schedule = replace(world.schedule, seats={"a": seat})
    world.lose("a")
    waited_s = world.schedule.seats["a"].retry_at_s - world.now
    assert waited_s == scheduler.LONGEST_BACK_OFF_S
