"""Opens an index beside the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from cluster.errors import ClusterError
from cluster.retrieval.index import Index
from cluster.retrieval.refresh import IndexProgress


class _Unwanted(Exception):
    """Nobody waits for the index any more."""


async def open_index(docs: Path, cache_dir: Path, tell: Callable[[IndexProgress], None]) -> Index:
    """Built in a thread. When the caller is cancelled the thread stops at its next file; what it
    had finished is kept. Raises `DocumentError`."""
    loop = asyncio.get_running_loop()
    unwanted = threading.Event()

    def progress(step: IndexProgress) -> None:
        if unwanted.is_set():
            raise _Unwanted
        loop.call_soon_threadsafe(tell, step)

    building = asyncio.ensure_future(
        asyncio.to_thread(Index.open_or_build, docs, cache_dir, progress)
    )
    try:
        return await asyncio.shield(building)
    except asyncio.CancelledError:
        unwanted.set()
        with contextlib.suppress(_Unwanted, ClusterError):
            (await building).close()
        raise
