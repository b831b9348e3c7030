"""A pipeline ready to run in a cluster: its tools, its open indexes, its step cache.

It stands alone because what is opened once serves every row and is closed once. It knows no
files of rows and no command.
"""

import asyncio
import functools
import hashlib
import json
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from cluster.answering.endpoint import EndpointSettings
from cluster.pipelines.paths import Folders
from cluster.pipelines.pipeline import Pipeline, Tools
from cluster.pipelines.run import OnStep, RowResult, run_row
from cluster.pipelines.step_cache import StepCache
from cluster.pipelines.stream import AT_ONCE, stream_in_order
from cluster.pipelines.values import to_json
from cluster.records import JobDoer, Passage, SpecialistCaller
from cluster.router import Route

INDEXES_KEPT = 8
"""So many stay open for the rows to come; each holds open files."""


class OpenIndex(Protocol):
    """An index that is closed when it is long out of use, or when the run is over."""

    def search(self, question: str, k: int) -> tuple[Passage, ...]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What a cluster lends to a run."""

    call: SpecialistCaller
    do: JobDoer
    route: Callable[[str], Awaitable[Route]]
    takes: Callable[[str], tuple[str, ...]]
    first_judge: Callable[[], str]
    open_index: Callable[[Path], Awaitable[OpenIndex]]
    identify: Callable[[str], str]
    identify_routes: Callable[[], str]
    cache_dir: Path


@dataclass(kw_only=True, slots=True)
class _Held:
    """An index, open or being opened, and how many are at it."""

    opening: asyncio.Future[OpenIndex]
    users: int = 0


class PipelineRunner:
    """Use it as an asynchronous context manager; `run` may be called many times at once."""

    def __init__(
        self,
        pipeline: Pipeline,
        house: House,
        *,
        root: Path,
        endpoint: EndpointSettings | None = None,
        on_step: OnStep | None = None,
    ) -> None:
        self.pipeline = pipeline
        self._house = house
        self._on_step = on_step
        self._indexes: dict[Path, _Held] = {}
        self._cache = StepCache(house.cache_dir / "steps.sqlite3") if _caches(pipeline) else None
        self._tools = Tools(
            call=house.call,
            do=house.do,
            route=house.route,
            takes=house.takes,
            first_judge=house.first_judge,
            open_index=self._open_index,
            identify=functools.cache(house.identify),
            folders=Folders(root=root),
            endpoint=endpoint,
            cache=self._cache,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close(list(self._indexes))
        if self._cache is not None:
            self._cache.close()

    async def run(self, row: Mapping[str, Any]) -> RowResult:
        """What came of one row; failures are in the result."""
        return await run_row(self.pipeline, row, self._tools, self._on_step)

    async def stream(
        self,
        rows: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        at_once: int = AT_ONCE,
    ) -> AsyncGenerator[RowResult, None]:
        """The results in the order of the rows, `at_once` of them under way."""
        async with aclosing(stream_in_order(rows, self.run, at_once=at_once)) as results:
            async for _, result in results:
                yield result

    def run_id(self, fixed: Mapping[str, Any]) -> str:
        """Changes with whatever makes results incomparable: pipeline, specialists, routes where it
        routes, folder, and the inputs that every row is given."""
        judges = sorted({name or self._tools.first_judge() for name in self.pipeline.specialists()})
        made_of = [
            self.pipeline.fingerprint,
            [self._tools.identify(name) for name in judges],
            self._house.identify_routes() if _routes(self.pipeline) else None,
            str(self._tools.folders.root.resolve()),
            {name: to_json(value) for name, value in fixed.items()},
        ]
        text = json.dumps(made_of, sort_keys=True)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @asynccontextmanager
    async def _open_index(self, docs: Path) -> AsyncIterator[OpenIndex]:
        """Opened by the first row that needs it; the others wait for the same. One that could not
        be opened is tried again by the next."""
        place = docs.absolute()
        held = self._indexes.pop(place, None) or _Held(
            opening=asyncio.ensure_future(self._house.open_index(docs))
        )
        # The last is the one used last.
        self._indexes[place] = held
        held.users += 1
        try:
            await self._close_idle()
            yield await self._opened(place, held)
        finally:
            held.users -= 1

    async def _opened(self, place: Path, held: _Held) -> OpenIndex:
        try:
            return await asyncio.shield(held.opening)
        except Exception:
            if self._indexes.get(place) is held:
                del self._indexes[place]
            raise

    async def _close_idle(self) -> None:
        idle = [place for place, held in self._indexes.items() if not held.users]
        await self._close(idle[: max(0, len(self._indexes) - INDEXES_KEPT)])

    async def _close(self, places: Iterable[Path]) -> None:
        openings = [self._indexes.pop(place).opening for place in places]
        for opening in openings:
            opening.cancel()
        for index in await asyncio.gather(*openings, return_exceptions=True):
            if not isinstance(index, BaseException):
                await asyncio.to_thread(index.close)


def _routes(pipeline: Pipeline) -> bool:
    return any(step.kind.name == "route" for step in pipeline.every_step())


def _caches(pipeline: Pipeline) -> bool:
    return any(step.policy.cache for step in pipeline.every_step())
