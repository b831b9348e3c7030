"""The house from outside: open it, ask, call, look, close.

Everything a front end needs goes through `Cluster`, and nothing else does. It joins the registry,
the dispatcher, retrieval and answering; it decides nothing itself and never imports a model.
"""

import asyncio
import contextlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, overload

from cluster.accounting import memory_limit_bytes, usable_cores
from cluster.answering.answer import AnswerStep, Judging, answer_question
from cluster.answering.answer_cache import AnswerCache
from cluster.answering.endpoint import EndpointSettings
from cluster.answering.guards import choose_guards
from cluster.backends.base import Backend
from cluster.backends.local import LocalBackend, check_platform
from cluster.dispatcher import Dispatcher
from cluster.errors import ClusterError
from cluster.events import Event, EventLog
from cluster.history import Order, Recorder
from cluster.identity import identify, identify_routes
from cluster.jobs import do_job, inputs_of, jobs_of
from cluster.monitor import Monitor
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.run import OnStep, RowResult
from cluster.pipelines.runner import House, PipelineRunner
from cluster.pipelines.stream import AT_ONCE
from cluster.places import index_dir, routes_dir
from cluster.records import USUAL_GUARDS, Answer, GuardName
from cluster.registry import Registry, SpecialistSpec, require_checkpoint
from cluster.registry_source import RegistrySource
from cluster.reloading import RegistryInForce
from cluster.retrieval.index import IndexReport
from cluster.retrieval.opening import open_index
from cluster.retrieval.refresh import IndexProgress
from cluster.router import Route
from cluster.routing import Routing
from cluster.score_cache import ScoreCache
from cluster.status import ClusterStatus
from specialists.jobs.job import Inputs, Result
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

DEFAULT_SHARE = 0.5
"""Of the machine's memory, when no budget is given."""

Told = AnswerStep | Judging | IndexProgress | IndexReport | Event


