"""Workers without processes: scripted specialists inside this one, for tests and dry runs.

It ships with the product and meets the same contract as the others, down to failed starts and
sudden ends; only nothing is ever computed elsewhere.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from cluster.errors import CallError
from cluster.registry import SpecialistSpec
from cluster.workers.scripted import Script, ScriptedSpecialist
from cluster.workers.wire import CannotStart, Hello, Lost, Ready, Refused, Replied, Report
from specialists.errors import SpecialistError
from specialists.requests import (
    Decide,
    Generate,
    SpecialistReply,
    SpecialistRequest,
    request_size,
)


class StubBackend:
    """Meets `Backend`. `scripts` by specialist name; the others follow the plain script."""

    def __init__(self, scripts: Mapping[str, Script] | None = None) -> None:
        self._scripts = dict(scripts or {})
        self._handles: list[StubWorker] = []
        self.starts: list[str] = []

    def start(self, spec: SpecialistSpec, report: Report) -> "StubWorker":
        self.starts.append(spec.name)
        self._handles = [handle for handle in self._handles if not handle.gone]
        handle = StubWorker(self._scripts.get(spec.name, Script()), report)
        self._handles.append(handle)
        return handle

    def estimate_bytes(self, spec: SpecialistSpec) -> int:
        return max(1, self._scripts.get(spec.name, Script()).ballast_bytes)

    @property
    def base_pids(self) -> tuple[int, ...]:
        return ()

    async def close(self) -> None:
        for handle in self._handles:
            handle.kill("the cluster was closed")


class StubWorker:
    """Meets `WorkerHandle`. Replies come on a later turn of the loop, as from a real worker."""

    def __init__(self, script: Script, report: Report) -> None:
        self._script = script
        self._specialist = ScriptedSpecialist(
            Script(refuse_on=script.refuse_on, routes=script.routes)
        )
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._stopped_beating_s: float | None = None
        self.gone = False
        self._later(script.load_s, self._come_up)

    @property
    def pid(self) -> int | None:
        return None

    @property
    def heard_s(self) -> float | None:
        return self._stopped_beating_s or time.monotonic()

    def send(self, batch_id: int, request: SpecialistRequest) -> None:
        text = _first_text(request)
        if self._script.crash_on and self._script.crash_on in text:
            self._later(0.0, lambda: self.kill("the script crashed"))
        elif self._script.hang_on and self._script.hang_on in text:
            self._stopped_beating_s = time.monotonic()
        else:
            size = request_size(request)
            self._later(self._script.passage_s * size, lambda: self._reply(batch_id, request))

    def stop(self) -> None:
        self._later(0.0, lambda: self.kill("stopped"))

    def kill(self, reason: str) -> None:
        if not self.gone:
            self.gone = True
            self._loop.call_soon(self._report, Lost(reason=reason))

    def _come_up(self) -> None:
        self._report(Hello(pid=0))
        if self._script.cannot_start:
            self._report(CannotStart(message=self._script.cannot_start))
            self.kill(self._script.cannot_start)
        else:
            self._report(Ready(load_s=self._script.load_s))

    def _reply(self, batch_id: int, request: SpecialistRequest) -> None:
        began_s = time.perf_counter()
        reply: SpecialistReply
        try:
            if isinstance(request, Decide):
                reply = self._specialist.decide(request)
            elif isinstance(request, Generate):
                reply = self._specialist.generate(request)
            else:
                reply = self._specialist.represent(request)
        except (SpecialistError, CallError) as error:
            self._report(Refused(batch_id=batch_id, message=str(error)))
            return
        took_s = time.perf_counter() - began_s
        self._report(Replied(batch_id=batch_id, reply=reply, seconds=took_s, cpu_s=took_s))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def unless_gone() -> None:
            if not self.gone:
                act()

        if seconds:
            self._loop.call_later(seconds, unless_gone)
        else:
            self._loop.call_soon(unless_gone)


def _first_text(request: SpecialistRequest) -> str:
    """What the script's words are looked for in."""
    match request:
        case Decide(query=text) | Generate(prompt=text):
            return text
        case _:
            return "\n".join(request.texts)
