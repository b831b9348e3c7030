"""What happened in a cluster, when and to whom: kept for a while, told to whoever listens, and
written as lines of JSON where a log file is given.

It stands alone because every part reports here and none of them should know who reads. A log
that cannot be written is no reason to fail: it is said once and then left alone.
"""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

KEPT_EVENTS = 1_000
MAX_LOG_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """`at` is wall time in seconds; `kind` one word (starting, ready, failed, retried, stopping,
    stopped, refused, budget, registry, order, history, scores, log); `name` the specialist, if
    any."""

    at: float
    kind: str
    name: str
    message: str


Listener = Callable[[Event], None]


class EventLog:
    """Listeners are called on the loop's thread and must not block. One that raises is told of in
    the log, once, and harms nobody else."""

    def __init__(self) -> None:
        self.recent: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._listeners: list[Listener] = []
        self._raised: list[Listener] = []
        self._file: TextIO | None = None

    def tell(self, kind: str, name: str, message: str) -> None:
        event = Event(at=time.time(), kind=kind, name=name, message=message)
        self.recent.append(event)
        self._write(event)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:
                self._tell_of(listener, error)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell_of(self, listener: Listener, error: Exception) -> None:
        if listener not in self._raised:
            self._raised.append(listener)
            self.tell("log", "", f"who listens to the events failed ({error!r})")

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError:
                return

    def write_to(self, path: Path) -> None:
        """From now on, one line of JSON an event."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
                path.replace(path.with_name(f"{path.name}.1"))
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            self.tell("log", "", f"{path} cannot be written ({error}); events are not kept")

    def _write(self, event: Event) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(asdict(event)) + "\n")
            self._file.flush()
        except OSError as error:
            self.close()
            self.tell("log", "", f"the log cannot be written any more ({error})")