class Cluster:
    """One cluster of workers on this machine. Use `open`, and enter it:

    async with Cluster.open() as cluster:
        answer = await cluster.ask("When was the pump replaced?", Path("notes"))
    """

    def __init__(
        self, source: RegistrySource, backend: Backend, *, budget_bytes: int, history: Path | None
    ) -> None:
        self.events = EventLog()
        self.budget_bytes = budget_bytes
        self._source = source
        self._registry = source.read()
        self._backend = backend
        self._recorder = Recorder(history, registry=str(source.files[-1])) if history else None
        self._score_path: Path | None = None
        self._running: _Running | None = None
        self._routing: Routing | None = None
        self._background: set[asyncio.Task[None]] = set()

    @classmethod
    def open(
        cls,
        registry_path: Path | None = None,
        *,
        backend: Backend | None = None,
        memory_budget_bytes: int | None = None,
        history_path: Path | None = None,
        log_dir: Path | None = None,
        measured_dir: Path | None = None,
        score_cache: Path | None = None,
    ) -> Self:
        """`registry_path` alone, or the shipped registry with the user's over it. Workers are
        started when the first call needs them. With a `history_path`, `qshell ps`, `top`, `load`
        and the like see this cluster; `log_dir` takes its events and what workers print,
        `measured_dir` what is measured once about a checkpoint. `score_cache` is a file that keeps
        verdicts, so that a question asked again of the same passages needs no worker.

        Raises `RegistryError`.
        """
        if backend is None:
            check_platform()
            backend = LocalBackend(
                log_path=log_dir / "workers.log" if log_dir else None, measured_dir=measured_dir
            )
        budget = memory_budget_bytes or int(memory_limit_bytes() * DEFAULT_SHARE)
        source = RegistrySource(registry_path)
        cluster = cls(source, backend, budget_bytes=budget, history=history_path)
        cluster._score_path = score_cache
        if log_dir is not None:
            cluster.events.write_to(log_dir / "events.jsonl")
        return cluster

    async def __aenter__(self) -> Self:
        dispatcher = Dispatcher(
            self._registry.specs,
            self._backend,
            self.events,
            budget_bytes=self.budget_bytes,
            slots=usable_cores(),
        )
        in_force = RegistryInForce(
            self._registry,
            files=self._source.files,
            read=self._source.read,
            check=self._check_checkpoint,
            dispatcher=dispatcher,
            events=self.events,
        )
        monitor = Monitor(
            dispatcher,
            self._backend,
            self.events,
            recorder=self._recorder,
            obey=self._obey,
            look_at_registry=in_force.look,
        )
        scores = None
        if self._score_path is not None:
            scores = ScoreCache(
                self._score_path, tell=lambda message: self.events.tell("scores", "", message)
            )
        self._running = _Running(
            dispatcher=dispatcher, in_force=in_force, monitor=monitor, scores=scores
        )
        for spec in self._registry.specs.values():
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
        if self._running is not None:
            running, self._running = self._running, None
            self._registry = running.in_force.registry
            await running.monitor.close()
            await running.dispatcher.close()
            if running.scores is not None:
                running.scores.close()
        self.events.close()

    @property
    def registry(self) -> Registry:
        return self._running.in_force.registry if self._running else self._registry

    def status(self) -> ClusterStatus:
        """What is loaded, what waits, what it costs. Memory and CPU are those last measured."""
        return self._open().monitor.status()

    async def weigh(self) -> ClusterStatus:
        """The status with every worker measured now."""
        await self._open().monitor.weigh()
        return self.status()

    @overload
    async def call(
        self, name: str, request: Decide, /, *, timeout_s: float | None = ...
    ) -> Decided: ...
    @overload
    async def call(
        self, name: str, request: Generate, /, *, timeout_s: float | None = ...
    ) -> Generated: ...
    @overload
    async def call(
        self, name: str, request: Represent, /, *, timeout_s: float | None = ...
    ) -> Represented: ...
    async def call(
        self, name: str, request: SpecialistRequest, /, *, timeout_s: float | None = None
    ) -> SpecialistReply:
        """Asks a specialist by name or alias, starting its worker when it has none.

        Raises `CallError` (`UnknownSpecialist`, `WorkerFailed`, `OverBudget`, `QueueFull`,
        `CallTimeout`), and `RegistryError` when its checkpoint is not there.
        """
        spec = self._usable(name)
        if isinstance(request, Decide):
            return await self._decide(spec, request, timeout_s=timeout_s)
        return await self._open().dispatcher.call(spec.name, request, timeout_s=timeout_s)

    async def represent(
        self, name: str, texts: Sequence[str], /, *, timeout_s: float | None = None
    ) -> Represented:
        """Features and decision of each text, from a specialist that reads one text at a time.
        Raises like `call`."""
        return await self.call(name, Represent(texts=tuple(texts)), timeout_s=timeout_s)

    async def route(self, text: str, /, *, cache_dir: Path | None = None) -> Route:
        """Which specialist a request is for, or `none`; starts the routing specialist alone, and
        only where no example or rule finds the request. What it learned from `route.examples` is
        kept in `cache_dir`.

        Raises `UnknownSpecialist` without a routing specialist, `RegistryError` or
        `CheckpointError` for one that cannot route, and what `call` raises.
        """
        self._open()
        if self._routing is None:
            self._routing = Routing(
                self.call, self.events.tell, cache_dir=cache_dir or routes_dir()
            )
        return await self._routing.route(text, self.registry)

    async def do(self, name: str, inputs: Inputs) -> Result:
        """The job of a specialist, as `specialists.jobs` describes it: inputs and result are JSON
        values by name.

        Raises `JobError` for inputs the job does not take, and what `call` raises.
        """
        return await do_job(self.call, self._usable(name), inputs)

    async def _decide(
        self, spec: SpecialistSpec, request: Decide, *, timeout_s: float | None
    ) -> Decided:
        """With kept verdicts, only for the passages without one."""
        running = self._open()
        identity = running.in_force.identity(spec.name) if running.scores is not None else None
        if running.scores is None or identity is None:
            return await running.dispatcher.call(spec.name, request, timeout_s=timeout_s)
        return await running.scores.decide(
            identity,
            request,
            lambda asked: running.dispatcher.call(spec.name, asked, timeout_s=timeout_s),
        )

    async def ask(
        self,
        question: str,
        docs: Path,
        *,
        specialist: str | None = None,
        k: int = 20,
        endpoint: EndpointSettings | None = None,
        threshold: float | None = None,
        guards: Collection[GuardName] = USUAL_GUARDS,
        answer_cache: bool = False,
        cache_dir: Path | None = None,
        on_event: Callable[[Told], None] | None = None,
    ) -> Answer:
        """Answers from the documents in `docs`, or refuses. `specialist` judges the passages; by
        default the first registered for relevance; at its own decision, or keeping the passages
        whose score reaches `threshold`. Beside an `endpoint` stand those `guards` for whose job a
        specialist is registered. With an `answer_cache` a question that was answered before, over
        the same documents, is answered from there. `on_event` is told of every step on the
        way, on the loop's thread.

        Raises `DocumentError`, `EndpointError`, and what `call` raises.
        """
        tell = on_event or (lambda _: None)
        spec = self._usable(specialist or self.registry.first_for_relevance().name)
        stop_listening = self.events.listen(tell)
        if not self._was_asked(spec, question):
            self._warm(spec)
        try:
            cache = cache_dir or index_dir()
            index = await open_index(docs, cache, tell)
            tell(index.report)
            jobs = jobs_of(self.registry) if endpoint or answer_cache else {}
            known = None
            if answer_cache:
                known = AnswerCache(
                    cache / "answers.sqlite3",
                    documents=index.report.fingerprint,
                    judge=[identify(spec), k, threshold],
                    writer=[endpoint.url, endpoint.model, *sorted(guards)] if endpoint else None,
                    asks=jobs.get("duplicate"),
                )
            try:
                found = await known.find(self.do, question) if known else None
                if found is not None:
                    return found
                answer = await answer_question(
                    self.call,
                    index,
                    question,
                    specialist=spec.name,
                    k=k,
                    endpoint=endpoint,
                    threshold=threshold,
                    guards=choose_guards(self.do, jobs, guards),
                    on_event=on_event,
                )
                if known:
                    known.keep(answer)
                return answer
            finally:
                if known:
                    known.close()
                await asyncio.to_thread(index.close)
        finally:
            stop_listening()

    def runner(
        self,
        pipeline: Pipeline,
        /,
        *,
        root: Path | None = None,
        endpoint: EndpointSettings | None = None,
        cache_dir: Path | None = None,
        on_step: OnStep | None = None,
    ) -> PipelineRunner:
        """The pipeline ready for any number of rows; enter it with `async with`. It reads and
        writes below `root`, the current folder when left out. `on_step` is told of every step.

        Raises `UnknownSpecialist` or `RegistryError` for a specialist that is not there.
        """
        self._open()
        for name in pipeline.specialists():
            self._usable(name or self.registry.first_for_relevance().name)
        cache = cache_dir or index_dir()
        house = House(
            call=self.call,
            do=self.do,
            route=self.route,
            takes=lambda name: inputs_of(self.registry.resolve(name)),
            first_judge=lambda: self.registry.first_for_relevance().name,
            open_index=lambda docs: open_index(docs, cache, lambda _: None),
            identify=lambda name: identify(self.registry.resolve(name)),
            identify_routes=lambda: identify_routes(self.registry),
            cache_dir=cache,
        )
        return PipelineRunner(
            pipeline, house, root=root or Path.cwd(), endpoint=endpoint, on_step=on_step
        )

    async def run(
        self,
        pipeline: Pipeline,
        inputs: Mapping[str, Any],
        /,
        *,
        root: Path | None = None,
        endpoint: EndpointSettings | None = None,
        cache_dir: Path | None = None,
        on_step: OnStep | None = None,
    ) -> RowResult:
        """One row through a pipeline: its output, or why it was refused or failed. An input that
        is a `Path` is read as it is; one that is text stays below `root`. Raises like `runner`."""
        async with self.runner(
            pipeline, root=root, endpoint=endpoint, cache_dir=cache_dir, on_step=on_step
        ) as runner:
            return await runner.run(inputs)

    async def stream(
        self,
        pipeline: Pipeline,
        rows: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        /,
        *,
        at_once: int = AT_ONCE,
        root: Path | None = None,
        endpoint: EndpointSettings | None = None,
        cache_dir: Path | None = None,
    ) -> AsyncGenerator[RowResult, None]:
        """Many rows, `at_once` under way, their results in order. Raises like `runner`."""
        async with (
            self.runner(pipeline, root=root, endpoint=endpoint, cache_dir=cache_dir) as runner,
            contextlib.aclosing(runner.stream(rows, at_once=at_once)) as results,
        ):
            async for result in results:
                yield result

    async def load(self, name: str) -> None:
        """Returns when the specialist is ready. Raises like `call`."""
        await self._open().dispatcher.load(self._usable(name).name)

    async def unload(self, name: str) -> None:
        """Returns when those who waited are served and the worker is gone."""
        await self._open().dispatcher.unload(self.registry.resolve(name).name)

    def pin(self, name: str) -> None:
        """Once loaded it stays: never evicted, never idled out."""
        self._open().dispatcher.pin(self.registry.resolve(name).name, True)

    def unpin(self, name: str) -> None:
        self._open().dispatcher.pin(self.registry.resolve(name).name, False)

    async def reload(self) -> Registry:
        """Reads the registry files now, as happens by itself when they change. Raises
        `RegistryError` or `WorkerFailed`, and then the old registry stays in force."""
        return await self._open().in_force.reload()

    async def _obey(self, order: Order) -> str:
        match order.verb:
            case "load":
                await self.load(order.name)
                return "loaded"
            case "unload":
                await self.unload(order.name)
                return "unloaded"
            case "pin":
                self.pin(order.name)
                return "pinned"
            case "unpin":
                self.unpin(order.name)
                return "unpinned"

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
        self._check_checkpoint(spec)
        return spec

    def _check_checkpoint(self, spec: SpecialistSpec) -> None:
        if isinstance(self._backend, LocalBackend):
            require_checkpoint(spec)

    def _was_asked(self, spec: SpecialistSpec, question: str) -> bool:
        """Whether the kept verdicts may well suffice, so that no worker is started beforehand."""
        running = self._open()
        scores = running.scores
        identity = running.in_force.identity(spec.name) if scores is not None else None
        return scores is not None and identity is not None and scores.knows(identity, question)

    def _open(self) -> "_Running":
        if self._running is None:
            raise ClusterError("the cluster is not open; use it inside 'async with Cluster.open()'")
        return self._running


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    """What stands only between opening and closing."""

    dispatcher: Dispatcher
    in_force: RegistryInForce
    monitor: Monitor
    scores: ScoreCache | None


def read_default_registry() -> Registry:
    """The shipped registry with the user's over it. Raises `RegistryError`."""
    return RegistrySource().read()
