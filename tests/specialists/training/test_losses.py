"""The helpers of the relevance loss: what they ask for, and that following them lowers them."""

from pathlib import Path

import pytest
import torch

from specialists.corpora.relevance import open_rows, write_rows
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.prompts import POCKET_RELEVANCE, resolve_labels
from specialists.tokenizer import train_tokenizer
from specialists.training.batches import RelevanceBatch, prompt_ids, relevance_batch
from specialists.training.drawing import RelevanceSampler
from specialists.training.losses import DenseHead, find_matches
from specialists.training.objective import RelevanceObjective
from tests.specialists.training.owls import owl_groups

GROUPS = owl_groups(40)


@pytest.fixture(scope="module")
def batch_and_labels(tmp_path_factory: pytest.TempPathFactory) -> tuple[RelevanceBatch, list[str]]:
    texts = [text for group in GROUPS for text in (group.query, *group.positives)]
    tokenizer = train_tokenizer(iter([*texts, "Q: a\nP: b\nA:1 A:0"]), vocab_size=420)
    folder: Path = tmp_path_factory.mktemp("rows")
    write_rows(GROUPS, tokenizer, folder)
    contract = resolve_labels(POCKET_RELEVANCE, tokenizer)
    sampler = RelevanceSampler(
        open_rows(folder), prompt_ids(contract, tokenizer), weights={}, seed=1
    )
    rows = sampler.rows_of(step=0, token_budget=1_500, max_length=96)
    batch = relevance_batch(rows, sampler.prompt, max_length=96)
    return batch, [tokenizer.decode([index]) for index in range(420)]


def test_a_word_of_the_query_is_found_in_the_passage_in_any_of_its_forms(
    batch_and_labels: tuple[RelevanceBatch, list[str]],
) -> None:
    batch, words = batch_and_labels
    row = int(torch.nonzero(batch.relevant_B)[0])
    _, same_word_BTS = find_matches(batch)
    for asking_BT, answering_BT in (
        (batch.passage_BT, batch.query_BT),
        (batch.echo_BT, batch.passage_BT),
    ):
        found_TS = same_word_BTS[row] & asking_BT[row][:, None]
        said = "".join(words[index] for index in batch.ids_BT[row][found_TS.any(-1)].tolist())
        assert "kind" in said.split()
        assert {"lives", "live"} & set(said.split())
        assert not {"years", "how"} & set(said.split())
        assert not found_TS[:, ~answering_BT[row]].any()
    assert not same_word_BTS[row][~(batch.passage_BT | batch.echo_BT)[row]].any()


def test_training_on_the_helpers_teaches_a_head_where_to_look(
    batch_and_labels: tuple[RelevanceBatch, list[str]],
) -> None:
    batch, _ = batch_and_labels
    model = FinanceDecoder(
        DecoderConfig(
            vocab_size=420, n_layer=3, d_model=64, n_head=2, n_kv_head=1, d_ff=64, max_seq_len=96
        )
    )
    initialize(model, seed=0)
    objective = RelevanceObjective(
        model=model,
        dense=DenseHead(64),
        label_ids=torch.tensor([5, 6]),
        positive=0,
        match_layers=(1,),
    )
    modules = objective.modules().values()
    optimizer = torch.optim.AdamW([p for module in modules for p in module.parameters()], lr=3e-3)
    seen = []
    for _ in range(60):
        loss = objective.loss([batch])
        seen.append(loss.figures)
        optimizer.zero_grad()
        loss.total.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
    assert seen[-1]["alignment"] < 0.5 * seen[0]["alignment"]
    assert seen[-1]["match_f1"] > 0.8
    assert all(value >= 0 for value in seen[-1].values())
