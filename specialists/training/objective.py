"""All that q-rag is trained on, as one loss over many prompts.

The verdict among the label tokens, the same as a choice within each query's candidates, and the
helpers: where to look and what matches (`losses.py`), how much of the query is covered
(`coverage.py`), what an encoder makes of it (`teacher.py`).

A step reads its prompts in small batches of like length, which stay in the processor's caches, and
each core reads its own share of them.

Shapes: B rows, T positions, D width, L labels.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from specialists.model.decoder import FinanceDecoder
from specialists.training.batches import RelevanceBatch
from specialists.training.coverage import Coverage, coverage_loss
from specialists.training.loop import StepReport
from specialists.training.losses import (
    DenseHead,
    alignment_loss,
    early_verdict_loss,
    find_matches,
    match_losses,
    states_of,
    within_query_loss,
)
from specialists.training.precision import half_precision
from specialists.training.teacher import TeacherHead, teacher_loss

ALIGNMENT_SHARE = 2.0
WITHIN_QUERY_SHARE = 0.5
EARLY_VERDICT_SHARE = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceLoss:
    """`total` is what is minimised; `figures` are its parts, for the log."""

    total: Tensor
    figures: dict[str, float]


class Objective(Protocol):
    """What a model is led to, as one loss over many prompts."""

    def modules(self) -> dict[str, nn.Module]:
        """Everything that learns, by the names under which a run keeps it."""

    def loss(self, batches: Sequence[RelevanceBatch]) -> RelevanceLoss:
        """Of whole queries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceObjective:
    """`label_ids` [L], of which `positive` is an index; the first and the last head of each of
    `match_layers` are shown where to look. `coverage` and `teacher` are asked where they are
    given."""

    model: FinanceDecoder
    dense: DenseHead
    label_ids: Tensor
    positive: int
    match_layers: Sequence[int]
    coverage: Coverage | None = None
    teacher: TeacherHead | None = None

    def modules(self) -> dict[str, nn.Module]:
        """Everything that learns, by the names under which a run keeps it."""
        found: dict[str, nn.Module] = {"model": self.model, "dense": self.dense}
        if self.coverage is not None:
            found["coverage"] = self.coverage.head
        if self.teacher is not None:
            found["teacher"] = self.teacher
        return found

    def loss(self, batches: Sequence[RelevanceBatch]) -> RelevanceLoss:
        """The mean over the batches, each counting by its rows; within a batch every part is the
        mean over what it asks. In bfloat16 where torch deems that safe."""
        total = sum(len(batch.last_B) for batch in batches)
        figures: dict[str, Tensor] = {}
        margins = []
        # Without a cache, which all threads would share: sums of gradients stay float32.
        with half_precision("cpu", cache_enabled=False):
            for batch in batches:
                parts, margin_B = self._parts(batch)
                margins.append(margin_B)
                for name, value in parts.items():
                    share = value * (len(batch.last_B) / total)
                    figures[name] = figures[name] + share if name in figures else share
            figures["within_query"] = within_query_loss(
                torch.cat(margins),
                torch.cat([batch.relevant_B for batch in batches]),
                torch.cat([batch.group_B for batch in batches]),
            )
        minimised = (
            figures["verdict"]
            + WITHIN_QUERY_SHARE * figures["within_query"]
            + ALIGNMENT_SHARE * figures["alignment"]
            + figures["match"]
            + EARLY_VERDICT_SHARE * figures["early_verdict"]
        )
        for helper in ("coverage", "teacher"):
            minimised = minimised + figures.get(helper, 0.0)
        return RelevanceLoss(
            total=minimised,
            figures={name: float(value.detach()) for name, value in figures.items()},
        )

    def _parts(self, batch: RelevanceBatch) -> tuple[dict[str, Tensor], Tensor]:
        """Of one batch each part as a mean over it, and by how much the positive label leads."""
        matches = find_matches(batch)
        match_BTS = matches[0] | matches[1]
        states = states_of(self.model, batch.ids_BT)
        halfway_BTD = states[len(self.model.blocks) // 2]
        top_BTD = self.model.final_norm(states[-1])
        last_BD = top_BTD[torch.arange(len(batch.last_B)), batch.last_B]
        logits_BL = self.model.language_logits(last_BD, self.label_ids).float()
        target_B = batch.target_B(self.positive)
        match, match_f1 = match_losses(self.dense, halfway_BTD, top_BTD, batch, matches)
        parts = {
            "verdict": cross_entropy(logits_BL, target_B),
            "alignment": alignment_loss(self.model, states, batch, match_BTS, self.match_layers),
            "match": match,
            "early_verdict": early_verdict_loss(self.dense, top_BTD, batch),
            "accuracy": (logits_BL.argmax(1) == target_B).float().mean(),
            "match_f1": match_f1,
        }
        if self.coverage is not None:
            parts["coverage"] = coverage_loss(self.coverage, halfway_BTD, top_BTD, batch, match_BTS)
        if self.teacher is not None and batch.taught is not None:
            parts["teacher"] = teacher_loss(self.teacher, top_BTD, batch)
        others = [label for label in range(len(self.label_ids)) if label != self.positive]
        return parts, logits_BL[:, self.positive] - logits_BL[:, others].logsumexp(1)


class SideBySide:
    """Computes the gradients of a step on several cores, each reading its own share of the
    batches. Threads of torch's own wait for each other at every operator instead."""

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self._pool = ThreadPoolExecutor(
            cores, initializer=torch.set_num_threads, initargs=(1,), thread_name_prefix="gradients"
        )

    def descend(
        self, objective: Objective, shares: Sequence[Sequence[RelevanceBatch]]
    ) -> StepReport:
        """Leaves the gradients in the parameters, shares counting by their rows; the same in every
        run with the same shares."""
        parameters = [
            parameter
            for module in objective.modules().values()
            for parameter in module.parameters()
            if parameter.requires_grad
        ]
        rows = [sum(len(batch.last_B) for batch in share) for share in shares]

        def gradients(place: int) -> tuple[Sequence[Tensor | None], RelevanceLoss, float]:
            loss, weight = objective.loss(shares[place]), rows[place] / sum(rows)
            found = torch.autograd.grad(loss.total * weight, parameters, allow_unused=True)
            return found, loss, weight

        total, figures = 0.0, dict[str, float]()
        for found, loss, weight in self._pool.map(gradients, range(len(shares))):
            for parameter, gradient in zip(parameters, found, strict=True):
                if gradient is not None:
                    before = parameter.grad
                    parameter.grad = gradient if before is None else before.add_(gradient)
            total += weight * float(loss.total.detach())
            for name, value in loss.figures.items():
                figures[name] = figures.get(name, 0.0) + weight * value
        tokens = sum(batch.tokens for share in shares for batch in share)
        return StepReport(loss=total, figures=figures, tokens=tokens)


def mean_figures(losses: Sequence[RelevanceLoss], names: Collection[str] = ()) -> dict[str, float]:
    """For the log of a measurement: the mean of each figure, or of those of `names`."""
    return {
        f"development_{name}": sum(loss.figures[name] for loss in losses) / len(losses)
        for name in names or losses[0].figures
    }
