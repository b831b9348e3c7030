"""Embeddings from counting alone: positive pointwise mutual information of neighbours, then a
truncated singular value decomposition (Levy and Goldberg 2014, "Neural Word Embedding as Implicit
Matrix Factorization"; Levy, Goldberg and Dagan 2015 for the smoothing).

Given to a small decoder as its initial embeddings, words of like meaning stand close before the
first training step.

Shapes: V vocabulary, D width.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.nn.functional import normalize

from specialists.corpora.tokens import TokenIds

CHUNK = 2_000_000
CONTEXT_SMOOTHING = 0.75


def counted_embeddings(
    token_ids: TokenIds,
    *,
    vocab_size: int,
    width: int,
    window: int = 5,
    seed: int = 0,
    on_progress: Callable[[int], None] = lambda tokens: None,
) -> Tensor:
    """[V, D], rows of unit norm (random where a token was never seen), ready for
    `FinanceDecoder.embedding`. Neighbours count 1/distance within `window` to either side."""
    counts_VV = sparse.csr_matrix((vocab_size, vocab_size), dtype=np.float32)
    for start in range(0, len(token_ids), CHUNK):
        chunk = np.asarray(token_ids[start : start + CHUNK], dtype=np.int32)
        for distance in range(1, window + 1):
            weight = np.full(len(chunk) - distance, 1.0 / distance, dtype=np.float32)
            pairs = (chunk[:-distance], chunk[distance:])
            counts_VV += sparse.csr_matrix((weight, pairs), shape=counts_VV.shape)
        on_progress(start + len(chunk))
    counts_VV = (counts_VV + counts_VV.T).tocoo()
    left, right = _positive_information(counts_VV, width=width, seed=seed)
    embeddings_VD = left * right.sqrt()
    embeddings_VD -= embeddings_VD.mean(dim=0)
    norm_V1 = embeddings_VD.norm(dim=1, keepdim=True)
    noise_VD = torch.randn(vocab_size, width, generator=torch.Generator().manual_seed(seed))
    unseen_V1 = norm_V1 < 1e-6
    embeddings_VD = torch.where(unseen_V1, noise_VD, embeddings_VD)
    return normalize(embeddings_VD, dim=1)


def _positive_information(
    counts: sparse.coo_matrix, *, width: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Left singular vectors [V, D] and singular values [D] of the positive information."""
    total = counts.data.sum()
    row_sum = np.asarray(counts.sum(axis=1)).ravel()
    context = row_sum**CONTEXT_SMOOTHING
    context /= context.sum()
    expected = (row_sum[counts.row] / total) * context[counts.col]
    information = np.log(np.maximum(counts.data / total, 1e-20) / np.maximum(expected, 1e-20))
    keep = information > 0
    matrix_VV = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([counts.row[keep], counts.col[keep]])),
        torch.from_numpy(information[keep].astype(np.float32)),
        counts.shape,
        check_invariants=False,
    ).coalesce()
    torch.manual_seed(seed)
    left, values, _ = torch.svd_lowrank(matrix_VV, q=width + 16, niter=3)
    return left[:, :width], values[:width]
