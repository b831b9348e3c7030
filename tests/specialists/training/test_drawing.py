"""What a relevance training sees: the prompts asked later, the same after a stop."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from specialists.corpora.relevance import QueryGroup, RelevanceRows, open_rows, write_rows
from specialists.prompts import POCKET_RELEVANCE, build_prompts, resolve_labels
from specialists.tokenizer import train_tokenizer
from specialists.training.batches import (
    BATCH_TOKENS,
    WIDTH_STEP,
    RelevanceBatch,
    batches_side_by_side,
    prompt_ids,
    relevance_batch,
)
from specialists.training.drawing import RelevanceSampler

GROUPS = [
    QueryGroup(
        source="birds",
        name=f"birds {number}",
        query=f"How long do owls of kind {number} live?",
        positives=(f"An owl of kind {number} lives for {number} years.\nSome live (much) longer.",),
        negatives=("Trains run daily.", f"Kind {number} is a word.", "Swans swim; owls don't."),
    )
    for number in range(200)
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [text for group in GROUPS for text in (group.query, *group.positives)]
    return train_tokenizer(iter([*texts, "Q: a\nP: b\nA:1 A:0"]), vocab_size=420)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> RelevanceRows:
    folder: Path = tmp_path_factory.mktemp("rows")
    write_rows(GROUPS, tokenizer, folder)
    return open_rows(folder)


def sampler(
    rows: RelevanceRows, tokenizer: Tokenizer, *, development: bool = False
) -> RelevanceSampler:
    contract = resolve_labels(POCKET_RELEVANCE, tokenizer)
    return RelevanceSampler(
        rows, prompt_ids(contract, tokenizer), weights={}, seed=1, development=development
    )


def draw(
    drawing: RelevanceSampler,
    *,
    step: int,
    token_budget: int,
    max_length: int,
    cut_share: float = 0.0,
) -> RelevanceBatch:
    """The rows of a step as one batch."""
    drawn = drawing.rows_of(
        step=step, token_budget=token_budget, max_length=max_length, cut_share=cut_share
    )
    return relevance_batch(drawn, drawing.prompt, max_length=max_length)


def test_training_prompts_are_the_contracts_prompts(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    contract = resolve_labels(POCKET_RELEVANCE, tokenizer)
    batch = draw(sampler(rows, tokenizer), step=0, token_budget=1_500, max_length=96)
    asked: dict[tuple[int, ...], str] = {}
    for group in GROUPS:
        candidates = [p for g in GROUPS for p in (*g.positives, *g.negatives)]
        head, prompts = build_prompts(contract, tokenizer, group.query, candidates)
        asked |= {(*head, *prompt.ids): group.query for prompt in prompts}
    for row, last in zip(batch.ids_BT.tolist(), batch.last_B.tolist(), strict=True):
        assert tuple(row[: last + 1]) in asked


def test_a_step_draws_the_same_batch_every_time_and_another_step_another(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    drawing = sampler(rows, tokenizer)
    first = draw(drawing, step=5, token_budget=1_000, max_length=96)
    again = draw(sampler(rows, tokenizer), step=5, token_budget=1_000, max_length=96)
    other = draw(drawing, step=6, token_budget=1_000, max_length=96)
    assert torch.equal(first.ids_BT, again.ids_BT)
    assert first.ids_BT.shape != other.ids_BT.shape or not torch.equal(first.ids_BT, other.ids_BT)


def test_a_query_is_in_training_or_in_development_never_in_both(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    training, held_out = (sampler(rows, tokenizer, development=d) for d in (False, True))
    assert len(held_out.groups) > 0
    assert set(training.groups) | set(held_out.groups) == set(range(len(GROUPS)))
    assert not set(training.groups) & set(held_out.groups)


def test_a_batch_keeps_its_token_budget_and_its_length(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    batch = draw(sampler(rows, tokenizer), step=3, token_budget=600, max_length=40)
    assert batch.ids_BT.shape[1] <= 40
    assert batch.ids_BT.numel() <= 600


def test_small_batches_hold_every_row_once_and_each_query_on_one_core(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    drawing = sampler(rows, tokenizer)
    drawn = drawing.rows_of(step=2, token_budget=9_000, max_length=48)
    whole = relevance_batch(drawn, drawing.prompt, max_length=48)
    shares = batches_side_by_side(drawn, drawing.prompt, max_length=48, cores=2)
    assert len(shares) == 2
    seen = [
        tuple(ids[: int(last) + 1])
        for share in shares
        for batch in share
        for ids, last in zip(batch.ids_BT.tolist(), batch.last_B, strict=True)
    ]
    wanted = [
        tuple(ids[: int(last) + 1])
        for ids, last in zip(whole.ids_BT.tolist(), whole.last_B, strict=True)
    ]
    assert sorted(seen) == sorted(wanted)
    groups = [{n for batch in share for n in batch.group_B.tolist()} for share in shares]
    assert not groups[0] & groups[1]
    tokens = [sum(batch.tokens for batch in share) for share in shares]
    assert min(tokens) > 0.8 * max(tokens)
    for batch in (batch for share in shares for batch in share):
        assert batch.ids_BT.shape[1] % WIDTH_STEP == 0
        assert batch.ids_BT.numel() <= BATCH_TOKENS


def test_queries_longer_than_a_short_prompt_wait_for_longer_ones(
    tmp_path: Path, tokenizer: Tokenizer
) -> None:
    long = QueryGroup(
        source="long", name="long 1", query="owl " * 300, positives=("An owl.",), negatives=("A.",)
    )
    write_rows([*GROUPS, long], tokenizer, tmp_path)
    rows = open_rows(tmp_path)
    prompt = prompt_ids(resolve_labels(POCKET_RELEVANCE, tokenizer), tokenizer)
    drawing = RelevanceSampler(rows, prompt, weights={"long": 200.0}, seed=1)
    for step in range(9):
        assert draw(drawing, step=step, token_budget=900, max_length=60).ids_BT.shape[1] <= 60


def test_a_cut_query_is_made_of_words_of_its_own_passage_alone(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> None:
    batch = draw(sampler(rows, tokenizer), step=0, token_budget=1_500, max_length=64, cut_share=1.0)
    assert int(batch.relevant_B.sum()) == len(set(batch.group_B.tolist()))
    for row in torch.nonzero(batch.relevant_B).flatten().tolist():
        query = batch.ids_BT[row][batch.query_BT[row]]
        passage = batch.ids_BT[row][batch.passage_BT[row]]
        assert torch.isin(query, passage).all()
