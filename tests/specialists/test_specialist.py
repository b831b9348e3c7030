"""A loaded specialist against the plain way: one full forward for each passage, all logits."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Encoding, Tokenizer

from specialists import agreement
from specialists.errors import ContractError
from specialists.loading import load_for_worker
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.prompts import (
    CHARACTERS_PER_TOKEN,
    POCKET_RELEVANCE,
    Contract,
    build_prompt,
    resolve_labels,
)
from specialists.requests import Decide, Generate, Represent
from specialists.specialist import Specialist, load_specialist
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer, train_tokenizer

TINY = DecoderConfig(
    vocab_size=400, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=1_024
)
PASSAGES = (
    "The pump was replaced in March.",
    "Trains run daily, and on Sundays twice.",
    "",
    "Owls live long. " * 90,
    "1",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    texts = [*PASSAGES, "When was the pump replaced? Q: P: A:1 A:0"]
    train_tokenizer(iter(texts * 4), vocab_size=400).save(str(folder / "tokenizer.json"))
    tokenizer = open_tokenizer(folder / "tokenizer.json")
    model = FinanceDecoder(TINY)
    initialize(model, seed=5)
    with torch.no_grad():
        for block in model.blocks:
            for name, parameter in block.named_parameters():
                if name.endswith(("output.weight", "down.weight")):
                    parameter.mul_(20)
    for name, contract in (("judge", resolve_labels(POCKET_RELEVANCE, tokenizer)), ("bare", None)):
        write_checkpoint(
            folder / name,
            name=name,
            task="relevance",
            config=TINY,
            tensors=model.state_dict(),
            storage="float32",
            contract=contract,
            tokenizer_path=None,
        )
    return folder


@pytest.fixture(scope="module")
def judge(folder: Path) -> Specialist:
    return load_specialist(folder / "judge")


def plain_label_logits(judge: Specialist, query: str, passage: str) -> list[float]:
    prompt = build_prompt(judge.contract, judge.tokenizer, query, passage)
    with torch.inference_mode():
        logits = judge.model(torch.tensor([prompt.all_ids])).logits[0, -1]
    return [float(logits[label]) for label in judge.contract.label_ids]


@pytest.mark.parametrize("threads", [2, 5])
def test_batches_side_by_side_change_no_verdict(judge: Specialist, threads: int) -> None:
    together = Specialist(
        judge.checkpoint, judge.model, judge.tokenizer, batch_tokens=64, threads=threads
    )
    request = Decide(query="When was the pump replaced?", passages=PASSAGES * 6)
    alone = judge.decide(request).verdicts
    for one, other in zip(alone, together.decide(request).verdicts, strict=True):
        assert other.logits == pytest.approx(one.logits, abs=1e-4)
        assert (other.label, other.tokens) == (one.label, one.tokens)
    assert len(together.decide(Decide(query="the pump", passages=PASSAGES[:1])).verdicts) == 1


def test_verdicts_equal_those_of_plain_forwards(judge: Specialist) -> None:
    query = "When was the pump replaced?"
    verdicts = judge.decide(Decide(query=query, passages=PASSAGES)).verdicts
    assert len(verdicts) == len(PASSAGES)
    for passage, verdict in zip(PASSAGES, verdicts, strict=True):
        plain = plain_label_logits(judge, query, passage)
        assert verdict.logits == pytest.approx(plain, abs=1e-4)
        assert verdict.label == ("1" if plain[0] > plain[1] else "0")
        assert verdict.positive == (verdict.label == "1") == (verdict.score > 0.5)
        chance = torch.tensor(plain).softmax(dim=0)[0].item()
        assert verdict.score == pytest.approx(chance, abs=1e-5)


def test_a_text_is_represented_as_plain_forwards_do(folder: Path) -> None:
    alone = Contract(head="T:", tail="\nA:", reading="joined", max_tokens=64, max_query_tokens=1)
    model = FinanceDecoder(TINY)
    initialize(model, seed=6)
    write_checkpoint(
        folder / "alone",
        name="alone",
        task="routing",
        config=TINY,
        tensors=model.state_dict(),
        storage="float32",
        contract=resolve_labels(alone, open_tokenizer(folder / "tokenizer.json")),
        tokenizer_path=None,
    )
    reader = load_for_worker(folder / "alone", "int8", folder)
    found = reader.represent(Represent(texts=PASSAGES))
    for text, feature, decision in zip(PASSAGES, found.features, found.decisions, strict=True):
        ids = torch.tensor([build_prompt(reader.contract, reader.tokenizer, "", text).all_ids])
        with torch.inference_mode():
            plain = model.forward(ids, return_decision=True).decision
            hidden = model.hidden(ids)[0, -1]
        assert plain is not None
        assert feature == pytest.approx(hidden.tolist(), abs=1e-4)
        assert decision == pytest.approx(plain[0].tolist(), abs=1e-4)
    assert reader.represent(Represent(texts=())).features == ()


def test_a_specialist_that_wants_a_query_represents_no_text_alone(judge: Specialist) -> None:
    with pytest.raises(ContractError, match="reads a query with each passage"):
        judge.represent(Represent(texts=("a",)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.text(max_size=60),
    passages=st.lists(st.text(max_size=200), min_size=1, max_size=6),
)
def test_company_and_order_do_not_change_a_verdict(
    judge: Specialist, query: str, passages: list[str]
) -> None:
    shuffled = sorted(range(len(passages)), key=lambda n: (n * 7) % len(passages))
    together = judge.decide(Decide(query=query, passages=tuple(passages))).verdicts
    mixed = judge.decide(
        Decide(query=query, passages=tuple(passages[n] for n in shuffled))
    ).verdicts
    for place, number in enumerate(shuffled):
        alone = judge.decide(Decide(query=query, passages=(passages[number],))).verdicts[0]
        for other in (together[number], mixed[place]):
            assert other.logits == pytest.approx(alone.logits, abs=1e-4)
            assert other.tokens == alone.tokens


def test_int8_gives_the_labels_of_float32(folder: Path, judge: Specialist) -> None:
    quick = load_for_worker(folder / "judge", "int8", folder)
    words = " ".join(PASSAGES).split()
    passages = tuple(" ".join(words[start : start + 12]) for start in range(0, 300, 3))
    exact, cheap = (
        each.decide(Decide(query="When was the pump replaced?", passages=passages)).verdicts
        for each in (judge, quick)
    )
    assert [verdict.label for verdict in cheap] == [verdict.label for verdict in exact]
    differing = [a.logits != b.logits for a, b in zip(exact, cheap, strict=True)]
    assert any(differing)
    for one, other in zip(exact, cheap, strict=True):
        assert other.logits == pytest.approx(one.logits, abs=0.2)


def test_the_echo_of_the_question_is_read_between_passage_and_tail(judge: Specialist) -> None:
    prompt = build_prompt(judge.contract, judge.tokenizer, "Owls?", "Trains run daily.")
    said = judge.tokenizer.decode(prompt.all_ids)
    assert [part.strip() for part in said.split("\n")] == [
        "q: owls?",
        "p: trains run daily.",
        "q: owls?",
        "a:",
    ]


def test_a_passage_that_does_not_fit_is_flagged(judge: Specialist) -> None:
    short, long = judge.decide(Decide(query="owls?", passages=("Owls.", PASSAGES[3] * 9))).verdicts
    assert not short.truncated
    assert long.truncated
    assert long.tokens == judge.contract.max_tokens


def test_no_passages_need_no_model(judge: Specialist) -> None:
    assert judge.decide(Decide(query="anything", passages=())).verdicts == ()


def test_a_bare_base_generates_and_says_why_it_cannot_decide(folder: Path) -> None:
    bare = load_specialist(folder / "bare")
    bare.warm_up()
    generated = bare.generate(Generate(prompt="The pump", max_new_tokens=5))
    assert generated.new_tokens <= 5
    with pytest.raises(ContractError, match="bare has no contract"):
        bare.decide(Decide(query="a", passages=("b",)))


def test_generation_repeats_with_its_seed(judge: Specialist) -> None:
    request = Generate(prompt="", max_new_tokens=8, temperature=2.0, seed=4)
    assert judge.generate(request) == judge.generate(request)


def test_a_prompt_longer_than_the_model_reads_keeps_its_end(judge: Specialist) -> None:
    generated = judge.generate(Generate(prompt="pump " * 2_000, max_new_tokens=3))
    assert generated.prompt_tokens < TINY.max_seq_len


class Counting:
    """A tokenizer that remembers how long the texts were that it was given."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.lengths: list[int] = []

    def encode(self, text: str, **settings: bool) -> Encoding:
        self.lengths.append(len(text))
        return self._tokenizer.encode(text, **settings)

    def __getattr__(self, name: str) -> object:
        return getattr(self._tokenizer, name)


