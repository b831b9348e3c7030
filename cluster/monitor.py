"""The cluster's eye on itself: weighs the workers, keeps the history, takes orders left by other
processes, and notices a changed registry.

One loop with one pace, slow things off the event loop, and never in the way of a call: whatever
goes wrong here is told once as an event.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping

from cluster.accounting import Usage, measure
from cluster.backends.base import Backend
from cluster.dispatcher import Dispatcher
from cluster.errors import ClusterError, HistoryError
from cluster.events import Event, EventLog
from cluster.history import Order, Recorder
from cluster.schedule import WorkerState
from cluster.status import ClusterStatus, SpecialistStatus

PACE_S = 0.5
WEIGH_EVERY_S = 2.0
HISTORY_PAUSE_S = 30.0
"""After the history could not be written, it is left alone for so long."""


class Monitor:
    """`obey` carries out an order, `look_at_registry` is called at every turn unless the last
    look still lasts: trying a specialist can take minutes, and nothing else waits for it."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        backend: Backend,
        events: EventLog,
        *,
        recorder: Recorder | None,
        obey: Callable[[Order], Awaitable[str]],
        look_at_registry: Callable[[], Awaitable[None]],
    ) -> None:
        self._dispatcher = dispatcher
        self._backend = backend
        self._events = events
        self._recorder = recorder
        self._obey = obey
        self._look_at_registry = look_at_registry
        self._usage: dict[str, Usage] = {}
        self._measured_at = 0.0
        self._pause_until = 0.0
        self._at_once = asyncio.Event()
        self._orders: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stop_listening = events.listen(self._on_event)
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def status(self) -> ClusterStatus:
        """The state of this moment, with the memory and CPU last measured."""
        schedule = self._dispatcher.schedule
        return ClusterStatus(
            at=time.time(),
            pid=os.getpid(),
            budget_bytes=schedule.budget_bytes,
            used_bytes=schedule.used_bytes,
            base_bytes=schedule.base_bytes,
            slots=schedule.slots,
            specialists=tuple(self._status_of(name) for name in sorted(schedule.seats)),
        )

    async def close(self) -> None:
        self._stop_listening()
        tasks = [self._watching, *self._orders, *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._recorder is not None:
            with contextlib.suppress(HistoryError):
                await asyncio.to_thread(self._recorder.record, self.status())
                await asyncio.to_thread(self._recorder.close)

    async def weigh(self) -> None:
        """Measures every worker now, and tells the scheduler."""
        handles = self._dispatcher.handles
        pids = {name: handle.pid for name, handle in handles.items()}
        base_pids = self._backend.base_pids
        usage, base = await asyncio.to_thread(_measure_all, pids, base_pids)
        now, before = time.monotonic(), self._measured_at
        for name, used in usage.items():
            usage[name] = _with_percent(used, self._usage.get(name), now - before)
        self._usage, self._measured_at = usage, now
        seats = self._dispatcher.schedule.seats
        memory = {
            name: (used.bill_bytes, used.uss_bytes)
            for name, used in usage.items()
            if name in seats and self._is_still(name, pids[name])
        }
        # Where a worker is no process of its own, what was expected has to do.
        memory |= {
            name: (seats[name].expected_bytes, seats[name].expected_bytes)
            for name, pid in pids.items()
            if pid is None and name in seats
        }
        self._dispatcher.measured(memory, base)

    async def _watch(self) -> None:
        while True:
            self._at_once.clear()
            try:
                if time.monotonic() - self._measured_at > WEIGH_EVERY_S or self._unweighed():
                    await self.weigh()
                    await self._record()
                await self._take_orders()
            except OSError as error:
                self._events.tell("history", "", f"looking after the workers failed ({error})")
            if self._looking is None or self._looking.done():
                self._looking = asyncio.get_running_loop().create_task(self._look())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PACE_S):
                    await self._at_once.wait()

    async def _look(self) -> None:
        try:
            await self._look_at_registry()
        except Exception as error:  # it runs on its own: nobody else would ever be told
            self._events.tell(
                "registry", "", f"looking at the registry failed ({type(error).__name__}: {error})"
            )

    def _unweighed(self) -> bool:
        seats = self._dispatcher.schedule.seats.values()
        return any(seat.state is WorkerState.READY and not seat.measured for seat in seats)

    def _on_event(self, event: Event) -> None:
        if event.kind in ("ready", "stopped"):
            self._at_once.set()

    def _is_still(self, name: str, pid: int | None) -> bool:
        handle = self._dispatcher.handles.get(name)
        return handle is not None and handle.pid == pid

    async def _record(self) -> None:
        if self._recorder is not None and time.monotonic() >= self._pause_until:
            try:
                await asyncio.to_thread(self._recorder.record, self.status())
            except HistoryError as error:
                self._rest_history(error)

    async def _take_orders(self) -> None:
        if self._recorder is None or time.monotonic() < self._pause_until:
            return
        try:
            orders = await asyncio.to_thread(self._recorder.take_orders)
        except HistoryError as error:
            self._rest_history(error)
            return
        for order in orders:
            task = asyncio.get_running_loop().create_task(self._carry_out(order))
            self._orders.add(task)
            task.add_done_callback(self._orders.discard)

    async def _carry_out(self, order: Order) -> None:
        assert self._recorder is not None
        try:
            message, ok = await self._obey(order), True
        except ClusterError as error:
            message, ok = str(error), False
        self._events.tell("order", order.name, f"{order.verb}: {message}")
        with contextlib.suppress(HistoryError):
            await self._record()
            await asyncio.to_thread(self._recorder.report, order, ok=ok, message=message)

    def _rest_history(self, error: HistoryError) -> None:
        self._pause_until = time.monotonic() + HISTORY_PAUSE_S
        self._events.tell("history", "", f"{error}; tried again in {HISTORY_PAUSE_S:g} s")

    def _status_of(self, name: str) -> SpecialistStatus:
        seat = self._dispatcher.schedule.seats[name]
        tally = self._dispatcher.tallies[name]
        usage = self._usage.get(name) if seat.loaded else None
        handle = self._dispatcher.handles.get(name)
        return SpecialistStatus(
            name=name,
            task=self._dispatcher.specs[name].entry.task,
            state=seat.state.value,
            reason=seat.reason,
            pinned=seat.rules.pinned,
            queue=len(seat.queue),
            busy=seat.running is not None,
            pid=handle.pid if handle else None,
            pss_bytes=usage.pss_bytes if usage else None,
            uss_bytes=usage.uss_bytes if usage else None,
            rss_bytes=usage.rss_bytes if usage else None,
            expected_bytes=seat.expected_bytes,
            cpu_percent=usage.cpu_percent if usage else 0.0,
            cpu_s=tally.cpu_s,
            cpu_s_per_request=tally.cpu_s_per_request,
            requests=tally.requests,
            failed=tally.failed,
            passages=tally.passages,
            tokens=tally.tokens,
            p50_s=tally.latency_s(0.5),
            p95_s=tally.latency_s(0.95),
        )


def _measure_all(
    pids: Mapping[str, int | None], base_pids: tuple[int, ...]
) -> tuple[dict[str, Usage], int]:
    usage = {name: measure(pid) for name, pid in pids.items() if pid}
    base = (measure(pid) for pid in base_pids)
    return (
        {name: used for name, used in usage.items() if used is not None},
        sum(used.bill_bytes for used in base if used is not None),
    )


def _with_percent(now: Usage, before: Usage | None, seconds: float) -> Usage:
    """CPU since the last measurement of the same process, in percent of one core."""
    if before is None or seconds <= 0 or now.cpu_s < before.cpu_s:
        return now
    percent = 100 * (now.cpu_s - before.cpu_s) / seconds
    return Usage(
        pss_bytes=now.pss_bytes,
        uss_bytes=now.uss_bytes,
        rss_bytes=now.rss_bytes,
        cpu_s=now.cpu_s,
        cpu_percent=percent,
    )
