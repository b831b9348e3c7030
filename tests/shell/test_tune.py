"""`qshell tune` keeps a choice for one specialist and takes it away again."""

import json
from pathlib import Path

import pytest

from shell.cli import run
from shell.exits import Exit
from specialists.checkpoint import open_checkpoint
from specialists.tuning import read_tuning
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry


def test_a_choice_is_kept_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    registry = write_pocket_registry(home / "specialists", 1, config=TINY)
    (home / "config.yaml").write_text(f"registry: {registry}\n")
    monkeypatch.setenv("QSHELL_HOME", str(home))
    assert run(["tune", "s0", "--rounds", "1", "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    sha256 = open_checkpoint(home / "specialists" / "s0").sha256
    kept = read_tuning(home / "data" / "measured", sha256)
    assert kept is not None
    assert told["best"] == {
        "arithmetic": kept.arithmetic,
        "batch_tokens": kept.batch_tokens,
        "threads": kept.threads,
    }
    assert run(["tune", "s0", "--remove", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"specialist": "s0", "kept": None}
    assert read_tuning(home / "data" / "measured", sha256) is None


def test_an_unknown_specialist_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path))
    assert run(["tune", "q-rga"]) == Exit.WRONG_USE
    assert "q-rga" in capsys.readouterr().err
