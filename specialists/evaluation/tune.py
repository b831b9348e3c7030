"""Finds out what is fastest for a checkpoint on this machine: arithmetic, size of a batch, threads.

Every candidate judges the same passages in every round, so that a busy moment is bad luck for all
of them alike. What differs from the ordinary has to be clearly faster: a measurement is noisy, and
a second thread takes a core from the next worker.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch

from specialists.agreement import Agreement, find_agreement
from specialists.allocator import keep_freed_memory
from specialists.evaluation.speed import make_passages
from specialists.model.arithmetic import Arithmetic
from specialists.requests import Decide
from specialists.specialist import BATCH_TOKENS, PROBE_QUERY, Specialist
from specialists.tuning import Tuning

BATCHES = (512, BATCH_TOKENS, 2_048)
CLEARLY = 1.05
CLEARLY_A_THREAD = 1.4
"""So many times faster a candidate with twice the threads must be."""
_PASSAGES, _TOKENS = 20, 128


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One candidate: median milliseconds for `passages` of `tokens`, and passages a second."""

    tuning: Tuning
    passages: int
    tokens: int
    median_ms: float
    per_second: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """All that were tried, which is best, and whether int8 may decide, where it was asked."""

    tried: tuple[Tried, ...]
    best: Tuning
    agreement: Agreement | None


def tune(
    exact: Specialist,
    measured: Path,
    *,
    arithmetics: Sequence[Arithmetic],
    cores: int,
    rounds: int,
    on_progress: Callable[[int, int, str], None] = lambda done, total, doing: None,
) -> Tuned:
    """`exact` decides in float32; the folder `measured` keeps what is found about int8."""
    agreement = None
    if "int8" in arithmetics:
        on_progress(0, rounds + 1, "asking whether int8 agrees with float32")
        agreement = find_agreement(exact, "int8", measured)
        if not agreement.holds:
            arithmetics = [one for one in arithmetics if one != "int8"]
    threads = sorted({1, cores})
    candidates = [
        Tuning(arithmetic=arithmetic, batch_tokens=tokens, threads=count)
        for arithmetic, tokens, count in product(arithmetics, BATCHES, threads)
    ]
    border = agreement.border if agreement else 0.0
    asked = {tuning: _loaded(exact, tuning, border) for tuning in candidates}
    request = Decide(
        query=PROBE_QUERY,
        passages=tuple(make_passages(exact, count=_PASSAGES, tokens=_TOKENS)),
    )
    keep_freed_memory()
    torch.set_num_threads(1)  # as in a worker, whose batches run side by side instead
    seconds: dict[Tuning, list[float]] = {tuning: [] for tuning in candidates}
    for turn in range(rounds + 1):
        on_progress(turn, rounds + 1, f"{len(candidates)} ways, in turns")
        for tuning, specialist in asked.items():
            began = time.perf_counter()
            specialist.decide(request)
            if turn:  # the first round only warms up
                seconds[tuning].append(time.perf_counter() - began)
    tried = [_tried(tuning, seconds[tuning]) for tuning in candidates]
    return Tuned(tried=tuple(tried), best=choose(tried), agreement=agreement)


def choose(tried: Sequence[Tried]) -> Tuning:
    """The plainest of those that nothing is clearly faster than."""

    def is_beaten(one: Tried) -> bool:
        return any(
            other.per_second > one.per_second * _needed(one.tuning, other.tuning) for other in tried
        )

    plainest = sorted(tried, key=_plainness)
    return next(one for one in plainest if not is_beaten(one)).tuning


def _plainness(one: Tried) -> tuple[int, int, bool]:
    tuning = one.tuning
    return (tuning.threads, abs(tuning.batch_tokens - BATCH_TOKENS), tuning.arithmetic != "int8")


def _needed(now: Tuning, other: Tuning) -> float:
    """How many times faster the other must be to be worth it."""
    doublings = max(0.0, math.log2(other.threads / now.threads))
    return float(max(CLEARLY, CLEARLY_A_THREAD**doublings))


def _loaded(exact: Specialist, tuning: Tuning, border: float) -> Specialist:
    return Specialist(
        exact.checkpoint,
        exact.model,
        exact.tokenizer,
        arithmetic=tuning.arithmetic,
        border=border,
        batch_tokens=tuning.batch_tokens,
        threads=tuning.threads,
    )


def _tried(tuning: Tuning, seconds: Sequence[float]) -> Tried:
    median = statistics.median(seconds)
    return Tried(
        tuning=tuning,
        passages=_PASSAGES,
        tokens=_TOKENS,
        median_ms=1e3 * median,
        per_second=_PASSAGES / median,
    )
