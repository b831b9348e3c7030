"""What a run is trained on, part by part.

Base: the next token, and with the prediction heads the tokens after it (Gloeckle et al. 2024).
q-rag (`objective.py` puts it together): the choice of the positive among each query's candidates,
and two dense helpers, without which one label a row is too little signal to start from. Alignment
shows two heads of some layers where to look: the first from a word of the passage at the same word
in the query, the last from a word of the query's echo at the same word in the passage. A small
head, dropped afterwards, is asked at every position whether this token stands on the other side,
whether the word closed here does, and what the verdict will be.

Shapes: B rows, T and S positions, A asking positions, D width, H head size, V vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, linear

from specialists.model.decoder import Block, FinanceDecoder
from specialists.model.rope import rotate
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


def match_losses(
    dense: DenseHead,
    halfway_BTD: Tensor,
    top_BTD: Tensor,
    batch: RelevanceBatch,
    matches: tuple[Tensor, Tensor],
) -> tuple[Tensor, Tensor]:
    """Whether this token, and the word closed here, stands on the other side, asked halfway and at
    the top; and the F1 of what is said of words at the top. `matches` as `find_matches` gives
    them."""
    same_token_BT, same_word_BT = (match_BTS.any(-1) for match_BTS in matches)
    asking_BT = batch.passage_BT | batch.echo_BT
    words_BT = asking_BT & (batch.stems_BT > 0)
    halfway_BT2, top_BT3 = dense.halfway(halfway_BTD).float(), dense.top(top_BTD).float()
    loss = torch.stack(
        [
            _match_loss(logits[..., column], labels, asked)
            for logits in (halfway_BT2, top_BT3)
            for column, (labels, asked) in enumerate(
                ((same_token_BT, asking_BT), (same_word_BT, words_BT))
            )
        ]
    ).mean()
    return loss, _f1(top_BT3[..., 1] > 0, same_word_BT, words_BT)


def early_verdict_loss(dense: DenseHead, top_BTD: Tensor, batch: RelevanceBatch) -> Tensor:
    """The verdict, asked from the second half of the passage on."""
    late_BT = batch.passage_BT & (batch.passage_BT.cumsum(1) * 2 > batch.passage_BT.sum(1)[:, None])
    late_BT = late_BT | batch.echo_BT
    foreseen_BT = batch.relevant_B[:, None].expand_as(late_BT)
    return binary_cross_entropy_with_logits(
        dense.top(top_BTD)[..., 2].float()[late_BT], foreseen_BT[late_BT].float()
    )


def alignment_loss(
    model: FinanceDecoder,
    states: Sequence[Tensor],
    batch: RelevanceBatch,
    match_BTS: Tensor,
    match_layers: Sequence[int],
) -> Tensor:
    """Over the first and the last head of each of `match_layers`; `states` as `states_of` gives
    them."""
    aligned = [
        _alignment(model, states[layer], layer, head, asking_BT, match_BTS)
        for layer in match_layers
        for head, asking_BT in ((0, batch.passage_BT), (-1, batch.echo_BT))
        if asking_BT.any()
    ]
    return torch.stack(aligned).mean() if aligned else torch.zeros(())


def find_matches(batch: RelevanceBatch) -> tuple[Tensor, Tensor]:
    """[B, T, S] twice: position T holds the token, closes the word, of position S on the other
    side, which for the passage is the query and for the query's echo the passage."""
    asks_BTS = (batch.passage_BT[:, :, None] & batch.query_BT[:, None, :]) | (
        batch.echo_BT[:, :, None] & batch.passage_BT[:, None, :]
    )
    same_token_BTS = (batch.ids_BT[:, :, None] == batch.ids_BT[:, None, :]) & asks_BTS
    same_stem_BTS = batch.stems_BT[:, :, None] == batch.stems_BT[:, None, :]
    return same_token_BTS, same_stem_BTS & (batch.stems_BT[:, :, None] > 0) & asks_BTS


def states_of(model: FinanceDecoder, ids_BT: Tensor) -> list[Tensor]:
    """The residual stream [B, T, D] before every block, and after the last."""
    rotary = model.rotary(0, ids_BT.shape[1])
    states = [model.embed(ids_BT)]
    for block in model.blocks:
        states.append(block(states[-1], rotary))
    return states


