"""Published PyTorch files: what converts, what is refused, and that nothing in them ever runs."""

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor

from shell.commands.checkpoint import command
from specialists.checkpoint import Checkpoint, describe, open_checkpoint
from specialists.contract import Contract
from specialists.conversion import convert_published
from specialists.errors import CheckpointError, ContractError, TensorMismatch, UnsafeCheckpoint
from specialists.key_map import DEFAULT_KEY_MAP, KeyMap, read_key_map
from specialists.model.config import DecoderConfig
from specialists.model.shapes import TensorReport, expected_shapes
from specialists.prompts import PUBLISHED_RELEVANCE
from specialists.tensors import read_tensors

SMALL = DecoderConfig(
    vocab_size=320, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=40, max_seq_len=256
)
PUBLISHED = DecoderConfig(d_ff=1_544)
"""The family's shapes, with the width that makes 53.5 million parameters."""

CFG = {
    "vocab_size": 320,
    "n_embd": 32,
    "n_layers": 2,
    "n_head": 4,
    "num_key_value_heads": 2,
    "block_size": 256,
    "rope_base": 10_000,
    "rms_norm_eps": 1e-5,
    "mtp_k": 4,
    "dropout": 0.1,
    "bias": False,
}

LLAMA = {
    "embedding.weight": "tok_emb.weight",
    "final_norm.weight": "norm.weight",
    "blocks.": "layers.",
    "attention_norm": "attn_norm",
    "feed_forward_norm": "ffn_norm",
    "attention.query": "attn.wq",
    "attention.key": "attn.wk",
    "attention.value": "attn.wv",
    "attention.output": "attn.wo",
    "feed_forward.gate": "mlp.w1",
    "feed_forward.up": "mlp.w3",
    "feed_forward.down": "mlp.w2",
    "prediction_heads": "mtp_heads",
}
HUGGING = {
    "embedding.weight": "model.embed_tokens.weight",
    "final_norm.weight": "model.norm.weight",
    "blocks.": "model.layers.",
    "attention_norm": "input_layernorm",
    "feed_forward_norm": "post_attention_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "feed_forward.gate": "mlp.gate_proj",
    "feed_forward.up": "mlp.up_proj",
    "feed_forward.down": "mlp.down_proj",
}
UPWARD_W2 = {**LLAMA, "feed_forward.up": "ffn.w2", "feed_forward.down": "ffn.w3"}


def random_state(
    config: DecoderConfig = SMALL, *, dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(7)
    return {
        name: torch.randn(shape, generator=generator, dtype=dtype)
        for name, shape in expected_shapes(config).items()
    }


def renamed(state: dict[str, Tensor], names: dict[str, str], prefix: str = "") -> dict[str, Tensor]:
    def rename(name: str) -> str:
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        return prefix + name

    return {rename(name): tensor for name, tensor in state.items()}


def save_tokenizer(path: Path) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the 1 and the 0 or a 1 in the 0"] * 9, trainer)
    tokenizer.save(str(path))


Publish = Callable[..., Path]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    def write(state: dict[str, Any], cfg: dict[str, Any] | None = None) -> Path:
        source = tmp_path / "published"
        source.mkdir(exist_ok=True)
        save_tokenizer(source / "tokenizer.json")
        (source / "config.json").write_text(json.dumps({"model_type": "qovaryx", "n_head": 4}))
        model_cfg = CFG if cfg is None else cfg
        torch.save({"model_cfg": model_cfg, "model_state": state}, source / "pytorch_model.pt")
        return source

    return write


def convert(source: Path, **options: Any) -> Checkpoint:
    settings: dict[str, Any] = {
        "name": "judge",
        "task": "relevance",
        "contract": PUBLISHED_RELEVANCE,
        "labels": "separate",
        "storage": "float32",
        **options,
    }
    return convert_published(source, source.parent / "converted", **settings)


def assert_same(checkpoint: Checkpoint, state: dict[str, Tensor]) -> None:
    read = read_tensors(checkpoint)
    assert set(read) == set(expected_shapes(checkpoint.config))
    assert all(torch.equal(read[name], state[name].float()) for name in read)


def test_the_published_layout_of_53_million_parameters_converts_and_is_complete(
    publish: Publish,
) -> None:
    state = random_state(PUBLISHED)
    cfg = {"vocab_size": 32_000, "n_layer": 12, "d_model": 512, "n_head": 8, "n_kv_head": 2}
    compiled = {f"_orig_mod.{name}": tensor for name, tensor in state.items()}
    checkpoint = convert(publish(compiled, {**cfg, "mtp_k": 4}), storage="bfloat16")
    assert checkpoint.config == PUBLISHED
    parameters = sum(prod(shape) for shape in expected_shapes(PUBLISHED).values())
    assert parameters == describe(checkpoint)["parameters"]
    assert 53.4e6 < parameters < 53.6e6
    read = read_tensors(open_checkpoint(checkpoint.folder))
    assert set(read) == set(state)
    for name, tensor in state.items():
        assert torch.equal(read[name], tensor.bfloat16().float() if tensor.dim() == 2 else tensor)
    assert checkpoint.recipe is not None
    assumed = {"max_seq_len": 2_048, "rope_theta": 10_000.0, "norm_eps": 1e-5}
    assert checkpoint.recipe["assumed_config"] == assumed


@pytest.mark.parametrize("names", [{}, LLAMA, HUGGING, UPWARD_W2])
@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "module._orig_mod.", "module."])
def test_common_spellings_and_wrappers_are_understood(
    publish: Publish, names: dict[str, str], prefix: str
) -> None:
    state = random_state()
    checkpoint = convert(publish(renamed(state, names, prefix)))
    assert checkpoint.config == SMALL
    assert_same(checkpoint, state)


