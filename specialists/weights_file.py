"""The header of a `model.safetensors`, read without torch: names, dtypes and shapes.

A header is eight bytes of length, little endian, then JSON. Everything in it is checked against
the size of the file before anyone maps it, so that a truncated or invented file is one sentence.
"""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from specialists.errors import CheckpointError
from specialists.model.shapes import Shape

MAX_HEADER_BYTES = 8 << 20
MAX_NAME = 200
BYTES_OF = {"F32": 4, "BF16": 2, "I8": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorEntry:
    dtype: str
    shape: Shape


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Every tensor's dtype and shape. Raises `CheckpointError` for a file that is not exactly as
    long as its header says, or whose header is no plain list of tensors."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
                raise CheckpointError(
                    f"{path}: the header claims {length} bytes, the file has {size}; it is "
                    "truncated or no safetensors file, copy it again"
                )
            header = json.loads(file.read(length), object_pairs_hook=_without_duplicates)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: the header is damaged ({error}); copy it again") from error
    if not isinstance(header, dict):
        raise CheckpointError(f"{path}: the header is not a JSON object")
    header.pop("__metadata__", None)
    spans = sorted(_span(path, name, entry) for name, entry in header.items())
    at = 0
    for start, end, name in spans:
        if start != at:
            raise CheckpointError(f"{path}: the bytes of {name} overlap or leave a hole")
        at = end
    if at != size - 8 - length:
        raise CheckpointError(
            f"{path}: the header describes {at} bytes of tensors, the file holds "
            f"{size - 8 - length}; it is truncated or damaged, copy it again"
        )
    return {
        name: TensorEntry(dtype=entry["dtype"], shape=tuple(entry["shape"]))
        for name, entry in header.items()
    }


def _span(path: Path, name: str, entry: object) -> tuple[int, int, str]:
    if name.isprintable() and len(name) <= MAX_NAME:
        match entry:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(end)]}:
                sizes = all(type(size) is int and 0 < size < 1 << 32 for size in shape)
                if sizes and dtype in BYTES_OF and start >= 0:
                    if end - start == prod(shape) * BYTES_OF[dtype]:
                        return start, end, name
                    raise CheckpointError(f"{path}: {name} has other bytes than its shape needs")
    raise CheckpointError(
        f"{path}: {name[:MAX_NAME]!r} is not described as a tensor of {', '.join(BYTES_OF)} with "
        "plain sizes"
    )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name stands twice")
    return values
