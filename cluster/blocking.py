"""The plain face of a cluster, for code that is not asynchronous.

    with open_blocking() as cluster:
        answer = cluster.ask("When was the pump replaced?", Path("notes"))

A loop runs in a thread of its own; each method waits there for its result. Ctrl-C while waiting
cancels what was asked, and leaving the block ends every worker.
"""

import asyncio
import threading
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any, Self, TypeVar, overload

from cluster.answering.endpoint import EndpointSettings
from cluster.backends.base import Backend
from cluster.cluster import Cluster
from cluster.errors import ClusterError
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.run import OnStep, RowResult
from cluster.pipelines.stream import AT_ONCE
from cluster.records import USUAL_GUARDS, Answer, GuardName
from cluster.router import Route
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

T = TypeVar("T")


def open_blocking(
    registry_path: Path | None = None,
    *,
    backend: Backend | None = None,
    memory_budget_bytes: int | None = None,
    history_path: Path | None = None,
    log_dir: Path | None = None,
    measured_dir: Path | None = None,
    score_cache: Path | None = None,
) -> "BlockingCluster":
    """Takes what `Cluster.open` takes."""
    return BlockingCluster(
        Cluster.open(
            registry_path,
            backend=backend,
            memory_budget_bytes=memory_budget_bytes,
            history_path=history_path,
            log_dir=log_dir,
            measured_dir=measured_dir,
            score_cache=score_cache,
        )
    )


class BlockingCluster:
    """Its methods may be called from several threads at once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._wait(self._cluster.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._wait(self._cluster.close())
        finally:
            self._end()

    @overload
    def call(self, name: str, request: Decide, /, *, timeout_s: float | None = ...) -> Decided: ...
    @overload
    def call(
        self, name: str, request: Generate, /, *, timeout_s: float | None = ...
    ) -> Generated: ...
    @overload
    def call(
        self, name: str, request: Represent, /, *, timeout_s: float | None = ...
    ) -> Represented: ...
    def call(
        self, name: str, request: SpecialistRequest, /, *, timeout_s: float | None = None
    ) -> SpecialistReply:
        asked: Coroutine[Any, Any, SpecialistReply] = self._cluster.call(
            name, request, timeout_s=timeout_s
        )
        return self._wait(asked)

    def represent(
        self, name: str, texts: Sequence[str], /, *, timeout_s: float | None = None
    ) -> Represented:
        return self._wait(self._cluster.represent(name, texts, timeout_s=timeout_s))

    def route(self, text: str, /, *, cache_dir: Path | None = None) -> Route:
        return self._wait(self._cluster.route(text, cache_dir=cache_dir))

    def do(self, name: str, inputs: Inputs) -> Result:
        done: Coroutine[Any, Any, Result] = self._cluster.do(name, inputs)
        return self._wait(done)

    def ask(
        self,
        question: str,
        docs: Path,
        *,
        specialist: str | None = None,
        k: int = 20,
        endpoint: EndpointSettings | None = None,
        guards: Collection[GuardName] = USUAL_GUARDS,
        answer_cache: bool = False,
        cache_dir: Path | None = None,
    ) -> Answer:
        return self._wait(
            self._cluster.ask(
                question,
                docs,
                specialist=specialist,
                k=k,
                endpoint=endpoint,
                guards=guards,
                answer_cache=answer_cache,
                cache_dir=cache_dir,
            )
        )

    def run(
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
        """`on_step` is called on the loop's thread."""
        return self._wait(
            self._cluster.run(
                pipeline,
                inputs,
                root=root,
                endpoint=endpoint,
                cache_dir=cache_dir,
                on_step=on_step,
            )
        )

    def stream(
        self,
        pipeline: Pipeline,
        rows: Iterable[Mapping[str, Any]],
        /,
        *,
        at_once: int = AT_ONCE,
        root: Path | None = None,
        endpoint: EndpointSettings | None = None,
        cache_dir: Path | None = None,
    ) -> Iterator[RowResult]:
        """`rows` is read on the loop's thread, so it should not wait long for its next."""
        results = self._cluster.stream(
            pipeline, rows, at_once=at_once, root=root, endpoint=endpoint, cache_dir=cache_dir
        )
        # Closing waits for the step that Ctrl-C has cancelled: they must not run at once.
        turn = asyncio.Lock()

        async def step() -> RowResult | None:
            async with turn:
                return await anext(results, None)

        async def close() -> None:
            async with turn:
                await results.aclose()

        try:
            while (result := self._wait(step())) is not None:
                yield result
        finally:
            self._wait(close())

    def load(self, name: str) -> None:
        self._wait(self._cluster.load(name))

    def unload(self, name: str) -> None:
        self._wait(self._cluster.unload(name))

    def status(self) -> ClusterStatus:
        """With every worker measured now."""
        return self._wait(self._cluster.weigh())

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise ClusterError("the cluster is not open; use it inside 'with open_blocking()'")
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result()
        except CancelledError as error:
            raise ClusterError("the cluster was closed") from error
        except BaseException:
            future.cancel()
            raise

    def _end(self) -> None:
        """In this order: what other threads wait for, the loop's threads, the loop, its thread."""
        assert self._loop is not None and self._thread is not None
        loop, self._loop = self._loop, None
        asyncio.run_coroutine_threadsafe(_cancel_others(), loop).result()
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()


async def _cancel_others() -> None:
    """Whoever waits in another thread is told so, and does not wait for ever."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
