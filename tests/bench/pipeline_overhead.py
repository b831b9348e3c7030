"""What a pipeline costs beside calling the filter directly: rows a second, both ways.

Run by hand:  python -m tests.bench.pipeline_overhead [--real] [--rows N]
Without `--real` the judge is scripted: at once in this process (nothing but overhead), and with
2 ms a passage, about what q-rag takes, in this process and in a worker; with it the registered
q-rag judges. `direct` is `filter_passages` over rows parsed before;
`run_lines` reads lines, keeps a journal and makes the lines of output, as the command does.
Rounds alternate, so that what else the machine does meets both.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import json
import platform
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

from cluster.answering.filter import filter_passages
from cluster.backends.base import Backend
from cluster.backends.local import LocalBackend
from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.pipelines.batch import run_lines
from cluster.pipelines.journal import Journal
from cluster.pipelines.library import shipped
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.stream import stream_in_order
from cluster.pipelines.types import PASSAGES
from cluster.pipelines.values import from_json
from cluster.workers.scripted import Script

PASSAGES_A_ROW = 10
AT_ONCE = 8
ROUNDS = 5
SLOW_S = 0.002
_WORDS = "the pump in hall {n} was replaced in march by the plumber after it had leaked for weeks"


def rows(count: int) -> list[bytes]:
    texts = [_WORDS.format(n=n) for n in range(count)]
    return [
        json.dumps(
            {
                "id": n,
                "question": f"when was the pump in hall {n} replaced",
                "passages": [texts[(n + at) % count] for at in range(PASSAGES_A_ROW)],
            }
        ).encode()
        for n in range(count)
    ]


async def direct(cluster: Cluster, lines: list[bytes]) -> float:
    parsed = [json.loads(line) for line in lines]
    given = [(row["question"], from_json(row["passages"], PASSAGES, "p")) for row in parsed]

    async def one(row: tuple[str, Any]) -> int:
        judged = await filter_passages(cluster.call, "q-rag", *row)
        return sum(j.kept for j in judged)

    began = time.perf_counter()
    async for _ in stream_in_order(given, one, at_once=AT_ONCE):
        pass
    return time.perf_counter() - began


async def through(cluster: Cluster, lines: list[bytes], pipeline: Pipeline, folder: Path) -> float:
    async def source() -> AsyncIterator[bytes]:
        for line in lines:
            yield line

    began = time.perf_counter()
    async with cluster.runner(pipeline, root=folder) as runner:
        done = run_lines(
            pipeline,
            source(),
            runner.run,
            fixed={},
            open_journal=lambda first: Journal(folder / first, run="bench"),
            at_once=AT_ONCE,
        )
        async for line in done:
            assert line.status == "done", line
    return time.perf_counter() - began


async def measure(name: str, cluster: Cluster, count: int, folder: Path) -> None:
    lines, pipeline = rows(count), shipped("filter-jsonl")
    ways = {
        "direct": partial(direct, cluster, lines),
        "pipeline": partial(through, cluster, lines, pipeline, folder),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    cpu: dict[str, list[float]] = {way: [] for way in ways}
    async with cluster:
        await cluster.load("q-rag")
        await direct(cluster, lines[: count // 10])
        for _ in range(ROUNDS):
            for way, run in ways.items():
                cpu_before = time.process_time()
                times[way].append(await run())
                cpu[way].append(time.process_time() - cpu_before)
    ratios = [p / d - 1 for p, d in zip(times["pipeline"], times["direct"], strict=True)]
    cpu_row = {way: statistics.median(found) / count for way, found in cpu.items()}
    per_row = {way: statistics.median(found) / count for way, found in times.items()}
    print(
        f"{name:22} {count} rows of {PASSAGES_A_ROW}: direct {1 / per_row['direct']:.0f} rows/s, "
        f"pipeline {1 / per_row['pipeline']:.0f} rows/s; "
        f"{(per_row['pipeline'] - per_row['direct']) * 1e6:+.0f} us a row, "
        f"{statistics.median(ratios):+.1%} (rounds {min(ratios):+.1%} to {max(ratios):+.1%}); "
        f"CPU of this process {(cpu_row['pipeline'] - cpu_row['direct']) * 1e6:+.0f} us a row, "
        f"{(cpu_row['pipeline'] - cpu_row['direct']) / per_row['direct']:+.1%} of the direct time"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--rows", type=int, default=0)
    asked = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}; {ROUNDS} rounds")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if asked.real:
            asyncio.run(measure("q-rag", Cluster.open(), asked.rows or 40, folder))
            return
        registry = folder / "registry.yaml"
        registry.write_text("specialists:\n  q-rag: {task: relevance, checkpoint: .}\n")
        (folder / "script.json").write_text(json.dumps({"passage_s": SLOW_S}))
        backends: tuple[tuple[str, Backend, int], ...] = (
            ("stub, at once", StubBackend(), 2000),
            ("stub, 2 ms a passage", StubBackend({"q-rag": Script(passage_s=SLOW_S)}), 100),
            ("worker, 2 ms a passage", LocalBackend(loader="scripted"), 100),
        )
        for name, backend, count in backends:
            cluster = Cluster.open(registry, backend=backend)
            asyncio.run(measure(name, cluster, asked.rows or count, folder))


if __name__ == "__main__":
    main()
