"""The only file of the screen that holds a cluster: it does what is wanted and tells what happened.

The cluster is opened once, on the app's own loop, and outlives every screen. Where the registry
is broken at the start there is none; it is tried again until there is one. News go to whoever
listens; nothing here draws, and nothing here decides what an answer is.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cluster.answering.answer import AnswerStep, Judging
from cluster.answering.endpoint import EndpointSettings
from cluster.cluster import Cluster, Told
from cluster.errors import ClusterError
from cluster.events import Event
from cluster.jobs import job_of
from shell.asking import Order, Talk, ask_opened, open_cluster
from shell.crash import keep_traceback
from shell.errors import SessionError
from shell.exits import ending
from shell.registered import change_example
from shell.report import Report
from shell.session import Sessions
from shell.settings import Settings
from shell.tui.messages import (
    Answered,
    AskEnded,
    AskProgress,
    AskWanted,
    ClusterNews,
    Compared,
    CompareProgress,
    CompareWanted,
    EventNews,
    ExampleChanged,
    ExampleWanted,
    JobEnded,
    JobWanted,
    News,
    PassagesFound,
    PassagesJudged,
    Routed,
    RouteWanted,
    RunEnded,
    RunWanted,
    SomeJudged,
    StatusNews,
    StepNews,
    WorkerAnswer,
    WorkerWanted,
)
from shell.tui.trail import Trail
from specialists.errors import JobError
from specialists.jobs.job import Result

PACE_S = 1.0
"""Between two looks at the cluster."""
_PROGRESS_EVERY_S = 0.1
_DONE = {"load": "is loaded", "unload": "is unloaded", "pin": "is pinned", "unpin": "is unpinned"}
_WHOLE = "exporting the conversation to a .json file lists them all"
PASSAGES = 20
"""Retrieved and judged for a question, as for `qshell ask`."""

Listener = Callable[[News], object]


class Bridge:
    """Enter it around the app. `open_anew` is for tests, which have clusters of their own."""

    def __init__(
        self, settings: Settings, *, open_anew: Callable[[Settings], Cluster] = open_cluster
    ) -> None:
        self.settings = settings
        self.sessions = Sessions(settings.sessions_file)
        self.trails: dict[str, Trail] = {}
        self.trouble = ""
        self.cluster: Cluster | None = None
        self._open_anew = open_anew
        self._listeners: list[Listener] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._to_route: str | None = None
        self._routing = False
        self._editing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._try_to_open()
        self._keep(self._look_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listeners.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.cluster is not None:
            await self.cluster.close()

    @property
    def _cluster(self) -> Cluster:
        """Raises `ClusterError` where there is none."""
        if self.cluster is None:
            raise ClusterError(self.trouble)
        return self.cluster

    @property
    def recent_events(self) -> tuple[Event, ...]:
        return tuple(self.cluster.events.recent) if self.cluster else ()

    @property
    def busy(self) -> tuple[str, ...]:
        """The screens that have something under way: a question, a comparison, a run."""
        return tuple(screen for screen, task in self._under_way.items() if not task.done())

    def listen(self, listener: Listener) -> None:
        """From now on told of everything, and at once of how things stand."""
        self._listeners.append(listener)
        listener(ClusterNews(self.trouble))
        if self.cluster is not None:
            listener(self._status(self.cluster))

    def ask(self, want: AskWanted) -> None:
        self._begin("session", self._ask(want))

    def cancel(self, screen: str) -> None:
        """What this screen has under way."""
        if screen in self._under_way:
            self._under_way[screen].cancel()

    def change_worker(self, want: WorkerWanted) -> None:
        self._keep(self._change_worker(want))

    def compare(self, want: CompareWanted) -> None:
        self._begin("compare", self._compare(want))

    def route(self, want: RouteWanted) -> None:
        """One text at a time; of those wanted meanwhile the last one is next, the others are not
        asked for any more."""
        self._to_route = want.text
        if not self._routing:
            self._routing = True
            self._keep(self._route())

    def change_example(self, want: ExampleWanted) -> None:
        self._keep(self._change_example(want))

    def do_job(self, want: JobWanted) -> None:
        self._begin("route", self._do_job(want))

    def run(self, want: RunWanted) -> None:
        self._begin("pipelines", self._run(want))

    def _begin(self, screen: str, work: Coroutine[Any, Any, None]) -> None:
        """One thing at a time for a screen; a second one waits for nobody and is not taken."""
        if screen in self.busy:
            work.close()
        else:
            self._under_way[screen] = self._keep(work)

    async def _ask(self, want: AskWanted) -> None:
        teller = _Teller(self._tell)
        try:
            report, warnings = await self._report(want.question, want.docs, None, teller)
            notes = (
                *warnings,
                *teller.talk.sentences(whole=_WHOLE),
                *await self._saved(want, report),
            )
        except asyncio.CancelledError:
            self._tell(AskEnded(""))
            raise
        except Exception as error:
            self._tell(AskEnded(_sentence(error)))
        else:
            self._tell(Answered(report, notes))

    async def _saved(self, want: AskWanted, report: Report) -> tuple[str, ...]:
        """Kept before it is shown, whatever happens meanwhile. Says why it was not."""
        saving = asyncio.to_thread(
            self.sessions.save, want.session, report=report, docs=str(want.docs)
        )
        try:
            await asyncio.shield(saving)
        except SessionError as error:
            return (f"the answer was not saved: {error}",)
        return ()

    async def _compare(self, want: CompareWanted) -> None:
        try:
            (first, _), (second, _) = [
                await self._report(want.question, want.docs, name, _Teller(self._tell_comparing))
                for name in want.names
            ]
        except asyncio.CancelledError:
            self._tell(Compared(None, "cancelled"))
            raise
        except Exception as error:
            self._tell(Compared(None, _sentence(error)))
        else:
            self._tell(Compared((first, second), ""))

    async def _run(self, want: RunWanted) -> None:
        try:
            result = await self._cluster.run(
                want.pipeline,
                want.inputs,
                root=want.root,
                cache_dir=self.settings.index_dir,
                on_step=lambda step: self._tell(StepNews(step)),
            )
        except asyncio.CancelledError:
            self._tell(RunEnded(None, ""))
            raise
        except Exception as error:
            self._tell(RunEnded(None, _sentence(error)))
        else:
            self._tell(RunEnded(result, ""))

    async def _route(self) -> None:
        while self._to_route is not None:
            text, self._to_route = self._to_route, None
            try:
                route = await self._cluster.route(text, cache_dir=self.settings.routes_dir)
            except Exception as error:
                self._tell(Routed(text, None, _sentence(error)))
            else:
                self._tell(Routed(text, route, ""))
        self._routing = False

    async def _change_example(self, want: ExampleWanted) -> None:
        """In force at once, before the registry's own look at its files."""
        try:
            async with self._editing:
                change = await asyncio.to_thread(
                    change_example, self.settings, want.name, want.text
                )
                await self._cluster.reload()
        except Exception as error:
            self._tell(ExampleChanged(_sentence(error), ok=False))
        else:
            self._tell_status(sample=False)
            self._tell(ExampleChanged(change.sentence, ok=True))

    async def _do_job(self, want: JobWanted) -> None:
        began_s = time.monotonic()

        def end(result: Result | None, sentence: str) -> None:
            taken_s = time.monotonic() - began_s
            self._tell(JobEnded(want.text, want.name, result, sentence, taken_s))

        try:
            end(await _do_main_job(self._cluster, want.name, want.text), "")
        except asyncio.CancelledError:
            end(None, "")
            raise
        except Exception as error:
            end(None, _sentence(error))

    def _tell_comparing(self, news: News) -> None:
        if isinstance(news, AskProgress):
            self._tell(CompareProgress(news.words))

    async def _report(
        self, question: str, docs: Path, specialist: str | None, teller: "_Teller"
    ) -> tuple[Report, list[str]]:
        cluster = self._cluster
        order = Order(
            question=question,
            docs=docs,
            passages=PASSAGES,
            specialist=specialist,
            endpoint=_endpoint(self.settings),
            guards=self.settings.guards,
            answer_cache=self.settings.answer_cache,
        )
        return await ask_opened(self.settings, cluster, order, teller.talk)

    async def _change_worker(self, want: WorkerWanted) -> None:
        try:
            match want.verb:
                case "load":
                    await self._cluster.load(want.name)
                case "unload":
                    await self._cluster.unload(want.name)
                case "pin":
                    self._cluster.pin(want.name)
                case "unpin":
                    self._cluster.unpin(want.name)
        except ClusterError as error:
            self._tell(WorkerAnswer(str(error), ok=False))
        else:
            self._tell(WorkerAnswer(f"{want.name} {_DONE[want.verb]}", ok=True))
        self._tell_status()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(PACE_S)
            if self.cluster is None:
                await self._try_to_open()
            self._tell_status()

    async def _try_to_open(self) -> None:
        before = self.trouble
        try:
            cluster = await asyncio.to_thread(self._open_anew, self.settings)
        except ClusterError as error:
            self.trouble = str(error)
        else:
            self.cluster = await cluster.__aenter__()
            self.cluster.events.listen(self._on_event)
            self.trouble = ""
        if self.trouble != before:
            self._tell(ClusterNews(self.trouble))

    def _on_event(self, event: Event) -> None:
        self._tell(EventNews(event))
        if event.kind in ("starting", "ready", "failed", "stopped"):
            self._tell_status(sample=False)

    def _tell_status(self, *, sample: bool = True) -> None:
        if self.cluster is None:
            return
        news = self._status(self.cluster)
        for item in news.status.specialists if sample else ():
            self.trails.setdefault(item.name, Trail()).add(item)
        self._tell(news)

    def _status(self, cluster: Cluster) -> StatusNews:
        return StatusNews(cluster.status(), self.trails, cluster.registry.specs)

    def _tell(self, news: News) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Teller:
    """Hears what a cluster tells of one question, and turns it into news."""

    def __init__(self, tell: Callable[[News], None]) -> None:
        self.talk = _HearingTalk(tick=self._tick, tell=tell)
        self._tell = tell
        self._said_at = 0.0

    def _tick(self, done: int, total: int | None = None, doing: str = "") -> None:
        now = time.monotonic()
        if not total or now - self._said_at > _PROGRESS_EVERY_S:
            self._said_at = now
            self._tell(AskProgress(f"{doing} ({done} of {total})" if total else doing))


