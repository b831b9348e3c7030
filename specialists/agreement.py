"""Whether cheaper arithmetic may decide for a checkpoint: how often its verdicts are not those of
float32, on pairs that ship with the project.

The first questions tell how large its errors are, and so how near the border float32 has to decide;
the others count the verdicts that still turn. Whole numbers are the same on every machine, so what
was found holds for weights and prompt, and is kept in a file; only the first load pays for it.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from specialists.model.arithmetic import Arithmetic
from specialists.requests import Decide
from specialists.specialist import Specialist

MOST_FLIPS = 0.002
"""Share of the verdicts that may turn."""
BORDER_FACTOR = 1.5
"""Margins this many times the largest error that was seen are near the border."""
_FORMAT = 1
_ROWS = Path(__file__).parent / "evaluation" / "rows" / "ten_domains.jsonl"
_QUESTIONS, _OF_THEM_FOR_ERRORS = 40, 12
_PASSAGES = 8
_CHARACTERS = 200
"""Of each passage: enough for the errors to be ordinary, and half a second for a small model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Of one checkpoint in one arithmetic. `border` is the margin of logits below which float32
    decides; `flips` of `pairs` verdicts, made so, are not those of float32."""

    border: float
    flips: int
    pairs: int

    @property
    def holds(self) -> bool:
        return self.flips <= MOST_FLIPS * self.pairs


def find_agreement(exact: Specialist, arithmetic: Arithmetic, kept_in: Path) -> Agreement:
    """As kept in the folder `kept_in`, or measured now and kept there where that can be written.
    `exact` decides in float32."""
    path = kept_in / f"{_key(exact, arithmetic)}.json"
    try:
        return _read(path)
    except (OSError, ValueError, KeyError, TypeError):
        agreement = measure_agreement(exact, arithmetic)
        _keep(path, agreement)
        return agreement


def measure_agreement(exact: Specialist, arithmetic: Arithmetic) -> Agreement:
    requests = _requests()
    raw = _in(arithmetic, exact, border=0.0)
    border = BORDER_FACTOR * max(
        _largest_error(exact, raw, request) for request in requests[:_OF_THEM_FOR_ERRORS]
    )
    served = _in(arithmetic, exact, border=border)
    flips = pairs = 0
    for request in requests[_OF_THEM_FOR_ERRORS:]:
        ours, theirs = served.decide(request).verdicts, exact.decide(request).verdicts
        flips += sum(a.label != b.label for a, b in zip(ours, theirs, strict=True))
        pairs += len(ours)
    return Agreement(border=border, flips=flips, pairs=pairs)


def _in(arithmetic: Arithmetic, exact: Specialist, *, border: float) -> Specialist:
    return Specialist(
        exact.checkpoint, exact.model, exact.tokenizer, arithmetic=arithmetic, border=border
    )


def _largest_error(exact: Specialist, raw: Specialist, request: Decide) -> float:
    """Of the margin between the two best labels."""
    theirs, ours = (
        torch.tensor([verdict.logits for verdict in each.decide(request).verdicts])
        .topk(2, dim=1)
        .values.diff(dim=1)
        for each in (exact, raw)
    )
    return float((theirs - ours).abs().max())


def _requests() -> list[Decide]:
    """Questions, each with its own passages and those of others."""
    rows = [json.loads(line) for line in _ROWS.read_text("utf-8").splitlines()]
    passages: dict[str, list[str]] = {}
    for row in rows:
        passages.setdefault(row["query"], []).append(row["passage"][:_CHARACTERS])
    every = list(passages)
    chosen = every[:: max(1, len(every) // _QUESTIONS)][:_QUESTIONS]
    asked = []
    for place, query in enumerate(chosen):
        others = [passages[other][0] for other in (chosen * 2)[place + 1 :]]
        near = list(dict.fromkeys([*passages[query], *others]))[:_PASSAGES]
        asked.append(Decide(query=query, passages=tuple(near)))
    return asked


def _key(exact: Specialist, arithmetic: Arithmetic) -> str:
    checkpoint = exact.checkpoint
    base = checkpoint.base.sha256 if checkpoint.base else ""
    made_from: Sequence[Any] = (
        _FORMAT,
        checkpoint.sha256,
        base,
        exact.contract.to_dict(),
        arithmetic,
    )
    text = json.dumps(made_from, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _read(path: Path) -> Agreement:
    values = json.loads(path.read_text("utf-8"))
    return Agreement(
        border=float(values["border"]), flips=int(values["flips"]), pairs=int(values["pairs"])
    )


def _keep(path: Path, agreement: Agreement) -> None:
    """Whole or not at all; a folder that cannot be written costs time and no answer."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=path.stem, delete=False
        ) as file:
            json.dump(asdict(agreement), file)
        os.replace(file.name, path)
    except OSError:
        return
