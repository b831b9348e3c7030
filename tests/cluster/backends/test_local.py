"""Real worker processes with a scripted specialist in place of a model: real crashes and hangs."""

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cluster.accounting import child_pids
from cluster.backends.local import LocalBackend, Method
from cluster.cluster import Cluster
from cluster.errors import CallError, RegistryError, WorkerFailed
from cluster.workers.forkserver import _fork_worker
from specialists.requests import Decide, Decided, Generate

METHODS: tuple[Method, ...] = ("forkserver", "spawn") if sys.platform == "linux" else ("spawn",)
PUMP = Decide(query="the pump", passages=("the pump", "the lease"))


def write_registry(folder: Path, **scripts: dict[str, object]) -> Path:
    lines = ["specialists:"]
    for name, script in scripts.items():
        (folder / name).mkdir()
        (folder / name / "script.json").write_text(json.dumps(script))
        lines.append(f"  {name}: {{task: relevance, checkpoint: {name}}}")
    path = folder / "registry.yaml"
    path.write_text("\n".join(lines))
    return path


@asynccontextmanager
async def opened(registry: Path, method: Method = METHODS[0]) -> AsyncIterator[Cluster]:
    backend = LocalBackend(loader="scripted", method=method)
    async with Cluster.open(registry, backend=backend) as cluster:
        yield cluster


def pid_of(cluster: Cluster, name: str) -> int:
    (pid,) = (item.pid for item in cluster.status().specialists if item.name == name)
    assert pid is not None
    return pid


