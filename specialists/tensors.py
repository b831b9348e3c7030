"""The tensors of a checkpoint: written in one of three storages, read back as float32.

The torch side of `checkpoint.py`. float32 and bfloat16 keep values as they are or rounded; int8
keeps each matrix as whole numbers with one scale a row (symmetric, so zero stays zero). Vectors
are always float32: they are small, and norms are sensitive.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from specialists.checkpoint import (
    CONFIG,
    CONTRACT,
    FORMAT,
    ROUTING,
    TOKENIZER,
    WEIGHTS,
    Checkpoint,
    Storage,
    check_sibling_name,
    find_tokenizer,
    open_checkpoint,
    require_complete,
    sha256_of,
)
from specialists.contract import Contract
from specialists.errors import CheckpointError
from specialists.model.config import DecoderConfig
from specialists.model.shapes import compare_tensors, expected_shapes

INT8_STEPS = 127
OWN_FILES = (CONFIG, WEIGHTS, TOKENIZER, CONTRACT, ROUTING)


def read_tensors(checkpoint: Checkpoint, *, as_stored: Collection[str] = ()) -> dict[str, Tensor]:
    """Every tensor of the model as float32, own ones over those of the base. Those named in
    `as_stored` stay int8 where the file has them so, with `<name>.scale` beside them.

    What needs no conversion stays mapped: pages are read when touched and shared between
    processes. Raises `CheckpointError` when the file changed since it was opened.
    """
    wanted = expected_shapes(checkpoint.config)
    stored = _stored_tensors(checkpoint)
    found = {name: tuple(stored[name].shape) for name in stored if name in wanted}
    require_complete(compare_tensors(wanted, found), checkpoint.weights_path)
    whole = {name for name in as_stored if name in stored and stored[name].dtype == torch.int8}
    scales = {f"{name}.scale" for name in whole}
    return {
        name: tensor if name in whole or name in scales else _restored(name, stored)
        for name, tensor in stored.items()
        if name in wanted or name in scales
    }


def _stored_tensors(checkpoint: Checkpoint) -> dict[str, Tensor]:
    try:
        with safe_open(checkpoint.weights_path, framework="pt") as file:
            own = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{checkpoint.weights_path}: cannot be read ({error})") from error
    if checkpoint.base is None:
        return own
    inherited = _stored_tensors(checkpoint.base)
    kept = {name for name in inherited if name.removesuffix(".scale") not in own}
    return {name: inherited[name] for name in kept} | own


def write_checkpoint(
    folder: Path,
    *,
    name: str,
    task: str,
    config: DecoderConfig,
    tensors: Mapping[str, Tensor],
    storage: Storage,
    contract: Contract | None,
    tokenizer_path: Path | None,
    base: Checkpoint | None = None,
    recipe: Mapping[str, Any] | None = None,
    routing: bytes | None = None,
) -> Checkpoint:
    """Write a whole checkpoint beside `folder`, prove it, then put it in its place.

    Without `tokenizer_path` the parent folder's tokenizer.json is meant. With `base`, a sibling,
    only tensors that differ from it are kept. `routing` is the content of the file a router reads.
    Other files in an existing folder stay. Whatever
    goes wrong, an existing checkpoint is left as it was. Raises `CheckpointError`,
    `TensorMismatch` for tensors that are not those of `config`.
    """
    folder = folder.resolve()
    wanted = expected_shapes(config)
    found = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    require_complete(compare_tensors(wanted, found), folder / WEIGHTS)
    for key, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"{folder / WEIGHTS}: {key} holds values that are not finite")
    if base is not None:
        _check_base(folder, base)
    with _put_in_place(folder) as draft:
        if tokenizer_path is not None:
            shutil.copyfile(tokenizer_path, draft / TOKENIZER)
        _write_weights(draft / WEIGHTS, tensors, storage, base)
        if routing is not None:
            (draft / ROUTING).write_bytes(routing)
        values = {
            "format": FORMAT,
            "name": name,
            "task": task,
            "model": config.to_dict(),
            "storage": storage,
            "base": base and {"folder": base.folder.name, "sha256": base.sha256},
            "files": {
                WEIGHTS: sha256_of(draft / WEIGHTS),
                TOKENIZER: sha256_of(find_tokenizer(draft)),
                **({} if routing is None else {ROUTING: sha256_of(draft / ROUTING)}),
            },
            **({} if recipe is None else {"recipe": dict(recipe)}),
        }
        _write_json(draft / CONFIG, values)
        if contract is not None:
            _write_json(draft / CONTRACT, contract.to_dict())
        open_checkpoint(draft, verify=False)
    return open_checkpoint(folder, verify=False)


def _stored(name: str, tensor: Tensor, storage: Storage) -> dict[str, Tensor]:
    value = tensor.detach().to("cpu", torch.float32)
    if value.dim() != 2 or storage == "float32":
        return {name: value.contiguous()}
    if storage == "bfloat16":
        return {name: value.to(torch.bfloat16).contiguous()}
    scale = value.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny) / INT8_STEPS
    scale = scale.clamp_min(torch.finfo(torch.float32).tiny)
    whole = (value / scale[:, None]).round().clamp(-INT8_STEPS, INT8_STEPS)
    return {name: whole.to(torch.int8).contiguous(), f"{name}.scale": scale.contiguous()}


def _restored(name: str, stored: Mapping[str, Tensor]) -> Tensor:
    tensor = stored[name]
    if tensor.dtype == torch.int8:
        return tensor.to(torch.float32) * stored[f"{name}.scale"][:, None]
    return tensor.to(torch.float32)


def _write_weights(
    path: Path, tensors: Mapping[str, Tensor], storage: Storage, base: Checkpoint | None
) -> None:
    inherited = {} if base is None else read_tensors(base)
    kept: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        stored = _stored(name, tensor, storage)
        if name in inherited:
            same = inherited[name]
            candidates = (tensor.detach().to("cpu", torch.float32), _restored(name, stored))
            if any(torch.equal(candidate, same) for candidate in candidates):
                continue
        # Two names may share one memory; the file format wants each to own its bytes.
        kept |= {key: value.clone() for key, value in stored.items()}
    save_file(kept, path)


def _check_base(folder: Path, base: Checkpoint) -> None:
    check_sibling_name(base.folder.name, folder / CONFIG)
    if base.folder.resolve().parent != folder.parent or base.folder.resolve() == folder:
        raise CheckpointError(f"{folder}: its base {base.folder} must be a folder beside it")
    if base.base is not None:
        raise CheckpointError(f"{folder}: base {base.name} has a base itself; one level only")


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


@contextmanager
def _put_in_place(folder: Path) -> Iterator[Path]:
    """A draft folder beside `folder`, which takes its place when the block ends well."""
    if folder.exists() and not (folder / CONFIG).is_file() and any(_listed(folder)):
        raise CheckpointError(f"{folder}: holds other files; give a new folder or a checkpoint's")
    draft: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        draft.chmod(0o755)
        yield draft
        _to_disk(draft)
        _swap(draft, folder)
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CheckpointError(
            f"{folder}: could not be written ({reason}); what stood there before is untouched"
        ) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _swap(draft: Path, folder: Path) -> None:
    if not folder.exists():
        draft.replace(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    folder.replace(old)
    try:
        draft.replace(folder)
    except OSError:
        old.replace(folder)
        raise
    for path in old.iterdir():
        if path.name in OWN_FILES:
            path.unlink()
        else:
            path.replace(folder / path.name)
    old.rmdir()


def _to_disk(draft: Path) -> None:
    for path in draft.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        path.chmod(0o644)


def _listed(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: is a file; give a folder")
    return folder.iterdir()
