"""The long stretch of q-rag in small: from the stretch before it to the folder that ships."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from specialists.checkpoint import Checkpoint
from specialists.errors import RecipeError
from specialists.evaluation.peers import can_run
from specialists.requests import Decide
from specialists.specialist import load_specialist
from specialists.training.distilled_run import export_distilled, open_device, train_distilled
from specialists.training.recipes import DistilledRecipe, Phase, pocket_q_rag_distilled
from tests.specialists.training.owls import owl_base


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    return owl_base(tmp_path)


@pytest.fixture
def recipe() -> DistilledRecipe:
    return distilled_recipe()


def distilled_recipe() -> DistilledRecipe:
    """In small: it goes on from two steps of one stretch."""
    words = replace(
        pocket_q_rag_distilled().after,
        name="words",
        after=None,
        n_layer=None,
        matcher_steps=0,
        teacher_groups={},
        vector_steps=0,
        taught_share=0.0,
        reworded_share=0.0,
        match_layers=(1,),
        phases=(Phase(until=1.0, max_length=96, token_budget=600),),
        steps=2,
    )
    return replace(
        pocket_q_rag_distilled(),
        after=words,
        n_layer=3,
        d_ff=64,
        token_budget=4_000,
        max_length=128,
        sentences=100,
        steps=4,
        measure_every=2,
    )


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_the_long_stretch_makes_it_larger_and_ships_with_what_taught_it(
    base: Checkpoint, recipe: DistilledRecipe, tmp_path: Path
) -> None:
    model = train_distilled(recipe, run=tmp_path, base=base, device="cpu")
    logged = [
        json.loads(line)
        for line in (tmp_path / "q-rag-distilled" / "log.jsonl").read_text().splitlines()
    ]
    assert logged[-1]["step"] == 4
    assert {"verdict", "near", "language", "held_out_verdict"} <= set(logged[-1])
    shipped = export_distilled(
        recipe, model, run=tmp_path, base=base, target=tmp_path / "weights" / "q-rag-distilled"
    )
    assert (shipped.name, shipped.config.n_layer, shipped.config.d_ff) == ("q-rag-distilled", 3, 64)
    record = json.loads((shipped.folder / "config.json").read_text())["recipe"]
    assert record["steps"] == 2 + 4
    assert "MiniLM" in record["teacher"]["encoder"]
    assert record["teacher"]["texts"] > 200
    decided = load_specialist(shipped.folder).decide(
        Decide(query="How long do owls live?", passages=("Long.", "Trains run."))
    )
    assert len(decided.verdicts) == 2


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_a_stretch_that_was_stopped_goes_on_and_does_not_encode_again(
    base: Checkpoint, recipe: DistilledRecipe, tmp_path: Path
) -> None:
    whole = train_distilled(recipe, run=tmp_path, base=base, device="cpu")
    written = (tmp_path / "teacher-of-all" / "whole.npy").stat().st_mtime_ns
    (tmp_path / "q-rag-distilled" / "state.pt").unlink()
    for steps in (2, 4):
        (tmp_path / "words" / "state.pt").unlink()
        again = train_distilled(
            replace(recipe, steps=steps, fall=1e-9), run=tmp_path, base=base, device="cpu"
        )
    assert (tmp_path / "teacher-of-all" / "whole.npy").stat().st_mtime_ns == written
    assert again.config == whole.config
    log = (tmp_path / "q-rag-distilled" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log][-3:] == [4, 2, 4]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said_before_anything_is_done() -> None:
    with pytest.raises(RecipeError, match="no GPU that torch can use; leave --device out"):
        open_device("cuda")
