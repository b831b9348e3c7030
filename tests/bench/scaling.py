"""What more work costs: passages under one question from 1 to 1,000, and 1 to 10 specialists.

Run by hand:  python -m tests.bench.scaling [--plot DIR]

Passages make a straight line with two knees. Below about ten, the question's own tokens and the way
to the worker and back weigh as much as the passages; above `limits.batch` (32) a call is cut into
parts, between which others have their turn, and each part reads the question again. Specialists
asked at once make a straight line in seconds from as many on as there are cores, since each worker
has one thread and at most one works on a core; below that they cost nothing. Their memory is a
straight line from the first: what they share is counted once.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import platform
import statistics
import tempfile
import time
from pathlib import Path

from cluster.cluster import Cluster
from cluster.eviction import mebibytes
from specialists.requests import Decide
from tests.bench.pocket_checkpoints import write_pocket_registry

COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
SPECIALISTS = (1, 2, 4, 6, 8, 10)
ROUNDS = 3
PASSAGE = (
    "The water pump of the north station was replaced in March 1987 by the firm of A. Lindqvist, "
    "which had built the two older ones; number {number} of the log tells what it cost and who "
    "paid for it. "
)

Points = list[tuple[float, float]]


def passages(count: int) -> tuple[str, ...]:
    """Each different, about fifty tokens."""
    return tuple(PASSAGE.format(number=number) for number in range(count))


async def by_passages() -> Points:
    """Seconds of one call to the shipped q-rag."""
    points: Points = []
    async with Cluster.open() as cluster:
        await cluster.load("q-rag")
        for count in COUNTS:
            seconds = []
            for turn in range(ROUNDS):
                request = Decide(query=f"Who replaced the pump, {turn}?", passages=passages(count))
                began = time.perf_counter()
                await cluster.call("q-rag", request)
                seconds.append(time.perf_counter() - began)
            median = statistics.median(seconds)
            points.append((count, median))
            print(f"  {count:5} passages {median:8.3f} s {count / median:8.1f} a second")
    return points


async def by_specialists(registry: Path) -> tuple[Points, Points]:
    """Seconds until all have judged twenty passages, asked at once; mebibytes of all workers."""
    seconds_of, memory_of = [], []
    async with Cluster.open(registry) as cluster:
        for count in SPECIALISTS:
            names = [f"s{number}" for number in range(count)]
            await asyncio.gather(*map(cluster.load, names))
            request = Decide(query="Who replaced the pump?", passages=passages(20))
            seconds = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await asyncio.gather(*(cluster.call(name, request) for name in names))
                seconds.append(time.perf_counter() - began)
            used = (await cluster.weigh()).used_bytes
            median = statistics.median(seconds)
            seconds_of.append((float(count), median))
            memory_of.append((float(count), used / 2**20))
            print(f"  {count:3} specialists {median:8.3f} s {mebibytes(used):>10}")
    return seconds_of, memory_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="DIR")
    folder = parser.parse_args().plot
    print(f"{platform.platform()}, Python {platform.python_version()}; medians of {ROUNDS}")
    asked = asyncio.run(by_passages())
    with tempfile.TemporaryDirectory() as written:
        seconds, memory = asyncio.run(by_specialists(write_pocket_registry(Path(written), 10)))
    if folder is None:
        return
    from specialists.evaluation.plots import draw_lines

    for name, points, x_label, y_label in (
        ("scaling-passages", asked, "passages under one question", "seconds"),
        ("scaling-specialists", seconds, "specialists asked at once", "seconds"),
        ("scaling-memory", memory, "specialists loaded", "MiB of all workers"),
    ):
        for path in draw_lines({name: points}, folder, name=name, x_label=x_label, y_label=y_label):
            print(f"drew {path}")


if __name__ == "__main__":
    main()
