"""`qshell calibrate` keeps a threshold for one checkpoint and takes it away again."""

import json
from pathlib import Path

import pytest

from shell.cli import run
from shell.exits import Exit
from specialists.checkpoint import open_checkpoint
from specialists.evaluation.calibrate import read_calibration
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose registry holds two tiny checkpoints of random weights."""
    home = tmp_path / "home"
    registry = write_pocket_registry(home / "specialists", 2, config=TINY)
    (home / "config.yaml").write_text(f"registry: {registry}\n")
    monkeypatch.setenv("QSHELL_HOME", str(home))
    return home


def pairs(folder: Path, queries: int) -> Path:
    rows = [
        {"query": f"lease {n}", "passage": f"the lease {n + k} is signed", "label": int(k == 0)}
        for n in range(queries)
        for k in range(2)
    ]
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_a_threshold_is_fitted_kept_and_taken_away(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["calibrate", str(pairs(tmp_path, 30)), "--recall", "0.9", "--specialist", "s1"]
    assert run(asked) == Exit.OK
    out, _ = capsys.readouterr()
    assert "s1: keeps at least 90% of the relevant passages, with 90% confidence" in out
    kept = home / "data" / "calibrations" / "s1.json"
    found = read_calibration(kept, open_checkpoint(home / "specialists" / "s1"))
    assert found is not None
    assert (found.threshold.positives, found.negatives) == (30, 30)
    assert "its own decision, without a threshold, keeps" in out
    assert run(["calibrate", "--remove", "--specialist", "s1"]) == Exit.OK
    assert not kept.exists()


def test_too_few_pairs_leave_nothing_behind(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate", str(pairs(tmp_path, 10))]) == Exit.FAILURE
    assert "it takes 45; label more" in capsys.readouterr().err
    assert not (home / "data" / "calibrations").exists()


def test_without_pairs_it_says_what_is_missing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate"]) == Exit.WRONG_USE
    assert "give the file of labelled pairs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["pairs.jsonl", "--remove"], "or --remove, not both"),
        (["-"], "not from stdin"),
    ],
)
def test_what_makes_no_sense_is_wrong_use(
    asked: list[str], said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate", *asked]) == Exit.WRONG_USE
    assert said in capsys.readouterr().err


def test_a_specialist_for_another_job_is_not_calibrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path / "home"))
    assert run(["calibrate", str(pairs(tmp_path, 50)), "--specialist", "q-pii"]) == Exit.FAILURE
    assert "is for classification, and relevance is judged here" in capsys.readouterr().err
