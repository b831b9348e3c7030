"""A routing specialist for tests: the shipped base, and a decision head solved in closed form."""

import random
import shutil
from pathlib import Path

import numpy as np
import torch

from specialists.checkpoint import open_checkpoint
from specialists.corpora.labels import LabelRow
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.prompts import Contract, resolve_labels
from specialists.requests import Represent
from specialists.specialist import load_model, load_specialist
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer
from specialists.training.route_run import measure_features, with_decisions

ROUTES = ("q-warm", "q-cold", "none")
CONTRACT = Contract(
    head="T:",
    tail="\nA:",
    labels=("A", "B", "C"),
    meanings=ROUTES,
    positive="A",
    job="routing",
    reading="joined",
    max_tokens=64,
    max_query_tokens=1,
)
WORDS = {
    "q-warm": ("sun", "fire", "July", "heat", "summer"),
    "q-cold": ("snow", "ice", "January", "frost", "winter"),
    "none": ("tax", "law", "money", "bank", "court"),
}
MUSIC = ("violin", "piano", "choir", "trumpet", "opera", "drum", "melody", "guitar")
"""What no route of the head is about."""


def said_of(word: str, number: int) -> str:
    return f"The report of day {number} spoke of {word}."


def weather_rows(count: int, *, seed: int = 0) -> list[LabelRow]:
    choice = random.Random(seed)
    rows = []
    for number in range(count):
        route = choice.choice(ROUTES)
        text = said_of(choice.choice(WORDS[route]), number % 97)
        rows.append(LabelRow(text=text, label=route, group=f"{number}", source="templates"))
    return rows


def write_router(folder: Path) -> Path:
    """`folder/q-route`, with its base and tokenizer beside it."""
    shutil.copytree(WEIGHTS_FOLDER / "base", folder / "base")
    shutil.copyfile(WEIGHTS_FOLDER / "tokenizer.json", folder / "tokenizer.json")
    base = open_checkpoint(folder / "base", verify=False)
    model = with_decisions(load_model(base), len(ROUTES), seed=0)
    target = folder / "q-route"

    def write(routing: bytes | None) -> None:
        write_checkpoint(
            target,
            name="q-route",
            task="routing",
            config=model.config,
            tensors=model.state_dict(),
            storage="int8",
            contract=resolve_labels(CONTRACT, open_tokenizer(base.tokenizer_path)),
            tokenizer_path=None,
            base=base,
            routing=routing,
        )

    write(None)
    rows = weather_rows(500)
    texts = tuple(row.text for row in rows)
    features = np.array(load_specialist(target).represent(Represent(texts=texts)).features)
    wanted = np.eye(len(ROUTES))[[ROUTES.index(row.label) for row in rows]] - 1 / len(ROUTES)
    ridge = features.T @ features + np.eye(features.shape[1])
    with torch.no_grad():
        weight = np.linalg.solve(ridge, features.T @ wanted).T * 8
        model.decision_head.weight.copy_(torch.from_numpy(weight))
    write(None)
    write(measure_features(load_specialist(target), rows, seed=0).to_bytes())
    return target
