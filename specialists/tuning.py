"""What was found to be fastest for one checkpoint on one machine, and where that is kept.

Measuring is `evaluation/tune.py`'s; loading asks here. A record that is damaged, of other weights
or of another machine counts as none.
"""

import hashlib
import json
import os
import platform
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import torch

from specialists.model.arithmetic import Arithmetic

_CPU = Path("/proc/cpuinfo")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """How to load: the arithmetic, tokens of a batch, batches read side by side."""

    arithmetic: Arithmetic
    batch_tokens: int
    threads: int


def read_tuning(kept_in: Path, sha256: str) -> Tuning | None:
    """The choice kept for these weights on this machine."""
    try:
        values = json.loads(tuning_path(kept_in, sha256).read_text("utf-8"))["tuning"]
        tuning = Tuning(
            arithmetic=values["arithmetic"],
            batch_tokens=int(values["batch_tokens"]),
            threads=int(values["threads"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known = tuning.arithmetic in get_args(Arithmetic)
    sane = tuning.batch_tokens > 0 and 0 < tuning.threads <= (os.cpu_count() or 1)
    return tuning if known and sane else None


def keep_tuning(kept_in: Path, sha256: str, tuning: Tuning) -> Path:
    """Raises `OSError` where the folder cannot be written."""
    path = tuning_path(kept_in, sha256)
    write_whole(path, json.dumps({"machine": machine(), "tuning": asdict(tuning)}, indent=1))
    return path


def tuning_path(kept_in: Path, sha256: str) -> Path:
    told = hashlib.sha256(f"{sha256} {machine()}".encode()).hexdigest()
    return kept_in / f"tuning-{told[:32]}.json"


def machine() -> str:
    """Processor, cores and torch: what a tuning holds for."""
    name = platform.processor() or platform.machine()
    if _CPU.exists():
        lines = _CPU.read_text("utf-8", "replace").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if "model name" in line), name)
    return f"{name}, {os.cpu_count()} cores, torch {torch.__version__}"


def write_whole(path: Path, text: str) -> None:
    """Whole or not at all, whoever else writes. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)
