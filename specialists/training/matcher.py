"""A matcher without a model: one vector and one weight a token, learned from pairs by contrast.

Three scores, one training: the bag compares weighted means of both texts; nearness sums over the
query's tokens how near the likest token of the passage stands (the late interaction of Khattab and
Zaharia 2020, without a network); sameness counts equal words. It sees in minutes more pairs than a
decoder sees in hours, and then teaches it (`coverage.py`). It is no part of what ships.

Shapes: G queries, C candidates of each, Q and P tokens of query and passage, D width, V vocabulary.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding, normalize

from specialists.corpora.relevance import RelevanceRows
from specialists.training.batches import PAD
from specialists.training.coverage import Matcher
from specialists.training.drawing import shares_of

QUERIES, CANDIDATES = 96, 5
LONGEST_QUERY, LONGEST_PASSAGE = 28, 128
RATE, WEIGHT_RATE, MIX_RATE = 1.5e-3, 3e-3, 2e-2
SHARPNESS = 20.0
COUNTED_TEXTS = 40_000
RISE = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """Token ids and stems, padded on the right."""

    ids: Tensor
    stems: Tensor


class StaticMatcher(nn.Module):
    """What is learned. Query and passage weigh the same token differently; the query's weights are
    those that are kept."""

    def __init__(self, vectors_VD: Tensor, rarity_V: Tensor) -> None:
        super().__init__()
        self.vectors = nn.Parameter(vectors_VD.clone())
        self.query_weight = nn.Parameter(rarity_V.log())
        self.passage_weight = nn.Parameter(rarity_V.log())
        self.mix = nn.Parameter(torch.tensor([10.0, 10.0, 6.0]))

    def forward(self, query: Texts, passage: Texts) -> tuple[Tensor, Tensor, Tensor]:
        """Bag [G, G * C] of every query with every passage, nearness and sameness [G, C] with its
        own; the own passages of query g are those from g * C on."""
        queries = len(query.ids)
        bag_GD, query_GQD, weight_GQ = self._read(query.ids, self.query_weight)
        passage_ND, passage_NPD, _ = self._read(passage.ids, self.passage_weight)
        own_GCPD = normalize(passage_NPD, dim=-1).view(queries, -1, *passage_NPD.shape[1:])
        near_GCQP = torch.einsum("gqd,gcpd->gcqp", normalize(query_GQD, dim=-1), own_GCPD)
        absent_GC1P = (passage.ids == PAD).view(queries, own_GCPD.shape[1], 1, -1)
        nearest_GCQ = near_GCQP.masked_fill(absent_GC1P, -1).amax(-1)
        stems_GC1P = passage.stems.view(absent_GC1P.shape)
        closes_GQ = query.stems > 0
        same_GCQ = (query.stems[:, None, :, None] == stems_GC1P).any(-1) & closes_GQ[:, None]
        return (
            bag_GD @ passage_ND.T,
            _weighted(nearest_GCQ, weight_GQ),
            _weighted(same_GCQ.float(), weight_GQ * closes_GQ),
        )

    def _read(self, ids_NT: Tensor, weight_V: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weight_NT = weight_V[ids_NT].exp() * (ids_NT != PAD)
        vectors_NTD = embedding(ids_NT, self.vectors)
        bag_ND = normalize((vectors_NTD * weight_NT[..., None]).sum(1), dim=-1)
        return bag_ND, vectors_NTD, weight_NT


def contrast_loss(scores: tuple[Tensor, Tensor, Tensor], mix_3: Tensor) -> Tensor:
    """The positive stands first among each query's candidates: cross-entropy of the mixed scores,
    and by half of the bag among all passages of the batch and of nearness alone."""
    bag, near_GC, same_GC = scores
    queries, candidates = near_GC.shape
    first_G = torch.zeros(queries, dtype=torch.long)
    place_G = torch.arange(queries)
    own_GC = bag.view(queries, queries, candidates)[place_G, place_G]
    mixed_GC = mix_3[0] * own_GC + mix_3[1] * near_GC + mix_3[2] * same_GC
    return (
        cross_entropy(mixed_GC, first_G)
        + 0.5 * cross_entropy(bag * SHARPNESS, place_G * candidates)
        + 0.5 * cross_entropy(near_GC * SHARPNESS, first_G)
    )


def train_matcher(
    rows: RelevanceRows,
    vectors_VD: Tensor,
    *,
    weights: Mapping[str, float],
    steps: int,
    seed: int,
    on_progress: Callable[[int, int, float], None] = lambda step, tokens, loss: None,
) -> Matcher:
    """From the counted embeddings `vectors_VD`, by source `weights` (1 where a source is not
    named), on the training rows alone; `on_progress` takes the step, its tokens and its loss."""
    choice = np.random.default_rng(seed)
    model = StaticMatcher(vectors_VD, torch.from_numpy(_rarity(rows, len(vectors_VD), choice)))
    optimizer = torch.optim.Adam(
        [
            {"params": [model.vectors], "lr": RATE},
            {"params": [model.query_weight, model.passage_weight], "lr": WEIGHT_RATE},
            {"params": [model.mix], "lr": MIX_RATE},
        ],
        betas=(0.9, 0.99),
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    groups = _answered(rows)
    cumulative = shares_of(rows, groups, weights)
    for step in range(steps):
        factor = min(1.0, (step + 1) / RISE) * (1 - step / steps)
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * factor
        drawn = groups[
            np.minimum(np.searchsorted(cumulative, choice.random(QUERIES)), len(groups) - 1)
        ]
        query, passage = _draw(rows, drawn, choice)
        loss = contrast_loss(model(query, passage), model.mix)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
        tokens = int((query.ids != PAD).sum() + (passage.ids != PAD).sum())
        on_progress(step + 1, tokens, float(loss.detach()))
    weight_V = model.query_weight.detach().exp()
    return Matcher(
        vectors_VD=normalize(model.vectors.detach(), dim=1), weight_V=weight_V / weight_V.mean()
    )


def keep_matcher(matcher: Matcher, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file({"vectors": matcher.vectors_VD, "weight": matcher.weight_V}, partial)
    partial.replace(path)


def read_matcher(path: Path) -> Matcher:
    tensors = load_file(path)
    return Matcher(vectors_VD=tensors["vectors"], weight_V=tensors["weight"])


def _weighted(scores_GCQ: Tensor, weight_GQ: Tensor) -> Tensor:
    total_G1 = weight_GQ.sum(-1)[:, None].clamp(min=1e-6)
    return (scores_GCQ * weight_GQ[:, None]).sum(-1) / total_G1


def _answered(rows: RelevanceRows) -> npt.NDArray[np.int64]:
    """The groups of the training that have a positive."""
    answered = np.add.reduceat(np.asarray(rows.relevant), rows.group_start[:-1]) > 0
    return np.flatnonzero(~np.asarray(rows.development) & answered)


def _rarity(
    rows: RelevanceRows, vocab_size: int, choice: np.random.Generator
) -> npt.NDArray[np.float32]:
    """How rare each token is among texts, as the logarithm of the inverse frequency [V]."""
    count_V = np.zeros(vocab_size)
    for text in choice.integers(0, len(rows.text_start) - 1, COUNTED_TEXTS):
        count_V[np.unique(rows.tokens[rows.text(int(text))][: 2 * LONGEST_PASSAGE])] += 1
    return np.maximum(np.log(COUNTED_TEXTS / (count_V + 0.5)), 0.05).astype(np.float32)


def _draw(
    rows: RelevanceRows, groups: npt.NDArray[np.int64], choice: np.random.Generator
) -> tuple[Texts, Texts]:
    """Of each group its query, one positive and some negatives, filled up from anywhere."""
    candidates: list[int] = []
    for group in groups:
        span = rows.candidates(int(group))
        texts, relevant = rows.candidate[span], rows.relevant[span]
        wrong = list(choice.permutation(texts[~relevant])[: CANDIDATES - 1])
        anywhere = choice.integers(len(rows.candidate), size=CANDIDATES - 1 - len(wrong))
        candidates += [choice.choice(texts[relevant]), *wrong, *rows.candidate[anywhere]]
    return (
        _padded(rows, [int(rows.query[group]) for group in groups], LONGEST_QUERY),
        _padded(rows, [int(text) for text in candidates], LONGEST_PASSAGE),
    )


def _padded(rows: RelevanceRows, texts: Sequence[int], longest: int) -> Texts:
    spans = [rows.text(text) for text in texts]
    lengths = [min(longest, span.stop - span.start) for span in spans]
    ids = np.full((len(texts), max(lengths)), PAD, dtype=np.int64)
    stems = np.zeros_like(ids)
    for number, (span, length) in enumerate(zip(spans, lengths, strict=True)):
        ids[number, :length] = rows.tokens[span][:length]
        stems[number, :length] = rows.stems[span][:length]
    return Texts(ids=torch.from_numpy(ids), stems=torch.from_numpy(stems))