def test_half_precision_and_tables_of_rotations_are_understood(publish: Publish) -> None:
    state = random_state(dtype=torch.bfloat16)
    tables = {"rope.cos": torch.ones(4), "layers.0.attn.rotary.inv_freq": torch.ones(4)}
    checkpoint = convert(publish({**state, **tables}))
    assert_same(checkpoint, state)
    assert checkpoint.recipe is not None
    assert checkpoint.recipe["ignored_tensors"] == sorted(tables)


def test_a_head_equal_to_the_embedding_is_tied_and_another_is_kept(publish: Publish) -> None:
    state = random_state()
    tied = convert(publish({**state, "lm_head.weight": state["embedding.weight"].clone()}))
    assert tied.config.tie_embeddings
    assert_same(tied, state)
    own = torch.randn(320, 32)
    untied = convert(publish({**state, "lm_head.weight": own}))
    assert not untied.config.tie_embeddings
    assert_same(untied, {**state, "language_head.weight": own})
    with pytest.raises(CheckpointError, match="ties the embeddings"):
        convert(publish({**state, "lm_head.weight": own}, {**CFG, "tie_weights": True}))


def test_a_key_map_splits_fused_tensors_and_transposes(publish: Publish, tmp_path: Path) -> None:
    state = random_state()
    published = dict(state)
    for block in range(2):
        own = f"blocks.{block}."
        qkv = [published.pop(f"{own}attention.{part}.weight") for part in ("query", "key", "value")]
        published[f"{own}fused"] = torch.cat(qkv)
        gate_up = [published.pop(f"{own}feed_forward.{part}.weight") for part in ("gate", "up")]
        published[f"{own}wide"] = torch.cat(gate_up)
        down = published.pop(f"{own}feed_forward.down.weight")
        published[f"{own}back"] = down.T.contiguous()
    del published["decision_head.bias"]
    path = tmp_path / "map.yaml"
    path.write_text(
        """
        extend: true
        zeros: [decision_head.bias]
        keys:
          - {from: "blocks.{i}.fused", to: "blocks.{i}", transform: split_qkv}
          - {from: "blocks.{i}.wide", to: "blocks.{i}", transform: split_gate_up}
          - {from: "blocks.{i}.back", to: "blocks.{i}.feed_forward.down.weight",
             transform: transpose}
        """
    )
    checkpoint = convert(publish(published), key_map=read_key_map(path))
    assert_same(checkpoint, {**state, "decision_head.bias": torch.zeros(2)})


def test_interleaved_rotation_gives_the_same_attention_in_our_order(publish: Publish) -> None:
    state = random_state()
    key_map = KeyMap(rules=DEFAULT_KEY_MAP.rules, rope="interleaved")
    read = read_tensors(convert(publish(state), key_map=key_map))
    name = "blocks.0.attention.query.weight"
    x = torch.randn(5, SMALL.d_model)
    there = rotated_pairs((x @ state[name].T).reshape(5, 4, 8))
    here = rotated_halves((x @ read[name].T).reshape(5, 4, 8))
    key = "blocks.0.attention.key.weight"
    key_there = rotated_pairs((x @ state[key].T).reshape(5, 2, 8))
    key_here = rotated_halves((x @ read[key].T).reshape(5, 2, 8))
    scores_there = torch.einsum("tnh,sh->nts", there, key_there[:, 0])
    scores_here = torch.einsum("tnh,sh->nts", here, key_here[:, 0])
    assert torch.allclose(scores_there, scores_here, atol=1e-3)
    assert not torch.equal(read[name], state[name])


def angles(n_positions: int) -> tuple[Tensor, Tensor]:
    angle = torch.outer(torch.arange(n_positions).float(), 10_000 ** (-torch.arange(4) / 4))
    return angle.cos()[:, None], angle.sin()[:, None]


