"""A threshold that promises a recall: split conformal calibration on a user's own labelled pairs.

Of each query one relevant passage is drawn, so that the scores are independent; the threshold is
the highest of them that still lets enough through. The promise is that of a tolerance limit (Wilks
1941; Vovk 2012): with the stated confidence over the draw of the pairs, at least the stated share
of relevant passages to come scores at or above it, if they come from where the pairs came from.
It says nothing of irrelevant passages. A calibration belongs to one model under one contract and
is refused for any other. It stands alone and knows no cluster, no torch and no model.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import exp, lgamma, log
from pathlib import Path
from typing import Any

from specialists.checkpoint import Checkpoint, sha256_of
from specialists.errors import CalibrationError, CheckpointError
from specialists.evaluation.tasks import Scored, Task

_ROUNDING = 1e-9
"""A chance this much larger than the one allowed is that one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What a threshold is bound to, each as sha256; `base` is empty where there is none."""

    weights: str
    base: str
    tokenizer: str
    contract: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """Accept at `value` and above. `positives` counts the scores it was chosen from, one for each
    query, and `below` how many of them it gives up."""

    value: float
    recall: float
    confidence: float
    positives: int
    below: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """A threshold with what it is bound to. `negatives` counts the irrelevant pairs that came
    along, `accepted` those of them that pass; nothing is promised about them."""

    specialist: str
    threshold: Threshold
    identity: Identity
    negatives: int
    accepted: int
    pairs_sha256: str


def identity_of(checkpoint: Checkpoint) -> Identity:
    """Raises `CalibrationError` for a checkpoint without a contract, which cannot decide."""
    if checkpoint.contract is None:
        raise CalibrationError(
            f"{checkpoint.folder}: no contract.json, so it takes no decisions that a threshold "
            "could move; calibrate a specialist"
        )
    contract = json.dumps(checkpoint.contract.to_dict(), sort_keys=True)
    return Identity(
        weights=checkpoint.sha256,
        base=_chain(checkpoint.base),
        tokenizer=sha256_of(checkpoint.tokenizer_path),
        contract=hashlib.sha256(contract.encode()).hexdigest(),
    )


def _chain(base: Checkpoint | None) -> str:
    return "" if base is None else "+".join(filter(None, (base.sha256, _chain(base.base))))


def draw_positives(task: Task, scored: Sequence[Scored], *, seed: int) -> list[float]:
    """The score of one relevant passage of each query that has any, drawn by `seed`. Variants of
    a query (groups of one `query_id`) count once."""
    by_query: dict[str, list[float]] = {}
    for group, one in zip(task.groups, scored, strict=True):
        found = [one.scores[i] for i in group.rows if group.relevant[i]]
        by_query.setdefault(group.query_id, []).extend(found)
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    return [choice.choice(found) for found in by_query.values() if found]


def fit_threshold(positives: Sequence[float], *, recall: float, confidence: float) -> Threshold:
    """The highest score that keeps the promise. Raises `CalibrationError` when there are too few
    for it, and says how many it takes."""
    if not 0 < recall < 1 or not 0 < confidence < 1:
        raise CalibrationError(
            f"recall {recall} and confidence {confidence} must lie between 0 and 1, both ends out"
        )
    place = promised_place(len(positives), recall=recall, confidence=confidence)
    if place == 0:
        raise CalibrationError(
            f"queries with a relevant passage: {len(positives)}; to promise a recall of "
            f"{100 * recall:g}% with {100 * confidence:g}% confidence it takes "
            f"{least_positives(recall=recall, confidence=confidence)}; label more, or promise less"
        )
    value = sorted(positives)[place - 1]
    return Threshold(
        value=value,
        recall=recall,
        confidence=confidence,
        positives=len(positives),
        below=sum(score < value for score in positives),
    )


def promised_place(n: int, *, recall: float, confidence: float) -> int:
    """The 1-based place, from the lowest, of the score among `n` that may be the threshold; 0 when
    none may. The recall at place k is Beta(n - k + 1, k), so it falls short with the chance that
    fewer than k of n scores lie among the lowest 1 - recall."""
    place, short = 0, 0.0
    for below in range(n):
        ways = lgamma(n + 1) - lgamma(below + 1) - lgamma(n - below + 1)  # as logarithms
        short += exp(ways + below * log(1 - recall) + (n - below) * log(recall))
        if short > (1 - confidence) * (1 + _ROUNDING):
            break
        place = below + 1
    return place


def least_positives(*, recall: float, confidence: float) -> int:
    """How many scores it takes until the lowest of them keeps the promise."""
    n = 1
    while recall**n > 1 - confidence:
        n += 1
    return n


def write_calibration(calibration: Calibration, path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(calibration), indent=1) + "\n", "utf-8")
    except OSError as error:
        raise CalibrationError(f"{path}: the calibration cannot be kept ({error})") from error


def read_calibration(path: Path, checkpoint: Checkpoint) -> Calibration | None:
    """The calibration kept in `path`, or None where there is none. Raises `CalibrationError` for a
    file that cannot be read and for one that was made for another model or contract."""
    try:
        calibration = _parsed(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CalibrationError(f"{path}: not a calibration ({error}); {_REMEDY}") from error
    try:
        identity = identity_of(checkpoint)
    except CheckpointError as error:
        raise CalibrationError(f"{path}: cannot be compared ({error})") from error
    made = asdict(calibration.identity)
    changed = [part for part, digest in asdict(identity).items() if made[part] != digest]
    if changed:
        raise CalibrationError(
            f"{path}: made for another checkpoint ({' and '.join(changed)} differ); {_REMEDY}"
        )
    return calibration


_REMEDY = "run qshell calibrate again, or take it away with qshell calibrate --remove"


def _parsed(values: dict[str, Any]) -> Calibration:
    nested = {"threshold": Threshold, "identity": Identity}
    parts = {name: kind(**values[name]) for name, kind in nested.items()}
    wanted = {field.name for field in fields(Calibration)}
    if set(values) != wanted:
        raise KeyError(", ".join(sorted(set(values) ^ wanted)))
    calibration = Calibration(**{**values, **parts})
    if not isinstance(calibration.threshold.value, float):
        raise TypeError("its threshold is no number")
    return calibration
