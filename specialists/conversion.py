"""A model published as a PyTorch file, brought into our folder layout.

The only place that calls `torch.load`, and only with `weights_only=True`: a file that asks to run
code is refused before anything of it runs. Nothing is guessed silently: what was ignored, assumed
or resolved stands in the new folder's recipe, and a tensor too many or too few is an error.
"""

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from specialists.checkpoint import (
    CONFIG,
    MAX_JSON_BYTES,
    MAX_PARTS,
    TOKENIZER,
    Checkpoint,
    Storage,
    require_complete,
    sha256_of,
)
from specialists.contract import Contract, Reading, resolve_labels
from specialists.errors import CheckpointError, UnsafeCheckpoint
from specialists.key_map import DEFAULT_KEY_MAP, KeyMap, KeyRule, unwrapped
from specialists.model.config import DecoderConfig
from specialists.model.shapes import Shape, compare_tensors, expected_shapes
from specialists.prompts import resolve_encoding
from specialists.published_config import ALIASES, complete_config, read_published_config
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer

PUBLISHED_WEIGHTS = "pytorch_model.pt"
MAX_PICKLE_BYTES = 32 << 20
ZIP_ERRORS = (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError)
PICKLE_START = b"\x80"
FLOATS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
_CODE = re.compile(
    r"unsupported (?:global: )?((?:GLOBAL|class|operand) \S+)|unrecognized function", re.IGNORECASE
)
"""How torch, in several versions, speaks of what it will not run."""


