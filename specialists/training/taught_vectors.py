"""One vector and one weight a token, taught by the sentence encoder.

The weighted sum of a sentence's vectors is led to what `teacher.py` kept of the sentence (a bag of
words distilled from a network; Tissier et al. 2017 and Reimers and Gurevych 2020 for the two
halves of the idea). No pair and no label is seen, so words stand where they stand in all the text
that was encoded, and not where a few thousand questions put them.

The vectors are then turned onto those of a base and mixed with them: a model that was trained on
the base's embeddings still reads the mixture, and reads more in it.

Shapes: V vocabulary, D width of the base, E of the encoder, W the lesser of both, S sentences,
T tokens of a batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding_bag, normalize

from specialists.corpora.relevance import RelevanceRows
from specialists.errors import CorpusError
from specialists.training.coverage import Matcher
from specialists.training.teacher import Teacher

SENTENCES = 4_096
"""Of a step."""
SHORTEST = 4
"""Tokens of a sentence that teaches: headings and numbers of lists say little."""
SEEN = 5
"""Occurrences from which on a token's vector is trusted."""
RATE = 2e-2
CONTRAST, SHARPNESS = 0.1, 20.0
COMMON = 1e6
"""Occurrences from which on a token counts no more when vectors are turned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentences:
    """Sentence s is the rows' tokens from `begin_S` up to `end_S`, and the encoder finds
    `vector_SW` in it, in as many directions as our vectors have."""

    begin_S: npt.NDArray[np.int64]
    end_S: npt.NDArray[np.int64]
    vector_SW: Tensor


def train_vectors(
    rows: RelevanceRows,
    teacher: Teacher,
    base_VD: Tensor,
    *,
    steps: int,
    seed: int,
    on_progress: Callable[[int, int, float], None] = lambda step, tokens, loss: None,
) -> Matcher:
    """Vectors of the shape of a base's embeddings `base_VD`, turned onto them; tokens that the
    encoded sentences hardly show have the base's own. `on_progress` takes the step, its tokens and
    its loss. Raises `CorpusError` where no sentence is long enough."""
    sentences = _sentences(rows, teacher, width=base_VD.shape[1], seed=seed)
    tokens = torch.from_numpy(np.asarray(rows.tokens).astype(np.int32))
    torch.manual_seed(seed)
    vectors_VW = nn.Parameter(0.02 * torch.randn(len(base_VD), sentences.vector_SW.shape[1]))
    weight_V = nn.Parameter(torch.zeros(len(base_VD)))
    optimizer = torch.optim.Adam([vectors_VW, weight_V], lr=RATE, betas=(0.9, 0.99))
    order = np.random.default_rng(seed).permutation(len(sentences.begin_S))
    size = min(SENTENCES, len(order))
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        drawn = order[(np.arange(size) + step * size) % len(order)]
        ids_T, start_S = _tokens_of(tokens, sentences, drawn)
        said_SW = normalize(
            embedding_bag(
                ids_T,
                vectors_VW,
                start_S,
                mode="sum",
                per_sample_weights=weight_V.exp()[ids_T],
            ),
            dim=1,
        )
        meant_SW = normalize(sentences.vector_SW[torch.from_numpy(drawn)], dim=1)
        contrast = cross_entropy(SHARPNESS * said_SW @ meant_SW.T, torch.arange(size))
        loss = (1 - (said_SW * meant_SW).sum(1)).mean() + CONTRAST * contrast
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
        on_progress(step + 1, len(ids_T), float(loss.detach()))
    count_V = _occurrences(tokens, sentences, len(base_VD))
    return _finished(vectors_VW.detach(), weight_V.detach().exp(), base_VD, count_V)


def mixed(base_VD: Tensor, taught: Matcher, share: float) -> Tensor:
    """[V, D] of unit norm: so much of the taught vectors as `share` says, the rest the base's."""
    return normalize(torch.lerp(normalize(base_VD, dim=1), taught.vectors_VD, share), dim=1)


def _sentences(rows: RelevanceRows, teacher: Teacher, *, width: int, seed: int) -> Sentences:
    count_N = np.diff(teacher.start_N1)
    starts_N = np.asarray(rows.text_start)[teacher.text_N]
    end_S = np.asarray(teacher.end_S).astype(np.int64)
    begin_S = np.concatenate([[0], end_S[:-1]]).astype(np.int64)
    begin_S[teacher.start_N1[:-1][count_N > 0]] = 0
    from_S = np.repeat(starts_N, count_N)
    kept = np.flatnonzero(end_S - begin_S >= SHORTEST)
    if not len(kept):
        raise CorpusError(f"no encoded sentence has {SHORTEST} tokens: there is nothing to learn")
    vector_SE = torch.from_numpy(np.asarray(teacher.sentence_SD)[kept].astype(np.float32))
    vector_SE -= vector_SE.mean(0)
    torch.manual_seed(seed)
    width = min(width, vector_SE.shape[1])
    _, _, directions_EW = torch.pca_lowrank(vector_SE[: 20 * SENTENCES], q=width, center=False)
    return Sentences(
        begin_S=(from_S + begin_S)[kept],
        end_S=(from_S + end_S)[kept],
        vector_SW=vector_SE @ directions_EW,
    )


def _tokens_of(
    tokens: Tensor, sentences: Sentences, drawn: npt.NDArray[np.int64]
) -> tuple[Tensor, Tensor]:
    """The ids of all drawn sentences, one after another [T], and where each starts [S]."""
    begin_S = sentences.begin_S[drawn]
    length_S = sentences.end_S[drawn] - begin_S
    start_S = np.cumsum(length_S) - length_S
    places_T = np.repeat(begin_S - start_S, length_S) + np.arange(length_S.sum())
    return tokens[torch.from_numpy(places_T)].long(), torch.from_numpy(start_S)


def _occurrences(tokens: Tensor, sentences: Sentences, vocab_size: int) -> Tensor:
    ids_T, _ = _tokens_of(tokens, sentences, np.arange(len(sentences.begin_S)))
    return torch.bincount(ids_T, minlength=vocab_size)


def _finished(vectors_VW: Tensor, weight_V: Tensor, base_VD: Tensor, count_V: Tensor) -> Matcher:
    """Turned onto the base's by the rotation that brings them nearest (Schönemann 1966), frequent
    tokens counting more."""
    unit_VW, base_VD = normalize(vectors_VW, dim=1), normalize(base_VD, dim=1)
    often_V1 = count_V.clamp(max=COMMON)[:, None].float()
    left, _, right = torch.linalg.svd((unit_VW * often_V1).T @ base_VD, full_matrices=False)
    seen_V = count_V >= SEEN
    weight_V = torch.where(seen_V, weight_V * vectors_VW.norm(dim=1), torch.nan)
    weight_V = (weight_V / weight_V.nanmean()).nan_to_num(1.0)
    return Matcher(
        vectors_VD=torch.where(seen_V[:, None], unit_VW @ (left @ right), base_VD),
        weight_V=weight_V / weight_V.mean(),
    )
