"""What travels between the screens and the cluster: wants go up, news come down.

A screen posts a want and forgets about it; the app hands it to the bridge. The bridge tells
news to every screen that listens. Neither side knows the other, only these values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.message import Message

from cluster.events import Event
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.run import RowResult, StepBegan, StepDone
from cluster.records import JudgedPassage, Passage
from cluster.registry import SpecialistSpec
from cluster.router import Route
from cluster.status import ClusterStatus
from shell.report import Report
from shell.tui.trail import Trail
from specialists.jobs.job import Result


class Want(Message):
    """Something the user wants done."""


@dataclass
class ListenWanted(Want):
    """News are wanted from now on."""

    listener: Callable[["News"], object]


@dataclass
class AskWanted(Want):
    """`session` is the conversation that the answer is saved in; `specialist` None leaves the
    choice to the cluster."""

    question: str
    docs: Path
    session: str


@dataclass
class CancelWanted(Want):
    """What this screen has under way is not wanted any more."""

    screen: str


@dataclass
class WorkerWanted(Want):
    """`verb` is load, unload, pin or unpin."""

    verb: str
    name: str


@dataclass
class CompareWanted(Want):
    question: str
    docs: Path
    names: tuple[str, str]


@dataclass
class RouteWanted(Want):
    text: str


@dataclass
class ExampleWanted(Want):
    """The text is to be an example of this specialist, or, where it is one, no more."""

    text: str
    name: str


@dataclass
class JobWanted(Want):
    """The specialist is to do its job on the text."""

    text: str
    name: str


@dataclass
class RunWanted(Want):
    """One row through a pipeline, which reads and writes below `root`."""

    pipeline: Pipeline
    inputs: Mapping[str, Any]
    root: Path


@dataclass
class PlaceChanged(Want):
    """Where the user is now, to be found again at the next start."""

    session: str
    docs: Path | None
    draft: str


class News(Message):
    """Something that happened, told to each screen by itself."""


@dataclass
class ClusterNews(News):
    """Whether a cluster stands; `trouble` says why not, and is empty when all is well."""

    trouble: str


@dataclass
class StatusNews(News):
    """`specs` are the registered specialists by name."""

    status: ClusterStatus
    trails: Mapping[str, Trail]
    specs: Mapping[str, SpecialistSpec]


@dataclass
class EventNews(News):
    event: Event


@dataclass
class AskProgress(News):
    words: str


@dataclass
class PassagesFound(News):
    found: tuple[Passage, ...]


@dataclass
class SomeJudged(News):
    """Verdicts as they come in."""

    judged: tuple[JudgedPassage, ...]


@dataclass
class PassagesJudged(News):
    """All of them."""

    judged: tuple[JudgedPassage, ...]


@dataclass
class Answered(News):
    """`notes` are sentences the user should know: skipped files, retries, a history not saved."""

    report: Report
    notes: tuple[str, ...]


@dataclass
class AskEnded(News):
    """There will be no answer: `sentence` says why; empty when it was cancelled."""

    sentence: str


@dataclass
class WorkerAnswer(News):
    """What came of a `WorkerWanted`."""

    sentence: str
    ok: bool


@dataclass
class StepNews(News):
    """A step of the run under way begins, or came to its end."""

    step: StepBegan | StepDone


@dataclass
class RunEnded(News):
    """What came of the run, or the sentence that says why nothing did; both are empty where it
    was cancelled."""

    result: RowResult | None
    sentence: str


@dataclass
class Routed(News):
    """Where a text goes, or the sentence that says why that is not known."""

    text: str
    route: Route | None
    sentence: str


@dataclass
class ExampleChanged(News):
    """What came of an `ExampleWanted`."""

    sentence: str
    ok: bool


@dataclass
class JobEnded(News):
    """The result, or the sentence that says why there is none; both are empty where it was
    cancelled."""

    text: str
    name: str
    result: Result | None
    sentence: str
    seconds: float


@dataclass
class CompareProgress(News):
    words: str


@dataclass
class Compared(News):
    """Both reports, or the sentence that says why there are none."""

    reports: tuple[Report, Report] | None
    sentence: str