def convert_published(
    source: Path,
    target: Path,
    *,
    name: str,
    task: str,
    contract: Contract | None,
    key_map: KeyMap | None = None,
    labels: Reading = "auto",
    storage: Storage = "bfloat16",
    ignore_config: tuple[str, ...] = (),
    stated: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Read `pytorch_model.pt`, `config.json` and `tokenizer.json` of `source`, write `target`.

    `stated` gives shapes by our names that the publisher left out or named oddly. Raises
    `UnsafeCheckpoint` for a file with code in it, `TensorMismatch` when tensors and shapes are not
    exactly a decoder's, `ContractError` when the labels are ambiguous, `CheckpointError` for
    everything else about the files.
    """
    if source.resolve() == target.resolve():
        raise CheckpointError(f"{target}: is the source itself; give another folder")
    names = key_map or DEFAULT_KEY_MAP
    weights_path = source / PUBLISHED_WEIGHTS
    model_cfg, state = _read_published(weights_path)
    tokenizer = open_tokenizer(source / TOKENIZER)
    published = read_published_config(
        {**_shapes_of(source / CONFIG, model_cfg), **model_cfg},
        stated=stated or {},
        ignore=ignore_config,
    )
    found = {key: tensor for key, tensor in state.items() if not names.ignores(key)}
    guessed = _placed(found, names, wanted={}, config=None)
    tied = _is_tied(guessed)
    config, assumed = complete_config(
        published, {key: tuple(tensor.shape) for key, tensor in guessed.items()}, tied=tied
    )
    tensors = _tensors(found, names, config, weights_path)
    if tokenizer.get_vocab_size() > config.vocab_size:
        raise CheckpointError(
            f"{source / TOKENIZER}: {tokenizer.get_vocab_size()} tokens, the embedding has "
            f"{config.vocab_size}; this tokenizer belongs to another model"
        )
    resolved = contract and _resolved(contract, tokenizer, labels, config)
    return write_checkpoint(
        target,
        name=name,
        task=task,
        config=config,
        tensors=tensors,
        storage=storage,
        contract=resolved,
        tokenizer_path=source / TOKENIZER,
        recipe={
            "converted_from": PUBLISHED_WEIGHTS,
            "source_sha256": sha256_of(weights_path),
            "rope": names.rope,
            "ignored_config": list(published.ignored),
            "assumed_config": {field: getattr(config, field) for field in assumed},
            "ignored_tensors": sorted(set(state) - set(found)),
            "tokenizer_adds_special_tokens": _adds_special_tokens(tokenizer),
        },
    )


def _read_published(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """`model_cfg` and the tensors by unwrapped name."""
    loaded = _load(path)
    match loaded:
        case {"model_cfg": dict(model_cfg), "model_state": dict(model_state)}:
            pass
        case _:
            found = ", ".join(map(str, loaded)) if isinstance(loaded, dict) else type(loaded)
            raise CheckpointError(
                f"{path}: expected model_cfg and model_state, found {str(found)[:200]}"
            )
    if not all(isinstance(key, str) for key in (*model_cfg, *model_state)):
        raise CheckpointError(f"{path}: holds names that are not text")
    size, state = path.stat().st_size, {}
    for short, key in unwrapped(model_state).items():
        tensor = model_state[key]
        if not isinstance(tensor, Tensor):
            raise UnsafeCheckpoint(f"{path}: {key} is no tensor but {type(tensor).__name__}")
        # A view may claim any shape over a few bytes: what is larger than the file is invented.
        here = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if not here or tensor.numel() * tensor.element_size() > size:
            raise CheckpointError(f"{path}: {key} claims more than the file can hold")
        state[short] = tensor
    if sum(tensor.numel() * tensor.element_size() for tensor in state.values()) > 4 * size:
        raise CheckpointError(f"{path}: the tensors claim more than the file can hold")
    return model_cfg, state


def _load(path: Path) -> object:
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; give the folder that holds it")
    zipped = _check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of pickles that it then refuses
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        code = _CODE.search(str(error))
        if code is not None:
            raise UnsafeCheckpoint(
                f"{path}: holds more than plain tensors ({code[1] or code[0]!a}) and was "
                "refused without running any of it; ask its publisher for a file of tensors alone"
            ) from error
        raise CheckpointError(f"{path}: no PyTorch file, or damaged; copy it again") from error
    except Exception as error:  # whatever a damaged file makes of the reader
        first = (str(error).splitlines() or [""])[0][:200]
        raise CheckpointError(f"{path}: cannot be read ({first}); copy it again") from error


def _check_archive(path: Path) -> bool:
    """Whether the file is a zip archive, as `torch.save` writes; raises for a suspicious one."""
    with path.open("rb") as file:
        start = file.read(2)
    if not start.startswith((b"PK", PICKLE_START)):
        raise CheckpointError(f"{path}: no PyTorch file; name the folder that `torch.save` filled")
    if start != b"PK":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except ZIP_ERRORS as error:
        raise CheckpointError(f"{path}: truncated or damaged ({error}); copy it again") from error
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED:
            raise CheckpointError(f"{path}: compressed; a PyTorch file is not")
        if entry.filename.endswith(".pkl") and entry.file_size > MAX_PICKLE_BYTES:
            raise CheckpointError(f"{path}: its list of tensors is too large to be one")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise CheckpointError(f"{path}: claims more content than the file is long")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except ZIP_ERRORS as error:
        raise CheckpointError(f"{path}: truncated or damaged ({error}); copy it again") from error
    if damaged is not None:
        raise CheckpointError(f"{path}: the checksum of {damaged!a} is wrong; copy it again")
    return True


def _shapes_of(path: Path, model_cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Shapes of `config.json` that `model_cfg` does not name; its other keys only describe."""
    if not path.is_file() or path.stat().st_size > MAX_JSON_BYTES:
        return {}
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: expected a JSON object")
    return {
        key: values[key]
        for aliases in ALIASES.values()
        if not set(aliases) & set(model_cfg)
        for key in aliases
        if key in values
    }


def _tensors(
    found: Mapping[str, Tensor], names: KeyMap, config: DecoderConfig, where: Path
) -> dict[str, Tensor]:
    """Exactly the tensors of `config`, in our names and our order of rotated elements."""
    if config.n_layer > MAX_PARTS or config.n_predict > MAX_PARTS:
        raise CheckpointError(f"{where}: more than {MAX_PARTS} blocks or prediction heads")
    wanted = expected_shapes(config)
    placed = _placed(found, names, wanted=wanted, config=config)
    if config.tie_embeddings:
        placed.pop("language_head.weight", None)
    for name in names.zeros:
        if name in wanted and name not in placed:
            placed[name] = torch.zeros(wanted[name])
    shapes = {name: tuple(tensor.shape) for name, tensor in placed.items()}
    require_complete(compare_tensors(wanted, shapes), where)
    for name, tensor in placed.items():
        if tensor.dtype not in FLOATS:
            raise CheckpointError(f"{where}: {name} holds {tensor.dtype}, expected real numbers")
        if names.rope == "interleaved" and name.endswith(("query.weight", "key.weight")):
            placed[name] = _halves(tensor, config.head_dim)
    return placed


def _placed(
    found: Mapping[str, Tensor],
    names: KeyMap,
    *,
    wanted: Mapping[str, Shape],
    config: DecoderConfig | None,
) -> dict[str, Tensor]:
    """Tensors by our names; what no rule speaks of keeps its own name, for the report."""
    placed: dict[str, Tensor] = {}
    for key, tensor in found.items():
        matching = [(rule, rule.targets(key)) for rule in names.rules]
        results = [
            dict(zip(targets, parts, strict=True))
            for rule, targets in matching
            if targets and (parts := _parts(tensor, rule, config))
        ]
        fitting = [
            result
            for result in results
            if all(wanted.get(name) == tuple(part.shape) for name, part in result.items())
        ]
        for name, part in next(iter(fitting + results), {key: tensor}).items():
            if name in placed:
                raise CheckpointError(f"tensor {key} becomes {name}, as another one does")
            placed[name] = part
    return placed


def _parts(tensor: Tensor, rule: KeyRule, config: DecoderConfig | None) -> tuple[Tensor, ...]:
    """What a rule makes of a tensor; empty where its shape does not allow it."""
    if rule.transform == "keep":
        return (tensor,)
    if tensor.dim() != 2:
        return ()
    if rule.transform == "transpose":
        return (tensor.T,)
    if rule.transform == "split_gate_up":
        return tuple(tensor.chunk(2)) if tensor.shape[0] % 2 == 0 else ()
    if config is None:
        # How many rows are keys is known once the heads are; the width tells the queries.
        width = tensor.shape[1]
        keys = (tensor.shape[0] - width) // 2
        sizes = [width, keys, keys]
    else:
        keys = config.n_kv_head * config.head_dim
        sizes = [config.d_model, keys, keys]
    return torch.split(tensor, sizes) if sum(sizes) == tensor.shape[0] and keys > 0 else ()


def _is_tied(tensors: Mapping[str, Tensor]) -> bool:
    head, embedding = tensors.get("language_head.weight"), tensors.get("embedding.weight")
    if head is None or embedding is None:
        return head is None
    return head.dtype == embedding.dtype and torch.equal(head, embedding)


def _halves(weight: Tensor, head_dim: int) -> Tensor:
    """Rows of each head reordered from rotated pairs (2j, 2j + 1) to our (j, j + head_dim / 2)."""
    heads = weight.reshape(-1, head_dim // 2, 2, weight.shape[1])
    return heads.transpose(1, 2).reshape(weight.shape)


def _resolved(
    contract: Contract, tokenizer: Tokenizer, labels: Reading, config: DecoderConfig
) -> Contract:
    max_tokens = min(contract.max_tokens, config.max_seq_len)
    max_query_tokens = min(contract.max_query_tokens, max_tokens // 2)
    fitting = replace(contract, max_tokens=max_tokens, max_query_tokens=max_query_tokens)
    return resolve_encoding(resolve_labels(fitting, tokenizer, labels=labels), tokenizer)


def _adds_special_tokens(tokenizer: Tokenizer) -> bool:
    plain = tokenizer.encode("a", add_special_tokens=False).ids
    return bool(tokenizer.encode("a", add_special_tokens=True).ids != plain)
