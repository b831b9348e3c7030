"""What is drawn on a device is what the prompt of a specialist reads, with what is wanted of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from specialists.contract import Contract
from specialists.corpora.relevance import RelevanceRows, open_rows, write_rows
from specialists.prompts import POCKET_RELEVANCE, build_prompt, resolve_labels
from specialists.tokenizer import train_tokenizer
from specialists.training.batches import prompt_ids
from specialists.training.device_drawing import (
    DeviceSampler,
    Mixture,
    PromptBatch,
    worth_of_cosines,
)
from specialists.training.rivals import ask_sentences, find_rivals, pool_of
from specialists.training.sentence_encoder import Encoded
from specialists.training.wordpieces import split_into_pieces
from tests.specialists.training.owls import owl_groups

GROUPS = owl_groups(120)
MIXTURE = Mixture(
    weights={}, unlabelled_share=0.0, joined_share=0.0, soft_share=0.0, max_length=128
)
WIDTH = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("owls")
    texts = [text for one in GROUPS for text in (one.query, *one.positives, *one.negatives)]
    tokenizer = train_tokenizer(iter([*texts, "Q: a\nP: b\nA:1 A:0"]), vocab_size=420)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_rows(GROUPS, tokenizer, folder / "rows")
    return folder


@pytest.fixture(scope="module")
def rows(folder: Path) -> RelevanceRows:
    return open_rows(folder / "rows")


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def contract(tokenizer: Tokenizer) -> Contract:
    return resolve_labels(POCKET_RELEVANCE, tokenizer)


@pytest.fixture(scope="module")
def encoded(rows: RelevanceRows, folder: Path) -> Encoded:
    """Vectors that mean nothing, at places that are right."""
    path = folder / "tokenizer.json"
    pieces = split_into_pieces(rows, path, path, processes=1)
    generator = torch.Generator().manual_seed(0)

    def unit(count: int) -> torch.Tensor:
        drawn = torch.randn(count, WIDTH, generator=generator)
        return torch.nn.functional.normalize(drawn, dim=1).half()

    texts = len(rows.text_start) - 1
    return Encoded(
        place_N=torch.arange(texts),
        whole_NM=unit(texts),
        start_N1=torch.from_numpy(pieces.start_N1),
        end_S=torch.from_numpy(pieces.end_S),
        sentence_SM=unit(len(pieces.end_S)),
    )


def sampler(
    rows: RelevanceRows,
    encoded: Encoded,
    contract: Contract,
    tokenizer: Tokenizer,
    mixture: Mixture = MIXTURE,
    *,
    development: bool = False,
) -> DeviceSampler:
    pool_P = pool_of(rows, encoded)
    return DeviceSampler(
        rows,
        prompt_ids(contract, tokenizer),
        encoded,
        mixture,
        rivals_GK=find_rivals(rows, encoded, pool_P),
        sentences=ask_sentences(rows, encoded, pool_P, most=200, seed=0),
        seed=1,
        development=development,
    )


def texts_of(batch: PromptBatch, tokenizer: Tokenizer) -> list[str]:
    return [
        tokenizer.decode(row[: int(last) + 1].tolist())
        for row, last in zip(batch.ids_BT, batch.last_B, strict=True)
    ]


def drawn(one: DeviceSampler, step: int = 0) -> list[PromptBatch]:
    return one.batches(step=step, token_budget=4_000, most_tokens=1_000)


def test_a_prompt_is_the_one_that_a_specialist_reads(
    rows: RelevanceRows, encoded: Encoded, contract: Contract, tokenizer: Tokenizer
) -> None:
    right = {one.positives[0].lower(): one.query for one in GROUPS}
    seen = 0
    for batch in drawn(sampler(rows, encoded, contract, tokenizer)):
        for number, said in enumerate(texts_of(batch, tokenizer)):
            passage = tokenizer.decode(batch.ids_BT[number][batch.passage_BT[number]].tolist())
            query = right.get(passage.strip())
            if query is not None and int(batch.label_B[number]) == 1:
                wanted = build_prompt(contract, tokenizer, query, passage.strip()).all_ids
                ids = batch.ids_BT[number][: int(batch.last_B[number]) + 1]
                assert ids.tolist() == wanted, said
                seen += 1
    assert seen > 2


def test_labels_say_which_passages_are_right(
    rows: RelevanceRows, encoded: Encoded, contract: Contract, tokenizer: Tokenizer
) -> None:
    right = {(one.query.lower(), one.positives[0].lower()) for one in GROUPS}
    kinds = set()
    for batch in drawn(sampler(rows, encoded, contract, tokenizer)):
        assert torch.equal(batch.wanted_B, batch.label_B.float())
        for said, label in zip(texts_of(batch, tokenizer), batch.label_B.tolist(), strict=True):
            query = said.split("\n")[0].split("q:")[1].strip()
            passage = said.split("p:")[1].split("\n q:")[0].strip()
            assert ((query, passage) in right) == bool(label), said
            kinds.add(label)
    assert kinds == {0, 1}


def test_held_out_groups_are_seen_by_the_other_sampler_alone(
    rows: RelevanceRows, encoded: Encoded, contract: Contract, tokenizer: Tokenizer
) -> None:
    kept = {one.query.lower() for one in _groups(rows, tokenizer, development=True)}
    assert kept
    for development in (False, True):
        one = sampler(rows, encoded, contract, tokenizer, development=development)
        for batch in drawn(one):
            for said in texts_of(batch, tokenizer):
                query = said.split("\n")[0].split("q:")[1].strip()
                assert (query in kept) == development


class _Asked:
    def __init__(self, query: str) -> None:
        self.query = query


def _groups(rows: RelevanceRows, tokenizer: Tokenizer, *, development: bool) -> list[_Asked]:
    chosen = np.flatnonzero(np.asarray(rows.development) == development)
    ids = [np.asarray(rows.tokens)[rows.text(int(rows.query[g]))].tolist() for g in chosen]
    return [_Asked(tokenizer.decode(one).strip()) for one in ids]


def test_cosines_stand_where_their_sentences_end(
    rows: RelevanceRows, encoded: Encoded, contract: Contract, tokenizer: Tokenizer
) -> None:
    mixture = replace(MIXTURE, joined_share=1.0, unlabelled_share=0.3)
    long = 0
    for batch in drawn(sampler(rows, encoded, contract, tokenizer, mixture)):
        width = batch.ids_BT.shape[1]
        row_S, at_S = batch.place_S // width, batch.place_S % width
        assert len(batch.place_S)
        assert bool(batch.passage_BT[row_S, at_S].all())
        ends = {tokenizer.decode([t]).strip()[-1:] for t in batch.ids_BT[row_S, at_S].tolist()}
        assert ends <= {".", "?", "!", ""}
        for number in range(len(batch.last_B)):
            own = batch.near_S[row_S == number]
            if len(own):
                assert float(own.max()) == pytest.approx(float(batch.nearest_B[number]))
        long += int(batch.whole_B.isnan().sum())
        assert bool((batch.last_B < mixture.max_length).all())
    assert long > 3


def test_what_nobody_labelled_is_wanted_as_the_cosine_is_worth(
    rows: RelevanceRows, encoded: Encoded, contract: Contract, tokenizer: Tokenizer
) -> None:
    mixture = replace(MIXTURE, unlabelled_share=0.5, soft_share=0.25)
    one = sampler(rows, encoded, contract, tokenizer, mixture)
    one.fit_worth()
    found = 0
    for batch in drawn(one):
        worth_B = one.worth.of(batch.whole_B)
        free_B = batch.label_B < 0
        assert torch.allclose(batch.wanted_B[free_B], worth_B[free_B])
        mixed_B = 0.75 * batch.label_B + 0.25 * worth_B
        assert torch.allclose(batch.wanted_B[~free_B], mixed_B[~free_B])
        found += int(free_B.sum())
    assert found > 5


def test_the_same_seed_draws_the_same_and_steps_differ(
    rows: RelevanceRows, encoded: Encoded, contract: Contract, tokenizer: Tokenizer
) -> None:
    first, again = (drawn(sampler(rows, encoded, contract, tokenizer)) for _ in range(2))
    assert all(torch.equal(a.ids_BT, b.ids_BT) for a, b in zip(first, again, strict=True))
    other = drawn(sampler(rows, encoded, contract, tokenizer), step=1)
    assert first[0].ids_BT.shape != other[0].ids_BT.shape or not torch.equal(
        first[0].ids_BT, other[0].ids_BT
    )


def test_the_worth_of_a_cosine_is_the_share_that_is_relevant() -> None:
    generator = torch.Generator().manual_seed(0)
    near = torch.rand(20_000, generator=generator)
    relevant = torch.rand(20_000, generator=generator) < (9.0 * near - 5.0).sigmoid()
    worth = worth_of_cosines(near, relevant)
    assert worth.slope == pytest.approx(9.0, rel=0.1)
    assert worth.offset == pytest.approx(-5.0, rel=0.1)


def test_the_worth_of_a_cosine_needs_both_kinds_of_rows() -> None:
    with pytest.raises(ValueError, match="relevant and other rows"):
        worth_of_cosines(torch.rand(5), torch.ones(5))
