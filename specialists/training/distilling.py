"""What the long stretch of q-rag is trained on, as one loss over prompts of `device_drawing.py`.

The verdict, led to labels and to what the encoder's cosine is worth; how near every sentence of the
passage and the passage as a whole stand to the query; and the next tokens of the passage.

Shapes: B rows, T positions, D width, S sentences, N positions drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from specialists.model.decoder import FinanceDecoder
from specialists.training.device_drawing import PromptBatch
from specialists.training.loop import StepReport
from specialists.training.losses import verdict_margins
from specialists.training.precision import half_precision
from specialists.training.teacher import TeacherHead

SENTENCE_SHARE, WHOLE_SHARE = 8.0, 15.0
"""What a squared error of a cosine counts; see `teacher.py`."""
LANGUAGE_SHARE = 0.25
POSITIONS = 0.125
"""Of the positions whose next token is asked: the vocabulary costs more than the blocks."""
AHEAD = (0, 0, 0, 0, 0, 1, 2, 3)
"""How far ahead, in turn from step to step; 0 is the next token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Distilling:
    """`label_ids` [2], of which `positive` is the index of 1."""

    model: FinanceDecoder
    head: TeacherHead
    label_ids: Tensor
    positive: int

    def modules(self) -> dict[str, nn.Module]:
        return {"model": self.model, "teacher": self.head}

    def margins(self, hidden_BTD: Tensor, batch: PromptBatch) -> Tensor:
        """[B]; see `verdict_margins`."""
        return verdict_margins(
            self.model,
            hidden_BTD,
            batch.last_B,
            label_ids=self.label_ids,
            positive=self.positive,
        )

    def loss(self, batch: PromptBatch, *, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """What is minimised, and its parts."""
        with half_precision(batch.ids_BT.device):
            hidden_BTD = self.model.hidden(batch.ids_BT)
            verdict = binary_cross_entropy_with_logits(
                self.margins(hidden_BTD, batch), batch.wanted_B
            )
            near = self._near_loss(hidden_BTD, batch)
            language = self._language_loss(hidden_BTD, batch, step)
        total = verdict + near + LANGUAGE_SHARE * language
        return total, {"verdict": verdict, "near": near, "language": language}

    def descend(self, batches: Sequence[PromptBatch], *, step: int) -> StepReport:
        """The gradients of the mean over the batches, each counting by its rows."""
        rows = sum(len(batch.last_B) for batch in batches)
        found: dict[str, Tensor] = {}
        for batch in batches:
            share = len(batch.last_B) / rows
            total, parts = self.loss(batch, step=step)
            (share * total).backward()  # type: ignore[no-untyped-call]  # torch leaves it so
            for name, value in {**parts, "total": total}.items():
                found[name] = found.get(name, 0.0) + share * value.detach()
        figures = {name: float(value) for name, value in found.items()}
        loss = figures.pop("total")
        return StepReport(loss=loss, figures=figures, tokens=sum(batch.tokens for batch in batches))

    def _near_loss(self, hidden_BTD: Tensor, batch: PromptBatch) -> Tensor:
        said_BT3: Tensor = self.head.top(hidden_BTD).float()
        loss = said_BT3.sum() * 0.0
        if len(batch.place_S):
            said_S = said_BT3[..., 0].flatten()[batch.place_S]
            loss = loss + SENTENCE_SHARE * mse_loss(said_S, batch.near_S)
        for column, wanted_B in ((1, batch.whole_B), (2, batch.nearest_B)):
            asked_BT = (batch.after_BT & ~wanted_B.isnan()[:, None]).float()
            error_BT = (said_BT3[..., column] - wanted_B.nan_to_num(0.0)[:, None]) ** 2
            loss = loss + WHOLE_SHARE * (error_BT * asked_BT).sum() / asked_BT.sum().clamp(min=1.0)
        return loss

    def _language_loss(self, hidden_BTD: Tensor, batch: PromptBatch, step: int) -> Tensor:
        ahead = AHEAD[step % len(AHEAD)] % self.model.config.n_predict
        rows, width = batch.ids_BT.shape
        count = max(1, int(rows * width * POSITIONS))
        place_N = torch.randint(rows * width, (count,), device=hidden_BTD.device)
        target_N = (place_N + ahead + 1).clamp(max=rows * width - 1)
        inside = batch.passage_BT.flatten()
        asked_N = inside[place_N] & inside[target_N] & (place_N // width == target_N // width)
        state_ND = self.model.prediction_hidden(hidden_BTD.flatten(0, 1)[place_N], ahead)
        error_N = cross_entropy(
            self.model.language_logits(state_ND).float(),
            batch.ids_BT.flatten()[target_N],
            reduction="none",
        )
        return (error_N * asked_N).sum() / asked_N.sum().clamp(min=1)


@torch.no_grad()
def measure(objective: Distilling, batches: Sequence[PromptBatch]) -> Mapping[str, float]:
    """On rows with a label: cross-entropy and area under the ROC curve of the verdict."""
    margins, labels = [], []
    for batch in batches:
        with half_precision(batch.ids_BT.device):
            hidden_BTD = objective.model.hidden(batch.ids_BT)
            margin_B = objective.margins(hidden_BTD, batch)
        known_B = batch.label_B >= 0
        margins.append(margin_B[known_B].cpu())
        labels.append(batch.label_B[known_B].cpu())
    margin, label = torch.cat(margins), torch.cat(labels)
    return {
        "held_out_verdict": float(binary_cross_entropy_with_logits(margin, label.float())),
        "held_out_auroc": area(margin, label > 0),
        "held_out_accepted": float((margin[label > 0] > 0).float().mean()),
        "held_out_false": float((margin[label == 0] > 0).float().mean()),
    }


def area(score_N: Tensor, relevant_N: Tensor) -> float:
    """How often a relevant row scores above another; a tie counts half."""
    right, wrong = score_N[relevant_N], score_N[~relevant_N].sort().values
    below = torch.searchsorted(wrong, right) + torch.searchsorted(wrong, right, right=True)
    return float(below.double().mean() / 2 / max(1, len(wrong)))
