"""A run survives whatever stops it, and never keeps what is not worth keeping."""

import json
import signal
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from specialists.errors import RecipeError
from specialists.training.loop import StepReport, descend, train

STEPS = 12


def run(
    folder: Path, *, steps: int = STEPS, broken_at: int = -1, stopped_at: int = -1
) -> dict[str, Tensor]:
    """A line fitted to a line, drawn from the step's number alone."""
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    plain_step = optimizer.step

    def step_and_be_stopped(closure: None = None) -> None:
        if optimizer.state and int(next(iter(optimizer.state.values()))["step"]) == stopped_at:
            signal.raise_signal(signal.SIGINT)
        plain_step(closure)

    optimizer.step = step_and_be_stopped  # type: ignore[method-assign]

    def take_step(step: int) -> StepReport:
        x = torch.full((4, 1), float(step % 3))
        loss = (model(x) - 2 * x).square().mean()
        if step == broken_at:
            loss = loss * torch.nan
        return descend(loss, figures={}, tokens=4)

    train(folder, modules={"model": model}, optimizer=optimizer, steps=steps, take_step=take_step)
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", stopped_at=5)
    resumed = run(tmp_path / "stopped")
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    last = (tmp_path / "stopped" / "log.jsonl").read_text("utf-8").splitlines()[-1]
    assert json.loads(last)["tokens"] == 4 * STEPS


def test_a_loss_that_is_no_number_leaves_the_last_save_alone(tmp_path: Path) -> None:
    run(tmp_path, steps=4)
    saved = (tmp_path / "state.pt").read_bytes()
    with pytest.raises(RecipeError, match="loss is nan at step 6"):
        run(tmp_path, broken_at=6)
    assert (tmp_path / "state.pt").read_bytes() == saved


def test_the_rate_rises_and_falls_anew_after_each_end(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    rates = []

    def take_step(step: int) -> StepReport:
        rates.append(optimizer.param_groups[0]["lr"])
        return descend(model(torch.ones(1, 1)).square().mean(), figures={}, tokens=1)

    for since, end in ((0, 8), (8, 16)):
        train(
            tmp_path,
            modules={"model": model},
            optimizer=optimizer,
            steps=end,
            since=since,
            take_step=take_step,
            rise=2,
            fall=0.5,
        )
    assert rates[:8] == pytest.approx(rates[8:])
    assert min(rates[:8]) < max(rates[:8])
