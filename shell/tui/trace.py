"""One run of a pipeline as it happens: its steps in the order they stand in, and what came of each.

Plain values that grow while the run goes on; it knows no screen and no cluster.
"""

import re
import time
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.run import RowResult, StepBegan, StepDone

KEPT_STEPS = 500
"""A run of more steps keeps the first ones, and counts the others."""
_PART = re.compile(r"(\w+)(?:\[(\d+)\]|<(.*?)>)?(?:\.(?=\w)|$)", re.DOTALL)
"""One of the names that make a place, with the item or the case; a case may hold any sign."""


@dataclass(kw_only=True, slots=True)
class StepLine:
    """A step that waits (`began_s` None), runs, or is `done`; `place` as the runner tells it."""

    place: str
    kind: str
    began_s: float | None = None
    done: StepDone | None = None

    @property
    def depth(self) -> int:
        return max(0, len(_parts(self.place)) - 1)

    @property
    def name(self) -> str:
        """Inside other steps the last of its names, with the item or case that it works on."""
        parts = _parts(self.place)
        if len(parts) < 2:
            return self.place
        around, last = parts[-2:]
        item = f"{int(around[2]) + 1}" if around[2] else around[3] or ""
        return f"{item} {last[1]}".strip()


@dataclass(kw_only=True, slots=True)
class Trace:
    """`began_at` is wall time, `seconds` that of the whole run; `result` None where there is none:
    still running, cancelled, or failed before any row (`trouble` says why)."""

    pipeline: Pipeline
    inputs: Mapping[str, Any]
    began_at: float = field(default_factory=time.time)
    lines: list[StepLine] = field(default_factory=list)
    unkept: int = 0
    seconds: float | None = None
    result: RowResult | None = None
    trouble: str = ""
    _by_place: dict[str, StepLine] = field(default_factory=dict)
    _ranks: dict[str, dict[str, int]] = field(default_factory=dict)
    _began_s: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        for step in self.pipeline.body.steps:
            self._add(step.name, step.kind.name)

    @property
    def running(self) -> bool:
        return self.seconds is None

    def hear(self, step: StepBegan | StepDone) -> None:
        line = self._by_place.get(step.place) or self._add(step.place, step.kind)
        if line is None:
            self.unkept += isinstance(step, StepBegan)
        elif isinstance(step, StepBegan):
            line.began_s, line.done = time.perf_counter(), None
        else:
            line.done = step

    def end(self, result: RowResult | None, trouble: str = "") -> None:
        self.seconds = time.perf_counter() - self._began_s
        self.result, self.trouble = result, trouble

    def elapsed_s(self, line: StepLine) -> float | None:
        """How long it took, or has been running; None before it begins, or where it was stopped."""
        if line.done is not None:
            return line.done.seconds
        if line.began_s is None or not self.running:
            return None
        return time.perf_counter() - line.began_s

    def _add(self, place: str, kind: str) -> StepLine | None:
        if len(self.lines) >= KEPT_STEPS:
            return None
        line = StepLine(place=place, kind=kind)
        self._by_place[place] = line
        insort(self.lines, line, key=lambda one: self._key(one.place))
        return line

    def _key(self, place: str) -> tuple[tuple[int, int], ...]:
        """Steps of a body in the order in which the first item came to them, item by item."""
        key: tuple[tuple[int, int], ...] = ()
        around = ""
        for found in _parts(place):
            ranks = self._ranks.setdefault(around, {})
            item = int(found[2]) if found[2] else 0 if found[3] is not None else -1
            key += ((ranks.setdefault(found[1], len(ranks)), item),)
            around += f"{found[1]}."
        return key


def _parts(place: str) -> list[re.Match[str]]:
    """The names of a place, as far as they can be told apart."""
    found: list[re.Match[str]] = []
    while part := _PART.match(place, found[-1].end() if found else 0):
        found.append(part)
    return found
