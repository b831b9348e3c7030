"""The parent's handle on a worker, without the backend that made it."""

import asyncio
import subprocess

from cluster.workers.wire import Hello, Lost, WorkerReport, encode_message
from cluster.workers.worker import STOP_GRACE_S, Worker


async def test_a_worker_told_to_stop_after_it_hung_up_is_lost_all_the_same() -> None:
    """The news of its exit may never come: who would have reaped it may be gone too."""
    with subprocess.Popen(["true"]) as process:
        pid = process.pid
    told: list[WorkerReport] = []
    worker = Worker(told.append, lambda: None, lambda _: None)
    worker.data_received(encode_message(Hello(pid=pid)))
    worker.connection_lost(None)
    worker.stop()
    await asyncio.wait_for(worker.gone.wait(), STOP_GRACE_S + 2.0)
    assert told == [Hello(pid=pid), Lost(reason="its connection ended")]
