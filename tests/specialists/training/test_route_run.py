"""The routing recipe, whole and tiny: from rows to a checkpoint that a router reads."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from specialists.checkpoint import open_checkpoint
from specialists.corpora.labels import LabelRow
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.features import read_statistics
from specialists.prompts import resolve_labels
from specialists.requests import Represent
from specialists.specialist import load_specialist
from specialists.tokenizer import open_tokenizer
from specialists.training.labelling import LabelRun, prepare_label_rows
from specialists.training.recipes import pocket_q_route
from specialists.training.route_run import export_routes, train_routes
from tests.cluster.tiny_router import CONTRACT, ROUTES, said_of, weather_rows


def rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    yield from weather_rows(most, seed=seed)


RECIPE = replace(
    pocket_q_route(),
    contract=CONTRACT,
    make_rows=rows,
    rows=700,
    token_budget=600,
    max_length=64,
    learning_rate=2e-3,
)


def test_a_routing_recipe_trains_and_ships_what_a_router_reads(tmp_path: Path) -> None:
    torch.manual_seed(0)
    base = open_checkpoint(WEIGHTS_FOLDER / "base", verify=False)
    prepare_label_rows(RECIPE, data=tmp_path, run=tmp_path, say=lambda words: None)
    run = LabelRun(recipe=RECIPE, run=tmp_path, start=base, steps=30, threads=1)
    model = train_routes(run)
    weights = tmp_path / "weights"
    shutil.copytree(WEIGHTS_FOLDER / "base", weights / "base")
    shutil.copyfile(base.tokenizer_path, weights / "tokenizer.json")
    beside = open_checkpoint(weights / "base")
    target = weights / "q-route"
    export_routes(run, model, base=beside, target=target)
    checkpoint = open_checkpoint(target)
    assert checkpoint.task == "routing" and checkpoint.config.n_decision == len(ROUTES)
    assert checkpoint.contract is not None and checkpoint.contract.outcomes == ROUTES
    assert checkpoint.routing_path is not None
    statistics = read_statistics(checkpoint.routing_path)
    texts = tuple(said_of(word, 301) for word in ("summer", "frost", "court"))
    found = load_specialist(target).represent(Represent(texts=texts))
    assert [int(np.argmax(row)) for row in found.decisions] == [0, 1, 2]
    distance = np.linalg.norm(np.array(found.features)[:, None] - statistics.mean_CD, axis=2)
    assert distance.argmin(1).tolist() == [0, 1, 2]


def test_the_shipped_recipe_has_a_label_for_every_route() -> None:
    contract = resolve_labels(
        pocket_q_route().contract, open_tokenizer(WEIGHTS_FOLDER / "tokenizer.json")
    )
    assert len(contract.label_ids) == len(contract.outcomes) == 10
    assert "none" in contract.outcomes
