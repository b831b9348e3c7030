"""A recipe that comes after another: both are trained, from their rows to the folder that ships."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from specialists.checkpoint import Checkpoint
from specialists.evaluation.peers import can_run
from specialists.requests import Decide
from specialists.specialist import load_model, load_specialist
from specialists.training.matcher import read_matcher
from specialists.training.recipes import Phase, RelevanceRecipe, pocket_q_rag_vectors
from specialists.training.relevance_run import (
    export_relevance,
    train_relevance,
)
from specialists.training.taught_vectors import mixed
from specialists.training.teaching_aids import MATCHER, TEACHER, VECTORS
from tests.specialists.training.owls import owl_base


@pytest.fixture
def base(tmp_path: Path) -> Checkpoint:
    return owl_base(tmp_path)


@pytest.fixture
def recipe() -> RelevanceRecipe:
    words = replace(
        pocket_q_rag_vectors(),
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
        steps=3,
    )
    return replace(words, name="judge", after=words, n_layer=3, matcher_steps=2, steps=2)


def test_the_later_recipe_goes_on_from_the_earlier_one_with_more_blocks(
    base: Checkpoint, recipe: RelevanceRecipe, tmp_path: Path
) -> None:
    model = train_relevance(recipe, run=tmp_path, base=base)
    assert (tmp_path / MATCHER).is_file()
    logged = [
        json.loads((tmp_path / name / "log.jsonl").read_text().splitlines()[-1])
        for name in ("words", "judge")
    ]
    assert [line["step"] for line in logged] == [3, 2]
    assert "coverage" in logged[1]
    assert logged[1]["coverage"] > 0
    shipped = export_relevance(
        recipe, model, run=tmp_path, base=base, target=tmp_path / "weights" / "judge"
    )
    assert shipped.config.n_layer == 3
    record = json.loads((shipped.folder / "config.json").read_text())["recipe"]
    assert record["steps"] == 5
    assert record["tokens"] == sum(line["tokens"] for line in logged)
    verdicts = load_specialist(shipped.folder).decide(
        Decide(query="How long do owls live?", passages=("Long.", "Trains run."))
    )
    assert len(verdicts.verdicts) == 2


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_a_taught_recipe_encodes_its_texts_once_and_says_so_with_the_weights(
    base: Checkpoint, recipe: RelevanceRecipe, tmp_path: Path
) -> None:
    assert recipe.after is not None
    taught = replace(recipe.after, name="taught", teacher_groups={"birds": 40})
    model = train_relevance(taught, run=tmp_path, base=base)
    logged = json.loads((tmp_path / "taught" / "log.jsonl").read_text().splitlines()[-1])
    assert logged["teacher"] > 0
    shipped = export_relevance(
        taught, model, run=tmp_path, base=base, target=tmp_path / "weights" / "taught"
    )
    record = json.loads((shipped.folder / "config.json").read_text())["recipe"]["teacher"]
    assert "MiniLM" in record["encoder"]
    assert record["texts"] >= 80
    written = (tmp_path / TEACHER / "whole.npy").stat().st_mtime_ns
    train_relevance(replace(taught, name="again"), run=tmp_path, base=base)
    assert (tmp_path / TEACHER / "whole.npy").stat().st_mtime_ns == written


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_embeddings_that_the_encoder_taught_are_the_specialist_s_own(
    base: Checkpoint, recipe: RelevanceRecipe, tmp_path: Path
) -> None:
    own = replace(
        recipe,
        name="own",
        teacher_groups={"birds": 40},
        vector_steps=2,
        taught_share=0.5,
        reworded_share=0.5,
    )
    model = train_relevance(own, run=tmp_path, base=base)
    assert not (tmp_path / MATCHER).exists()
    begun = read_matcher(tmp_path / VECTORS)
    shipped = export_relevance(
        own, model, run=tmp_path, base=base, target=tmp_path / "weights" / "own"
    )
    found = load_model(shipped).embedding.weight
    theirs = load_model(base).embedding.weight
    assert torch.allclose(found, mixed(theirs, begun, 0.5), atol=0.01)
    assert not torch.allclose(normalize(theirs, dim=1), found, atol=0.01)
    again = train_relevance(own, run=tmp_path, base=base)
    assert torch.equal(model.embedding.weight, again.embedding.weight)


def test_given_again_it_goes_on_where_it_was(
    base: Checkpoint, recipe: RelevanceRecipe, tmp_path: Path
) -> None:
    first = train_relevance(recipe, run=tmp_path, base=base)
    again = train_relevance(recipe, run=tmp_path, base=base)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    assert len((tmp_path / "words" / "log.jsonl").read_text().splitlines()) == 1
