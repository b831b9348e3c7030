"""The last stretch of q-rag in small: what it learns, and what ships."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from specialists.checkpoint import Checkpoint
from specialists.corpora.relevance import RelevanceRows, open_rows, write_rows
from specialists.corpora.written import read_written, written_groups
from specialists.evaluation.peers import can_run
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import resolve_labels
from specialists.specialist import load_model
from specialists.tokenizer import open_tokenizer
from specialists.training.neighbours import find_neighbours
from specialists.training.recipes import SharpenedRecipe, pocket_q_rag
from specialists.training.sharpened_run import (
    NEIGHBOURS,
    export_sharpened,
    samplers,
    sharpen,
    train_sharpened,
)
from tests.specialists.training.owls import owl_base
from tests.specialists.training.test_distilled_run import distilled_recipe


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    return owl_base(tmp_path)


@pytest.fixture
def written(base: Checkpoint, tmp_path: Path) -> RelevanceRows:
    """Of each kind some rows of those that ship."""
    groups = list(written_groups(read_written()))
    few = [*groups[:90], *groups[-90:]]
    write_rows(few, open_tokenizer(base.tokenizer_path), tmp_path / "w", development_share=0.3)
    return open_rows(tmp_path / "w")


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


Train = Callable[..., FinanceDecoder]


@pytest.fixture
def train(base: Checkpoint, written: RelevanceRows, tmp_path: Path) -> Train:
    """The stretch from the base on, in one folder."""
    rows, tokenizer = open_rows(tmp_path / "rows"), open_tokenizer(base.tokenizer_path)
    vectors_VD = load_model(base).embedding.weight.detach()
    near_GK = find_neighbours(rows, vectors_VD, groups=500, more_groups={}, seed=0)

    def train_from_base(recipe: SharpenedRecipe, *, steps: int | None = None) -> FinanceDecoder:
        training, held_out = samplers(
            recipe, rows, near_GK, written, tokenizer, vectors_VD=vectors_VD
        )
        contract = resolve_labels(recipe.after.contract, tokenizer)
        return sharpen(
            recipe,
            load_model(base),
            training,
            held_out,
            contract,
            folder=tmp_path / "q-rag",
            steps=steps,
        )

    return train_from_base


def test_the_loss_falls_and_a_run_that_was_stopped_goes_on(
    train: Train, recipe: SharpenedRecipe, tmp_path: Path
) -> None:
    longer = replace(recipe, learning_rate=3e-3, rise=5, measure_every=20)
    for steps in (20, 40):
        model = train(longer, steps=steps)
    assert not model.embedding.weight.requires_grad
    log = [json.loads(line) for line in (tmp_path / "q-rag" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log][-1] == 40
    assert sum(line["step"] <= 20 for line in log) < len(log)
    first, last = log[0], log[-1]
    assert last["verdict"] < first["verdict"]
    assert 0 <= last["held_out_auroc"] <= 1


def test_what_ships_is_the_mean_of_the_weights_at_the_ends(
    train: Train, recipe: SharpenedRecipe, tmp_path: Path
) -> None:
    trained = train(recipe)
    first, last = (
        load_file(tmp_path / "q-rag" / f"weights-{end}.safetensors") for end in recipe.ends
    )
    moved = 0.0
    for name, tensor in trained.state_dict().items():
        assert torch.allclose(tensor, (first[name] + last[name]) / 2)
        moved += float((first[name] - last[name]).abs().sum())
    assert moved > 0


def test_what_was_trained_is_not_repeated_unless_its_state_is_gone(
    train: Train, recipe: SharpenedRecipe, tmp_path: Path
) -> None:
    trained = weights_of(train(recipe))
    assert torch.equal(weights_of(train(recipe)), trained)
    (tmp_path / "q-rag" / "state.pt").unlink()
    anew = train(replace(recipe, seed=recipe.seed + 1))
    assert not torch.equal(weights_of(anew), trained), "its weights stand for no state"


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
    assert [one["name"] for one in record["data"]] == ["written"]
