"""Workers as child processes of this machine: forked from a server that has torch imported where
forking is safe (Linux), spawned anew elsewhere.

It starts processes and tells how they ended; it never decides whether one should run.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Coroutine, Mapping
from math import prod
from pathlib import Path
from typing import IO, Any, Literal

from cluster import places
from cluster.errors import ClusterError
from cluster.registry import SpecialistSpec
from cluster.workers.process import ONE_THREAD
from cluster.workers.wire import Report
from cluster.workers.worker import STOP_GRACE_S, Worker
from specialists.checkpoint import open_checkpoint
from specialists.errors import SpecialistError
from specialists.model.shapes import expected_shapes

PROCESS_BYTES = 64 * 1024 * 1024
"""What a worker costs beside its weights (tests/bench/ten_workers.py prints it)."""
COPY_BYTES = {None: 1, "float32": 0, "int8": 1}
"""Bytes a weight of the copy in cheaper arithmetic."""
PRELOAD = {"checkpoint": ("torch", "specialists.loading"), "scripted": ()}

Loader = Literal["checkpoint", "scripted"]
Method = Literal["forkserver", "spawn"]


class LocalBackend:
    """Meets `Backend`. `loader` says what stands in the checkpoint folders; `log_path` takes
    what native code prints in a worker; `measured_dir` keeps what is measured once about a
    checkpoint."""

    def __init__(
        self,
        *,
        loader: Loader = "checkpoint",
        method: Method | None = None,
        log_path: Path | None = None,
        measured_dir: Path | None = None,
    ) -> None:
        self._loader: Loader = loader
        self._method = method or ("forkserver" if sys.platform == "linux" else "spawn")
        self._log = str(log_path or os.devnull)
        self._measured = measured_dir or places.measured_dir()
        self._server: _ForkServer | None = None
        self._retired: list[_ForkServer] = []
        self._workers: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, spec: SpecialistSpec, report: Report) -> Worker:
        ours, theirs = socket.socketpair()
        order = {
            "loader": self._loader,
            "folder": str(spec.folder),
            "arithmetic": spec.entry.dtype,
            "measured": str(self._measured),
            "log": self._log,
        }
        try:
            if self._method == "forkserver":
                worker = self._fork(order, theirs, report)
            else:
                worker = self._spawn(order, theirs, report)
        finally:
            theirs.close()
        self._workers = {w for w in self._workers if not w.gone.is_set()} | {worker}
        self._keep(self._connect(worker, ours))
        return worker

    def estimate_bytes(self, spec: SpecialistSpec) -> int:
        """The weights as float32, the copy in cheaper arithmetic beside them, and the process."""
        if self._loader == "scripted":
            return PROCESS_BYTES
        try:
            shapes = expected_shapes(open_checkpoint(spec.folder, verify=False).config)
        except SpecialistError:
            return PROCESS_BYTES  # its worker will say what is wrong
        total = sum(prod(shape) for shape in shapes.values())
        inside = sum(prod(shape) for name, shape in shapes.items() if name.startswith("blocks."))
        return PROCESS_BYTES + 4 * total + COPY_BYTES[spec.entry.dtype] * inside

    @property
    def base_pids(self) -> tuple[int, ...]:
        servers = [*self._retired, *([self._server] if self._server else [])]
        return tuple(server.pid for server in servers if server.alive)

    async def close(self) -> None:
        """In this order: the workers, so that their ends are told; then the server."""
        for worker in self._workers:
            worker.kill("the cluster was closed")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE_S):
                await asyncio.gather(*(worker.gone.wait() for worker in self._workers))
        servers = [*self._retired, *([self._server] if self._server else [])]
        await asyncio.gather(*(server.close() for server in servers))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _fork(self, order: dict[str, Any], theirs: socket.socket, report: Report) -> Worker:
        if self._server is not None and not self._server.alive:
            self._retire(self._server)
        if self._server is None:
            self._server = _ForkServer(PRELOAD[self._loader], self._log)
        server = self._server
        worker = Worker(report, lambda: self._retire(server), server.adopt)
        server.workers = {w for w in server.workers if not w.gone.is_set()} | {worker}
        try:
            server.order(order, theirs)
        except OSError as error:
            self._retire(server)
            worker.fail(f"the fork server does not take orders ({error})")
        return worker

    def _spawn(self, order: dict[str, Any], theirs: socket.socket, report: Report) -> Worker:
        order = {**order, "parent_pid": os.getpid()}
        process = _run_python(
            f"from cluster.workers.process import main; main({theirs.fileno()}, {order!r})",
            pass_fds=(theirs.fileno(),),
            log=self._log,
        )
        worker = Worker(report, process.kill, lambda _worker: None)
        self._keep(_tell_exit(process, worker))
        return worker

    def _retire(self, server: "_ForkServer") -> None:
        """It is dead, or hangs while its workers may be well: it ends after the last of them."""
        if self._server is server:
            self._server = None
            self._retired.append(server)
            self._keep(self._end_retired(server))

    async def _end_retired(self, server: "_ForkServer") -> None:
        await asyncio.gather(*(worker.gone.wait() for worker in server.workers))
        await server.close()
        self._retired.remove(server)

    async def _connect(self, worker: Worker, ours: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: worker, sock=ours)
        except BaseException:
            ours.close()
            raise

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _ForkServer:
    """The parent's end of `workers/forkserver.py`."""

    def __init__(self, preload: tuple[str, ...], log: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        with theirs:
            self._process = _run_python(
                "from cluster.workers.forkserver import main; "
                f"main({theirs.fileno()}, {os.getpid()}, {preload!r})",
                pass_fds=(theirs.fileno(),),
                log=log,
            )
        self.workers: set[Worker] = set()
        self._adopted: dict[int, Worker] = {}
        self._ended: dict[int, int] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._control, self._read)
        self.alive = True

    @property
    def pid(self) -> int:
        return self._process.pid

    def order(self, order: Mapping[str, Any], connection: socket.socket) -> None:
        socket.send_fds(self._control, [json.dumps(order).encode()], [connection.fileno()])

    def adopt(self, worker: Worker) -> None:
        """From here on the exit of `worker` is told to it."""
        assert worker.pid is not None
        self._adopted[worker.pid] = worker
        if worker.pid in self._ended:
            self._finish(worker.pid, self._ended.pop(worker.pid))

    async def close(self) -> None:
        self._end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, STOP_GRACE_S)
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    def _read(self) -> None:
        try:
            data = self._control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        news = json.loads(data)
        self._finish(news["pid"], news["code"])

    def _finish(self, pid: int, code: int) -> None:
        worker = self._adopted.pop(pid, None)
        if worker is None:
            self._ended[pid] = code
        else:
            worker.exited(code)

    def _end(self) -> None:
        if self.alive:
            self.alive = False
            self._loop.remove_reader(self._control)
            self._control.close()


def _run_python(code: str, *, pass_fds: tuple[int, ...], log: str) -> subprocess.Popen[bytes]:
    """A fresh interpreter with our import path, one thread, no terminal and a session of its
    own, so that Ctrl-C is the parent's alone. `-P`: the working folder is no import path."""
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    with _open_log(log) as sink:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-P", "-c", code],
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
            start_new_session=True,
        )


def _open_log(log: str) -> IO[bytes]:
    """A log that cannot be written is no reason not to start."""
    try:
        return Path(log).open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


async def _tell_exit(process: subprocess.Popen[bytes], worker: Worker) -> None:
    """Reaps a spawned process, which is as good as gone when it has hung up; also when the cluster
    closes before that."""
    try:
        await worker.hung_up.wait()
        worker.exited(await asyncio.to_thread(process.wait))
    finally:
        process.kill()
        process.wait()


def check_platform(platform: str = sys.platform) -> None:
    """Raises `ClusterError` where child processes cannot inherit a socket."""
    if platform == "win32":
        raise ClusterError("workers need Linux or macOS; on Windows run qshell inside WSL")
