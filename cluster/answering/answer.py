"""From a question to an answer: retrieve, filter, compose, or refuse.

It stands alone as the order of the three steps and their times. What each step does is in the
file of its name.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from cluster.answering.endpoint import EndpointSettings, Unsupported, compose_by_endpoint
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
    on_event: Callable[[AnswerStep], None] | None = None,
) -> Answer:
    """An answer that stands on citations, or a refusal with its reason. A `threshold` takes the
    place of the specialist's own decision on each passage. `guards` stand beside an endpoint alone.

    Raises `CallError` when the specialist cannot be called, `EndpointError` when an endpoint was
    asked for and cannot be used.
    """
    tell = on_event or (lambda _: None)
    clock = _Clock()
    # Searching reads files: beside the loop, not on it.
    found = await asyncio.to_thread(retrieve, index, question, k)
    tell(AnswerStep(step="retrieve", seconds=clock.lap("retrieve"), found=found))
    judged = await filter_passages(call, specialist, question, found, threshold=threshold)
    tell(AnswerStep(step="filter", seconds=clock.lap("filter"), found=found, judged=judged))
    warnings: tuple[str, ...] = ()
    if endpoint is not None and guards is not None:
        judged = await guards.screen(judged)
        warnings = await guards.warn_of_personal_data(endpoint, question, judged)
        seconds = clock.lap("guard")
        told = AnswerStep(step="guard", seconds=seconds, found=found, judged=judged)
        tell(replace(told, warnings=warnings))
    composed = await compose_answer(call, specialist, question, judged, endpoint)
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
) -> Composed:
    """The written part of an answer, from the kept passages alone. Raises like
    `answer_question`."""
    if not any(j.kept for j in judged):
        return refuse(judged)
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
