"""A clean process that has imported torch, started no thread and run no kernel, and forks workers
on demand, so that they share one copy of everything imported.

Not the one of `multiprocessing`: that one runs the user's main script again in every child,
prints a traceback when Ctrl-C comes during its imports, and leaves a folder behind when its
parent is killed. This one speaks over an inherited socket and has no file anywhere.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import traceback
from collections.abc import Sequence
from types import FrameType

from cluster.workers.process import die_with_parent, serve

MAX_ORDER_BYTES = 64 * 1024


def main(control_descriptor: int, parent_pid: int, preload: Sequence[str]) -> None:
    """Serves until `control` ends: each order comes with the socket of the worker to be, each
    exit is told as a line `{"pid", "code"}`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent_pid)
    gc.disable()  # collecting what imports make finds nothing and takes a seventh of their time
    for module in preload:
        # What cannot be imported here fails in the worker, which can say so.
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    # Else the first collection in each worker writes to, and so copies, all that is shared.
    gc.freeze()
    gc.enable()
    wake_r, wake_w = os.pipe()
    os.set_blocking(wake_w, False)
    os.set_blocking(wake_r, False)
    signal.set_wakeup_fd(wake_w)
    signal.signal(signal.SIGCHLD, _noop)
    # SOCK_SEQPACKET keeps each order whole, together with its descriptor.
    control = socket.socket(fileno=control_descriptor)
    children: set[int] = set()
    while True:
        readable, _, _ = select.select([control.fileno(), wake_r], [], [])
        if wake_r in readable:
            os.read(wake_r, 4096)
            _tell_exits(control, children)
        if control.fileno() in readable:
            data, descriptors, _, _ = socket.recv_fds(control, MAX_ORDER_BYTES, 1)
            if not data:
                break
            # None came where this process has no room for it. The parent sees the hang-up.
            for descriptor in descriptors:
                with contextlib.suppress(OSError):
                    children.add(_fork_worker(data, descriptor, control, (wake_r, wake_w)))
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _fork_worker(
    data: bytes, descriptor: int, control: socket.socket, wake: tuple[int, int]
) -> int:
    """Raises `OSError` where there is no room for another process."""
    server_pid = os.getpid()
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid:
            os.close(descriptor)
    if pid:
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        for end in wake:
            os.close(end)
        with socket.socket(fileno=descriptor) as connection:
            serve(connection, {**json.loads(data), "parent_pid": server_pid})
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _tell_exits(control: socket.socket, children: set[int]) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        line = json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)})
        with contextlib.suppress(OSError):
            control.send(line.encode("ascii"))


def _noop(_signal: int, _frame: FrameType | None) -> None:
    """A handler must stand for the wake-up descriptor to be written."""
