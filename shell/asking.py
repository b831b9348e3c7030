"""One question, from settings to report: opens the cluster, asks it, closes it.

It stands alone as the only place of the command line that holds a cluster in its hands. What
the cluster tells on the way becomes a bar on stderr; what a person should know is noted at the
end, when the bar is gone. Nothing is printed to stdout here.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from cluster.answering.answer import AnswerStep, Judging
from cluster.answering.endpoint import EndpointSettings
from cluster.cluster import Cluster, Told
from cluster.events import Event
from cluster.records import USUAL_GUARDS, GuardName
from cluster.registry import SpecialistSpec
from cluster.retrieval.index import IndexReport
from cluster.retrieval.refresh import IndexProgress
from shell.output import Output, Ticks
from shell.report import Report, answer_report
from shell.settings import Settings
from specialists.checkpoint import open_checkpoint
from specialists.errors import CalibrationError, CheckpointError
from specialists.evaluation.calibrate import read_calibration


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What was asked, and of whom. `passages` counts those retrieved and judged; no `specialist`
    leaves the choice to the cluster; without an `endpoint` the answer is made of quotes alone."""

    question: str
    docs: Path
    passages: int
    specialist: str | None
    endpoint: EndpointSettings | None
    guards: tuple[GuardName, ...] = USUAL_GUARDS
    answer_cache: bool = False


async def ask_cluster(settings: Settings, order: Order, output: Output) -> Report:
    """The report of the answer. Raises `ClusterError` and its kin; leaves no worker behind."""
    with output.progress() as tick:
        talk = Talk(tick=tick)
        async with open_cluster(settings) as cluster:
            report, said = await ask_opened(settings, cluster, order, talk)
    for sentence in [*said, *talk.sentences()]:
        output.note(sentence)
    return report


async def ask_opened(
    settings: Settings, cluster: Cluster, order: Order, talk: "Talk"
) -> tuple[Report, list[str]]:
    """The same of a cluster that is open and stays so, with what is to be said beside it. Files
    are read off the loop."""
    spec = _judge(cluster, order)
    threshold, said = await asyncio.to_thread(calibrated_threshold, settings, spec)
    answer = await cluster.ask(
        order.question,
        order.docs,
        specialist=order.specialist,
        k=order.passages,
        endpoint=order.endpoint,
        threshold=threshold,
        guards=order.guards,
        answer_cache=order.answer_cache,
        cache_dir=settings.index_dir,
        on_event=talk.hear,
    )
    if threshold is not None:
        said.append(f"{spec.name} accepts at its calibrated threshold, {threshold:.4g} and above")
    if any(judged.verdict.query_truncated for judged in answer.passages):
        said.append(f"the question is longer than {spec.name} reads: its end was not read")
    sha256 = await asyncio.to_thread(_sha256, spec.folder)
    specialist = {"name": spec.name, "sha256": sha256, "calibrated_threshold": threshold}
    return answer_report(answer, index=talk.index, specialist=specialist), said


def open_cluster(settings: Settings) -> Cluster:
    """With its history and the log of the workers in the data folder, where that can be written."""
    try:
        settings.log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Cluster.open(
            settings.registry,
            memory_budget_bytes=settings.memory_budget,
            measured_dir=settings.measured_dir,
            score_cache=settings.score_path,
        )
    return Cluster.open(
        settings.registry,
        memory_budget_bytes=settings.memory_budget,
        history_path=settings.history_path,
        log_dir=settings.log_dir,
        measured_dir=settings.measured_dir,
        score_cache=settings.score_path,
    )


@dataclass(kw_only=True, slots=True)
class Talk:
    """Turns what a cluster tells into the words of a bar, and keeps what is to be said later."""

    tick: Ticks
    index: IndexReport | None = None
    _starting: str = ""
    _judging: str = ""
    _troubles: list[str] = field(default_factory=list)

    def hear(self, told: Told | IndexReport) -> None:
        match told:
            case IndexProgress(step="wait"):
                self.tick(0, None, "waiting for another qshell that reads the same documents")
            case IndexProgress(step="read"):
                self.tick(told.done, told.total, f"reading {told.source}")
            case IndexProgress():
                self.tick(told.done, told.total, "weighing words")
            case IndexReport():
                self.index = told
            case AnswerStep(step="retrieve"):
                self._judging = f"judging {len(told.found)} passages"
                self.tick(0, None, self._starting or self._judging)
            case Judging() if told.done < told.total:
                self.tick(told.done, told.total, "judging passages")
            case AnswerStep(step="filter"):
                self.tick(0, None, "composing the answer")
            case AnswerStep(step="guard", warnings=(first, *_)):
                self.tick(0, None, first)
            case Event(kind="starting"):
                self._starting = f"starting {told.name} ..."
                self.tick(0, None, self._starting)
            case Event(kind="ready"):
                self._starting = ""
                if self._judging:
                    self.tick(0, None, self._judging)
            case Event(kind="retried" | "scores"):
                self._troubles.append(told.message)

    def sentences(self, *, whole: str = "--json lists what was skipped") -> list[str]:
        """What a person should know, once the bar is gone. `whole` says where all of it stands."""
        if self.index is None:
            return self._troubles
        skipped = self.index.skipped
        said = [*self.index.notices, *self._troubles]
        if skipped:
            source, reason = skipped[0]
            more = f", and {len(skipped) - 1} more" if len(skipped) > 1 else ""
            said.append(f"skipped {source} ({reason}){more}; {whole}")
        return said


def _judge(cluster: Cluster, order: Order) -> SpecialistSpec:
    """The specialist that judges: the one named, else the first for relevance."""
    if order.specialist is not None:
        return cluster.registry.resolve(order.specialist)
    return cluster.registry.first_for_relevance()


def calibrated_threshold(
    settings: Settings, spec: SpecialistSpec
) -> tuple[float | None, list[str]]:
    """The threshold in force for it, if any, and what a person should know when one is refused."""
    path = settings.calibrations_dir / f"{spec.name}.json"
    if not path.exists():
        return None, []
    try:
        calibration = read_calibration(path, open_checkpoint(spec.folder, verify=False))
    except (CalibrationError, CheckpointError) as error:
        return None, [f"answering without the calibrated threshold: {error}"]
    return (calibration.threshold.value if calibration else None), []


def _sha256(folder: Path) -> str | None:
    """Of the weights as the checkpoint states it; None for a specialist without weights."""
    try:
        return open_checkpoint(folder, verify=False).sha256
    except CheckpointError:
        return None
