"""Opening checkpoint folders: what is whole is described, what is not is one clear sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from specialists.checkpoint import describe, open_checkpoint, sha256_of
from specialists.contract import Contract
from specialists.errors import CheckpointError, TensorMismatch
from specialists.model.config import DecoderConfig
from specialists.model.shapes import TensorReport, compare_tensors, expected_shapes
from specialists.tensors import write_checkpoint

CONFIG = DecoderConfig(
    vocab_size=32, n_layer=2, d_model=16, n_head=4, n_kv_head=2, d_ff=24, max_seq_len=64
)
CONTRACT = Contract(
    head="Q: {query}\n", tail="\nA:", label_ids=(1, 2), max_tokens=32, max_query_tokens=8
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = tmp_path / "weights" / "tokenizer.json"
    tokenizer.parent.mkdir()
    Tokenizer(models.BPE()).save(str(tokenizer))
    folder = tokenizer.parent / "judge"
    write_checkpoint(
        folder,
        name="judge",
        task="relevance",
        config=CONFIG,
        tensors={name: torch.randn(shape) for name, shape in expected_shapes(CONFIG).items()},
        storage="float32",
        contract=CONTRACT,
        tokenizer_path=None,
    )
    return folder


def change_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "config.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = folder / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)
    change_config(folder, lambda values: values["files"].update({path.name: sha256_of(path)}))


def test_a_whole_folder_opens_with_the_parents_tokenizer_and_describes_itself(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    assert checkpoint.tokenizer_path == folder.resolve().parent / "tokenizer.json"
    assert checkpoint.contract == CONTRACT and checkpoint.config == CONFIG
    told = describe(checkpoint)
    assert told["parameters"] == sum(
        torch.Size(shape).numel() for shape in expected_shapes(CONFIG).values()
    )
    assert told["sha256"] == sha256_of(folder / "model.safetensors")
    assert told["bytes"] == (folder / "model.safetensors").stat().st_size
    json.dumps(told)


def test_opening_a_checkpoint_loads_no_torch(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from specialists.checkpoint import describe, open_checkpoint; "
        f"describe(open_checkpoint(Path({str(folder)!r}))); "
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_an_own_tokenizer_goes_before_the_parents(folder: Path) -> None:
    own = folder / "tokenizer.json"
    own.write_bytes((folder.parent / "tokenizer.json").read_bytes())
    assert open_checkpoint(folder).tokenizer_path == own.resolve()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_one_changed_byte_is_found_by_its_sha256(folder: Path, name: str) -> None:
    path = folder / name if name.startswith("model") else folder.parent / name
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name}: sha256 is .* changed or damaged"):
        open_checkpoint(folder)


@pytest.mark.parametrize("keep", [0, 5, 8, 300, -1])
def test_truncated_weights_are_refused_even_unverified(folder: Path, keep: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"truncated|damaged"):
        open_checkpoint(folder, verify=False)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}},
        {"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}},
        {"a\x1b[2J": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}},
        {"a": 3},
        [],
    ],
)
def test_an_invented_header_is_one_sentence(folder: Path, header: object) -> None:
    raw = json.dumps(header).encode()
    content = len(raw).to_bytes(8, "little") + raw + bytes(8)
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder, verify=False)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_header_that_claims_to_be_huge_is_not_read(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    with pytest.raises(CheckpointError, match="the header claims"):
        open_checkpoint(folder, verify=False)


def test_a_renamed_tensor_is_named_with_the_nearest(folder: Path) -> None:
    old, new = "blocks.1.attention.query.weight", "blocks.1.attention.qeury.weight"
    change_tensors(folder, lambda tensors: tensors.update({new: tensors.pop(old)}))
    with pytest.raises(TensorMismatch) as caught:
        open_checkpoint(folder)
    report = caught.value.report
    assert isinstance(report, TensorReport)
    assert report.missing == ((old, new),) and report.unexpected == ((new, old),)
    assert f"missing {old} (nearest found: {new})" in str(caught.value)


def test_a_missing_tensor_is_an_error_never_a_random_weight(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.pop("decision_head.bias"))
    with pytest.raises(TensorMismatch, match=r"missing decision_head\.bias"):
        open_checkpoint(folder)


def test_a_misshapen_tensor_is_named_with_both_shapes(folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update({"final_norm.weight": torch.ones(17)}))
    with pytest.raises(TensorMismatch, match=r"final_norm\.weight: expected \[16\], found \[17\]"):
        open_checkpoint(folder)


def test_a_tensor_of_another_dtype_than_the_storage_is_refused(folder: Path) -> None:
    change_config(folder, lambda values: values.update(storage="bfloat16"))
    with pytest.raises(CheckpointError, match="is F32, storage bfloat16 keeps it as BF16"):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "this version reads 1"),
        ({"storage": "int3"}, "expected one of"),
        ({"name": ""}, "printable"),
        ({"extra": 1}, "unknown keys extra"),
        ({"files": {}}, "sha256"),
        ({"model": {"vocab_size": "x"}}, "expected int"),
        ({"model": {"n_layer": 10**9}}, "more than 1024"),
        ({"model": []}, "must be an object"),
        ({"base": "other"}, "base must be"),
        ({"base": {"folder": "../judge", "sha256": ""}}, "bare name"),
        ({"base": {"folder": "..", "sha256": ""}}, "bare name"),
        ({"base": {"folder": "/etc", "sha256": ""}}, "bare name"),
        ({"base": {"folder": "gone", "sha256": ""}}, "no such checkpoint"),
        ({"recipe": 3}, "recipe"),
    ],
)
def test_a_wrong_config_is_one_sentence(folder: Path, change: dict[str, Any], words: str) -> None:
    change_config(folder, lambda values: values.update(change))
    with pytest.raises(CheckpointError, match=words):
        open_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_each_file_that_is_gone_is_named(folder: Path, name: str) -> None:
    for path in (folder / name, folder.parent / name):
        path.unlink(missing_ok=True)
    with pytest.raises(CheckpointError, match=f"{name}: no such file"):
        open_checkpoint(folder)


def test_a_folder_that_is_gone_and_a_config_that_is_no_json_are_named(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        open_checkpoint(folder / "gone")
    (folder / "config.json").write_text("{" * 10)
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        open_checkpoint(folder)


def test_a_contract_with_ids_outside_the_vocabulary_is_refused(folder: Path) -> None:
    values = {**CONTRACT.to_dict(), "label_ids": [1, 32]}
    (folder / "contract.json").write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match="outside vocab_size=32"):
        open_checkpoint(folder)


def test_a_contract_longer_than_the_model_reads_is_refused(folder: Path) -> None:
    (folder / "contract.json").write_text(json.dumps({**CONTRACT.to_dict(), "max_tokens": 65}))
    with pytest.raises(CheckpointError, match="max_seq_len=64"):
        open_checkpoint(folder)


def test_a_folder_without_contract_opens_as_a_bare_model(folder: Path) -> None:
    (folder / "contract.json").unlink()
    assert open_checkpoint(folder).contract is None


def test_a_folder_opens_by_a_relative_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert open_checkpoint(Path(os.curdir)).folder == folder.resolve()


def test_a_report_counts_what_it_does_not_print() -> None:
    report = compare_tensors({f"a{i}": (1,) for i in range(500)}, {})
    assert len(report.missing) == 500
    assert report.lines()[-1] == "... and 492 more of this kind"
    assert compare_tensors({"a": (1,)}, {"a": (1,)}).complete
