"""Whether cheaper arithmetic may decide for a checkpoint: how often its verdicts are not those of
float32, on pairs that ship with the project.

The first questions tell how large its errors are, and so how near the border float32 has to decide;
the others count the verdicts that still turn. Whole numbers are the same on every machine, so what
was found holds for weights and prompt, and is kept in a file; only the first load pays for it.
"""

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from specialists.model.arithmetic import Arithmetic
from specialists.requests import Decide, Decided
from specialists.specialist import Specialist
from specialists.tuning import write_whole

MOST_FLIPS = 0.002
"""Share of the verdicts that may turn."""
BORDER_FACTOR = 1.5
"""Margins this many times the error are near the border."""
_SHARE_BELOW = 0.95
_FORMAT = 1
_ROWS = Path(__file__).parent / "evaluation" / "rows" / "ten_domains.jsonl"
_QUESTIONS, _OF_THEM_FOR_ERRORS = 34, 9
_PASSAGES = 8
_CHARACTERS = 120
"""Of each passage, so that the first load of a small model waits a second or two."""
_LONGEST_S = 30.0
"""Of computing on the thread that asks, which neither other programs nor other threads make longer:
a large model answers fewer of the questions, except before it ships."""
SHIPPED = "agreement.json"
"""In a checkpoint's own folder, for those that are measured before they ship."""


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
    """As it ships with the checkpoint or is kept in the folder `kept_in`; else measured now and
    kept there where that can be written. `exact` decides in float32."""
    key = agreement_key(exact, arithmetic)
    path = kept_in / f"agreement-{key[:32]}.json"
    for file in (exact.checkpoint.folder / SHIPPED, path):
        found = _read(file, key)
        if found is not None:
            return found
    agreement = measure_agreement(exact, arithmetic, longest_s=_LONGEST_S)
    keep_agreement(path, key, agreement)
    return agreement


def ship_agreement(exact: Specialist, arithmetic: Arithmetic) -> Agreement:
    """Measured now and kept in the checkpoint's own folder, to travel with it."""
    agreement = measure_agreement(exact, arithmetic)
    keep_agreement(exact.checkpoint.folder / SHIPPED, agreement_key(exact, arithmetic), agreement)
    return agreement


def measure_agreement(
    exact: Specialist, arithmetic: Arithmetic, *, longest_s: float = math.inf
) -> Agreement:
    """On as many of the questions as are answered within `longest_s` of computing."""
    began_s = time.thread_time()
    requests = _requests(asks=exact.contract.asks)
    raw = _in(arithmetic, exact, border=0.0)
    border = BORDER_FACTOR * _error_near_border(exact, raw, requests[:_OF_THEM_FOR_ERRORS])
    served = _in(arithmetic, exact, border=border)
    flips = pairs = 0
    for request in requests[_OF_THEM_FOR_ERRORS:]:
        ours, theirs = served.decide(request).verdicts, exact.decide(request).verdicts
        flips += sum(a.label != b.label for a, b in zip(ours, theirs, strict=True))
        pairs += len(ours)
        if time.thread_time() - began_s > longest_s:
            break
    return Agreement(border=border, flips=flips, pairs=pairs)


def _in(arithmetic: Arithmetic, exact: Specialist, *, border: float) -> Specialist:
    return Specialist(
        exact.checkpoint, exact.model, exact.tokenizer, arithmetic=arithmetic, border=border
    )


def _error_near_border(exact: Specialist, raw: Specialist, requests: Sequence[Decide]) -> float:
    """What `_SHARE_BELOW` of the errors of the margin between the two best labels stay below, among
    the half of the pairs whose margin is the smaller: errors grow with margins, and large margins
    do not turn."""
    theirs, ours = (
        torch.cat([_margins(each.decide(request)) for request in requests]) for each in (exact, raw)
    )
    nearest = theirs.argsort()[: -(-len(theirs) // 2)]
    return float((theirs - ours)[nearest].abs().quantile(_SHARE_BELOW))


def _margins(decided: Decided) -> torch.Tensor:
    best_B2 = torch.tensor([verdict.logits for verdict in decided.verdicts]).topk(2, dim=1).values
    return best_B2[:, 0] - best_B2[:, 1]


def _requests(*, asks: bool) -> list[Decide]:
    """Questions, each with its own passages and those of others; the passages alone for a
    specialist that takes no question."""
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
        asked.append(Decide(query=query if asks else "", passages=tuple(near)))
    return asked


def agreement_key(exact: Specialist, arithmetic: Arithmetic) -> str:
    """Changes with everything that verdicts depend on."""
    checkpoint = exact.checkpoint
    base = checkpoint.base.sha256 if checkpoint.base else ""
    made_from: Sequence[Any] = (
        *(_FORMAT, checkpoint.sha256, base),
        *(exact.contract.to_dict(), arithmetic),
    )
    text = json.dumps(made_from, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def keep_agreement(path: Path, key: str, agreement: Agreement) -> None:
    """A folder that cannot be written costs time and no answer."""
    with contextlib.suppress(OSError):
        write_whole(path, json.dumps({"key": key, **asdict(agreement)}, indent=1))


def _read(path: Path, key: str) -> Agreement | None:
    """None for what is not there, is damaged, or was measured of something else."""
    try:
        values = json.loads(path.read_text("utf-8"))
        if values["key"] != key:
            return None
        return Agreement(
            border=float(values["border"]), flips=int(values["flips"]), pairs=int(values["pairs"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