def rotated_pairs(x_TNH: Tensor) -> Tensor:
    cos, sin = angles(len(x_TNH))
    even, odd = x_TNH[..., 0::2], x_TNH[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def rotated_halves(x_TNH: Tensor) -> Tensor:
    cos, sin = angles(len(x_TNH))
    first, second = x_TNH.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


def test_a_renamed_tensor_is_refused_and_named_with_the_nearest(publish: Publish) -> None:
    state = random_state()
    state["blocks.1.attention.qeury.weight"] = state.pop("blocks.1.attention.query.weight")
    with pytest.raises(TensorMismatch) as caught:
        convert(publish(state))
    report = caught.value.report
    assert isinstance(report, TensorReport)
    names = ("blocks.1.attention.query.weight", "blocks.1.attention.qeury.weight")
    assert report.missing == (names,) and report.unexpected == (names[::-1],)


def test_a_missing_and_a_misshapen_tensor_are_refused_and_named(publish: Publish) -> None:
    state = random_state()
    del state["blocks.0.feed_forward.up.weight"]
    state["blocks.1.attention.output.weight"] = torch.zeros(32, 31)
    with pytest.raises(TensorMismatch) as caught:
        convert(publish(state))
    assert "missing blocks.0.feed_forward.up.weight" in str(caught.value)
    wanted = "misshapen blocks.1.attention.output.weight: expected [32, 32], found [32, 31]"
    assert wanted in str(caught.value)


def test_an_extra_tensor_is_refused(publish: Publish) -> None:
    state = {**random_state(), "blocks.0.attention.q_norm.weight": torch.ones(8)}
    with pytest.raises(TensorMismatch, match=r"unexpected blocks\.0\.attention\.q_norm\.weight"):
        convert(publish(state))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"logit_softcap": 30.0}, "logit_softcap=30.0, which may change"),
        ({"qk_norm": True}, "qk_norm=True"),
        ({"mystery": "x"}, "--ignore-config"),
        ({"head_dim": 16}, "head_dim"),
        ({"d_ff": 41}, "d_ff=41, but the tensors show 40"),
        ({"n_predict": 4, "mtp_k": 2}, "both mean n_predict"),
        ({"n_layers": "2"}, "expected a number"),
        ({"n_layers": 3}, "the tensors show 2"),
        ({"n_decision": 3}, "the tensors show 2"),
    ],
)
def test_a_config_that_may_change_the_computation_is_refused(
    publish: Publish, extra: dict[str, Any], words: str
) -> None:
    with pytest.raises(CheckpointError, match=words):
        convert(publish(random_state(), {**CFG, **extra}))


def test_harmless_and_ignored_config_keys_stand_in_the_recipe(publish: Publish) -> None:
    cfg = {**CFG, "head_dim": 8, "activation": "swiglu", "mystery": 3}
    checkpoint = convert(publish(random_state(), cfg), ignore_config=("mystery",))
    assert checkpoint.recipe is not None
    ignored = checkpoint.recipe["ignored_config"]
    assert set(ignored) == {"dropout", "bias", "head_dim", "activation", "mystery"}


def test_heads_counted_without_the_language_head_are_understood(publish: Publish) -> None:
    assert convert(publish(random_state(), {**CFG, "mtp_k": 3})).config.n_predict == 4


def test_what_nobody_tells_must_be_stated(publish: Publish) -> None:
    cfg = {key: value for key, value in CFG.items() if key != "n_head"}
    source = publish(random_state(), cfg)
    (source / "config.json").unlink()
    with pytest.raises(CheckpointError, match="neither model_cfg nor the tensors tell n_head"):
        convert(source)
    assert convert(source, stated={"n_head": 4}).config == SMALL


def test_ambiguous_labels_are_refused_until_chosen(publish: Publish) -> None:
    source = publish(random_state())
    with pytest.raises(ContractError, match="ambiguous"):
        convert(source, labels="auto")
    assert not (source.parent / "converted").exists()
    joined = convert(source, labels="joined").contract
    assert joined is not None and joined.encoding == "whole" and joined.reading == "joined"
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    assert joined.label_ids == (tokenizer.token_to_id("Ġ1"), tokenizer.token_to_id("Ġ0"))
    assert joined.max_tokens == 256


