"""Carries out the routing recipe: the decision head learns at the last position which route a
request takes, and what a router must know of the features is fitted afterwards.

Two helpers, dropped at the end, keep the features rich: one foresees the route at every position
of the second half; one says what kind of request it is within its route, where people filed the
requests. What is only told apart by the second lets a route be added later from few examples.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from specialists.checkpoint import Checkpoint
from specialists.corpora.labels import LabelRow, read_label_rows
from specialists.corpora.route_rows import kind_of
from specialists.evaluation.job_gate import ROWS_FOLDER, read_job_rows
from specialists.features import FeatureStatistics, fit_statistics
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import build_prompt, resolve_labels
from specialists.requests import Represent
from specialists.specialist import Specialist, load_model, load_specialist
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import trained_by
from specialists.training.label_run import (
    MEASURED_ROWS,
    LabelBatch,
    LabelledPrompt,
    draw_batch,
    padded,
)
from specialists.training.loop import Progress, StepReport, train
from specialists.training.optimizer import make_optimizer
from specialists.training.recipes import LabelRecipe

HELD_OUT = ROWS_FOLDER / "q-route.jsonl"
FORESEEN_SHARE, KIND_SHARE = 0.3, 0.3
FITTED_ROWS = 9_000
"""Requests of the training on which the statistics stand, beside all that were held back."""


def train_routes(
    recipe: LabelRecipe,
    *,
    run: Path,
    start: Checkpoint,
    steps: int | None = None,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The specialist after `steps` (the recipe's own where None), going on from the run's state."""
    tokenizer = open_tokenizer(start.tokenizer_path)
    contract = resolve_labels(recipe.contract, tokenizer)
    rows = read_route_rows(recipe, run)
    kinds = {kind: number for number, kind in enumerate(sorted({kind_of(row) for row in rows}))}
    routes = contract.outcomes
    route_of_kind = torch.zeros(len(kinds), dtype=torch.long)
    prompts: tuple[list[LabelledPrompt], list[LabelledPrompt]] = ([], [])
    for row in rows:
        kind = kinds[kind_of(row)]
        route_of_kind[kind] = routes.index(row.label)
        ids = build_prompt(contract, tokenizer, row.query, row.text).all_ids
        if len(ids) <= recipe.max_length:
            prompts[row.held_back].append(LabelledPrompt(ids=ids, label=kind))
    training, held_back = prompts
    model = with_decisions(load_model(start), len(routes), seed=recipe.seed).train()
    model.requires_grad_(True)
    model.embedding.requires_grad_(False)
    foresee = nn.Linear(model.config.d_model, len(routes))
    name_kind = nn.Linear(model.config.d_model, len(kinds))

    def loss_of(batch: LabelBatch) -> tuple[Tensor, Tensor, Tensor]:
        """What is minimised, and for the log the route's part of it and the share routed well."""
        with torch.autocast("cpu", torch.bfloat16):
            hidden_BTD = model.hidden(batch.ids_BT)
            last_BD = hidden_BTD[torch.arange(len(batch.last_B)), batch.last_B]
            logits_BC = model.decision_head(last_BD).float()
            kind = cross_entropy(name_kind(last_BD).float(), batch.label_B)
            at_T = torch.arange(batch.ids_BT.shape[1])
            late_BT = (at_T <= batch.last_B[:, None]) & (at_T * 2 >= batch.last_B[:, None])
            foreseen_NC = foresee(hidden_BTD[late_BT]).float()
        route_B = route_of_kind[batch.label_B]
        route = cross_entropy(logits_BC, route_B)
        foreseen = cross_entropy(foreseen_NC, route_B[:, None].expand_as(late_BT)[late_BT])
        right = (logits_BC.argmax(1) == route_B).float().mean()
        return (
            route + FORESEEN_SHARE * foreseen + KIND_SHARE * kind,
            route.detach(),
            right,
        )

    def take_step(step: int) -> StepReport:
        batch = draw_batch(training, step=step, seed=recipe.seed, token_budget=recipe.token_budget)
        loss, route, right = loss_of(batch)
        return StepReport(
            loss=loss,
            figures={"route": float(route), "accuracy": float(right)},
            tokens=int(batch.last_B.sum()) + len(batch.last_B),
        )

    @torch.no_grad()
    def measure() -> dict[str, float]:
        kept = held_back[:MEASURED_ROWS]
        sums = np.zeros(2)
        for begin in range(0, len(kept), 50):
            part = kept[begin : begin + 50]
            _, route, right = loss_of(padded(part))
            sums += len(part) * np.array([float(route), float(right)])
        route_loss, accuracy = sums / max(1, len(kept))
        return {"development_route": route_loss, "development_accuracy": accuracy}

    train(
        run / recipe.name,
        modules={"model": model, "foresee": foresee, "kind": name_kind},
        optimizer=make_optimizer([model, foresee, name_kind], learning_rate=recipe.learning_rate),
        steps=steps or recipe.steps,
        threads=threads,
        take_step=take_step,
        measure=measure,
        measure_every=80,
        on_progress=on_progress,
    )
    return model


def read_route_rows(recipe: LabelRecipe, run: Path) -> list[LabelRow]:
    """The rows made for the run, without those that say what a held-out request says."""
    held = {_bare(str(row.input["text"])) for row in read_job_rows(HELD_OUT).rows}
    rows = read_label_rows(run / recipe.name / "rows.jsonl")
    return [row for row in rows if _bare(row.text) not in held]


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def with_decisions(model: FinanceDecoder, count: int, *, seed: int) -> FinanceDecoder:
    """The same model, its decision head made anew with `count` outputs."""
    model.config = replace(model.config, n_decision=count)
    model.decision_head = nn.Linear(model.config.d_model, count)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        model.decision_head.weight.normal_(0.0, model.config.d_model**-0.5, generator=generator)
        model.decision_head.bias.zero_()
    return model


def export_routes(
    recipe: LabelRecipe,
    model: FinanceDecoder,
    *,
    run: Path,
    base: Checkpoint,
    start: Checkpoint,
    target: Path,
) -> Checkpoint:
    """Writes the folder that ships: int8 rows, without what equals the base, and what a router
    must know, measured on the very weights that were written."""
    record = trained_by(
        run / recipe.name, seed=recipe.seed, sources=run / recipe.name / "data.json"
    )

    def write(routing: bytes | None) -> Checkpoint:
        return write_checkpoint(
            target,
            name=recipe.name,
            task=recipe.task,
            config=model.config,
            tensors=model.state_dict(),
            storage="int8",
            contract=resolve_labels(recipe.contract, open_tokenizer(base.tokenizer_path)),
            tokenizer_path=None,
            base=base,
            recipe={**record, "start": {"name": start.name, "sha256": start.sha256}},
            routing=routing,
        )

    write(None)
    rows = read_route_rows(recipe, run)
    return write(measure_features(load_specialist(target), rows, seed=recipe.seed).to_bytes())


def measure_features(
    specialist: Specialist, rows: Sequence[LabelRow], *, seed: int
) -> FeatureStatistics:
    """On the first rows of the training and on all that were held back."""
    trained = [row for row in rows if not row.held_back][:FITTED_ROWS]
    chosen = [*trained, *(row for row in rows if row.held_back)]
    represented = specialist.represent(Represent(texts=tuple(row.text for row in chosen)))
    routes = specialist.contract.outcomes
    return fit_statistics(
        np.array(represented.features, dtype=np.float32),
        np.array([routes.index(row.label) for row in chosen]),
        np.array(represented.decisions, dtype=np.float32),
        np.array([row.held_back for row in chosen]),
        seed=seed,
    )
