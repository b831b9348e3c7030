"""Label logits as probabilities by name. It knows no job and no contract's file."""

import math
from collections.abc import Sequence

from specialists.requests import Verdict


def probabilities(verdict: Verdict, names: Sequence[str]) -> dict[str, float]:
    """The softmax over a verdict's logits; `names` are the contract's outcomes, in its order."""
    highest = max(verdict.logits)
    weights = [math.exp(logit - highest) for logit in verdict.logits]
    total = sum(weights)
    return {name: weight / total for name, weight in zip(names, weights, strict=True)}


def rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(score, 4) for name, score in scores.items()}
