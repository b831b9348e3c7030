"""Many rows through a pipeline, several at once, their results in the order of the rows.

It stands alone because order and bounds are its one concern: never more than `at_once` rows under
way, never more than a few times that waiting for the one before them.
"""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from typing import Any, TypeVar

AT_ONCE = 8
_AHEAD = 4
"""How many times `at_once` may be done before the first of them is."""

R = TypeVar("R")
S = TypeVar("S")


async def stream_in_order(
    rows: Iterable[R] | AsyncIterable[R],
    work: Callable[[R], Awaitable[S]],
    *,
    at_once: int = AT_ONCE,
) -> AsyncGenerator[tuple[R, S], None]:
    """Each row with its result. Leaving the loop early cancels what is under way."""
    queue: asyncio.Queue[tuple[R, asyncio.Task[S]] | None] = asyncio.Queue(at_once * _AHEAD)
    room = asyncio.Semaphore(at_once)
    begun: set[asyncio.Task[Any]] = set()

    async def one(row: R) -> S:
        try:
            return await work(row)
        finally:
            room.release()

    async def feed() -> None:
        try:
            async for row in _each(rows):
                await room.acquire()
                task = asyncio.create_task(one(row))
                begun.add(task)
                await queue.put((row, task))
        except Exception:
            await queue.put(None)
            raise
        await queue.put(None)

    feeding = asyncio.create_task(feed())
    try:
        while (pair := await queue.get()) is not None:
            row, task = pair
            result = await task
            begun.discard(task)
            yield row, result
        await feeding
    finally:
        begun.add(feeding)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def _each(rows: Iterable[R] | AsyncIterable[R]) -> AsyncIterator[R]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row
