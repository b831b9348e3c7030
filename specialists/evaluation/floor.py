"""How near a specialist comes to what this machine can multiply, and where the rest of the time
goes.

The floor is the operations of the matrices inside the blocks at the rate that a bare product of
the same shapes reaches here and now. The account is the profiler's: what each kind of operator
took, and what was left for Python, the tokenizer and the rest.

Shapes: N positions, I inputs, O outputs.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile

from specialists.model.arithmetic import Arithmetic
from specialists.model.config import DecoderConfig
from specialists.prompts import build_prompts
from specialists.requests import Decide
from specialists.specialist import Specialist

RATED = ("float32", "bfloat16", "int8")
_POSITIONS = 1_024
_PARTS: Mapping[str, tuple[str, ...]] = {
    "matrices": ("aten::_int_mm", "aten::mm", "aten::addmm", "aten::bmm"),
    "attention": ("scaled_dot_product",),
    "norms": ("rms_norm", "aten::pow", "aten::rsqrt", "aten::mean", "aten::sum"),
    "gates": ("aten::silu",),
    "rounding": ("aten::amax", "aten::amin", "aten::round", "aten::clamp", "aten::reciprocal"),
    "other passes over memory": ("aten::",),
}
"""By the beginning or any part of an operator's name; the first that fits takes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """Of one arithmetic, for `passages` of `tokens`: billions of operations in the blocks'
    matrices, the rate of a bare product (billions a second), the milliseconds these make, the
    median time really taken, and the account of the latter in shares of it. All of it is processor
    time, which other programs hardly change."""

    arithmetic: Arithmetic
    passages: int
    tokens: int
    giga_operations: float
    giga_rate: float
    floor_ms: float
    median_ms: float
    decided_again: int
    account: Mapping[str, float]

    @property
    def share(self) -> float:
        """Of the rate of a bare product, that was reached."""
        return self.floor_ms / self.median_ms


def measure_floor(
    specialist: Specialist, query: str, passages: Sequence[str], *, tokens: int, rounds: int
) -> Floor:
    """On the threads that torch has now; products and decisions alternate."""
    request = Decide(query=query, passages=tuple(passages))
    head_ids, prompts = build_prompts(specialist.contract, specialist.tokenizer, query, passages)
    config = specialist.model.config
    operations = block_operations(config, len(head_ids))
    operations += sum(block_operations(config, len(prompt.ids)) for prompt in prompts)
    seconds, rates = [], []
    specialist.decide(request)
    before = specialist.decided_again
    for _ in range(rounds):
        rates.append(matrix_rate(specialist.arithmetic, config))
        began = time.process_time()
        specialist.decide(request)
        seconds.append(time.process_time() - began)
    again = (specialist.decided_again - before) // rounds
    rate, median = statistics.median(rates), statistics.median(seconds)
    return Floor(
        arithmetic=specialist.arithmetic,
        passages=len(passages),
        tokens=tokens,
        giga_operations=operations / 1e9,
        giga_rate=rate / 1e9,
        floor_ms=1e3 * operations / rate,
        median_ms=1e3 * median,
        decided_again=again,
        account=_account(lambda: specialist.decide(request)),
    )


def block_operations(config: DecoderConfig, positions: int) -> int:
    """Multiplications and additions in the matrices of the blocks. The last block computes keys
    and values of every position, and all else at one."""
    width, keys = config.d_model, 2 * config.n_kv_head * config.head_dim * config.d_model
    rest = 2 * width * config.n_head * config.head_dim + 3 * width * config.d_ff
    return 2 * (positions * config.n_layer * keys + (positions * (config.n_layer - 1) + 1) * rest)


@torch.inference_mode()
def matrix_rate(arithmetic: str, config: DecoderConfig) -> float:
    """Operations a second of bare products: into the feed-forward and out of it."""
    products = [
        _product(arithmetic, inner, outer)
        for inner, outer in ((config.d_model, config.d_ff), (config.d_ff, config.d_model))
    ]
    for product in products:
        product()
    seconds = []
    for _ in range(9):
        began = time.process_time()
        for product in products:
            product()
        seconds.append(time.process_time() - began)
    return 4 * _POSITIONS * config.d_model * config.d_ff / statistics.median(seconds)


def _product(arithmetic: str, inner: int, outer: int) -> Callable[[], object]:
    if arithmetic == "int8":
        left = torch.randint(-127, 128, (_POSITIONS, inner), dtype=torch.int8)
        right = torch.randint(-127, 128, (inner, outer), dtype=torch.int8)
        return lambda: torch._int_mm(left, right)
    kind = torch.bfloat16 if arithmetic == "bfloat16" else torch.float32
    x_NI, weight_OI = torch.randn(_POSITIONS, inner).to(kind), torch.randn(outer, inner).to(kind)
    return lambda: torch.nn.functional.linear(x_NI, weight_OI)


def _account(work: Callable[[], object]) -> dict[str, float]:
    """Shares of the time under the profiler, which makes small operators look a little larger."""
    work()
    with _deaf_stderr(), profile(activities=[ProfilerActivity.CPU], acc_events=True) as seen:
        began = time.process_time()
        work()
        total_us = 1e6 * (time.process_time() - began)
    account = dict.fromkeys(_PARTS, 0.0)
    for event in seen.key_averages():
        part = next(
            (name for name, words in _PARTS.items() if any(word in event.key for word in words)),
            None,
        )
        if part is not None:
            account[part] += event.self_cpu_time_total / total_us
    account["Python, tokenizer and the rest"] = max(0.0, 1.0 - sum(account.values()))
    return account


@contextmanager
def _deaf_stderr() -> Iterator[None]:
    """The profiler's native side talks there whatever it is told."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)
