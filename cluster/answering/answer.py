"""From a question to an answer: retrieve, filter, compose, or refuse.

It stands alone as the order of the three steps and their times. What each step does is in the
file of its name.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from cluster.answering.endpoint import (
    EndpointSettings,
    Unsupported,
    checked_url,
    compose_by_endpoint,
)
from cluster.answering.extract import Composed, extract_answer, refuse
from cluster.answering.filter import filter_passages
from cluster.answering.guards import Guards
from cluster.records import Answer, JudgedPassage, Passage, SpecialistCaller
from cluster.retrieval.retrieve import Searchable, retrieve


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerStep:
    """One step is done. `found` are the passages retrieved, `judged` those with a verdict; both
    stay empty until their step. `warnings` are told before anything goes to an endpoint."""

    step: Literal["retrieve", "filter", "guard", "compose"]
    seconds: float
    found: tuple[Passage, ...] = ()
    judged: tuple[JudgedPassage, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judging:
    """Verdicts are coming in: those decided just now, and how many of how many there are."""

    judged: tuple[JudgedPassage, ...]
    done: int
    total: int


async def answer_question(
    call: SpecialistCaller,
    index: Searchable,
    question: str,
    *,
    specialist: str = "q-rag",
    k: int = 20,
    endpoint: EndpointSettings | None = None,
    threshold: float | None = None,
    guards: Guards | None = None,
    on_event: Callable[[AnswerStep | Judging], None] | None = None,
) -> Answer:
    """An answer that stands on citations, or a refusal with its reason. A `threshold` takes the
    place of the specialist's own decision on each passage. `guards` stand beside an endpoint alone.
    `on_event` is told of every step, and of verdicts as they are decided.

    Raises `CallError` when the specialist cannot be called, `EndpointError` when an endpoint was
    asked for and cannot be used.
    """
    if endpoint is not None:
        checked_url(endpoint)
    tell = on_event or (lambda _: None)
    clock = _Clock()
    # Searching reads files: beside the loop, not on it.
    found = await asyncio.to_thread(retrieve, index, question, k)
    tell(AnswerStep(step="retrieve", seconds=clock.lap("retrieve"), found=found))
    done = 0

    def tell_judged(some: tuple[JudgedPassage, ...]) -> None:
        nonlocal done
        done += len(some)
        tell(Judging(judged=some, done=done, total=len(found)))

    judged = await filter_passages(
        call,
        specialist,
        question,
        found,
        threshold=threshold,
        on_judged=tell_judged if on_event else None,
    )
    tell(AnswerStep(step="filter", seconds=clock.lap("filter"), found=found, judged=judged))
    warnings: tuple[str, ...] = ()
    taken_out = 0
    if endpoint is not None and guards is not None:
        relevant = sum(j.kept for j in judged)
        judged = await guards.screen(judged)
        kept = sum(j.kept for j in judged)
        taken_out = relevant - kept
        if kept:
            warnings = await guards.warn_of_personal_data(endpoint, question, judged)
        seconds = clock.lap("guard")
        told = AnswerStep(step="guard", seconds=seconds, found=found, judged=judged)
        tell(replace(told, warnings=warnings))
    composed = await compose_answer(
        call, specialist, question, judged, endpoint, taken_out=taken_out
    )
    tell(AnswerStep(step="compose", seconds=clock.lap("compose"), found=found, judged=judged))
    if composed.written and guards is not None:
        warnings += await guards.check(composed)
        clock.lap("check")
    return Answer(
        question=question,
        text=composed.text,
        refused=composed.refused,
        reason=composed.reason,
        citations=composed.citations,
        passages=judged,
        composed_by=composed.composed_by,
        seconds=clock.laps,
        warnings=warnings,
    )


async def compose_answer(
    call: SpecialistCaller,
    specialist: str,
    question: str,
    judged: tuple[JudgedPassage, ...],
    endpoint: EndpointSettings | None,
    *,
    taken_out: int = 0,
) -> Composed:
    """The written part of an answer, from the kept passages alone; a guard took so many out as
    `taken_out` says. Raises like `answer_question`."""
    if not any(j.kept for j in judged):
        return refuse(judged, taken_out=taken_out)
    if endpoint is None:
        return await extract_answer(call, specialist, question, judged)
    try:
        return await compose_by_endpoint(endpoint, question, judged)
    except Unsupported as error:
        extracted = await extract_answer(call, specialist, question, judged)
        return replace(extracted, reason=f"{error}, so quotes stand instead; {extracted.reason}")


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = time.perf_counter()

    def lap(self, step: str) -> float:
        """Seconds since the last lap."""
        now = time.perf_counter()
        self.laps[step], self._at = now - self._at, now
        return self.laps[step]
