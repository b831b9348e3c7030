"""The screen over a cluster that never rests; what `screen_latency` measures.

It stands alone so that the process it runs in is the shell and nothing else.
"""

import asyncio
from pathlib import Path

from cluster.cluster import Cluster
from shell.settings import Settings
from shell.tui.run import run_screen
from specialists.requests import Decide

_BUSY = Decide(query="when was the pump replaced", passages=("the pump was replaced in march",) * 8)


class BusyCluster(Cluster):
    """All its specialists are called without a pause from the moment it is open."""

    async def __aenter__(self) -> "BusyCluster":
        await super().__aenter__()
        self._calling = [asyncio.ensure_future(self._keep_busy(n)) for n in self.registry.specs]
        return self

    async def close(self) -> None:
        for task in self._calling:
            task.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)
        await super().close()

    async def _keep_busy(self, name: str) -> None:
        while True:
            await self.call(name, _BUSY)


def child(registry: str) -> None:
    """What runs in the terminal."""

    def open_busy(_: Settings) -> Cluster:
        return BusyCluster.open(Path(registry))

    raise SystemExit(run_screen(plain=False, open_anew=open_busy))
