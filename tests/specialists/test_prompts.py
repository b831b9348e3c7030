"""Prompts and label ids, with small tokenizers trained on the spot."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from specialists.errors import ContractError
from specialists.prompts import (
    POCKET_RELEVANCE,
    PUBLISHED_RELEVANCE,
    Contract,
    build_prompt,
    build_prompts,
    read_contract,
    resolve_encoding,
    resolve_labels,
)

TEXT = [
    "the answer is 1 and the price was 0 then 1 or 0",
    "PASSAGE: net revenue rose 4 percent ASSISTANT: 1",
    "USER: Q: who signs the lease ASSISTANT: 0",
] * 20


def trained(*, prefix_space: bool = False, vocab_size: int = 400) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


BYTES = trained(vocab_size=256)
MERGED = trained()
PREFIXED = trained(prefix_space=True)
TINY = Contract(head="Q: {query}\nP: ", tail="\nA:", max_tokens=40, max_query_tokens=12)


def test_a_label_is_unambiguous_when_both_readings_agree() -> None:
    resolved = resolve_labels(TINY, MERGED)
    assert resolved.label_ids == (MERGED.token_to_id("1"), MERGED.token_to_id("0"))
    assert list(resolved.tail_ids) == MERGED.encode("\nA:").ids


def test_a_trailing_space_that_merges_with_the_label_is_refused_until_a_reading_is_chosen() -> None:
    with pytest.raises(ContractError, match="--labels separate or --labels joined"):
        resolve_labels(PUBLISHED_RELEVANCE, MERGED)
    joined = resolve_labels(PUBLISHED_RELEVANCE, MERGED, labels="joined")
    separate = resolve_labels(PUBLISHED_RELEVANCE, MERGED, labels="separate")
    assert joined.label_ids == (MERGED.token_to_id("Ġ1"), MERGED.token_to_id("Ġ0"))
    assert separate.label_ids == (MERGED.token_to_id("1"), MERGED.token_to_id("0"))
    assert list(separate.tail_ids) == [*joined.tail_ids, MERGED.token_to_id("Ġ")]


def test_a_trailing_space_that_does_not_merge_is_unambiguous() -> None:
    resolved = resolve_labels(PUBLISHED_RELEVANCE, BYTES)
    assert resolved.label_ids == (BYTES.token_to_id("1"), BYTES.token_to_id("0"))


def test_the_pocket_contract_names_its_reading_so_a_prefix_space_does_no_harm() -> None:
    resolved = resolve_labels(POCKET_RELEVANCE, PREFIXED)
    assert resolved.label_ids == (PREFIXED.token_to_id("1"), PREFIXED.token_to_id("0"))


def test_labels_of_several_tokens_are_refused() -> None:
    with pytest.raises(ContractError, match="not one token each"):
        resolve_labels(replace(TINY, labels=("xyz", "qqq"), positive="xyz"), BYTES)


def test_a_prompt_is_head_passage_and_tail_encoded_apart() -> None:
    contract = resolve_labels(TINY, MERGED)
    prompt = build_prompt(contract, MERGED, "who", "the lease")
    assert prompt.head_ids == MERGED.encode("Q: who\nP: ").ids
    assert prompt.passage_ids == MERGED.encode("the lease").ids
    assert prompt.tail_ids == list(contract.tail_ids)
    assert prompt.all_ids == prompt.head_ids + prompt.ids
    assert not prompt.truncated and not prompt.query_truncated


def test_the_tail_tokens_before_a_joined_label_are_those_of_the_joined_text() -> None:
    contract = resolve_labels(PUBLISHED_RELEVANCE, MERGED, labels="joined")
    prompt = build_prompt(contract, MERGED, "who", "x")
    assert prompt.tail_ids == MERGED.encode("\nASSISTANT: 1").ids[:-1]


@pytest.mark.parametrize("encoding", ["segments", "whole"])
@pytest.mark.parametrize("reading", ["separate", "joined"])
def test_query_and_passage_are_cut_to_the_contract_and_flagged(encoding: str, reading: str) -> None:
    contract = resolve_labels(
        Contract.from_dict({**TINY.to_dict(), "encoding": encoding, "reading": reading}), MERGED
    )
    prompt = build_prompt(contract, MERGED, "who pays zq " * 50, "§ 4 net é rents " * 80)
    assert prompt.truncated and prompt.query_truncated
    assert len(prompt.all_ids) <= contract.max_tokens
    assert len(prompt.all_ids) >= contract.max_tokens - 3
    assert prompt.tail_ids == list(contract.tail_ids)


def test_whole_prompts_equal_the_encoded_text_and_share_their_head() -> None:
    contract = resolve_labels(PUBLISHED_RELEVANCE, MERGED, labels="separate")
    contract = replace(contract, encoding="whole")
    passages = ["the lease", "net 4", "", " then", "ends here.\n"]
    head, prompts = build_prompts(contract, MERGED, "who signs", passages)
    for passage, prompt in zip(passages, prompts, strict=True):
        text = contract.head_text("who signs") + passage + contract.tail
        assert head + prompt.ids == MERGED.encode(text).ids
        assert not prompt.truncated
    assert len(head) > 50


def test_joined_whole_prompts_end_where_the_label_follows() -> None:
    contract = resolve_labels(PUBLISHED_RELEVANCE, MERGED, labels="joined")
    prompt = build_prompt(replace(contract, encoding="whole"), MERGED, "who", "the lease")
    text = contract.head_text("who") + "the lease" + contract.tail + "1"
    assert prompt.all_ids == MERGED.encode(text).ids[:-1]
    assert contract.label_ids[0] == MERGED.encode(text).ids[-1]


def test_probes_tell_whether_segments_equal_the_whole() -> None:
    merged = resolve_labels(PUBLISHED_RELEVANCE, MERGED, labels="separate")
    assert resolve_encoding(merged, MERGED).encoding == "whole"
    plain = resolve_labels(PUBLISHED_RELEVANCE, BYTES)
    assert resolve_encoding(plain, BYTES).encoding == "segments"


@pytest.mark.parametrize("encoding", ["segments", "whole"])
def test_a_line_of_a_hundred_million_characters_costs_nothing(encoding: str) -> None:
    class Counting:
        """The real tokenizer, noting the longest text it was ever given."""

        longest = 0

        def __getattr__(self, name: str) -> object:
            real = getattr(MERGED, name)

            def counted(texts: str | list[str], **options: bool) -> object:
                lengths = [len(texts)] if isinstance(texts, str) else [len(t) for t in texts]
                self.longest = max(self.longest, *lengths)
                return real(texts, **options)

            return counted

    tokenizer = Counting()
    contract = Contract.from_dict({**resolve_labels(TINY, MERGED).to_dict(), "encoding": encoding})
    huge = "a" * 100_000_000
    prompt = build_prompt(contract, tokenizer, huge, huge)  # type: ignore[arg-type]  # stands in
    assert prompt.truncated and prompt.query_truncated
    assert tokenizer.longest < 2_000


def test_a_head_that_leaves_no_room_is_one_sentence() -> None:
    contract = replace(TINY, head="long " * 60 + "{query}")
    with pytest.raises(ContractError, match="leave none for a passage"):
        build_prompt(contract, MERGED, "who", "x")


@settings(max_examples=150, deadline=None)
@given(
    query=st.text(st.characters(), max_size=40),
    passages=st.lists(st.text(st.characters(), max_size=120), max_size=3),
    encoding=st.sampled_from(["segments", "whole"]),
    reading=st.sampled_from(["separate", "joined"]),
)
def test_any_text_at_all_gives_prompts_within_the_limit(
    query: str, passages: list[str], encoding: str, reading: str
) -> None:
    contract = resolve_labels(
        Contract.from_dict({**TINY.to_dict(), "encoding": encoding, "reading": reading}), MERGED
    )
    head, prompts = build_prompts(contract, MERGED, query, [*passages, "\ud800\x00\x1b[2J"])
    assert len(prompts) == len(passages) + 1
    for prompt in prompts:
        assert len(head) + len(prompt.ids) <= contract.max_tokens


def test_a_contract_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "contract.json"
    contract = resolve_labels(TINY, MERGED)
    path.write_text(json.dumps(contract.to_dict()))
    assert read_contract(path) == contract


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"head": "{query}"}', "missing keys"),
        ('{"head": "{query}", "tail": "", "max_tokens": "9"}', "wrong type"),
        ('{"head": "{query}", "tail": "", "label_ids": [3, 3]}', "share an id"),
        ('{"head": "{query}", "tail": "", "encoding": "x"}', "expected one of"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_contract_file_that_is_wrong_is_one_sentence(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "contract.json"
    path.write_text(text)
    with pytest.raises(ContractError, match=words):
        read_contract(path)