@dataclass(kw_only=True)
class _HearingTalk(Talk):
    """The words of the command line's bar, and the passages beside them."""

    tell: Callable[[News], None]

    def hear(self, told: Told) -> None:
        match told:
            case AnswerStep(step="retrieve"):
                self.tell(PassagesFound(told.found))
            case Judging():
                self.tell(SomeJudged(told.judged))
            case AnswerStep(step="filter"):
                self.tell(PassagesJudged(told.judged))
        super().hear(told)


async def _do_main_job(cluster: Cluster, name: str, text: str) -> Result:
    job = job_of(cluster.registry.resolve(name))
    if more := [one for one in job.inputs if one != job.main]:
        given = " ".join(f"-i {one}=..." for one in more)
        raise JobError(
            f"{name} needs more than one text; give it all with: qshell call {name} TEXT {given}"
        )
    return await cluster.do(name, {job.main: text})


def _endpoint(settings: Settings) -> EndpointSettings | None:
    if not settings.endpoint or not settings.model:
        return None
    return EndpointSettings(
        url=settings.endpoint, model=settings.model, allow_remote=settings.allow_remote
    )


def _sentence(error: Exception) -> str:
    """What is said of an error; a mistake of ours leaves its traceback in a log file."""
    end = ending(error)
    if end is not None:
        return end.sentence
    kept: Path | None = None
    with contextlib.suppress(Exception):
        kept = keep_traceback(error)
    where = f"; the details are in {kept}" if kept else ""
    return f"unexpected {type(error).__name__}; this is a mistake in qshell{where}"
