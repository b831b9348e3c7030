"""The house from outside: open it, ask, call, look, close.

Everything a front end needs goes through `Cluster`, and nothing else does. It joins the registry,
the dispatcher, retrieval and answering; it decides nothing itself and never imports a model.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self, overload

import platformdirs

from cluster.accounting import memory_limit_bytes, usable_cores
from cluster.answering.answer import AnswerStep, answer_question
from cluster.answering.endpoint import EndpointSettings
from cluster.backends.base import Backend
from cluster.backends.local import LocalBackend, check_platform
from cluster.dispatcher import Dispatcher
from cluster.errors import ClusterError, UnknownSpecialist
from cluster.events import Event, EventLog
from cluster.records import Answer
from cluster.registry import (
    Registry,
    SpecialistSpec,
    read_registry,
    require_checkpoint,
)
from cluster.retrieval.index import Index
from cluster.retrieval.refresh import IndexProgress
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    SpecialistReply,
    SpecialistRequest,
)

ROOT = Path(__file__).parents[1]
DEFAULT_SHARE = 0.5
"""Of the machine's memory, when no budget is given."""

Told = AnswerStep | IndexProgress | Event


class Cluster:
    """One cluster of workers on this machine. Use `open`, and enter it:

    async with Cluster.open() as cluster:
        answer = await cluster.ask("When was the pump replaced?", Path("notes"))
    """

    def __init__(self, registry: Registry, backend: Backend, *, budget_bytes: int) -> None:
        self.registry = registry
        self.budget_bytes = budget_bytes
        self.events = EventLog()
        self._backend = backend
        self._dispatcher: Dispatcher | None = None
        self._background: set[asyncio.Task[None]] = set()

    @classmethod
    def open(
        cls,
        registry_path: Path | None = None,
        *,
        backend: Backend | None = None,
        memory_budget_bytes: int | None = None,
        log_dir: Path | None = None,
    ) -> Self:
        """`registry_path` alone, or the shipped registry with the user's over it. Workers are
        started when the first call needs them. Raises `RegistryError`."""
        registry = read_registry(registry_path) if registry_path else read_default_registry()
        if backend is None:
            check_platform()
            backend = LocalBackend(log_path=log_dir / "workers.log" if log_dir else None)
        budget = memory_budget_bytes or int(memory_limit_bytes() * DEFAULT_SHARE)
        return cls(registry, backend, budget_bytes=budget)

    async def __aenter__(self) -> Self:
        self._dispatcher = Dispatcher(
            self.registry.specs,
            self._backend,
            self.events,
            budget_bytes=self.budget_bytes,
            slots=usable_cores(),
        )
        for spec in self.registry.specs.values():
            if spec.entry.preload:
                self._warm(spec)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every worker; whoever waits is told. May be called again."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._dispatcher is not None:
            dispatcher, self._dispatcher = self._dispatcher, None
            await dispatcher.close()
        self.events.close()

    @overload
    async def call(
        self, name: str, request: Decide, /, *, timeout_s: float | None = ...
    ) -> Decided: ...
    @overload
    async def call(
        self, name: str, request: Generate, /, *, timeout_s: float | None = ...
    ) -> Generated: ...
    async def call(
        self, name: str, request: SpecialistRequest, /, *, timeout_s: float | None = None
    ) -> SpecialistReply:
        """Asks a specialist by name or alias, starting its worker when it has none.

        Raises `CallError` (`UnknownSpecialist`, `WorkerFailed`, `OverBudget`, `QueueFull`,
        `CallTimeout`), and `RegistryError` when its checkpoint is not there.
        """
        spec = self._usable(name)
        return await self._open_dispatcher().call(spec.name, request, timeout_s=timeout_s)

    async def ask(
        self,
        question: str,
        docs: Path,
        *,
        specialist: str | None = None,
        k: int = 20,
        endpoint: EndpointSettings | None = None,
        cache_dir: Path | None = None,
        on_event: Callable[[Told], None] | None = None,
    ) -> Answer:
        """Answers from the documents in `docs`, or refuses. `specialist` judges the passages; by
        default the first registered for relevance. `on_event` is told of every step on the way.

        Raises `DocumentError`, `EndpointError`, and what `call` raises.
        """
        tell = on_event or (lambda _: None)
        spec = self._usable(specialist or self._first_for_relevance())
        stop_listening = self.events.listen(tell)
        self._warm(spec)
        try:
            index = await _open_index(docs, cache_dir or default_cache_dir(), tell)
            try:
                return await answer_question(
                    self.call,
                    index,
                    question,
                    specialist=spec.name,
                    k=k,
                    endpoint=endpoint,
                    on_event=tell,
                )
            finally:
                await asyncio.to_thread(index.close)
        finally:
            stop_listening()

    async def load(self, name: str) -> None:
        """Returns when the specialist is ready. Raises like `call`."""
        await self._open_dispatcher().load(self._usable(name).name)

    def _warm(self, spec: SpecialistSpec) -> None:
        """Starts a worker while other things are being done; who calls it hears of failures."""

        async def load() -> None:
            with contextlib.suppress(ClusterError):
                await self.load(spec.name)

        task = asyncio.get_running_loop().create_task(load())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _usable(self, name: str) -> SpecialistSpec:
        spec = self.registry.resolve(name)
        if isinstance(self._backend, LocalBackend):
            require_checkpoint(spec)
        return spec

    def _first_for_relevance(self) -> str:
        for spec in self.registry.specs.values():
            if spec.entry.task == "relevance":
                return spec.name
        raise UnknownSpecialist(
            "no specialist with 'task: relevance' is registered, so nothing can judge passages; "
            "register one (qshell registry add)"
        )

    def _open_dispatcher(self) -> Dispatcher:
        if self._dispatcher is None:
            raise ClusterError("the cluster is not open; use it inside 'async with Cluster.open()'")
        return self._dispatcher


def read_default_registry() -> Registry:
    """The shipped registry with the user's over it. Raises `RegistryError`."""
    user = user_registry_path()
    shipped = read_registry(shipped_registry_path(), root=ROOT)
    if not user.is_file():
        return shipped
    own = read_registry(user)
    merged = {**shipped.specs, **own.specs}
    return Registry.of(merged.values(), (*shipped.files, *own.files))


def shipped_registry_path() -> Path:
    """At the top of a checkout, inside the package when installed."""
    path = ROOT / "registry.yaml"
    return path if path.is_file() else Path(__file__).with_name("registry.yaml")


def user_registry_path() -> Path:
    return Path(platformdirs.user_config_path("qshell", appauthor=False)) / "registry.yaml"


def default_cache_dir() -> Path:
    return Path(platformdirs.user_cache_path("qshell", appauthor=False)) / "indexes"


class _Unwanted(Exception):
    """Nobody waits for the index any more."""


async def _open_index(docs: Path, cache_dir: Path, tell: Callable[[Told], None]) -> Index:
    """Built in a thread. When the caller is cancelled the thread stops at its next file; what it
    had finished is kept."""
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
