"""The loop with the stub backend: every call ends once, whatever the worker does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend, StubWorker
from cluster.dispatcher import Dispatcher
from cluster.errors import CallError, CallTimeout, OverBudget, QueueFull, WorkerFailed
from cluster.events import EventLog
from cluster.registry import Entry, Limits, SpecialistSpec
from cluster.schedule import WorkerState
from cluster.workers.scripted import Script
from specialists.requests import Decide, Generate, Represent, Represented, SpecialistRequest


def spec(name: str, **changes: object) -> SpecialistSpec:
    entry = Entry(task="relevance", checkpoint=name).model_copy(update=changes)
    return SpecialistSpec(name=name, folder=Path(name), entry=entry, where="here:1")


@asynccontextmanager
async def dispatching(
    *specs: SpecialistSpec,
    scripts: dict[str, Script] | None = None,
    budget: int = 1000,
    slots: int = 2,
) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(
        {item.name: item for item in specs},
        StubBackend(scripts),
        EventLog(),
        budget_bytes=budget,
        slots=slots,
    )
    try:
        yield dispatcher
    finally:
        await dispatcher.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def ask(query: str = "pump", *passages: str) -> Decide:
    return Decide(query=query, passages=passages or ("the pump",))


async def test_a_long_call_comes_back_in_order() -> None:
    passages = tuple("pump" if n % 3 == 0 else "else" for n in range(100))
    async with dispatching(spec("a", limits=Limits(batch=7))) as dispatcher:
        reply = await dispatcher.call("a", Decide(query="pump", passages=passages))
    assert [v.positive for v in reply.verdicts] == [n % 3 == 0 for n in range(100)]


async def test_calls_that_share_a_batch_each_get_their_own_part() -> None:
    async with dispatching(spec("a"), slots=1) as dispatcher:
        replies = await asyncio.gather(
            *(dispatcher.call("a", ask("pump", *["pump"] * n, "else")) for n in range(1, 9))
        )
    for number, reply in enumerate(replies, start=1):
        assert [v.positive for v in reply.verdicts] == [True] * number + [False]


async def test_those_who_wait_share_one_start() -> None:
    backend = StubBackend({"a": Script(load_s=0.01)})
    dispatcher = Dispatcher({"a": spec("a")}, backend, EventLog(), budget_bytes=1000, slots=1)
    await asyncio.gather(*(dispatcher.call("a", ask(str(n))) for n in range(5)))
    await dispatcher.close()
    assert backend.starts == ["a"]


async def test_a_text_is_generated() -> None:
    async with dispatching(spec("a")) as dispatcher:
        reply = await dispatcher.call("a", Generate(prompt="one two"))
    assert (reply.text, reply.new_tokens) == ("one two", 2)


async def test_texts_are_represented_in_order_whatever_batches_they_share() -> None:
    texts = tuple("x" * n for n in range(20))
    async with dispatching(spec("a", limits=Limits(batch=7)), slots=1) as dispatcher:
        whole, few, judged, none = await asyncio.gather(
            dispatcher.call("a", Represent(texts=texts)),
            dispatcher.call("a", Represent(texts=("one two", "three"))),
            dispatcher.call("a", ask("represent", "represent")),
            dispatcher.call("a", Represent(texts=())),
        )
    assert [row[1] for row in whole.features] == list(range(20))
    assert few.features == ((2.0, 7.0), (1.0, 5.0)) and few.tokens == (2, 1)
    assert [verdict.positive for verdict in judged.verdicts] == [True]
    assert none == Represented(features=(), decisions=(), tokens=())


async def test_a_refused_call_fails_alone() -> None:
    async with dispatching(
        spec("a"), scripts={"a": Script(refuse_on="never")}, slots=1
    ) as dispatcher:
        good, bad = await asyncio.gather(
            dispatcher.call("a", ask("pump")),
            dispatcher.call("a", ask("never")),
            return_exceptions=True,
        )
    assert not isinstance(good, BaseException)
    assert isinstance(bad, CallError) and "never" in str(bad)


async def test_a_call_that_kills_its_worker_is_tried_once_more_and_then_fails() -> None:
    async with dispatching(
        spec("a"), scripts={"a": Script(crash_on="poison")}, slots=1
    ) as dispatcher:
        bad, good = await asyncio.gather(
            dispatcher.call("a", ask("poison")),
            dispatcher.call("a", ask("pump")),
            return_exceptions=True,
        )
    assert isinstance(bad, WorkerFailed) and "twice" in str(bad)
    assert not isinstance(good, BaseException)


async def test_a_specialist_that_cannot_start_says_why_at_once() -> None:
    async with dispatching(
        spec("a"), scripts={"a": Script(cannot_start="no weights")}
    ) as dispatcher:
        with pytest.raises(WorkerFailed, match="no weights"):
            await dispatcher.call("a", ask())
        with pytest.raises(WorkerFailed, match=r"no weights.*tried again in"):
            await dispatcher.call("a", ask())
        assert dispatcher.schedule.seats["a"].state is WorkerState.FAILED


async def test_a_call_ends_at_its_deadline() -> None:
    async with dispatching(spec("a"), scripts={"a": Script(passage_s=60.0)}) as dispatcher:
        with pytest.raises(CallTimeout):
            await dispatcher.call("a", ask(), timeout_s=0.01)


async def test_a_cancelled_call_leaves_the_others_alone() -> None:
    async with dispatching(spec("a"), scripts={"a": Script(load_s=0.01)}, slots=1) as dispatcher:
        gone = asyncio.create_task(dispatcher.call("a", ask("pump")))
        stays = asyncio.create_task(dispatcher.call("a", ask("pump")))
        await asyncio.sleep(0)
        gone.cancel()
        assert len((await stays).verdicts) == 1
        assert gone.cancelled()
        assert not dispatcher.schedule.seats["a"].queue


async def test_a_full_queue_refuses() -> None:
    async with dispatching(
        spec("a", limits=Limits(queue=2)), scripts={"a": Script(load_s=0.01)}
    ) as dispatcher:
        outcomes = await asyncio.gather(
            *(dispatcher.call("a", ask(str(n))) for n in range(4)), return_exceptions=True
        )
    assert [isinstance(o, QueueFull) for o in outcomes] == [False, False, True, True]


async def test_what_cannot_fit_is_refused_with_the_sum() -> None:
    async with dispatching(
        spec("a"), scripts={"a": Script(ballast_bytes=2000)}, budget=1000
    ) as dispatcher:
        with pytest.raises(OverBudget, match=r"for it = .* over the budget of"):
            await dispatcher.call("a", ask())


async def test_a_hung_worker_is_killed_and_its_call_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cluster.scheduler.SILENCE_S", 0.2)
    async with dispatching(spec("a"), scripts={"a": Script(hang_on="freeze")}) as dispatcher:
        with pytest.raises(WorkerFailed, match=r"hung.*twice"):
            await dispatcher.call("a", ask("freeze"))
        assert len((await dispatcher.call("a", ask("pump"))).verdicts) == 1


async def test_unloading_serves_those_who_wait_first() -> None:
    async with dispatching(
        spec("a"), scripts={"a": Script(passage_s=0.005)}, slots=1
    ) as dispatcher:
        await dispatcher.load("a")
        calls = [asyncio.create_task(dispatcher.call("a", ask(str(n)))) for n in range(4)]
        await asyncio.sleep(0)
        await dispatcher.unload("a")
        assert all(call.done() for call in calls)
        assert dispatcher.schedule.seats["a"].state is WorkerState.STOPPED


async def test_closing_tells_those_who_wait() -> None:
    async with dispatching(spec("a"), scripts={"a": Script(passage_s=60.0)}) as dispatcher:
        waiting = asyncio.create_task(dispatcher.call("a", ask()))
        await asyncio.sleep(0.01)
    with pytest.raises(CallError, match="closed"):
        await waiting


async def test_nobody_to_judge_needs_no_worker() -> None:
    async with dispatching(spec("a")) as dispatcher:
        reply = await dispatcher.call("a", Decide(query="q", passages=()))
        assert reply.verdicts == ()
        assert dispatcher.schedule.seats["a"].state is WorkerState.STOPPED


async def test_closing_ends_the_workers_even_when_the_loop_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with dispatching(spec("a")) as dispatcher:
        await dispatcher.load("a")

        def broken(*_: object, **__: object) -> None:
            raise ValueError("a mistake of ours")

        monkeypatch.setattr("cluster.dispatcher._take_tick", broken)
        await dispatcher.call("a", ask())
        await until(dispatcher._ticking.done)
    assert not dispatcher.handles


class LastWord(StubWorker):
    """Its reply is already on the way when it is killed."""

    def send(self, batch_id: int, request: SpecialistRequest) -> None:
        self._asked = batch_id, request
        super().send(batch_id, request)

    def kill(self, reason: str) -> None:
        self._loop.call_soon(self._reply, *self._asked)
        super().kill(reason)


async def test_a_reply_that_comes_while_closing_starts_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cluster.backends.stub.StubWorker", LastWord)
    wrong: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    async with dispatching(spec("a"), scripts={"a": Script(passage_s=60.0)}, slots=1) as dispatcher:
        calls = [asyncio.create_task(dispatcher.call("a", ask(str(n)))) for n in range(3)]
        await until(lambda: dispatcher.schedule.seats["a"].running is not None)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, CallError) for outcome in outcomes)
    assert wrong == []


async def test_a_trial_that_finds_no_process_leaves_nothing_on_the_bill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_room(*_: object) -> StubWorker:
        raise BlockingIOError("no room for another process")

    monkeypatch.setattr(StubBackend, "start", no_room)
    async with dispatching(spec("a")) as dispatcher:
        with pytest.raises(WorkerFailed, match=r"b was tried and did not start: .*no room"):
            await dispatcher.probe(spec("b"))
        dispatcher.measured({}, 5)
        assert dispatcher.schedule.base_bytes == 5
