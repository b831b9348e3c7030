"""Faults under load, one after the other, bounded in time.

Run by hand:  python -m tests.bench.faults --seconds 40
Workers are killed every second; one is stopped; a checkpoint file is cut while it is loaded; the
registry is overwritten with garbage and put back; the disk is full for the history; and at the end
the whole program is interrupted. Prints how every request ended, what the log says, and whether
any process or temporary file is left.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from cluster.accounting import child_pids, is_running
from cluster.cluster import Cluster
from cluster.errors import ClusterError
from specialists.checkpoint import WEIGHTS
from specialists.requests import Decide
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry

CLIENTS = 8


class Load:
    """Clients that ask without end, and the book of how every request ended."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.asked = 0
        self.ended: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.longest_s = 0.0

    async def client(self, seed: int) -> None:
        draw = random.Random(seed)
        names = sorted(self._cluster.registry.specs)
        while True:
            passages = ("the pump was replaced in march",) * draw.randint(1, 40)
            self.asked += 1
            began = time.monotonic()
            try:
                name = draw.choice(names)
                reply = await self._cluster.call(
                    name, Decide(query=f"pump {draw.randrange(4)}", passages=passages)
                )
                whole = len(reply.verdicts) == len(passages)
                self.ended["answered" if whole else "ANSWERED IN PART"] += 1
            except ClusterError as error:
                self.ended[type(error).__name__] += 1
                self.reasons[str(error)[:110]] += 1
            except asyncio.CancelledError:
                self.ended["cancelled"] += 1
                raise
            self.longest_s = max(self.longest_s, time.monotonic() - began)


def pids(cluster: Cluster) -> list[int]:
    return [item.pid for item in cluster.status().specialists if item.pid]


async def kill_workers(cluster: Cluster, seconds: float) -> None:
    draw = random.Random(7)
    for _ in range(int(seconds)):
        if alive := pids(cluster):
            os.kill(draw.choice(alive), signal.SIGKILL)
        await asyncio.sleep(1.0)


async def stop_one(cluster: Cluster, seconds: float) -> None:
    if alive := pids(cluster):
        os.kill(alive[0], signal.SIGSTOP)
    await asyncio.sleep(max(8.0, seconds))


async def cut_checkpoint(cluster: Cluster, seconds: float) -> None:
    path = cluster.registry.specs["s0"].folder / WEIGHTS
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(4096)
    await asyncio.sleep(seconds / 2)
    path.write_bytes(whole)
    await asyncio.sleep(seconds / 2)


async def spoil_registry(cluster: Cluster, seconds: float) -> None:
    path = cluster.registry.files[-1]
    good = path.read_text("utf-8")
    for garbage in ("\x00\x01", "specialists: [", "specialists:\n  s0: {task: love}\n", ""):
        path.write_text(garbage, "utf-8")
        await asyncio.sleep(seconds / 5)
    path.write_text(good, "utf-8")
    await asyncio.sleep(seconds / 5)


async def fill_disk(cluster: Cluster, seconds: float) -> None:
    """No file may grow: every write of the history and the log fails."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    await asyncio.sleep(seconds)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


FAULTS: dict[str, Callable[[Cluster, float], Awaitable[None]]] = {
    "kill -9 of a worker every second": kill_workers,
    "SIGSTOP of a worker": stop_one,
    "a checkpoint file cut while loaded": cut_checkpoint,
    "the registry overwritten with garbage and back": spoil_registry,
    "disk full for the history and the log": fill_disk,
}


async def run(folder: Path, seconds: float) -> None:
    registry = write_pocket_registry(folder / "registry", 4, config=TINY)
    logs = folder / "logs"
    async with Cluster.open(
        registry, history_path=folder / "history.sqlite3", log_dir=logs
    ) as cluster:
        load = Load(cluster)
        await asyncio.gather(*map(cluster.load, sorted(cluster.registry.specs)))
        async with asyncio.TaskGroup() as group:
            clients = [group.create_task(load.client(n)) for n in range(CLIENTS)]
            for what, fault in FAULTS.items():
                asked, ended, told = load.asked, Counter(load.ended), len(cluster.events.recent)
                await fault(cluster, seconds / len(FAULTS))
                print(f"\n{what}: {load.asked - asked} asked, {dict(load.ended - ended)}")
                events = list(cluster.events.recent)[told:]
                kinds = Counter(f"{e.kind}: {e.message[:90]}" for e in events)
                for line, times in kinds.most_common(6):
                    print(f"  {times:3} x {line}")
            for client in clients:
                client.cancel()
        told_kinds = Counter(event.kind for event in cluster.events.recent)
    print(f"\nasked {load.asked}, ended {sum(load.ended.values())}: {dict(load.ended)}")
    print(f"longest wait {load.longest_s:.2f} s; events {dict(told_kinds)}")
    for reason, times in load.reasons.most_common(8):
        print(f"  {times:3} x {reason}")


async def load_until_interrupted(registry: Path) -> None:
    async with Cluster.open(registry) as cluster:
        load = Load(cluster)
        await asyncio.gather(*map(cluster.load, sorted(cluster.registry.specs)))
        print("ready", flush=True)
        await asyncio.gather(*(load.client(n) for n in range(CLIENTS)))


def interrupt(folder: Path, number: signal.Signals) -> None:
    """The same load in a program of its own, which is then interrupted."""
    command = [sys.executable, "-m", "tests.bench.faults", "--load", str(folder / "registry")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        time.sleep(1.0)
        family = child_pids(program.pid)
        began = time.monotonic()
        program.send_signal(number)
        program.communicate(timeout=30)
    took = time.monotonic() - began
    time.sleep(0.5)
    left = [pid for pid in family if is_running(pid)]
    print(f"{number.name}: ended after {took:.2f} s with {program.returncode}; ", end="")
    print(f"{len(family)} processes below it, left: {left or 'none'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(load_until_interrupted(arguments.load / "registry.yaml"))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = set(Path(tempfile.gettempdir()).iterdir())
        asyncio.run(run(folder, arguments.seconds))
        left = child_pids(os.getpid())
        print(f"processes left: {left or 'none'}\n")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            interrupt(folder, number)
        new = set(Path(tempfile.gettempdir()).iterdir()) - before
        print(f"temporary files left: {sorted(map(str, new)) or 'none'}")


if __name__ == "__main__":
    main()
