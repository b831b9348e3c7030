"""The parent's handle on the one process serving one specialist.

It turns the bytes of a socket into reports and knows how its process can be ended; how the
process was made is the backend's business, and what follows from its end the scheduler's.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

from cluster.errors import WorkerFailed
from cluster.workers.wire import (
    STOP,
    Beat,
    CannotStart,
    FrameReader,
    Hello,
    Lost,
    Report,
    decode_message,
    encode_request,
)
from specialists.requests import SpecialistRequest

STOP_GRACE_S = 2.0
EXIT_NEWS_S = 0.5
"""How long the exit code may come after the end of the socket."""


class Worker(asyncio.Protocol):
    """Meets `WorkerHandle`. `on_stuck` is called when it is to be killed but never said hello."""

    def __init__(
        self,
        report: Report,
        on_stuck: Callable[[], None],
        on_hello: Callable[["Worker"], None],
    ) -> None:
        self._report = report
        self._on_stuck = on_stuck
        self._on_hello = on_hello
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._pid: int | None = None
        self._heard_s: float | None = None
        self._reason = ""
        self._timer: asyncio.TimerHandle | None = None
        self.hung_up = asyncio.Event()
        self.gone = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._pid

    @property
    def heard_s(self) -> float | None:
        return self._heard_s

    def send(self, batch_id: int, request: SpecialistRequest) -> None:
        self._write(encode_request(batch_id, request))

    def stop(self) -> None:
        if self.hung_up.is_set():  # it is gone, and the limit for the news of it stands
            return
        self._write(STOP)
        self._limit(STOP_GRACE_S, lambda: self.kill("it did not stop in time and was killed"))

    def kill(self, reason: str) -> None:
        if self.gone.is_set():
            return
        self._reason = self._reason or reason
        if self._pid is None:
            self._on_stuck()
            self._finish()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def exited(self, code: int) -> None:
        """The process was reaped: the number is its exit code, or minus the signal."""
        if not self._reason:
            self._reason = f"killed by {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        self._finish()

    def fail(self, reason: str) -> None:
        """It could not even be started."""
        self._reason = reason
        self._loop.call_soon(self._finish)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self.gone.is_set():
            transport.abort()
            return
        for data in self._unsent:
            transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._heard_s = time.monotonic()
        try:
            for message in map(decode_message, self._reader.feed(data)):
                match message:
                    case Beat():
                        continue
                    case Hello(pid=pid):
                        self._pid = pid
                        self._on_hello(self)
                    case CannotStart(message=text):
                        self._reason = text
                self._report(message)
        except WorkerFailed as error:
            self.kill(str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone or going; its exit code is on the way."""
        self.hung_up.set()
        self._limit(EXIT_NEWS_S, self._finish)

    def _write(self, data: bytes) -> None:
        if self._transport is None:
            self._unsent.append(data)
        else:
            self._transport.write(data)

    def _limit(self, seconds: float, act: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.gone.is_set():
            self._timer = self._loop.call_later(seconds, act)

    def _finish(self) -> None:
        if self.gone.is_set():
            return
        self.gone.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        self._report(Lost(reason=self._reason or "its connection ended"))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
