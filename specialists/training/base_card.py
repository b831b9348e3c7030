"""The card of a base: what it was trained on and how well it expects held-out text, beside the
floor of counting single tokens. Measured here, never written by hand."""

import math

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from specialists.checkpoint import Checkpoint, describe
from specialists.corpora.tokens import TokenIds
from specialists.model.decoder import FinanceDecoder

WINDOW = 256
MAX_WINDOWS = 64


@torch.inference_mode()
def held_out_loss(model: FinanceDecoder, tokens: TokenIds) -> tuple[float, float]:
    """Mean next-token cross-entropy in nats over windows spread evenly, and the half width of its
    95% interval over windows."""
    count = min(MAX_WINDOWS, len(tokens) // (WINDOW + 1))
    losses = []
    for start in np.linspace(0, len(tokens) - WINDOW - 1, count).astype(int):
        ids = torch.from_numpy(tokens[start : start + WINDOW + 1].astype(np.int64))
        losses.append(float(cross_entropy(model(ids[None, :-1]).logits[0], ids[1:])))
    return float(np.mean(losses)), 1.96 * float(np.std(losses)) / math.sqrt(count)


def unigram_loss(training: TokenIds, held_out: TokenIds, *, vocab_size: int) -> float:
    """What counting single tokens reaches: the floor for any model of text, in nats."""
    counts = np.bincount(training, minlength=vocab_size) + 1.0
    return float(-np.log(counts / counts.sum())[held_out].mean())


def base_card(
    checkpoint: Checkpoint,
    *,
    held_out_loss: tuple[float, float],
    floor: float,
    held_out_tokens: int,
) -> str:
    """Markdown."""
    about, recipe = describe(checkpoint), dict(checkpoint.recipe or {})
    loss, half = held_out_loss
    sources = "\n".join(
        f"| {source['name']} | {source['licence']} | {source['rows']} | `{source['sha256']}` |"
        for source in recipe["data"]
    )
    return f"""# {checkpoint.name}

A small base decoder, trained from random blocks and counted embeddings by `qshell train base`.
It is what the specialists beside it start from and share their embeddings with; as a writer of
text it is weak. {about["parameters"]:,} parameters, stored as {checkpoint.storage}, licence
{recipe["licence"]}, sha256 of the weights `{checkpoint.sha256}`.

| Mark | Value |
| --- | --- |
| next-token loss on held-out text, nats | {loss:.2f} ± {half:.2f} (95%) |
| held-out tokens | {held_out_tokens:,} |
| floor: counting single tokens | {floor:.2f} |
| floor: every token alike | {math.log(checkpoint.config.vocab_size):.2f} |
| tokens trained on | {recipe["tokens"]:,} in {recipe["steps"]:,} steps, {recipe["seconds"]:,} s |

Seed {recipe["seed"]}. Uncased; a space follows each line break and stands between a mark and the
word after it, so text comes back with those changes.

| Source | Licence | Used | sha256 |
| --- | --- | --- | --- |
{sources}
"""
