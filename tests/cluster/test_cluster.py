"""The house from outside, with scripted specialists: asked, watched, changed while it runs."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.answering.answer import AnswerStep
from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking
from cluster.cluster import Cluster, Told
from cluster.errors import ClusterError, RegistryError, UnknownSpecialist, WorkerFailed
from cluster.events import Event
from cluster.history import leave_order, read_clusters, read_outcome
from cluster.reloading import RegistryInForce
from cluster.retrieval.index import IndexReport
from cluster.workers.scripted import Script
from specialists.requests import Decide

PUMP = Decide(query="the pump", passages=("the pump", "a lease"))


def write_registry(path: Path, *names: str, **more: str) -> None:
    entries = {name: f"{{task: relevance, checkpoint: {name}}}" for name in names} | more
    path.write_text("\n".join(["specialists:", *(f"  {n}: {e}" for n, e in entries.items())]))


def write_checkpoint_files(folder: Path, holding: str = "{}") -> Path:
    """They hold nothing: scripted workers read none of them."""
    folder.mkdir(exist_ok=True)
    for name in ("config.json", "contract.json", "model.safetensors"):
        (folder / name).write_text(holding)
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.yaml"
    write_registry(path, "a", "b")
    return path


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def state_of(cluster: Cluster, name: str) -> str:
    (state,) = (item.state for item in cluster.status().specialists if item.name == name)
    return state


async def test_a_question_is_answered_from_a_folder(tmp_path: Path, registry: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "log.md").write_text("The pump was replaced in March by the plumber.\n")
    told: list[Told] = []
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        answer = await cluster.ask(
            "When was the pump replaced?",
            tmp_path / "docs",
            cache_dir=tmp_path / "cache",
            on_event=told.append,
        )
    assert not answer.refused and "March" in answer.text
    assert [step.step for step in told if isinstance(step, AnswerStep)] == [
        "retrieve",
        "filter",
        "compose",
    ]
    assert any(isinstance(step, IndexReport) for step in told)
    assert any(isinstance(step, Event) and step.kind == "ready" for step in told)


async def test_an_unknown_specialist_is_told_with_the_nearest(registry: Path) -> None:
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        with pytest.raises(UnknownSpecialist, match="registered: a, b"):
            await cluster.call("c", PUMP)


async def test_a_closed_cluster_says_so(registry: Path) -> None:
    cluster = Cluster.open(registry, backend=StubBackend())
    with pytest.raises(ClusterError, match="not open"):
        await cluster.call("a", PUMP)
    async with cluster:
        await cluster.call("a", PUMP)
    with pytest.raises(ClusterError, match="not open"):
        await cluster.call("a", PUMP)


async def test_what_is_to_be_preloaded_is_loaded_at_once(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    write_registry(path, "lazy", eager="{task: relevance, checkpoint: e, preload: true}")
    async with Cluster.open(path, backend=StubBackend()) as cluster:
        await until(lambda: state_of(cluster, "eager") == "ready")
        assert state_of(cluster, "lazy") == "stopped"


async def test_the_status_counts_what_was_done(registry: Path) -> None:
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        for _ in range(3):
            await cluster.call("a", PUMP)
        item = next(item for item in cluster.status().specialists if item.name == "a")
    assert (item.requests, item.passages, item.tokens) == (3, 6, 12)
    assert item.p50_s is not None and item.p95_s is not None and item.p50_s <= item.p95_s
    assert item.cpu_s_per_request is not None
    json.dumps(item.p50_s)


async def test_a_changed_registry_is_taken_up_by_itself(registry: Path) -> None:
    backend = StubBackend()
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.call("a", PUMP)
        write_registry(registry, "a", "c")
        await until(lambda: "c" in cluster.registry.specs)
        assert len((await cluster.call("c", PUMP)).verdicts) == 2
        with pytest.raises(UnknownSpecialist):
            await cluster.call("b", PUMP)
        assert backend.starts == ["a", "c", "c"], "a stayed; c was tried, then started"


@pytest.mark.parametrize(
    "garbage", ["specialists: [", "\x00", "", "specialists: {a: {task: love}}"]
)
async def test_a_broken_registry_leaves_the_old_one_in_force(registry: Path, garbage: str) -> None:
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        registry.write_text(garbage)
        with pytest.raises(RegistryError):
            await cluster.reload()
        assert set(cluster.registry.specs) == {"a", "b"}
        assert len((await cluster.call("b", PUMP)).verdicts) == 2


async def test_a_checkpoint_that_does_not_start_does_not_come_into_force(registry: Path) -> None:
    backend = StubBackend({"c": Script(cannot_start="its weights are cut off")})
    async with Cluster.open(registry, backend=backend) as cluster:
        write_registry(registry, "a", "c")
        with pytest.raises(WorkerFailed, match="c was tried and did not start: its weights"):
            await cluster.reload()
        assert set(cluster.registry.specs) == {"a", "b"}


async def test_another_checkpoint_replaces_the_worker_and_loses_no_call(registry: Path) -> None:
    backend = StubBackend({"a": Script(passage_s=0.01)})
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.load("a")
        calls = [asyncio.create_task(cluster.call("a", PUMP)) for _ in range(5)]
        write_registry(registry, "b", a="{task: relevance, checkpoint: elsewhere}")
        await cluster.reload()
        replies = await asyncio.gather(*calls)
        await cluster.call("a", PUMP)
    assert all(len(reply.verdicts) == 2 for reply in replies)
    assert backend.starts == ["a", "a", "a"], "the old one, the trial, the new one"


async def test_of_two_reloads_at_once_the_later_one_stays_in_force(registry: Path) -> None:
    backend = StubBackend({"slow": Script(load_s=0.1)})
    async with Cluster.open(registry, backend=backend) as cluster:
        write_registry(registry, "a", "slow")
        earlier = asyncio.create_task(cluster.reload())
        await until(lambda: backend.starts == ["slow"])
        write_registry(registry, "a", "c")
        await asyncio.gather(earlier, cluster.reload())
        assert set(cluster.registry.specs) == {"a", "c"}


async def test_what_was_pinned_by_hand_stays_pinned(registry: Path) -> None:
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        cluster.pin("a")
        write_registry(registry, "a", "b", "c")
        await cluster.reload()
        assert [item.name for item in cluster.status().specialists if item.pinned] == ["a"]


async def test_orders_of_another_process_are_obeyed(tmp_path: Path, registry: Path) -> None:
    history = tmp_path / "history.sqlite3"
    async with Cluster.open(registry, backend=StubBackend(), history_path=history) as cluster:
        await until(lambda: bool(read_clusters(history)))
        (seen,) = read_clusters(history)
        good = leave_order(history, seen.id, "load", "a")
        bad = leave_order(history, seen.id, "load", "nobody")
        await until(lambda: None not in (read_outcome(history, good), read_outcome(history, bad)))
        assert state_of(cluster, "a") == "ready"
    assert read_outcome(history, good) == (True, "loaded")
    outcome = read_outcome(history, bad)
    assert outcome is not None and "no specialist is called 'nobody'" in outcome[1]
    assert read_clusters(history) == []


async def test_an_order_does_not_wait_for_a_specialist_that_is_being_tried(
    tmp_path: Path, registry: Path
) -> None:
    history, backend = tmp_path / "history.sqlite3", StubBackend({"slow": Script(load_s=600.0)})
    async with Cluster.open(registry, backend=backend, history_path=history):
        write_registry(registry, "a", "slow")
        await until(lambda: backend.starts == ["slow"] and bool(read_clusters(history)))
        order = leave_order(history, read_clusters(history)[0].id, "load", "a")
        await until(lambda: read_outcome(history, order) is not None)
        assert read_outcome(history, order) == (True, "loaded")
        assert backend.starts == ["slow", "a"], "tried once, and still being tried"


async def test_a_history_that_cannot_be_written_costs_no_call(
    tmp_path: Path, registry: Path
) -> None:
    history = tmp_path / "taken" / "history.sqlite3"
    (tmp_path / "taken").write_text("a file stands where the folder should")
    async with Cluster.open(registry, backend=StubBackend(), history_path=history) as cluster:
        assert len((await cluster.call("a", PUMP)).verdicts) == 2
        await until(lambda: any(event.kind == "history" for event in cluster.events.recent))


async def test_the_log_says_what_happened(tmp_path: Path, registry: Path) -> None:
    async with Cluster.open(registry, backend=StubBackend(), log_dir=tmp_path / "l") as cluster:
        await cluster.call("a", PUMP)
    lines = (tmp_path / "l" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines[:2]] == ["starting", "ready"]


def test_the_plain_face_does_the_same(tmp_path: Path, registry: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "log.md").write_text("The pump was replaced in March by the plumber.\n")
    with open_blocking(registry, backend=StubBackend()) as cluster:
        assert len(cluster.call("a", PUMP).verdicts) == 2
        answer = cluster.ask(
            "When was the pump replaced?", tmp_path / "docs", cache_dir=tmp_path / "cache"
        )
        assert "March" in answer.text
        assert cluster.status().specialists[0].requests > 0
        with pytest.raises(UnknownSpecialist):
            cluster.call("nobody", PUMP)
    with pytest.raises(ClusterError, match="not open"):
        cluster.call("a", PUMP)


@pytest.mark.parametrize("changed", ["config.json", "contract.json", "model.safetensors"])
async def test_weights_trained_again_in_the_same_folder_are_taken_over(
    registry: Path, tmp_path: Path, changed: str
) -> None:
    folder = write_checkpoint_files(tmp_path / "a")
    backend = StubBackend()
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.call("a", PUMP)
        (folder / changed).write_text('{"trained": "again"}')
        await until(lambda: any(event.kind == "registry" for event in cluster.events.recent))
        await cluster.call("a", PUMP)
        assert backend.starts.count("a") == 3, "the old one, the trial, the new one"
        settled = len(backend.starts)
        await asyncio.sleep(0.5)
        assert len(backend.starts) == settled


async def test_a_checkpoint_that_is_taken_away_keeps_its_worker_and_the_registry_can_change(
    registry: Path, tmp_path: Path
) -> None:
    folder = write_checkpoint_files(tmp_path / "a")
    backend = StubBackend()
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.call("a", PUMP)
        for path in folder.iterdir():
            path.unlink()
        write_registry(registry, "a", "c")
        await cluster.reload()
        await cluster.call("a", PUMP)
        assert backend.starts.count("a") == 1
        write_checkpoint_files(folder, holding="{}  ")
        await cluster.reload()
        await cluster.call("a", PUMP)
        assert backend.starts.count("a") == 3, "the old one, the trial, the new one"


async def test_a_look_at_the_registry_that_fails_is_told(
    registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(_: RegistryInForce) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(RegistryInForce, "look", mistaken)
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        told = "looking at the registry failed (ZeroDivisionError: by nothing)"
        await until(lambda: told in {event.message for event in cluster.events.recent})


async def test_one_that_is_removed_and_comes_back_does_not_keep_its_old_worker(
    registry: Path,
) -> None:
    backend = StubBackend({"a": Script(passage_s=0.05)})
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.load("a")
        calls = [asyncio.create_task(cluster.call("a", PUMP)) for _ in range(5)]
        await asyncio.sleep(0.01)
        write_registry(registry, "b")
        await cluster.reload()
        write_registry(registry, "b", a="{task: relevance, checkpoint: elsewhere}")
        await cluster.reload()
        await cluster.call("a", PUMP)
        await asyncio.gather(*calls)
    assert backend.starts.count("a") >= 3, "the old one, the trial, the new one"