def _alignment(
    model: FinanceDecoder,
    x_BTD: Tensor,
    layer: int,
    head: int,
    asking_BT: Tensor,
    match_BTS: Tensor,
) -> Tensor:
    """Cross-entropy of one head's attention (the first, 0, or the last, -1) at the asking positions
    with where it ought to look: at the same word on the other side, and where there is none, at
    the first position."""
    block = model.blocks[layer]
    assert isinstance(block, Block)
    cos_TH, sin_TH = model.rotary(0, x_BTD.shape[1])
    normed_BTD = block.attention_norm(x_BTD)
    size = block.attention.head_dim
    # The asking positions of each row, first ones first; rows with fewer are filled up.
    asking = int(asking_BT.sum(1).max())
    place_BA = asking_BT.to(torch.int8).argsort(dim=1, descending=True, stable=True)[:, :asking]
    real_BA = asking_BT.gather(1, place_BA)
    asking_BAD = normed_BTD.gather(1, place_BA[..., None].expand(-1, -1, normed_BTD.shape[2]))
    query_BAH = rotate(
        linear(asking_BAD, _head(block.attention.query, head, size)),
        cos_TH[place_BA],
        sin_TH[place_BA],
    )
    key_BSH = rotate(linear(normed_BTD, _head(block.attention.key, head, size)), cos_TH, sin_TH)
    score_BAS = (query_BAH @ key_BSH.transpose(-1, -2)).float() * size**-0.5
    later_BAS = torch.arange(score_BAS.shape[2]) > place_BA[..., None]
    log_share_BAS = score_BAS.masked_fill(later_BAS, -torch.inf).log_softmax(-1)
    match_BAS = match_BTS.gather(1, place_BA[..., None].expand(-1, -1, match_BTS.shape[2]))
    found_BA = match_BAS.any(-1) & real_BA
    absent_BA = real_BA & ~found_BA
    at_match_N = log_share_BAS[found_BA].masked_fill(~match_BAS[found_BA], -torch.inf).logsumexp(-1)
    at_first_N = log_share_BAS[..., 0][absent_BA]
    return -sum((part.mean() for part in (at_match_N, at_first_N) if len(part)), torch.zeros(()))


def _head(projection: nn.Linear, head: int, size: int) -> Tensor:
    return projection.weight.view(-1, size, projection.in_features)[head]


def _match_loss(logits_BT: Tensor, labels_BT: Tensor, asked_BT: Tensor) -> Tensor:
    """Binary cross-entropy where there is a question; the rarer yes counts three times."""
    found = labels_BT[asked_BT].float()
    weight = torch.where(found > 0, 3.0, 1.0)
    return binary_cross_entropy_with_logits(logits_BT[asked_BT], found, weight=weight)


def _f1(said_BT: Tensor, labels_BT: Tensor, asked_BT: Tensor) -> Tensor:
    right = (said_BT & labels_BT & asked_BT).sum()
    return 2 * right / ((said_BT & asked_BT).sum() + (labels_BT & asked_BT).sum()).clamp(min=1)


def verdict_margins(
    model: FinanceDecoder, hidden_BTD: Tensor, last_B: Tensor, *, label_ids: Tensor, positive: int
) -> Tensor:
    """[B]: the logit of 1 less that of 0 at the positions `last_B`; of the two `label_ids` the one
    at `positive` is that of 1."""
    rows = torch.arange(len(last_B), device=hidden_BTD.device)
    logits_B2 = model.language_logits(hidden_BTD[rows, last_B], label_ids).float()
    return logits_B2[:, positive] - logits_B2[:, 1 - positive]


def within_query_loss(margin_B: Tensor, relevant_B: Tensor, group_B: Tensor) -> Tensor:
    """Cross-entropy of picking the positive among its query's candidates; rows of one query share
    a number in `group_B`."""
    same_BB = group_B[:, None] == group_B[None, :]
    rival_BB = same_BB & (~relevant_B[None, :] | torch.eye(len(margin_B), dtype=torch.bool))
    logits_BB = margin_B[None, :].expand_as(rival_BB).masked_fill(~rival_BB, -torch.inf)
    positive = torch.nonzero(relevant_B).squeeze(-1)
    if len(positive) == 0:
        return margin_B.sum() * 0.0
    return cross_entropy(logits_BB[positive], positive)