class Payload:
    """A pickle that writes a file when it is loaded as pickles are."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("form", ["zip", "bare", "protocol 5"])
def test_a_pickle_with_code_is_refused_and_the_code_never_runs(
    publish: Publish, tmp_path: Path, form: str
) -> None:
    source, marker = publish(random_state()), tmp_path / "ran"
    content = {"model_cfg": CFG, "model_state": {**random_state(), "x": Payload(marker)}}
    path = source / "pytorch_model.pt"
    if form == "zip":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(Payload(marker), protocol=5 if form[-1] == "5" else 2))
    with pytest.raises(UnsafeCheckpoint) as caught:
        convert(source)
    assert not marker.exists()
    assert "\n" not in str(caught.value) and "without running" in str(caught.value)
    os.system(f"touch '{marker}'")
    assert marker.exists(), "the payload would have left its mark"


def test_objects_that_are_no_tensors_are_refused(publish: Publish) -> None:
    with pytest.raises(UnsafeCheckpoint, match="no tensor but str"):
        convert(publish({**random_state(), "x": "text"}))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_one_sentence(publish: Publish, share: float) -> None:
    source = publish(random_state())
    path = source / "pytorch_model.pt"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError) as caught:
        convert(source)
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, UnsafeCheckpoint)


def test_one_changed_byte_among_the_weights_is_found(publish: Publish) -> None:
    source = publish(random_state())
    path = source / "pytorch_model.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="checksum"):
        convert(source)


def test_a_block_without_a_number_is_refused_and_named(publish: Publish) -> None:
    state = random_state()
    state["blocks.one.attention_norm.weight"] = state.pop("blocks.1.attention_norm.weight")
    with pytest.raises(TensorMismatch, match=r"unexpected blocks\.one\.attention_norm"):
        convert(publish(state))


@pytest.mark.parametrize("content", [b"hello", b"\x80\x02N.", b"PK\x03\x04" * 9, bytes(99)])
def test_a_file_that_is_no_model_is_one_sentence(publish: Publish, content: bytes) -> None:
    source = publish(random_state())
    (source / "pytorch_model.pt").write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        convert(source)
    assert "\n" not in str(caught.value)


def test_a_compressed_archive_is_refused_before_it_is_unpacked(publish: Publish) -> None:
    source = publish(random_state())
    with zipfile.ZipFile(source / "pytorch_model.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(50_000_000))
    with pytest.raises(CheckpointError, match="compressed"):
        convert(source)


def test_a_view_that_claims_more_than_the_file_holds_is_refused(publish: Publish) -> None:
    state = {**random_state(), "embedding.weight": torch.zeros(1).expand(1 << 40, 32)}
    with pytest.raises(CheckpointError, match="claims more than the file can hold"):
        convert(publish(state))


def test_a_tensor_without_values_is_refused(publish: Publish) -> None:
    state = {**random_state(), "embedding.weight": torch.zeros(256, 32, device="meta")}
    with pytest.raises(CheckpointError, match="claims more than the file can hold"):
        convert(publish(state))


def test_two_names_for_one_tensor_are_refused(publish: Publish) -> None:
    state = random_state()
    state["tok_emb.weight"] = state["embedding.weight"]
    with pytest.raises(CheckpointError, match=r"becomes embedding\.weight, as another"):
        convert(publish(state))


def test_a_tokenizer_of_another_model_is_refused(publish: Publish) -> None:
    config = DecoderConfig.from_dict({**SMALL.to_dict(), "vocab_size": 200})
    with pytest.raises(CheckpointError, match="belongs to another model"):
        convert(publish(random_state(config), {**CFG, "vocab_size": 200}))


def test_the_source_itself_is_never_the_target(publish: Publish) -> None:
    source = publish(random_state())
    with pytest.raises(CheckpointError, match="is the source itself"):
        convert_published(source, source, name="a", task="b", contract=None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys: [{from: a}]", "expected from, to"),
        ("keys: [{from: a, to: b, transform: eval}]", "expected one of"),
        ("keys: [{from: a, to: 'b.{i}'}]", "placeholder"),
        ("keys: [{from: '(a', to: b}]", "pattern"),
        ("rope: spiral", "halves or interleaved"),
        ("kyes: []", "expected an object"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
        ("keys: 3", "map.yaml"),
    ],
)
def test_a_wrong_key_map_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=words):
        read_key_map(path)


def test_convert_and_inspect_from_the_command_line(publish: Publish, tmp_path: Path) -> None:
    source, target = publish(random_state()), tmp_path / "judge"
    contract = tmp_path / "contract.json"
    own = Contract(head="Q: {query}\n", tail="\nA:", max_tokens=64, max_query_tokens=16)
    contract.write_text(json.dumps(own.to_dict()))
    arguments = ["convert", str(source), str(target), "--contract", str(contract), "--json"]
    converted = CliRunner().invoke(command, arguments, catch_exceptions=False)
    told = json.loads(converted.stdout)
    assert told["name"] == "judge" and told["storage"] == "bfloat16"
    inspected = CliRunner().invoke(command, ["inspect", str(target), "--json"])
    assert json.loads(inspected.stdout) == told
    shown = CliRunner().invoke(command, ["inspect", str(target)], catch_exceptions=False)
    assert told["sha256"] in shown.stdout
