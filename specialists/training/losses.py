"""What a run is trained on, one function per training.

Base: the next token, and with the prediction heads the tokens after it (Gloeckle et al. 2024).
q-rag: the verdict among the label tokens; the same as a choice within each query's candidates;
and dense helpers read by a small head that is dropped afterwards, without which one label a row
is too little signal to start from: does this token stand in the query, does the word closed here,
and what will the verdict be.

Shapes: B rows, T positions, D width, V vocabulary, L labels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from specialists.model.decoder import FinanceDecoder
from specialists.training.batches import RelevanceBatch

NEXT_TOKEN_SHARE = 0.25
AHEAD_SHARE = 0.03


def language_loss(model: FinanceDecoder, ids_BT: Tensor, *, generator: torch.Generator) -> Tensor:
    """[2]: what is minimised, and the next token's part of it alone. Cross-entropy in nats over a
    drawn share of the positions: the vocabulary costs more than the blocks, so not every position
    pays for it."""
    n_predict = model.config.n_predict
    hidden_ND = model.hidden(ids_BT[:, :-n_predict]).flatten(0, 1)
    length = ids_BT.shape[1] - n_predict
    loss = torch.zeros(())
    for ahead in range(n_predict):
        share = NEXT_TOKEN_SHARE if ahead == 0 else AHEAD_SHARE
        count = int(len(hidden_ND) * share)
        drawn = torch.randperm(len(hidden_ND), generator=generator)[:count]
        target_N = ids_BT[:, ahead + 1 : ahead + 1 + length].flatten()[drawn]
        state_ND = model.prediction_hidden(hidden_ND[drawn], ahead)
        term = cross_entropy(model.language_logits(state_ND).float(), target_N)
        loss = loss + (term if ahead == 0 else 0.2 * term / (n_predict - 1))
        if ahead == 0:
            next_token = term
    return torch.stack((loss, next_token.detach()))


class DenseHead(nn.Module):
    """At every position, from halfway up the blocks and from the top: same token, same word; from
    the top also the verdict foreseen. Training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.halfway = nn.Linear(width, 2)
        self.top = nn.Linear(width, 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceLoss:
    """`total` is what is minimised; the others are for the log."""

    total: Tensor
    verdict: Tensor
    within_query: Tensor
    match: Tensor
    accuracy: Tensor
    match_f1: Tensor

    def figures(self) -> dict[str, float]:
        """Every part but the total, as plain numbers."""
        return {
            "verdict": float(self.verdict),
            "within_query": float(self.within_query),
            "match": float(self.match),
            "accuracy": float(self.accuracy),
            "match_f1": float(self.match_f1),
        }


def relevance_loss(
    model: FinanceDecoder,
    dense: DenseHead,
    batch: RelevanceBatch,
    label_ids: Tensor,
    positive: int,
    *,
    dense_weight: float,
) -> RelevanceLoss:
    """`label_ids` [L]; `positive` indexes it."""
    halfway_BTD, top_BTD = _two_depths(model, batch.ids_BT)
    rows = torch.arange(len(batch.last_B))
    label_logits_BL = model.language_logits(top_BTD[rows, batch.last_B], label_ids).float()
    target_B = torch.where(batch.relevant_B, positive, 1 - positive)
    verdict = cross_entropy(label_logits_BL, target_B)
    margin_B = label_logits_BL[:, positive] - label_logits_BL[:, 1 - positive]
    within = _within_query(margin_B, batch)
    halfway_BT2, top_BT3 = dense.halfway(halfway_BTD).float(), dense.top(top_BTD).float()
    match = torch.stack(
        [
            _match_loss(logits[..., column], labels)
            for logits in (halfway_BT2, top_BT3)
            for column, labels in enumerate((batch.same_token_BT, batch.same_word_BT))
        ]
    ).mean()
    late = top_BT3[..., 2][batch.passage_BT]
    foreseen = batch.relevant_B[:, None].expand_as(batch.passage_BT)[batch.passage_BT].float()
    early_verdict = binary_cross_entropy_with_logits(late, foreseen)
    total = verdict + 0.5 * within + dense_weight * (match + 0.2 * early_verdict)
    return RelevanceLoss(
        total=total,
        verdict=verdict.detach(),
        within_query=within.detach(),
        match=match.detach(),
        accuracy=((margin_B > 0) == batch.relevant_B).float().mean(),
        match_f1=_f1(top_BT3[..., 1] > 0, batch.same_word_BT),
    )


def _match_loss(logits_BT: Tensor, labels_BT: Tensor) -> Tensor:
    """Binary cross-entropy where there is a question; the rarer yes counts three times."""
    asked = labels_BT >= 0
    found = labels_BT[asked].float()
    weight = torch.where(found > 0, 3.0, 1.0)
    return binary_cross_entropy_with_logits(logits_BT[asked], found, weight=weight)


def _f1(said_BT: Tensor, labels_BT: Tensor) -> Tensor:
    right = (said_BT & (labels_BT == 1)).sum()
    return 2 * right / ((said_BT & (labels_BT >= 0)).sum() + (labels_BT == 1).sum()).clamp(min=1)


def _two_depths(model: FinanceDecoder, ids_BT: Tensor) -> tuple[Tensor, Tensor]:
    rotary = model.rotary(0, ids_BT.shape[1])
    x_BTD = model.embed(ids_BT)
    halfway_BTD = x_BTD
    for layer, block in enumerate(model.blocks):
        x_BTD = block(x_BTD, rotary)
        if layer + 1 == len(model.blocks) // 2:
            halfway_BTD = x_BTD
    return halfway_BTD, model.final_norm(x_BTD)


def _within_query(margin_B: Tensor, batch: RelevanceBatch) -> Tensor:
    """Cross-entropy of picking the positive among its query's candidates."""
    same_BB = batch.group_B[:, None] == batch.group_B[None, :]
    rival_BB = same_BB & (~batch.relevant_B[None, :] | torch.eye(len(margin_B), dtype=torch.bool))
    logits_BB = margin_B[None, :].expand_as(rival_BB).masked_fill(~rival_BB, -torch.inf)
    positive = torch.nonzero(batch.relevant_B).squeeze(-1)
    if len(positive) == 0:
        return margin_B.sum() * 0.0
    return cross_entropy(logits_BB[positive], positive)