def test_of_a_long_prompt_only_what_can_be_read_is_cut_into_tokens(
    judge: Specialist, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting(judge.tokenizer)
    monkeypatch.setattr(judge, "tokenizer", counting)
    end = Generate(prompt="the pump " * 1_000, max_new_tokens=3)
    assert judge.generate(replace(end, prompt="owls " * 99_999 + end.prompt)) == judge.generate(end)
    assert max(counting.lengths) <= CHARACTERS_PER_TOKEN * TINY.max_seq_len


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_more_new_tokens_than_the_model_reads_are_refused_with_the_limit(
    judge: Specialist, temperature: float
) -> None:
    most = TINY.max_seq_len
    said = f"is {most}, and judge reads {most} .* give {most - 1} at most"
    with pytest.raises(ContractError, match=said):
        judge.generate(Generate(prompt="pump", max_new_tokens=most, temperature=temperature))


def test_a_checkpoint_that_ships_is_measured_on_every_question_however_slow(
    judge: Specialist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "_LONGEST_S", 0.0)
    first = agreement.find_agreement(judge, "int8", tmp_path)
    every = agreement.ship_agreement(judge, "int8")
    (judge.checkpoint.folder / agreement.SHIPPED).unlink()
    assert (first.pairs, every.pairs) == (8, 200)
