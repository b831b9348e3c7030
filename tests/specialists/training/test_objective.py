"""A step on several cores descends as one on a single core does."""

from pathlib import Path

import pytest
import torch

from specialists.corpora.relevance import open_rows, write_rows
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.prompts import POCKET_RELEVANCE, resolve_labels
from specialists.tokenizer import train_tokenizer
from specialists.training.batches import Row, batches_side_by_side, prompt_ids
from specialists.training.drawing import RelevanceSampler
from specialists.training.losses import DenseHead
from specialists.training.objective import RelevanceObjective, SideBySide
from tests.specialists.training.owls import owl_groups

GROUPS = owl_groups(60)


@pytest.fixture
def sampler(tmp_path: Path) -> RelevanceSampler:
    texts = [text for group in GROUPS for text in (group.query, *group.positives)]
    tokenizer = train_tokenizer(iter([*texts, "Q: a\nP: b\nA:1 A:0"]), vocab_size=420)
    write_rows(GROUPS, tokenizer, tmp_path)
    prompt = prompt_ids(resolve_labels(POCKET_RELEVANCE, tokenizer), tokenizer)
    return RelevanceSampler(open_rows(tmp_path), prompt, weights={}, seed=1)


def objective() -> RelevanceObjective:
    torch.manual_seed(0)
    model = FinanceDecoder(
        DecoderConfig(
            vocab_size=420, n_layer=2, d_model=32, n_head=2, n_kv_head=1, d_ff=48, max_seq_len=96
        )
    )
    initialize(model, seed=0)
    return RelevanceObjective(
        model=model,
        dense=DenseHead(32),
        label_ids=torch.tensor([5, 6]),
        positive=0,
        match_layers=(1,),
    )


def gradients(drawn: list[Row], sampler: RelevanceSampler, *, cores: int) -> list[torch.Tensor]:
    ours = objective()
    shares = batches_side_by_side(drawn, sampler.prompt, max_length=96, cores=cores)
    report = SideBySide(cores).descend(ours, shares)
    assert report.tokens == sum(batch.tokens for share in shares for batch in share)
    assert report.figures["verdict"] > 0
    return [p.grad for p in ours.model.parameters() if p.grad is not None]


def test_the_gradients_are_those_of_the_loss(sampler: RelevanceSampler) -> None:
    drawn = sampler.rows_of(step=2, token_budget=6_000, max_length=96)
    ours = gradients(drawn, sampler, cores=1)
    plain = objective()
    share = batches_side_by_side(drawn, sampler.prompt, max_length=96, cores=1)[0]
    plain.loss(share).total.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
    theirs = [p.grad for p in plain.model.parameters() if p.grad is not None]
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-6)


def test_two_cores_find_the_gradients_of_one(sampler: RelevanceSampler) -> None:
    drawn = sampler.rows_of(step=0, token_budget=6_000, max_length=96)
    one, two = (gradients(drawn, sampler, cores=cores) for cores in (1, 2))
    assert len(one) == len(two) > 10
    flat_one, flat_two = (torch.cat([g.flatten() for g in found]) for found in (one, two))
    # Means over the places of each batch, and bfloat16: alike, not equal.
    assert torch.cosine_similarity(flat_one, flat_two, dim=0) > 0.98
    assert 0.8 < float(flat_one.norm() / flat_two.norm()) < 1.25


def test_the_same_shares_give_the_same_gradients(sampler: RelevanceSampler) -> None:
    drawn = sampler.rows_of(step=1, token_budget=6_000, max_length=96)
    first, again = (gradients(drawn, sampler, cores=2) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
