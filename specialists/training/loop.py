"""The one training loop: steps, a log, a state that survives a stop.

It knows neither data nor loss. Everything a step needs follows from its number, and the state is
written whole or not at all, so a run that was stopped (Ctrl-C, kill, power) goes on from its last
save as if nothing had happened.
"""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from specialists.errors import RecipeError
from specialists.training.optimizer import FALL, RISE, learning_rate_factor

STATE_FILE = "state.pt"
LOG_FILE = "log.jsonl"
GRADIENT_NORM = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StepReport:
    """What a step says once its gradients are in the parameters: the loss, and plain figures for
    the log."""

    loss: float
    figures: Mapping[str, float]
    tokens: int


def descend(loss: Tensor, *, figures: Mapping[str, float], tokens: int) -> StepReport:
    """The report of a step with one loss, whose gradients are computed here."""
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    return StepReport(loss=float(loss.detach()), figures=figures, tokens=tokens)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where a run stands. `seconds` and `tokens_per_s` are of the stretch since the last line."""

    step: int
    steps: int
    tokens: int
    tokens_per_s: float
    seconds: float
    figures: Mapping[str, float]


def train(
    folder: Path,
    *,
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    steps: int,
    since: int = 0,
    threads: int | None = None,
    take_step: Callable[[int], StepReport],
    measure: Callable[[], Mapping[str, float]] = dict,
    measure_every: int = 0,
    log_every: int = 20,
    save_every_s: float = 120.0,
    rise: int = RISE,
    fall: float = FALL,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Trains `modules` in place up to `steps`, going on from `folder` where a state lies. The
    learning rate rises over the first `rise` steps after `since` and falls over the last share
    `fall` of those that follow it.

    Raises `RecipeError` when the loss is no longer a number; the last good state is kept.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    folder.mkdir(parents=True, exist_ok=True)
    start, tokens = _resume(folder, modules, optimizer)
    peak_rates = [group["lr"] for group in optimizer.param_groups]
    saved_at = logged_at = time.monotonic()
    logged_tokens, logged_step, figures_sum = tokens, start, dict[str, float]()
    done = start
    try:
        for step in range(start, steps):
            factor = learning_rate_factor(step - since, steps - since, rise=rise, fall=fall)
            for group, peak in zip(optimizer.param_groups, peak_rates, strict=True):
                group["lr"] = peak * factor
            optimizer.zero_grad(set_to_none=True)
            report = take_step(step)
            if not math.isfinite(report.loss):
                raise RecipeError(
                    f"loss is {report.loss} at step {step}: lower the learning rate; "
                    f"the state of the last save is in {folder}"
                )
            for module in modules.values():
                nn.utils.clip_grad_norm_(module.parameters(), GRADIENT_NORM)
            with _uninterrupted():  # half a step saved would never be whole again
                optimizer.step()
                done, tokens = step + 1, tokens + report.tokens
            for name, value in report.figures.items():
                figures_sum[name] = figures_sum.get(name, 0.0) + value
            measured: Mapping[str, float] = {}
            if measure_every and (done % measure_every == 0 or done == steps):
                measured = measure()
            if done % log_every == 0 or done == steps or measured:
                now = time.monotonic()
                seconds = max(1e-9, now - logged_at)
                mean = {name: value / (done - logged_step) for name, value in figures_sum.items()}
                progress = Progress(
                    step=done,
                    steps=steps,
                    tokens=tokens,
                    tokens_per_s=(tokens - logged_tokens) / seconds,
                    seconds=seconds,
                    figures={**mean, **measured},
                )
                _log(folder, progress)
                on_progress(progress)
                logged_at, logged_tokens, logged_step, figures_sum = now, tokens, done, {}
            if time.monotonic() - saved_at > save_every_s:
                _save(folder, modules, optimizer, peak_rates, done, tokens)
                saved_at = time.monotonic()
    except RecipeError:
        raise  # what is in memory is no longer worth keeping
    except BaseException:
        if done > start:
            _save(folder, modules, optimizer, peak_rates, done, tokens)
        raise
    _save(folder, modules, optimizer, peak_rates, done, tokens)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for the end of the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        signal.raise_signal(signal.SIGINT)


def _save(
    folder: Path,
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    peak_rates: list[float],
    step: int,
    tokens: int,
) -> None:
    for group, peak in zip(optimizer.param_groups, peak_rates, strict=True):
        group["lr"] = peak
    state = {
        "modules": {name: module.state_dict() for name, module in modules.items()},
        "optimizer": optimizer.state_dict(),
        "step": step,
        "tokens": tokens,
    }
    partial = folder / f"{STATE_FILE}.partial"
    torch.save(state, partial)
    partial.replace(folder / STATE_FILE)


def _resume(
    folder: Path, modules: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer
) -> tuple[int, int]:
    """Step and tokens to go on from; (0, 0) where nothing was saved."""
    path = folder / STATE_FILE
    if not path.is_file():
        return 0, 0
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        for name, module in modules.items():
            module.load_state_dict(state["modules"][name])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"]), int(state["tokens"])
    except Exception as error:  # damaged files fail in a dozen ways
        raise RecipeError(
            f"{path} does not fit this run ({type(error).__name__}: {error}); "
            "delete that file to start again, or name another --run folder"
        ) from error


def _log(folder: Path, progress: Progress) -> None:
    line = {
        "time": round(time.time(), 1),
        "step": progress.step,
        "tokens": progress.tokens,
        "tokens_per_s": round(progress.tokens_per_s),
        "seconds": round(progress.seconds, 2),
        **{name: round(value, 5) for name, value in progress.figures.items()},
    }
    with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
