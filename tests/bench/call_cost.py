"""What the path costs without a model: microseconds a call and calls a second.

Run by hand:  python -m tests.bench.call_cost
`stub` answers inside this process: scheduler and loop alone. `scripted` is a real worker process:
the wire too.
"""

# ruff: noqa: T201  printing figures is what this is for

import asyncio
import platform
import statistics
import tempfile
import time
from pathlib import Path

from cluster.backends.base import Backend
from cluster.backends.local import LocalBackend
from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from specialists.requests import Decide

CALLS = 3_000
AT_ONCE = 100
ROUNDS = 5


async def measure(name: str, backend: Backend, registry: Path) -> None:
    request = Decide(query="the pump", passages=("the pump was replaced in march",))
    one_by_one, together = [], []
    async with Cluster.open(registry, backend=backend) as cluster:
        await cluster.load("a")
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for _ in range(CALLS):
                await cluster.call("a", request)
            one_by_one.append((time.perf_counter() - began) / CALLS * 1e6)
            began = time.perf_counter()
            for _ in range(CALLS // AT_ONCE):
                await asyncio.gather(*(cluster.call("a", request) for _ in range(AT_ONCE)))
            together.append(CALLS / (time.perf_counter() - began))
    print(
        f"{name:9} one by one: {statistics.median(one_by_one):6.1f} us a call "
        f"(min {min(one_by_one):.1f}); {AT_ONCE} at once: {statistics.median(together):8.0f} "
        f"calls/s (max {max(together):.0f})"
    )


def main() -> None:
    print(f"{platform.platform()}, Python {platform.python_version()}; {ROUNDS} x {CALLS} calls")
    with tempfile.TemporaryDirectory() as folder:
        registry = Path(folder) / "registry.yaml"
        registry.write_text("specialists:\n  a: {task: relevance, checkpoint: .}\n")
        asyncio.run(measure("stub", StubBackend(), registry))
        asyncio.run(measure("scripted", LocalBackend(loader="scripted"), registry))


if __name__ == "__main__":
    main()
