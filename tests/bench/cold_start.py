"""From `qshell ask` to the first verdict, with nothing running yet: how long each part takes.

Run by hand:  python -m tests.bench.cold_start

The interpreter and our imports come first. Then the fork server starts its own interpreter and
imports torch, by far the largest part, while this process reads and indexes the documents beside
it; its collector of garbage rests meanwhile, which saves a seventh. Then the worker is forked, maps
the weights and runs every kernel once. Last come the verdicts. With `score_cache: on`, a question
that was asked before needs none of this but the first two (the last line).
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "When was the mirror of the Marrow reflector given a new coating?"
PARTS = (
    "interpreter",
    "imports of shell and cluster",
    "cluster opened, worker ordered",
    "documents indexed",
    "fork server: interpreter and torch",
    "weights loaded, kernels run once",
    "first verdicts and the answer",
    "closed",
)


def child(began: float) -> None:
    """One cold question, in a process of its own: prints when each part ended."""
    ends = [time.time()]
    from shell import asking
    from shell.commands.ask import SAMPLE_DOCS
    from shell.settings import read_settings

    ends.append(time.time())
    at: dict[str, float] = {}

    def hear(told: object) -> None:
        kind = getattr(told, "kind", None) or getattr(told, "step", None) or type(told).__name__
        at.setdefault(str(kind), time.time())

    async def ask() -> None:
        settings = read_settings()
        async with asking.open_cluster(settings) as cluster:
            await cluster.ask(QUESTION, SAMPLE_DOCS, cache_dir=settings.index_dir, on_event=hear)
            at["answered"] = time.time()

    asyncio.run(ask())
    ends += [at.get("starting", ends[-1]), at["IndexReport"]]
    ends += [at.get("ready", ends[-1]), at["answered"], time.time()]
    print(json.dumps([end - began for end in ends]))


def run(home: Path) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.cold_start", "--child", str(time.time())],
        env={**os.environ, "QSHELL_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(end) for end in json.loads(done.stdout)]


def seconds_of(code: str) -> float:
    began = time.time()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.time() - began


def parts_of(ends: list[float], torch_s: float) -> list[float]:
    """The server's imports are measured alone: what is left of the wait is loading."""
    interpreter, imports, ordered, indexed, ready, answered, closed = ends
    served = min(ready, ordered + torch_s)
    return [
        interpreter,
        imports - interpreter,
        ordered - imports,
        max(0.0, indexed - ordered),
        max(0.0, served - ordered),
        ready - served,
        answered - max(ready, indexed),
        closed - answered,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", type=float)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if given.child is not None:
        child(given.child)
        return
    colds, agains = [], []
    torchs = []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as home:
            (Path(home) / "config.yaml").write_text("score_cache: on\n")
            torchs.append(seconds_of("import gc; gc.disable(); import specialists.loading"))
            colds.append(run(Path(home)))
            agains.append(run(Path(home))[-1])
    rows = [parts_of(ends, torch_s) for ends, torch_s in zip(colds, torchs, strict=True)]
    print(f"median of {given.rounds} cold starts, seconds; the indexing runs beside the server")
    for name, column in zip(PARTS, zip(*rows, strict=True), strict=True):
        print(f"  {name:36} {statistics.median(column):6.2f}")
    print(f"  {'from start to end':36} {statistics.median(e[-1] for e in colds):6.2f}")
    print(f"  {'asked again, verdicts kept':36} {statistics.median(agains):6.2f}")


if __name__ == "__main__":
    main()
