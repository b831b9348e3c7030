"""Many rows at once: in order, bounded, and nothing left running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from cluster.pipelines.stream import stream_in_order


async def test_results_come_in_the_order_of_the_rows_and_no_more_run_than_allowed() -> None:
    running = most = 0

    async def work(row: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(row % 7):
            await asyncio.sleep(0)
        running -= 1
        return row * 2

    found = [pair async for pair in stream_in_order(range(500), work, at_once=5)]
    assert found == [(row, row * 2) for row in range(500)]
    assert most == 5


async def test_a_slow_first_row_holds_back_only_so_many() -> None:
    gate, begun = asyncio.Event(), 0

    async def work(row: int) -> int:
        nonlocal begun
        begun += 1
        if row == 0:
            await gate.wait()
        return row

    async def open_later() -> None:
        for _ in range(500):
            await asyncio.sleep(0)
        assert begun < 30
        gate.set()

    opening = asyncio.create_task(open_later())
    assert len([r async for r in stream_in_order(range(1000), work, at_once=4)]) == 1000
    await opening


async def test_who_leaves_early_leaves_nothing_behind() -> None:
    async def work(row: int) -> int:
        if row:
            await asyncio.Event().wait()
        return row

    async with aclosing(stream_in_order(range(100), work, at_once=4)) as results:
        async for _ in results:
            break
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_rows_that_cannot_be_read_end_it() -> None:
    async def rows() -> AsyncIterator[int]:
        yield 1
        raise OSError("the disk is gone")

    async def work(row: int) -> int:
        return row

    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        async for row, _ in stream_in_order(rows(), work):
            found.append(row)
    assert found == [1]
