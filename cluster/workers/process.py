"""The child: one specialist, loaded once, answering one batch after the other.

Plain blocking code; the socket is the border to the asynchronous parent. It prints nothing to
the terminal, leaves Ctrl-C to its parent, and cannot outlive it: the kernel is asked to end it
with its parent where it can be, and the end of the socket ends it everywhere.
"""

import contextlib
import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from cluster.errors import CallError
from cluster.workers.scripted import load_scripted
from cluster.workers.wire import (
    Beat,
    CannotStart,
    Hello,
    Ready,
    Refused,
    Replied,
    WorkerMessage,
    decode_request,
    encode_message,
    read_frame,
)
from specialists.allocator import give_back_memory, keep_freed_memory
from specialists.errors import SpecialistError
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    Represent,
    Represented,
    SpecialistReply,
    SpecialistRequest,
)

BEAT_EVERY_S = 1.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Must stand in the environment before torch is imported: later changes are not read."""
_PR_SET_PDEATHSIG = 1


class Specialist(Protocol):
    """What a worker asks of the model side."""

    def decide(self, request: Decide, /) -> Decided: ...
    def generate(self, request: Generate, /) -> Generated: ...
    def represent(self, request: Represent, /) -> Represented: ...
    def warm_up(self) -> None: ...


def serve(connection: socket.socket, order: Mapping[str, Any]) -> None:
    """Loads what `order` names and answers until told to stop or until the parent is gone.

    `order`: loader (a name of `LOADERS`), folder, arithmetic, measured (the folder that keeps what
    was measured), log (a file for stray output), parent_pid.
    """
    born_s = time.monotonic()
    _settle_in(order)
    outlet = _Outlet(connection)
    outlet.send(Hello(pid=os.getpid()))
    threading.Thread(target=outlet.beat_forever, daemon=True).start()
    try:
        specialist = LOADERS[order["loader"]](order)
        specialist.warm_up()
    except SpecialistError as error:
        return outlet.send(CannotStart(message=str(error)))
    except Exception as error:
        return outlet.send(CannotStart(message=f"{type(error).__name__}: {error}"))
    give_back_memory()
    keep_freed_memory()
    outlet.send(Ready(load_s=time.monotonic() - born_s))
    with connection.makefile("rb") as inlet:
        while message := read_frame(inlet):
            asked = decode_request(message)
            if asked is None:
                return None
            outlet.send(_answer(specialist, *asked))
    return None


def main(descriptor: int, order: Mapping[str, Any]) -> None:
    """The whole life of a spawned worker; a forked one is entered at `serve`."""
    with socket.socket(fileno=descriptor) as connection:
        serve(connection, order)


def load_checkpoint(order: Mapping[str, Any]) -> Specialist:
    """The real thing. Imported by name: only here, inside the child, does torch come in."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    # Refused when kernels already ran; then the environment has set it.
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    load: Callable[..., Specialist] = importlib.import_module("specialists.loading").load_for_worker
    return load(Path(order["folder"]), order["arithmetic"], Path(order["measured"]))


LOADERS: Mapping[str, Callable[[Mapping[str, Any]], Specialist]] = {
    "checkpoint": load_checkpoint,
    "scripted": lambda order: load_scripted(Path(order["folder"])),
}


def _answer(specialist: Specialist, batch_id: int, request: SpecialistRequest) -> WorkerMessage:
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    reply: SpecialistReply
    try:
        match request:
            case Decide():
                reply = specialist.decide(request)
            case Generate():
                reply = specialist.generate(request)
            case Represent():
                reply = specialist.represent(request)
    except SpecialistError as error:
        return Refused(batch_id=batch_id, message=str(error))
    except Exception as error:
        return Refused(
            batch_id=batch_id, message=f"inside the specialist: {type(error).__name__}: {error}"
        )
    return Replied(
        batch_id=batch_id,
        reply=reply,
        seconds=time.perf_counter() - began_s,
        cpu_s=time.process_time() - began_cpu_s,
    )


class _Outlet:
    """The sending side, shared by the work and the beat. Ends the process when nobody listens."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: WorkerMessage) -> None:
        try:
            data = encode_message(message)
            with self._lock:
                self._connection.sendall(data)
        except OSError:
            os._exit(0)
        except CallError:
            os._exit(1)

    def beat_forever(self) -> None:
        while True:
            time.sleep(BEAT_EVERY_S)
            self.send(Beat())


def _settle_in(order: Mapping[str, Any]) -> None:
    """Quiet, deaf to Ctrl-C, and bound to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(order["parent_pid"])
    null = os.open(os.devnull, os.O_RDWR)
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        log = null
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


def die_with_parent(parent_pid: int) -> None:
    """Linux only; elsewhere the end of the socket has to do."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(0)