def is_running(pid: int) -> bool:
    """Not even as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):  # the first import after an installation takes long
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("method", METHODS)
async def test_a_worker_answers_and_leaves_no_process_behind(
    tmp_path: Path, method: Method
) -> None:
    async with opened(write_registry(tmp_path, a={}), method) as cluster:
        decided = await cluster.call("a", PUMP)
        generated = await cluster.call("a", Generate(prompt="one two three", max_new_tokens=2))
        pid = pid_of(cluster, "a")
        assert is_running(pid)
    assert [v.positive for v in decided.verdicts] == [True, True]
    assert generated.text == "two three"
    await until(lambda: not is_running(pid))


@pytest.mark.parametrize("method", METHODS)
async def test_a_log_that_cannot_be_written_keeps_no_worker_from_starting(
    tmp_path: Path, method: Method
) -> None:
    backend = LocalBackend(loader="scripted", method=method, log_path=tmp_path / "no" / "such.log")
    async with Cluster.open(write_registry(tmp_path, a={}), backend=backend) as cluster:
        assert len((await cluster.call("a", PUMP)).verdicts) == 2


@pytest.mark.parametrize("method", METHODS)
async def test_a_killed_worker_is_replaced_and_nobody_notices(
    tmp_path: Path, method: Method
) -> None:
    registry = write_registry(tmp_path, a={"passage_s": 0.05})
    async with opened(registry, method) as cluster:
        await cluster.load("a")
        call = asyncio.create_task(cluster.call("a", PUMP))
        await until(lambda: cluster.status().specialists[0].busy)
        os.kill(pid_of(cluster, "a"), signal.SIGKILL)
        assert len((await call).verdicts) == 2
        told = [event.message for event in cluster.events.recent if event.kind == "failed"]
    assert told == ["killed by SIGKILL"]


async def test_a_stopped_worker_is_found_out_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.scheduler.SILENCE_S", 1.5)
    async with opened(write_registry(tmp_path, a={})) as cluster:
        await cluster.load("a")
        os.kill(pid_of(cluster, "a"), signal.SIGSTOP)
        assert len((await cluster.call("a", PUMP)).verdicts) == 2
        told = [event.message for event in cluster.events.recent if event.kind == "failed"]
    assert told == ["hung: no sign of life for 1.5 s"]


@pytest.mark.parametrize("method", METHODS)
async def test_closing_before_a_worker_has_said_hello_ends_it_too(
    tmp_path: Path, method: Method
) -> None:
    async with opened(write_registry(tmp_path, a={}, b={}), method) as cluster:
        calls = [asyncio.create_task(cluster.call(name, PUMP)) for name in ("a", "b")]
        # Not `== "starting"`: a quick worker may be past that between two looks.
        await until(lambda: cluster.status().specialists[0].state != "stopped")
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    # A quick worker may have answered while the cluster was closing.
    assert [o for o in outcomes if not isinstance(o, CallError | Decided)] == []
    await until(lambda: not child_pids(os.getpid()))


async def test_poison_fails_its_own_call_alone(tmp_path: Path) -> None:
    async with opened(write_registry(tmp_path, a={"crash_on": "poison"})) as cluster:
        outcomes = await asyncio.gather(
            *(
                cluster.call("a", Decide(query=query, passages=("x",)))
                for query in ("one", "poison", "two", "three")
            ),
            return_exceptions=True,
        )
    assert [isinstance(o, WorkerFailed) for o in outcomes] == [False, True, False, False]
    assert "killed by SIGKILL, twice" in str(outcomes[1])


async def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    registry = write_registry(tmp_path, a={"cannot_start": "the weights are damaged"})
    async with opened(registry) as cluster:
        with pytest.raises(WorkerFailed, match="a: the weights are damaged"):
            await cluster.call("a", PUMP)


async def test_a_missing_checkpoint_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  a: {task: relevance, checkpoint: nowhere}\n")
    async with opened(path) as cluster:
        with pytest.raises(RegistryError, match=r"registry.yaml:2: .*there is no folder .*nowhere"):
            await cluster.call("a", PUMP)


@pytest.mark.skipif(sys.platform != "linux", reason="the fork server is for Linux")
async def test_a_killed_fork_server_takes_nobody_with_it_for_long(tmp_path: Path) -> None:
    backend = LocalBackend(loader="scripted", method="forkserver")
    async with Cluster.open(write_registry(tmp_path, a={}), backend=backend) as cluster:
        await cluster.call("a", PUMP)
        os.kill(backend.base_pids[0], signal.SIGKILL)
        await until(lambda: cluster.status().specialists[0].state == "failed")
        assert len((await cluster.call("a", PUMP)).verdicts) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="the fork server is for Linux")
async def test_a_hung_fork_server_is_billed_and_ends_after_its_last_worker(tmp_path: Path) -> None:
    backend = LocalBackend(loader="scripted", method="forkserver")
    registry = write_registry(tmp_path, a={}, b={})
    text = registry.read_text().replace("checkpoint: b", "checkpoint: b, limits: {start_s: 2}")
    registry.write_text(text)
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.load("a")
        (hung,) = backend.base_pids
        os.kill(hung, signal.SIGSTOP)
        await cluster.load("b")
        assert len(backend.base_pids) == 2 and hung in backend.base_pids
        assert len((await cluster.call("a", PUMP)).verdicts) == 2
        await cluster.unload("a")
        await until(lambda: not is_running(hung))
        assert len(backend.base_pids) == 1
        assert len((await cluster.call("b", PUMP)).verdicts) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="the fork server is for Linux")
async def test_a_fork_server_without_room_for_one_more_keeps_those_it_has(tmp_path: Path) -> None:
    backend = LocalBackend(loader="scripted", method="forkserver")
    async with Cluster.open(write_registry(tmp_path, a={}, b={}), backend=backend) as cluster:
        await cluster.load("a")
        (server,) = backend.base_pids
        pid = pid_of(cluster, "a")
        limits = resource.prlimit(server, resource.RLIMIT_NOFILE)
        resource.prlimit(server, resource.RLIMIT_NOFILE, (3, limits[1]))
        call = asyncio.create_task(cluster.call("b", PUMP))
        await until(lambda: any(event.kind == "failed" for event in cluster.events.recent))
        resource.prlimit(server, resource.RLIMIT_NOFILE, limits)
        assert len((await call).verdicts) == 2
        assert (backend.base_pids, pid_of(cluster, "a")) == ((server,), pid)


def test_a_fork_that_fails_closes_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room() -> int:
        raise BlockingIOError("no room for another process")

    monkeypatch.setattr("os.fork", no_room)
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(5)
        with pytest.raises(BlockingIOError):
            _fork_worker(b"{}", theirs.detach(), ours, (-1, -1))
        assert ours.recv(1) == b""


async def test_a_request_too_large_for_one_frame_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.workers.wire.MAX_FRAME_BYTES", 1000)
    async with opened(write_registry(tmp_path, a={})) as cluster:
        with pytest.raises(CallError, match="send shorter passages"):
            await cluster.call("a", Decide(query="q", passages=("x" * 2000,)))
        assert len((await cluster.call("a", PUMP)).verdicts) == 2


PARENT = """
import asyncio, os, signal, sys
from pathlib import Path
from cluster.accounting import child_pids
from cluster.backends.local import LocalBackend
from cluster.cluster import Cluster
from specialists.requests import Decide

# Whoever runs the tests in the background has SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    backend = LocalBackend(loader="scripted", method=sys.argv[2])
    async with Cluster.open(Path(sys.argv[1]), backend=backend) as cluster:
        await cluster.load("a")
        pids = [cluster.status().specialists[0].pid, *backend.base_pids]
        print(*pids, flush=True)
        await cluster.call("a", Decide(query="q", passages=("x",) * 1000))

asyncio.run(main())
"""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_no_process_outlives_its_parent(
    tmp_path: Path, method: Method, number: signal.Signals
) -> None:
    registry = write_registry(tmp_path, a={"passage_s": 1.0})
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), str(registry), method],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert pids and all(is_running(pid) for pid in pids)
        parent.send_signal(number)
        parent.communicate(timeout=20)
    await until(lambda: not any(is_running(pid) for pid in pids))
