"""The promised recall is kept on what was not seen, and belongs to one checkpoint alone."""

import json
import random
from dataclasses import replace
from math import comb
from pathlib import Path

import pytest

from specialists.checkpoint import Checkpoint
from specialists.contract import POCKET_RELEVANCE
from specialists.errors import CalibrationError
from specialists.evaluation.calibrate import (
    Calibration,
    draw_positives,
    fit_threshold,
    identity_of,
    least_positives,
    promised_place,
    read_calibration,
    write_calibration,
)
from specialists.evaluation.holdout import read_holdout
from specialists.evaluation.tasks import Scored
from specialists.model.config import DecoderConfig


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    (tmp_path / "tokenizer.json").write_text("{}")
    return Checkpoint(
        folder=tmp_path,
        name="tiny",
        task="relevance",
        config=DecoderConfig(),
        storage="float32",
        base=None,
        tokenizer_path=tmp_path / "tokenizer.json",
        weights_path=tmp_path / "model.safetensors",
        contract=POCKET_RELEVANCE,
        sha256="aa",
    )


def calibration(checkpoint: Checkpoint) -> Calibration:
    return Calibration(
        specialist="tiny",
        threshold=fit_threshold([n / 100 for n in range(100)], recall=0.95, confidence=0.9),
        identity=identity_of(checkpoint),
        negatives=1,
        accepted=0,
        pairs_sha256="ff",
    )


def short_of(n: int, place: int, recall: float) -> float:
    """The exact chance that the recall at this place falls short, by counting."""
    return sum(comb(n, k) * (1 - recall) ** k * recall ** (n - k) for k in range(place))


@pytest.mark.parametrize("n", [45, 60, 150, 300, 1000])
@pytest.mark.parametrize(("recall", "confidence"), [(0.95, 0.9), (0.9, 0.95), (0.8, 0.5)])
def test_the_place_is_the_last_that_keeps_the_promise(
    n: int, recall: float, confidence: float
) -> None:
    place = promised_place(n, recall=recall, confidence=confidence)
    assert short_of(n, place, recall) <= 1 - confidence < short_of(n, place + 1, recall)


def test_the_threshold_keeps_its_promise_on_what_it_has_not_seen() -> None:
    draw = random.Random(5)
    kept = 0
    for _ in range(400):
        value = fit_threshold(
            [draw.random() for _ in range(120)], recall=0.95, confidence=0.9
        ).value
        kept += 1 - value >= 0.95
    # 400 trials of 0.9 or more: fewer than 340 has a chance below one in a thousand.
    assert kept >= 340


def test_equal_scores_are_never_cut_apart() -> None:
    fitted = fit_threshold([0.2] * 50 + [0.9] * 50, recall=0.95, confidence=0.9)
    assert (fitted.value, fitted.below) == (0.2, 0)


def test_too_few_pairs_are_refused_with_the_number_it_takes() -> None:
    needed = least_positives(recall=0.95, confidence=0.9)
    assert fit_threshold([0.5] * needed, recall=0.95, confidence=0.9).below == 0
    with pytest.raises(CalibrationError, match=f"it takes {needed}; label more"):
        fit_threshold([0.5] * (needed - 1), recall=0.95, confidence=0.9)


@pytest.mark.parametrize(("recall", "confidence"), [(1.0, 0.9), (0.95, 0.0)])
def test_certainty_cannot_be_promised(recall: float, confidence: float) -> None:
    with pytest.raises(CalibrationError, match="between 0 and 1"):
        fit_threshold([0.5] * 100, recall=recall, confidence=confidence)


def test_variants_of_a_query_and_its_many_passages_count_once(tmp_path: Path) -> None:
    rows = [
        {"query": f"q{variant}", "passage": f"p{n}", "label": int(n < 3), "group": "one"}
        for variant in range(2)
        for n in range(4)
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    task = read_holdout(path)
    scored = [Scored(scores=(0.9, 0.8, 0.7, 0.1))] * 2
    (drawn,) = draw_positives(task, scored, seed=1)
    assert drawn in (0.9, 0.8, 0.7)


def test_a_calibration_is_read_back_as_it_was_kept(tmp_path: Path, checkpoint: Checkpoint) -> None:
    path = tmp_path / "kept" / "tiny.json"
    write_calibration(calibration(checkpoint), path)
    assert read_calibration(path, checkpoint) == calibration(checkpoint)
    assert read_calibration(tmp_path / "none.json", checkpoint) is None


def test_other_weights_or_another_prompt_are_refused(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    path = tmp_path / "tiny.json"
    write_calibration(calibration(checkpoint), path)
    with pytest.raises(CalibrationError, match=r"weights differ\); run qshell calibrate again"):
        read_calibration(path, replace(checkpoint, sha256="bb"))
    longer = replace(POCKET_RELEVANCE, max_tokens=400)
    with pytest.raises(CalibrationError, match="contract differ"):
        read_calibration(path, replace(checkpoint, contract=longer))
    checkpoint.tokenizer_path.write_text("[]")
    with pytest.raises(CalibrationError, match="tokenizer differ"):
        read_calibration(path, checkpoint)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"threshold": {"value": 1}}'])
def test_a_damaged_file_is_refused(tmp_path: Path, checkpoint: Checkpoint, text: str) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(text)
    with pytest.raises(CalibrationError, match="not a calibration"):
        read_calibration(path, checkpoint)


def test_a_promise_on_very_many_is_computed_too() -> None:
    place = promised_place(20_000, recall=0.95, confidence=0.9)
    assert 900 < place < 1_000  # a little below one in twenty


@pytest.mark.parametrize(("n", "place"), [(3, 1), (57, 29), (149, 75)])
def test_a_chance_that_is_just_the_one_allowed_is_allowed(n: int, place: int) -> None:
    confidence = 0.875 if n == 3 else 0.5
    assert promised_place(n, recall=0.5, confidence=confidence) == place
