"""Rows through a pipeline, from a stream to stdout: opens the cluster, runs, closes.

It stands alone because here rows meet the terminal: one line out for each line in, a bar on
stderr, the failed ones kept in a file of their own, and a sentence at the end. What a pipeline is
belongs to the cluster.
"""

import os
import secrets
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Self

from cluster.errors import RowError
from cluster.events import Event
from cluster.pipelines.batch import LineDone, TooLong, read_lines, run_lines
from cluster.pipelines.examples import ExampleResult, run_examples
from cluster.pipelines.journal import Journal
from cluster.pipelines.pipeline import Input, Pipeline
from cluster.pipelines.run import RowResult, StepBegan, StepDone, summary
from cluster.pipelines.runner import PipelineRunner
from cluster.pipelines.types import TEXTS
from cluster.pipelines.values import from_json, read_json
from cluster.places import expanded
from shell.asking import open_cluster
from shell.errors import ShellError
from shell.output import Output, Ticks
from shell.settings import Settings

_COUNTED_BYTES = 1 << 20
_GIVEN_CHARACTERS = 60
"""Of each text that a step was given, in a trace."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsOrder:
    """How rows are to be run. `fixed` are inputs that every row is given; `failed` is the file
    for the rows that fail, and where nobody `named` it, a free name like it is taken instead of one
    that holds rows of an earlier run."""

    fixed: Mapping[str, Any]
    root: Path
    failed: Path
    named: bool
    at_once: int
    fresh: bool = False
    trace: bool = False


@dataclass(kw_only=True, slots=True)
class Count:
    """What came of the rows, and which file holds those that failed."""

    rows: int = 0
    refused: int = 0
    failed: int = 0
    replayed: int = 0
    first_failure: str = ""
    kept_in: Path | None = None

    def add(self, done: LineDone) -> None:
        self.rows += 1
        self.refused += done.status == "refused"
        self.failed += done.status == "failed"
        self.replayed += done.replayed
        if done.status == "failed" and not self.first_failure:
            self.first_failure = f"row {done.number}: {done.reason or done.line}"


def read_input(name: str, wanted: Input, typed: str) -> Any:
    """What a person typed for an input, as its type: text and paths as they are, a list of texts
    line by line or as JSON, anything else as JSON. Raises `RowError`."""
    if wanted.type.name == "text":
        return typed
    if wanted.type.name == "path":
        # Typed by the user, so it may stand anywhere.
        return expanded(typed).absolute()
    if wanted.type == TEXTS and not typed.lstrip().startswith("["):
        return tuple(line.strip() for line in typed.splitlines() if line.strip())
    try:
        return from_json(read_json(typed), wanted.type, name)
    except (ValueError, RecursionError) as error:
        raise RowError(f"{name}: expected {wanted.type} as JSON ({error})") from error


async def run_once(
    settings: Settings, pipeline: Pipeline, order: RowsOrder, output: Output
) -> RowResult:
    """One row, made of the fixed inputs alone."""
    with output.progress() as tick:
        async with open_cluster(settings) as cluster:
            cluster.events.listen(_teller(tick))
            steps = _Steps(output=output, shown=order.trace)
            result = await cluster.run(
                pipeline,
                order.fixed,
                root=order.root,
                cache_dir=settings.index_dir,
                on_step=steps.hear,
            )
    steps.say()
    return result


async def run_stream(
    settings: Settings, pipeline: Pipeline, stream: BinaryIO, order: RowsOrder, output: Output
) -> Count:
    """All rows of the stream; each is on stdout, in order, when this returns."""
    count = Count()
    total = count_lines(stream)
    steps = _Steps(output=output, shown=order.trace)
    rows = FailedRows(order.failed, stream, output, named=order.named)
    with rows as kept, output.progress() as tick:
        async with open_cluster(settings) as cluster:
            cluster.events.listen(_teller(tick))
            async with cluster.runner(
                pipeline,
                root=order.root,
                cache_dir=settings.index_dir,
                on_step=steps.hear if order.trace else None,
            ) as runner:
                results = run_lines(
                    pipeline,
                    read_lines(stream),
                    runner.run,
                    fixed=order.fixed,
                    open_journal=_journals(settings, runner, order, output),
                    at_once=1 if order.trace else order.at_once,
                )
                async with aclosing(results):
                    async for done in results:
                        count.add(done)
                        if done.status == "failed":
                            kept.add(done.given)
                        steps.say()
                        _write_line(done.line)
                        tick(count.rows, total, _words(count))
    count.kept_in = kept.kept_in
    return count


async def try_pipelines(
    settings: Settings, pipelines: list[Pipeline], output: Output
) -> list[tuple[Pipeline, tuple[ExampleResult, ...]]]:
    """The examples of each, run with the real specialists."""
    found: list[tuple[Pipeline, tuple[ExampleResult, ...]]] = []
    with output.progress() as tick:
        async with open_cluster(settings) as cluster:
            cluster.events.listen(_teller(tick))
            for pipeline in pipelines:
                tick(len(found), len(pipelines), pipeline.name)

                async def run_in(
                    row: Mapping[str, Any], root: Path, pipeline: Pipeline = pipeline
                ) -> RowResult:
                    return await cluster.run(pipeline, row, root=root, cache_dir=root / ".index")

                found.append((pipeline, await run_examples(pipeline, run_in)))
    return found


class FailedRows:
    """The rows that failed, as they came, in a file that can be run again. It takes its name only
    when the run reached its end, so that it may be the file that is being read: that one goes when
    none failed any more, and stays whole when the run was broken off, or when a row of it was too
    long to be kept. What is no ordinary file, such as /dev/null, is written to and stays."""

    def __init__(self, path: Path, source: BinaryIO, output: Output, *, named: bool = True) -> None:
        """Unless it was `named`, no file is replaced but the one that is being read."""
        self._path = path
        self._named = named
        self._special = path.exists() and not path.is_file()
        self._unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.unfinished")
        self._source = source
        self._output = output
        self._file: BinaryIO | None = None
        self._too_long = 0
        self.kept_in: Path | None = None
        """Where they are, when the run has ended; None when none was kept."""

    def __enter__(self) -> Self:
        if not self._path.parent.is_dir():
            raise ShellError(
                f"{self._path}: there is no folder {self._path.parent} for the rows that fail; "
                "make it, or name another file with --failed"
            )
        return self

    def __exit__(self, stopped_by: type[BaseException] | None, *_: object) -> None:
        if self._too_long:
            self._output.note(
                f"too long to be kept among the rows that failed: {self._too_long}; they stand in "
                "what was read alone"
            )
        source_may_go = stopped_by is None and not self._too_long
        if self._file is not None:
            self._file.close()
            self.kept_in = self._path if self._special else self._unfinished
            if self._special:
                return
            if stopped_by is None and (source_may_go or not self._is_source()):
                self.kept_in = self._unfinished.replace(self._target())
            elif stopped_by is not None:
                self._output.note(f"the rows that failed so far are kept in {self._unfinished}")
        elif source_may_go and self._is_source():
            self._path.unlink()

    def add(self, given: bytes) -> None:
        if isinstance(given, TooLong):
            self._too_long += 1
            return
        if self._file is None:
            self._file = self._path.open("ab") if self._special else self._unfinished.open("xb")
        self._file.write(given.strip() + b"\n")

    def _target(self) -> Path:
        if self._named or self._is_source():
            return self._path
        free, number = self._path, 1
        while free.exists():
            number += 1
            free = self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
        return free

    def _is_source(self) -> bool:
        try:
            source = os.fstat(self._source.fileno())
            return stat.S_ISREG(source.st_mode) and os.path.samestat(source, self._path.stat())
        except OSError:
            return False


def count_lines(stream: BinaryIO) -> int | None:
    """From where a file stands to its end, without moving it; None for a pipe."""
    try:
        descriptor = stream.fileno()
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        at, lines = os.lseek(descriptor, 0, os.SEEK_CUR), 0
        while piece := os.pread(descriptor, _COUNTED_BYTES, at):
            at += len(piece)
            lines += piece.count(b"\n")
    except OSError:
        return None
    return lines or None


def _journals(
    settings: Settings, runner: PipelineRunner, order: RowsOrder, output: Output
) -> Callable[[str], Journal | None]:
    """Opens the journal of these rows: known by the pipeline, what is fixed, and the first row."""

    def open_journal(first: str) -> Journal | None:
        run = runner.run_id(order.fixed)
        name = f"{runner.pipeline.name}-{run[:12]}-{first}.journal"
        try:
            journal = Journal(settings.data_dir / "pipelines" / name, run=run, fresh=order.fresh)
        except OSError as error:
            output.note(f"where a run stopped cannot be kept ({error}); the next begins anew")
            return None
        if journal.stopped_s is not None:
            output.note(
                f"going on with the run that stopped {_ago(journal.stopped_s)} ago; --fresh "
                "begins anew"
            )
        return journal

    return open_journal


@dataclass(kw_only=True, slots=True)
class _Steps:
    """Keeps what steps say until it may be printed."""

    output: Output
    shown: bool
    _said: list[str] = field(default_factory=list)

    def hear(self, step: StepBegan | StepDone) -> None:
        if isinstance(step, StepBegan):
            return
        tries = f", try {step.tries}" if step.tries > 1 else ""
        cached = ", from the step cache" if step.cached else ""
        self._said.append(
            f"{step.place} ({step.kind}) {step.status} in {step.seconds:.3f} s{tries}{cached}: "
            f"{summary(step.inputs, _GIVEN_CHARACTERS)} -> {step.said}"
        )

    def say(self) -> None:
        if self.shown:
            for sentence in self._said:
                self.output.note(sentence)
        self._said.clear()


def _teller(tick: Ticks) -> Callable[[Event], None]:
    def hear(event: Event) -> None:
        if event.kind == "starting":
            tick(0, None, f"starting {event.name} ...")

    return hear


def _words(count: Count) -> str:
    parts = (f"{count.failed} failed" * bool(count.failed), f"{count.refused} refused")
    return ", ".join(part for part in parts if part and not part.startswith("0"))


def _write_line(line: str) -> None:
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()


def _ago(seconds: float) -> str:
    for size, word in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} s"
