"""A budget that holds three of ten specialists, under mixed requests over all ten.

Run by hand:  python -m tests.bench.budget_three_of_ten --seconds 120
Prints whether the budget was kept, that every request was answered once, evictions and waits.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import platform
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cluster.cluster import Cluster
from cluster.errors import CallError
from cluster.eviction import mebibytes
from specialists.requests import Decide
from tests.bench.pocket_checkpoints import write_pocket_registry

CLIENTS = 12
HELD = 3


@dataclass
class Tally:
    asked: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    most_loaded: int = 0


async def budget_for(registry: Path, held: int) -> int:
    """What `held` workers use together, and half of one more."""
    async with Cluster.open(registry) as cluster:
        for name in sorted(cluster.registry.specs)[:held]:
            await cluster.load(name)
            await cluster.call(name, Decide(query="pump", passages=("the pump",) * 20))
        status = await cluster.weigh()
        largest = max(item.uss_bytes or 0 for item in status.specialists)
    return status.used_bytes + largest // 2


async def client(cluster: Cluster, tally: Tally, until: float, seed: int) -> None:
    draw = random.Random(seed)
    names = sorted(cluster.registry.specs)
    while time.monotonic() < until:
        # Some are asked more often than others, as in life.
        name = names[min(int(draw.expovariate(0.35)), len(names) - 1)]
        request = Decide(
            query=f"pump {draw.randrange(3)}",
            passages=("the pump was replaced",) * draw.randint(1, 24),
        )
        tally.asked += 1
        began = time.monotonic()
        try:
            reply = await cluster.call(name, request)
            whole = len(reply.verdicts) == len(request.passages)
            tally.ended["answered" if whole else "answered in part"] += 1
        except CallError as error:
            tally.ended[type(error).__name__] += 1
        tally.waits_s.append(time.monotonic() - began)


async def watch(cluster: Cluster, tally: Tally) -> None:
    while True:
        status = await cluster.weigh()
        tally.peaks.append(status.used_bytes)
        loaded = sum(item.state in ("ready", "starting") for item in status.specialists)
        tally.most_loaded = max(tally.most_loaded, loaded)
        await asyncio.sleep(0.5)


async def run(registry: Path, seconds: float) -> None:
    budget = await budget_for(registry, HELD)
    tally = Tally()
    events: list[str] = []
    async with Cluster.open(registry, memory_budget_bytes=budget) as cluster:
        cluster.events.listen(lambda event: events.append(f"{event.kind}: {event.message}"))
        watching = asyncio.create_task(watch(cluster, tally))
        until = time.monotonic() + seconds
        await asyncio.gather(*(client(cluster, tally, until, n) for n in range(CLIENTS)))
        watching.cancel()
    waits = sorted(tally.waits_s)
    evicted = sum(event.startswith("stopping: evicted") for event in events)
    loads = sum(event.startswith("ready") for event in events)
    over = max(tally.peaks) - budget
    print(f"budget {mebibytes(budget)}; most used {mebibytes(max(tally.peaks))} in")
    print(
        f"  {len(tally.peaks)} measurements, {'kept' if over <= 0 else mebibytes(over) + ' over'}"
    )
    print(f"at most {tally.most_loaded} loaded at once; {loads} loads, {evicted} evictions")
    print(f"requests {tally.asked}, ended {sum(tally.ended.values())}: {dict(tally.ended)}")
    for share in (0.5, 0.9, 0.99):
        print(f"  wait p{share * 100:.0f}: {waits[int(share * len(waits))]:.2f} s")
    print(f"  longest wait: {waits[-1]:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    seconds = parser.parse_args().seconds
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {seconds:g} s, "
        f"{CLIENTS} clients"
    )
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(write_pocket_registry(Path(folder), 10), seconds))


if __name__ == "__main__":
    main()
