"""Carries out the routing recipe: the decision head learns at the last position which route a
request takes, and what a router must know of the features is fitted afterwards.

Two helpers, dropped at the end, keep the features rich: one foresees the route at every position
of the second half; one says what kind of request it is within its route, where people filed the
requests. What is only told apart by the second lets a route be added later from few examples.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from specialists.checkpoint import Checkpoint
from specialists.corpora.labels import LabelRow
from specialists.corpora.route_rows import kind_of
from specialists.features import FeatureStatistics, fit_statistics
from specialists.model.decoder import FinanceDecoder
from specialists.requests import Represent
from specialists.specialist import Specialist, load_model, load_specialist
from specialists.training.label_run import (
    FORESEEN_SHARE,
    LabelBatch,
    LabelLoss,
    foresight_loss,
    label_prompts,
    read_prompts,
    train_on_prompts,
)
from specialists.training.labelling import LabelRun, parted
from specialists.training.optimizer import ready_to_train

KIND_SHARE = 0.3
FITTED_ROWS = 9_000
"""Requests of the training on which the statistics stand, beside all that were held back."""


def train_routes(run: LabelRun) -> FinanceDecoder:
    """The specialist, trained."""
    contract, tokenizer = run.reading()
    routes = contract.outcomes
    rows = run.rows()
    kinds = {kind: number for number, kind in enumerate(sorted({kind_of(row) for row in rows}))}
    route_of_kind = torch.zeros(len(kinds), dtype=torch.long)
    for row in rows:
        route_of_kind[kinds[kind_of(row)]] = routes.index(row.label)
    training, held_back = (
        label_prompts(
            part,
            contract,
            tokenizer,
            longest=run.recipe.max_length,
            label_of=lambda row: kinds[kind_of(row)],
        )
        for part in parted(rows)
    )
    model = ready_to_train(with_decisions(load_model(run.start), len(routes), seed=run.recipe.seed))
    foresee = nn.Linear(model.config.d_model, len(routes))
    name_kind = nn.Linear(model.config.d_model, len(kinds))

    def loss_of(batch: LabelBatch) -> LabelLoss:
        hidden_BTD, last_BD = read_prompts(model, batch)
        logits_BC = model.decision_head(last_BD).float()
        route_B = route_of_kind[batch.label_B]
        route = cross_entropy(logits_BC, route_B)
        foreseen = foresight_loss(foresee, hidden_BTD, batch.last_B, route_B)
        kind = cross_entropy(name_kind(last_BD).float(), batch.label_B)
        return LabelLoss(
            total=route + FORESEEN_SHARE * foreseen + KIND_SHARE * kind,
            label=route.detach(),
            accuracy=(logits_BC.argmax(1) == route_B).float().mean(),
        )

    train_on_prompts(
        run,
        training,
        held_back,
        loss_of,
        modules={"model": model, "foresee": foresee, "kind": name_kind},
        called="route",
    )
    return model


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
    run: LabelRun, model: FinanceDecoder, *, base: Checkpoint, target: Path
) -> Checkpoint:
    """Writes the folder that ships, with what a router must know, measured on the very weights
    that were written."""
    run.export(model, base=base, target=target)
    statistics = measure_features(load_specialist(target), run.rows(), seed=run.recipe.seed)
    return run.export(model, base=base, target=target, routing=statistics.to_bytes())


def measure_features(
    specialist: Specialist, rows: Sequence[LabelRow], *, seed: int
) -> FeatureStatistics:
    """On the first rows of the training and on all that were held back."""
    training, held_back = parted(rows)
    chosen = [*training[:FITTED_ROWS], *held_back]
    represented = specialist.represent(Represent(texts=tuple(row.text for row in chosen)))
    routes = specialist.contract.outcomes
    return fit_statistics(
        np.array(represented.features, dtype=np.float32),
        np.array([routes.index(row.label) for row in chosen]),
        np.array(represented.decisions, dtype=np.float32),
        np.array([row.held_back for row in chosen]),
        seed=seed,
    )
