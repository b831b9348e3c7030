"""Ten workers of pocket size up from cold: seconds and memory, forkserver beside spawn.

Run by hand:  python -m tests.bench.ten_workers
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import platform
import tempfile
import time
from pathlib import Path

from cluster.backends.local import LocalBackend, Method
from cluster.cluster import Cluster
from cluster.eviction import mebibytes
from specialists.requests import Decide
from tests.bench.pocket_checkpoints import write_pocket_registry

METHODS: tuple[Method, ...] = ("forkserver", "spawn")


async def measure(method: Method, registry: Path) -> None:
    began = time.perf_counter()
    backend = LocalBackend(method=method)
    async with Cluster.open(registry, backend=backend) as cluster:
        names = sorted(cluster.registry.specs)
        await asyncio.gather(*map(cluster.load, names))
        up_s = time.perf_counter() - began
        await asyncio.gather(
            *(cluster.call(name, Decide(query="pump", passages=("the pump",))) for name in names)
        )
        status = await cluster.weigh()
    print(f"\n{method}: {len(names)} workers ready after {up_s:.2f} s")
    for item in status.specialists:
        sizes = (item.pss_bytes, item.uss_bytes, item.rss_bytes)
        pss, uss, rss = (mebibytes(size or 0) for size in sizes)
        print(f"  {item.name:4} PSS {pss:>10}  USS {uss:>10}  RSS {rss:>10}")
    print(
        f"  together {mebibytes(status.used_bytes)}, of it {mebibytes(status.base_bytes)} "
        "for the fork server"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=10)
    workers = parser.parse_args().workers
    print(f"{platform.platform()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        registry = write_pocket_registry(Path(folder), workers)
        for method in METHODS:
            asyncio.run(measure(method, registry))


if __name__ == "__main__":
    main()
