"""The values that travel through the cluster, from question to answer. Frozen and plain."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, Protocol, overload

from specialists.jobs.job import Inputs, Result
from specialists.requests import Decide, Decided, Generate, Generated, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A piece of a document. `start` and `end` are character offsets into the document's text as
    read (`documents.read_document`); `line` is the 1-based line of `start`; `page` is 1-based
    where the format has pages. `retrieval_score` is the retriever's own, comparable only within
    one result list."""

    text: str
    source: str
    start: int
    end: int
    line: int
    page: int | None = None
    heading: str = ""
    retrieval_score: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPassage:
    """A passage with the filter's verdict and the reason it was kept or dropped."""

    passage: Passage
    verdict: Verdict
    kept: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """An exact quote: `quote` equals the document text from `start` to `end`. `score` is that of
    the passage it stands in."""

    quote: str
    source: str
    start: int
    end: int
    line: int
    page: int | None
    heading: str
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer that stands on citations, or a refusal (`refused`, with its `reason`)."""

    question: str
    text: str
    refused: bool
    reason: str
    citations: tuple[Citation, ...]
    passages: tuple[JudgedPassage, ...]
    composed_by: str
    """`extract` for quotes alone, otherwise the answer model's name."""
    seconds: dict[str, float]
    """Wall time of each step: retrieve, filter, compose; guard and check with an endpoint."""
    warnings: tuple[str, ...] = ()
    """What the guards beside an answer model found; nothing was changed for them."""


GuardName = Literal["injection", "personal-data", "grounding"]
"""What stands beside an answer model, each by the job of the specialist that does it."""
GUARDS: tuple[GuardName, ...] = ("injection", "personal-data", "grounding")
USUAL_GUARDS: tuple[GuardName, ...] = ("injection", "personal-data")
"""Those that stand unless something else is said: their specialists pass their gates."""


class SpecialistCaller(Protocol):
    """How retrieval and answering reach a specialist: by name, without knowing where it lives."""

    @overload
    def __call__(self, name: str, request: Decide, /) -> Awaitable[Decided]: ...
    @overload
    def __call__(self, name: str, request: Generate, /) -> Awaitable[Generated]: ...


class JobDoer(Protocol):
    """How a specialist by name is let do its job; inputs and result are JSON values by name."""

    def __call__(self, name: str, inputs: Inputs, /) -> Awaitable[Result]: ...
