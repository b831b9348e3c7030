"""The filter: one decision of a specialist for every passage, each with its reason.

It stands alone because nothing enters an answer without passing here. It knows the specialist by
name only, and nothing of retrieval or composition.
"""

from collections.abc import Callable, Sequence

from cluster.errors import CallError
from cluster.records import JudgedPassage, Passage, SpecialistCaller
from cluster.retrieval.words import split_words
from specialists.requests import Decide, Verdict

SLICE = 4
"""Passages to a call where somebody looks on: few enough to be seen arriving, and enough that the
question, which is read once a call, costs little."""


async def filter_passages(
    call: SpecialistCaller,
    specialist: str,
    question: str,
    passages: Sequence[Passage],
    *,
    threshold: float | None = None,
    on_judged: Callable[[tuple[JudgedPassage, ...]], None] | None = None,
) -> tuple[JudgedPassage, ...]:
    """All passages in their order, kept where the verdict is positive or, with a `threshold`, where
    the score reaches it. No passages, no call. `on_judged` is told of some at a time, as they are
    decided; that changes no verdict.

    Raises `CallError` when the specialist cannot be reached or does not answer for each passage.
    """
    judged: tuple[JudgedPassage, ...] = ()
    size = SLICE if on_judged else max(1, len(passages))
    for at in range(0, len(passages), size):
        some = await _judge(call, specialist, question, passages[at : at + size], threshold)
        judged += some
        if on_judged:
            on_judged(some)
    return judged


async def _judge(
    call: SpecialistCaller,
    specialist: str,
    question: str,
    passages: Sequence[Passage],
    threshold: float | None,
) -> tuple[JudgedPassage, ...]:
    request = Decide(query=question, passages=tuple(filter_text(passage) for passage in passages))
    verdicts = (await call(specialist, request)).verdicts
    if len(verdicts) != len(passages):
        raise CallError(
            f"specialist {specialist!r} gave {len(verdicts)} verdicts for {len(passages)} passages"
        )
    return tuple(
        JudgedPassage(
            passage=passage,
            verdict=verdict,
            kept=verdict.positive if threshold is None else verdict.score >= threshold,
            reason=verdict_reason(verdict, threshold=threshold),
        )
        for passage, verdict in zip(passages, verdicts, strict=True)
    )


def filter_text(passage: Passage) -> str:
    """What the specialist reads: the passage, under its headings where it does not repeat them."""
    said = set(split_words(passage.text))
    parts = [
        part for part in passage.heading.split(" > ") if not said.issuperset(split_words(part))
    ]
    return ": ".join((*parts, passage.text))


def verdict_reason(verdict: Verdict, *, threshold: float | None = None) -> str:
    """A phrase for a person."""
    phrase = f"{'relevant' if verdict.positive else 'not relevant'} (score {verdict.score:.2f})"
    if threshold is not None:
        side = "at or above" if verdict.score >= threshold else "below"
        phrase = f"{side} the calibrated threshold (score {verdict.score:.2f} of {threshold:.2f})"
    if verdict.truncated:
        phrase += f"; only the first {verdict.tokens} tokens were read"
    return phrase
