"""The last stretch of q-rag in small: what it learns, and what ships."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from specialists.checkpoint import Checkpoint
from specialists.corpora.relevance import open_rows
from specialists.evaluation.peers import can_run
from specialists.model.decoder import FinanceDecoder
from specialists.specialist import load_model
from specialists.tokenizer import open_tokenizer
from specialists.training.neighbours import find_neighbours
from specialists.training.recipes import SharpenedRecipe, pocket_q_rag
from specialists.training.sharpened_run import (
    NEIGHBOURS,
    export_sharpened,
    sharpen,
    train_sharpened,
)
from tests.specialists.training.owls import owl_base
from tests.specialists.training.test_distilled_run import distilled_recipe


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    return owl_base(tmp_path)


@pytest.fixture
def recipe() -> SharpenedRecipe:
    return replace(
        pocket_q_rag(),
        after=distilled_recipe(),
        token_budget=800,
        max_length=200,
        ends=(2, 4),
        measure_every=2,
    )


def test_the_loss_falls_and_a_run_that_was_stopped_goes_on(
    base: Checkpoint, recipe: SharpenedRecipe, tmp_path: Path
) -> None:
    rows, tokenizer = open_rows(tmp_path / "rows"), open_tokenizer(base.tokenizer_path)
    model = load_model(base)
    near = find_neighbours(rows, model.embedding.weight, groups=500, more_groups={}, seed=0)
    longer = replace(recipe, learning_rate=3e-3, rise=5, measure_every=20)
    for steps in (20, 40):
        folder = tmp_path / "q-rag"
        model = sharpen(longer, load_model(base), rows, near, tokenizer, folder=folder, steps=steps)
    assert not model.embedding.weight.requires_grad
    log = [json.loads(line) for line in (tmp_path / "q-rag" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log][-1] == 40
    assert sum(line["step"] <= 20 for line in log) < len(log)
    first, last = log[0], log[-1]
    assert last["verdict"] < first["verdict"]
    assert 0 <= last["held_out_auroc"] <= 1


def test_what_ships_is_the_mean_of_the_weights_at_the_ends(
    base: Checkpoint, recipe: SharpenedRecipe, tmp_path: Path
) -> None:
    rows, tokenizer = open_rows(tmp_path / "rows"), open_tokenizer(base.tokenizer_path)
    model = load_model(base)
    near = find_neighbours(rows, model.embedding.weight, groups=500, more_groups={}, seed=0)
    folder = tmp_path / "q-rag"
    trained = sharpen(recipe, model, rows, near, tokenizer, folder=folder)
    first, last = (load_file(folder / f"weights-{end}.safetensors") for end in recipe.ends)
    moved = 0.0
    for name, tensor in trained.state_dict().items():
        assert torch.allclose(tensor, (first[name] + last[name]) / 2)
        moved += float((first[name] - last[name]).abs().sum())
    assert moved > 0
    again = sharpen(recipe, load_model(base), rows, near, tokenizer, folder=folder)
    assert torch.equal(weights_of(again), weights_of(trained)), "nothing is repeated"
    (folder / "state.pt").unlink()
    other = replace(recipe, seed=recipe.seed + 1)
    anew = sharpen(other, load_model(base), rows, near, tokenizer, folder=folder)
    assert not torch.equal(weights_of(anew), weights_of(trained)), "its weights stand for no state"


def weights_of(model: FinanceDecoder) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in model.state_dict().values()])


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_the_whole_chain_ships_under_its_name(
    base: Checkpoint, recipe: SharpenedRecipe, tmp_path: Path
) -> None:
    model = train_sharpened(recipe, run=tmp_path, base=base, device="cpu")
    found = np.load(tmp_path / NEIGHBOURS)
    assert (found >= 0).any()
    shipped = export_sharpened(
        recipe, model, run=tmp_path, base=base, target=tmp_path / "weights" / "q-rag"
    )
    assert (shipped.name, shipped.config.n_layer) == ("q-rag", 3)
    record = json.loads((shipped.folder / "config.json").read_text())["recipe"]
    assert record["steps"] == 2 + 4 + 4
    assert record["seed"] == recipe.seed
