import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from specialists.checkpoint import open_checkpoint
from specialists.corpora.labels import LabelRow, read_label_rows, write_label_rows
from specialists.errors import CorpusError
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.loading import load_for_worker
from specialists.prompts import Contract, resolve_labels
from specialists.requests import Decide
from specialists.tokenizer import open_tokenizer
from specialists.training.label_run import draw_batch, label_prompts, train_labels
from specialists.training.labelling import LabelRun, prepare_label_rows
from specialists.training.recipes import LabelRecipe

WORDS = {"warm": ("sun", "fire", "July"), "cold": ("snow", "ice", "January")}
CONTRACT = Contract(
    head="T:",
    tail="\nA:",
    labels=("A", "B"),
    meanings=("warm", "cold"),
    positive="A",
    reading="joined",
    max_tokens=64,
    max_query_tokens=32,
)


def weather_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    choice = random.Random(seed)
    for number in range(most):
        label = choice.choice(list(WORDS))
        text = f"The report of day {number} spoke of {choice.choice(WORDS[label])}."
        yield LabelRow(text=text, label=label, group=f"day {number}", source="templates")


RECIPE = LabelRecipe(
    name="q-weather",
    task="classification",
    start="base",
    contract=CONTRACT,
    make_rows=weather_rows,
    rows=300,
    steps=30,
    token_budget=600,
    max_length=64,
    learning_rate=2e-3,
)


def test_a_label_recipe_trains_ships_and_decides(tmp_path: Path) -> None:
    torch.manual_seed(0)
    base = open_checkpoint(WEIGHTS_FOLDER / "base")
    prepare_label_rows(RECIPE, data=tmp_path, run=tmp_path, say=lambda words: None)
    run = LabelRun(recipe=RECIPE, run=tmp_path, start=base, threads=1)
    model = train_labels(run)
    weights = tmp_path / "weights"
    shutil.copytree(WEIGHTS_FOLDER / "base", weights / "base")
    shutil.copyfile(base.tokenizer_path, weights / "tokenizer.json")
    beside = open_checkpoint(weights / "base")
    run.export(model, base=beside, target=weights / "q-weather")
    loaded = load_for_worker(weights / "q-weather", None, tmp_path)
    texts = ("The note of day 900 spoke of snow.", "The note of day 901 spoke of fire.")
    verdicts = loaded.decide(Decide(query="", passages=texts)).verdicts
    assert [verdict.label for verdict in verdicts] == ["cold", "warm"]
    assert [verdict.positive for verdict in verdicts] == [False, True]
    data = loaded.checkpoint.recipe["data"] if loaded.checkpoint.recipe else []
    assert [(one["name"], one["rows"]) for one in data] == [("templates", "300")]


def test_the_batches_of_a_pool_share_its_rows_by_length() -> None:
    tokenizer = open_tokenizer(WEIGHTS_FOLDER / "tokenizer.json")
    contract = resolve_labels(CONTRACT, tokenizer)
    rows = list(weather_rows(Path(), seed=1, most=200))
    prompts = label_prompts(rows, contract, tokenizer, longest=64)
    batches = [draw_batch(prompts, step=step, seed=3, token_budget=300) for step in range(8)]
    again = draw_batch(prompts, step=5, seed=3, token_budget=300)
    assert torch.equal(again.ids_BT, batches[5].ids_BT)
    widths = sorted(batch.ids_BT.shape[1] for batch in batches)
    assert widths[0] < widths[-1]
    assert all(200 < int((batch.last_B + 1).sum()) < 400 for batch in batches)


def test_rows_with_a_label_the_contract_lacks_are_refused(tmp_path: Path) -> None:
    row = LabelRow(text="x", label="mild", group="g", source="templates")
    with pytest.raises(CorpusError, match="the label 'mild' is unknown"):
        write_label_rows([row], tmp_path / "rows.jsonl", outcomes=("warm", "cold"))
    with pytest.raises(CorpusError, match="no row is labelled 'cold'"):
        write_label_rows(
            [row, LabelRow(text="x", label="cold", group="g", source="templates")][:1],
            tmp_path / "rows.jsonl",
            outcomes=("mild", "cold"),
        )
    assert not (tmp_path / "rows.jsonl").exists()


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = list(weather_rows(tmp_path, seed=2, most=40))
    counts = write_label_rows(rows, tmp_path / "rows.jsonl", outcomes=WORDS)
    assert read_label_rows(tmp_path / "rows.jsonl") == rows
    assert counts.total() == 40
    (tmp_path / "rows.jsonl").write_text('{"text": 1}\n')
    with pytest.raises(CorpusError, match=r"rows.jsonl line 1: not a labelled text"):
        read_label_rows(tmp_path / "rows.jsonl")
