"""Readers that stand in for a specialist: one decides at random, one by what a test says."""

from collections.abc import Callable
from random import Random

from specialists.requests import Decide, Decided, Verdict


def verdict(score: float) -> Verdict:
    return Verdict(
        label="1" if score > 0.5 else "0",
        positive=score > 0.5,
        score=score,
        logits=(score, 1 - score),
        truncated=False,
        tokens=9,
    )


def at_random(seed: int, share: float = 0.5) -> Callable[[Decide], Decided]:
    """Accepts about `share` of all passages, whatever they are."""
    choice = Random(seed)

    def decide(request: Decide) -> Decided:
        odds = [choice.random() for _ in request.passages]
        return Decided(verdicts=tuple(verdict(odd ** (0.5 / share)) for odd in odds))

    return decide


def accepting(*wanted: str) -> Callable[[Decide], Decided]:
    """Accepts what holds one of the texts, the first most."""

    def score(passage: str) -> float:
        held = [place for place, text in enumerate(wanted) if text in passage]
        return 0.99 - 0.01 * held[0] if held else 0.1

    return lambda request: Decided(
        verdicts=tuple(verdict(score(passage)) for passage in request.passages)
    )
