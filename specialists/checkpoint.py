"""A checkpoint: a folder with weights, shapes and tokenizer, which can prove it is whole but
cannot run. Opened without torch, so that a registry of many costs nothing.

config.json        format, name, task, model shapes, storage, base, sha256 of the files
model.safetensors  the tensors; with a base, only those that differ from the sibling's
tokenizer.json     here, or in the parent folder when siblings share one
contract.json      the prompt; absent for a bare base model
routing.safetensors  what a router knows of the features; of a routing specialist alone
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal, get_args

from specialists.contract import Contract, read_contract
from specialists.errors import CheckpointError, TensorMismatch
from specialists.model.config import DecoderConfig
from specialists.model.shapes import Shape, TensorReport, compare_tensors, expected_shapes
from specialists.weights_file import TensorEntry, read_header

FORMAT = 1
CONFIG, WEIGHTS, TOKENIZER, CONTRACT, ROUTING = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "contract.json",
    "routing.safetensors",
)
MAX_JSON_BYTES = 64 << 20
MAX_PARTS = 1024
"""Blocks or heads: beyond this a configuration is taken for damaged, not for a model."""

Storage = Literal["float32", "bfloat16", "int8"]
MATRIX_DTYPE: Mapping[str, str] = {"float32": "F32", "bfloat16": "BF16", "int8": "I8"}
"""How each storage keeps matrices. Vectors, scales among them, are always float32."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A folder found whole. `sha256` is that of its own weights file."""

    folder: Path
    name: str
    task: str
    config: DecoderConfig
    storage: Storage
    base: "Checkpoint | None"
    tokenizer_path: Path
    weights_path: Path
    contract: Contract | None
    sha256: str
    recipe: Mapping[str, Any] | None = None
    routing_path: Path | None = None


def open_checkpoint(folder: Path, *, verify: bool = True) -> Checkpoint:
    """The checkpoint in `folder`, with its base where it has one. `verify` hashes every file.

    Raises `CheckpointError` for anything missing, damaged, or not as its config.json says;
    `TensorMismatch`, with a `TensorReport`, when one tensor is missing, unexpected or misshapen.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder; give the folder that holds {CONFIG}")
    folder = folder.resolve()
    where = folder / CONFIG
    values = _read_config(where)
    storage, files = values["storage"], values["files"]
    config = _model_config(where, values["model"])
    weights_path, tokenizer_path = folder / WEIGHTS, find_tokenizer(folder)
    if not weights_path.is_file():
        raise CheckpointError(f"{weights_path}: no such file; the checkpoint has no weights")
    routing_path = folder / ROUTING if ROUTING in files else None
    if routing_path is not None and not routing_path.is_file():
        raise CheckpointError(f"{routing_path}: no such file; {where} names it")
    if verify:
        for path in (weights_path, tokenizer_path, *([routing_path] if routing_path else [])):
            _check_sha256(path, files[path.name])
    base = _open_base(folder, values["base"], verify=verify)
    checkpoint = Checkpoint(
        folder=folder,
        name=values["name"],
        task=values["task"],
        config=config,
        storage=storage,
        base=base,
        tokenizer_path=tokenizer_path,
        weights_path=weights_path,
        contract=_open_contract(folder, config),
        sha256=files[WEIGHTS],
        recipe=values.get("recipe"),
        routing_path=routing_path,
    )
    check_tensors(checkpoint)
    return checkpoint


def describe(checkpoint: Checkpoint) -> dict[str, object]:
    """Plain values fit for JSON: what it is, how large, and how it is prompted."""
    base, contract = checkpoint.base, checkpoint.contract
    return {
        "name": checkpoint.name,
        "task": checkpoint.task,
        "folder": str(checkpoint.folder),
        "parameters": sum(prod(shape) for shape in expected_shapes(checkpoint.config).values()),
        "bytes": checkpoint.weights_path.stat().st_size,
        "storage": checkpoint.storage,
        "tensors": len(read_header(checkpoint.weights_path)),
        "shapes": checkpoint.config.to_dict(),
        "base": None if base is None else {"name": base.name, "sha256": base.sha256},
        "tokenizer": str(checkpoint.tokenizer_path),
        "contract": None if contract is None else contract.to_dict(),
        "sha256": checkpoint.sha256,
        "recipe": None if checkpoint.recipe is None else dict(checkpoint.recipe),
    }


def find_tokenizer(folder: Path) -> Path:
    """The folder's own tokenizer.json, or the one its siblings share in the parent folder."""
    for path in (folder / TOKENIZER, folder.parent / TOKENIZER):
        if path.is_file():
            return path
    raise CheckpointError(
        f"{folder / TOKENIZER}: no such file, nor one in the parent folder; copy the tokenizer "
        "the weights came with"
    )


