"""Passages that the sentence encoder finds near: rivals of a query's answer, and what a sentence
from anywhere may be asked about.

Retrievers with vectors return what means about the same as the query; rows whose negatives BM25
found, or the same document holds, show little of that. Positive-aware mining (Moreira et al. 2024):
of all passages the nearest ones, but none that is nearly as near as the query's own positives, or
nearly the same as one of them, for such a passage may well answer.

Shapes: G groups of the rows, N those looked at, P passages, R positives of a query, L passages
nearest to it, K rivals, M width of the encoder.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from specialists.corpora.relevance import RelevanceRows
from specialists.training.sentence_encoder import Encoded, counted

KEPT = 12
LOOKED_AT = 64
"""The nearest passages of a query, of which the first that suit are kept."""
LESS = 0.95
"""A rival's cosine with the query is below this share of the best positive's."""
ALIKE = 0.9
"""Cosine with a positive from which on a passage is taken for the same."""
POSITIVES = 4
"""Of a query that are looked at."""
PORTION = 8_192
"""Queries whose nearest passages are looked at together."""
SCORES = 1 << 29
"""Cosines held at once."""
SENTENCE_TOKENS = (7, 48)
"""Of a sentence that is asked about."""
NEIGHBOURS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Nearest:
    """Of each asked vector the texts nearest to it, the nearest first: `text_NL` and their cosines
    `near_NL`."""

    text_NL: Tensor
    near_NL: Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedSentences:
    """Sentences that are asked about without a label: `length_Q` tokens of the rows from `start_Q`
    on, their numbers among those encoded, and the texts nearest to them, the nearest first."""

    start_Q: Tensor
    length_Q: Tensor
    sentence_Q: Tensor
    near_QL: Tensor


def pool_of(rows: RelevanceRows, encoded: Encoded) -> Tensor:
    """The passages of training groups that were encoded, as texts [P]."""
    training = ~np.asarray(rows.development)
    group = np.repeat(np.arange(len(rows.query)), np.diff(rows.group_start))
    texts = np.unique(np.asarray(rows.candidate)[training[group]]).astype(np.int64)
    pool_P = torch.from_numpy(texts).to(encoded.place_N.device)
    return pool_P[encoded.place_N[pool_P] >= 0]


def nearest(asked_NM: Tensor, pool_P: Tensor, encoded: Encoded, *, most: int) -> Nearest:
    """Among the texts `pool_P`."""
    said_PM = encoded.whole_NM[encoded.place_N[pool_P]]
    if said_PM.device.type == "cpu":
        asked_NM, said_PM = asked_NM.float(), said_PM.float()
    most = min(most, len(pool_P))
    portion = max(1, SCORES // max(1, len(pool_P)))
    found = [
        (asked_NM[first : first + portion] @ said_PM.T).topk(most, dim=1)
        for first in range(0, len(asked_NM), portion)
    ]
    return Nearest(
        text_NL=pool_P[torch.cat([place_NL for _, place_NL in found])],
        near_NL=torch.cat([near_NL for near_NL, _ in found]).float(),
    )


def find_rivals(rows: RelevanceRows, encoded: Encoded, pool_P: Tensor) -> Tensor:
    """[G, K] texts, -1 where there are fewer; none for a query without an encoded positive."""
    device = pool_P.device
    rivals_GK = torch.full((len(rows.query), KEPT), -1, dtype=torch.int64, device=device)
    positive_GR = torch.from_numpy(_positives(rows)).to(device)
    query_G = torch.from_numpy(np.asarray(rows.query).astype(np.int64)).to(device)
    place_GR = torch.where(positive_GR >= 0, encoded.place_N[positive_GR.clamp(min=0)], -1)
    asks_G = (encoded.place_N[query_G] >= 0) & (place_GR >= 0).any(1)
    asking_N = torch.nonzero(asks_G).flatten()
    for first in range(0, len(asking_N), PORTION):
        group_N = asking_N[first : first + PORTION]
        asked_NM = encoded.whole_NM[encoded.place_N[query_G[group_N]]]
        found = nearest(asked_NM, pool_P, encoded, most=LOOKED_AT)
        place_NR = place_GR[group_N]
        right_NRM = encoded.whole_NM[place_NR.clamp(min=0)].float()
        right_NRM = torch.where((place_NR >= 0)[..., None], right_NRM, 0.0)
        best_N1 = (right_NRM @ asked_NM.float()[..., None])[..., 0].amax(1, keepdim=True)
        said_NLM = encoded.whole_NM[encoded.place_N[found.text_NL]].float()
        alike_NL = (said_NLM @ right_NRM.transpose(1, 2)).amax(2)
        suits_NL = (found.near_NL < LESS * best_N1) & (alike_NL < ALIKE)
        kept_NK = (~suits_NL).to(torch.int8).argsort(dim=1, stable=True)[:, :KEPT]
        text_NK = torch.where(suits_NL.gather(1, kept_NK), found.text_NL.gather(1, kept_NK), -1)
        rivals_GK[group_N, : text_NK.shape[1]] = text_NK
    return rivals_GK


def ask_sentences(
    rows: RelevanceRows, encoded: Encoded, pool_P: Tensor, *, most: int, seed: int
) -> AskedSentences:
    """At most so many sentences of the texts `pool_P`, drawn by the seed."""
    device = pool_P.device
    start_N = torch.from_numpy(np.array(rows.text_start)).to(device)
    place_P = encoded.place_N[pool_P]
    first_P, count_P = encoded.start_N1[place_P], encoded.start_N1[place_P + 1]
    count_P = count_P - first_P
    text_S = pool_P.repeat_interleave(count_P)
    sentence_S = counted(first_P, count_P)
    opens_S = sentence_S == first_P.repeat_interleave(count_P)
    end_S = encoded.end_S[sentence_S].long()
    begin_S = torch.where(opens_S, 0, encoded.end_S[(sentence_S - 1).clamp(min=0)].long())
    length_S = end_S - begin_S
    low, high = SENTENCE_TOKENS
    suits = torch.nonzero((length_S >= low) & (length_S <= high)).flatten()
    order = torch.randperm(len(suits), generator=torch.Generator().manual_seed(seed))[:most]
    chosen = suits[order.to(device)]
    asked = sentence_S[chosen]
    return AskedSentences(
        start_Q=start_N[text_S[chosen]] + begin_S[chosen],
        length_Q=length_S[chosen],
        sentence_Q=asked,
        near_QL=nearest(encoded.sentence_SM[asked], pool_P, encoded, most=NEIGHBOURS).text_NL,
    )


def _positives(rows: RelevanceRows) -> npt.NDArray[np.int64]:
    """[G, R] texts, -1 where there are fewer. Those of groups that ask the same are told apart by
    nothing here: the encoder finds them alike."""
    found = np.full((len(rows.query), POSITIVES), -1, dtype=np.int64)
    relevant = np.asarray(rows.relevant)
    group = np.repeat(np.arange(len(rows.query)), np.diff(rows.group_start))[relevant]
    texts = np.asarray(rows.candidate)[relevant]
    first = np.concatenate([[True], group[1:] != group[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    number = np.arange(len(group)) - start
    kept = number < POSITIVES
    found[group[kept], number[kept]] = texts[kept]
    return found
