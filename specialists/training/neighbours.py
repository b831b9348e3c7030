"""Passages of a query's own source that have most in common with it: what a retriever returns where
all documents are about one matter.

Rivals (`rivals.py`) are kept clearly less near than the right passage, because a nearer one may
answer as well. So a model never meets what is just as near and yet wrong, and takes nearness for
an answer. Where every query has one passage alone, even the nearest of the others is wrong.

A text is the sum of its tokens' vectors, rare ones counting more, without what all passages of the
source have in common. That takes seconds for all of them, on a CPU.

Shapes: G groups of the rows, K neighbours, P passages, N texts, V vocabulary, D width.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, normalize

from specialists.corpora.relevance import RelevanceRows

KEPT = 30
LOOKED_AT = 60
ALIKE = 0.92
"""Cosine with a right passage from which on a passage is taken for the same."""
MOST_PASSAGES = 80_000
"""Of a source; of more, so many are drawn."""
HELD_OUT = 150
"""Groups of each source that are held out from training and looked at."""
LONGEST = 300
"""Tokens of a text that are read."""
COMMON = 1e-3
"""Share of all tokens from which on one counts less for being frequent."""
PORTION = 4_096


def find_neighbours(
    rows: RelevanceRows,
    vectors_VD: Tensor,
    *,
    groups: int,
    more_groups: Mapping[str, int],
    seed: int,
) -> npt.NDArray[np.int64]:
    """[G, K] texts, the nearest first, -1 where there are fewer. Of each source at most `groups`
    training groups, or as many as `more_groups` says, are looked at."""
    choice = np.random.default_rng(seed)
    weighed_VD = _weighed(rows, vectors_VD)
    found_GK = np.full((len(rows.query), KEPT), -1, dtype=np.int64)
    source, held_out = np.asarray(rows.source), np.asarray(rows.development)
    of_candidate = np.repeat(source, np.diff(rows.group_start))
    for number, name in enumerate(rows.source_names):
        training = np.flatnonzero((source == number) & ~held_out)
        most = min(len(training), more_groups.get(name, groups))
        asking = np.concatenate(
            [
                choice.choice(training, most, replace=False),
                np.flatnonzero((source == number) & held_out)[:HELD_OUT],
            ]
        )
        pool_P = np.unique(np.asarray(rows.candidate)[of_candidate == number]).astype(np.int64)
        if len(pool_P) > MOST_PASSAGES:
            pool_P = np.sort(choice.choice(pool_P, MOST_PASSAGES, replace=False))
        if len(pool_P):
            _find_in_source(rows, weighed_VD, asking, pool_P, found_GK)
    return found_GK


def _weighed(rows: RelevanceRows, vectors_VD: Tensor) -> Tensor:
    count_V = np.bincount(np.asarray(rows.tokens), minlength=len(vectors_VD)) + 1.0
    share_V = torch.from_numpy(count_V / count_V.sum())
    weight_V = -share_V.log() * COMMON / (COMMON + share_V)
    return normalize(vectors_VD.float(), dim=1) * weight_V.float()[:, None]


def _find_in_source(
    rows: RelevanceRows,
    weighed_VD: Tensor,
    asking: npt.NDArray[np.int64],
    pool_P: npt.NDArray[np.int64],
    found_GK: npt.NDArray[np.int64],
) -> None:
    """Fills the lines of the groups `asking`."""
    said_PD = _read(rows, weighed_VD, pool_P)
    common_D = said_PD.mean(0)
    said_PD = normalize(said_PD - common_D, dim=1)
    for first in range(0, len(asking), PORTION):
        some = asking[first : first + PORTION]
        asked_ND = _read(rows, weighed_VD, np.asarray(rows.query)[some].astype(np.int64))
        near_NK = (asked_ND @ said_PD.T).topk(min(LOOKED_AT, len(pool_P)), dim=1).indices
        for group, near_K in zip(some, near_NK, strict=True):
            span = rows.candidates(int(group))
            right = np.asarray(rows.candidate[span])[rows.relevant[span]].astype(np.int64)
            fits_K = torch.from_numpy(~np.isin(pool_P[near_K.numpy()], right))
            if len(right):
                right_RD = normalize(_read(rows, weighed_VD, right) - common_D, dim=1)
                fits_K &= (said_PD[near_K] @ right_RD.T).amax(1) < ALIKE
            kept = pool_P[near_K[fits_K].numpy()][:KEPT]
            found_GK[group, : len(kept)] = kept


def _read(rows: RelevanceRows, weighed_VD: Tensor, text_N: npt.NDArray[np.int64]) -> Tensor:
    """[N, D]."""
    start = np.asarray(rows.text_start)
    length_N = np.minimum(start[text_N + 1] - start[text_N], LONGEST)
    ids = np.concatenate(
        [rows.tokens[start[t] : start[t] + n] for t, n in zip(text_N, length_N, strict=True)]
    )
    begin_N = np.concatenate([[0], np.cumsum(length_N)[:-1]])
    return embedding_bag(
        torch.from_numpy(ids.astype(np.int64)), weighed_VD, torch.from_numpy(begin_N), mode="sum"
    )