def sha256_of(path: Path) -> str:
    """Of the file's bytes, in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error


def check_tensors(checkpoint: Checkpoint) -> None:
    """Raises unless the file, with its base, holds exactly the tensors of the configuration."""
    entries = read_header(checkpoint.weights_path)
    wanted = expected_shapes(checkpoint.config)
    stored = expected_entries(wanted, checkpoint.storage)
    if checkpoint.base is not None:
        inherited = expected_shapes(checkpoint.base.config)
        for name, shape in wanted.items():
            if name not in entries and inherited.get(name) == shape:
                del stored[name]
                stored.pop(f"{name}.scale", None)
    report = compare_tensors(
        {name: entry.shape for name, entry in stored.items()},
        {name: entry.shape for name, entry in entries.items()},
    )
    require_complete(report, checkpoint.weights_path)
    for name, entry in stored.items():
        if entries[name].dtype != entry.dtype:
            raise CheckpointError(
                f"{checkpoint.weights_path}: {name} is {entries[name].dtype}, storage "
                f"{checkpoint.storage} keeps it as {entry.dtype}"
            )


def expected_entries(shapes: Mapping[str, Shape], storage: Storage) -> dict[str, TensorEntry]:
    """What a file of this storage holds for these tensors: int8 adds a scale for each row."""
    entries = {}
    for name, shape in shapes.items():
        matrix = len(shape) == 2
        entries[name] = TensorEntry(dtype=MATRIX_DTYPE[storage] if matrix else "F32", shape=shape)
        if matrix and storage == "int8":
            entries[f"{name}.scale"] = TensorEntry(dtype="F32", shape=shape[:1])
    return entries


def require_complete(report: TensorReport, where: Path) -> None:
    """Raises `TensorMismatch` unless the report is clean: no weight may be left to chance."""
    if not report.complete:
        raise TensorMismatch(f"{where}: the tensors are not those of the model:\n{report}", report)


def check_sibling_name(name: object, where: Path) -> str:
    """A folder name that cannot leave the parent folder."""
    plain = isinstance(name, str) and name not in ("", ".", "..") and name.isprintable()
    if plain and not set(str(name)) & set("/\\:"):
        return str(name)
    raise CheckpointError(
        f"{where}: base folder {name!r}: expected the bare name of a folder beside this one"
    )


def _read_config(where: Path) -> dict[str, Any]:
    values = _read_json(where)
    keys = {"format", "name", "task", "model", "storage", "base", "files"}
    missing, unknown = sorted(keys - set(values)), sorted(set(values) - keys - {"recipe"})
    if missing or unknown:
        raise CheckpointError(
            f"{where}: missing keys {', '.join(missing) or 'none'}, unknown keys "
            f"{', '.join(unknown) or 'none'}; a published model is brought into this layout by "
            "qshell checkpoint convert"
        )
    if values["format"] != FORMAT:
        raise CheckpointError(f"{where}: format {values['format']!r}: this version reads {FORMAT}")
    for key in ("name", "task"):
        if not (isinstance(values[key], str) and values[key] and values[key].isprintable()):
            raise CheckpointError(f"{where}: {key}={values[key]!r}: expected printable text")
    if values["storage"] not in get_args(Storage):
        raise CheckpointError(
            f"{where}: storage {values['storage']!r}: expected one of {', '.join(MATRIX_DTYPE)}"
        )
    files = values["files"]
    if not isinstance(files, dict) or set(files) - {ROUTING} != {WEIGHTS, TOKENIZER}:
        raise CheckpointError(f"{where}: files must give the sha256 of {WEIGHTS} and {TOKENIZER}")
    if not isinstance(values.get("recipe"), dict | None):
        raise CheckpointError(f"{where}: recipe must be an object")
    return values


def _read_json(where: Path) -> dict[str, Any]:
    try:
        if where.stat().st_size > MAX_JSON_BYTES:
            raise CheckpointError(f"{where}: larger than {MAX_JSON_BYTES >> 20} MiB")
        values = json.loads(where.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{where}: no such file; this is not a checkpoint folder (a published model is "
            "converted with qshell checkpoint convert)"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{where}: cannot be read as JSON ({error})") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{where}: expected a JSON object")
    return values


def _model_config(where: Path, values: object) -> DecoderConfig:
    if not isinstance(values, dict):
        raise CheckpointError(f"{where}: model must be an object")
    try:
        config = DecoderConfig.from_dict(values)
    except CheckpointError as error:
        raise CheckpointError(f"{where}: {error}") from error
    if config.n_layer > MAX_PARTS or config.n_predict > MAX_PARTS:
        raise CheckpointError(f"{where}: more than {MAX_PARTS} blocks or prediction heads")
    return config


def _check_sha256(path: Path, wanted: object) -> None:
    found = sha256_of(path)
    if found != wanted:
        raise CheckpointError(
            f"{path}: sha256 is {found}, {CONFIG} names {wanted}; the file was changed or damaged"
        )


def _open_base(folder: Path, base: object, *, verify: bool) -> Checkpoint | None:
    where = folder / CONFIG
    if base is None:
        return None
    if not isinstance(base, dict) or set(base) != {"folder", "sha256"}:
        raise CheckpointError(f"{where}: base must be null or hold folder and sha256")
    path = folder.parent / check_sibling_name(base["folder"], where)
    if not (path / CONFIG).is_file():
        raise CheckpointError(f"{path}: no such checkpoint; {where} needs it as its base")
    if _read_config(path / CONFIG)["base"] is not None:
        raise CheckpointError(f"{where}: base {base['folder']} has a base itself; one level only")
    opened = open_checkpoint(path, verify=verify)
    if opened.sha256 != base["sha256"]:
        raise CheckpointError(
            f"{opened.weights_path}: sha256 is {opened.sha256}, {where} was made for "
            f"{base['sha256']}; restore that base or make the checkpoint again"
        )
    return opened


def _open_contract(folder: Path, config: DecoderConfig) -> Contract | None:
    path = folder / CONTRACT
    if not path.exists():
        return None
    contract = read_contract(path)
    if not contract.label_ids:
        raise CheckpointError(
            f"{path}: label_ids are not resolved; convert or train the checkpoint again, which "
            "writes them"
        )
    ids = contract.label_ids + contract.tail_ids
    if any(not 0 <= token_id < config.vocab_size for token_id in ids):
        raise CheckpointError(f"{path}: a token id lies outside vocab_size={config.vocab_size}")
    if contract.max_tokens > config.max_seq_len:
        raise CheckpointError(
            f"{path}: max_tokens={contract.max_tokens} is more than the model reads, "
            f"max_seq_len={config.max_seq_len}; lower it"
        )
    return contract
