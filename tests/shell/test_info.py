"""`qshell info` and `qshell doctor`, as their readers see them."""

import json
from pathlib import Path

import pytest

from shell import health
from shell.cli import run
from shell.exits import Exit
from shell.settings import Settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path))
    return tmp_path


def test_info_names_folders_packages_and_specialists(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["info", "--json"]) == Exit.OK
    facts = json.loads(capsys.readouterr().out)
    assert facts["paths"]["data"] == str(home / "data")
    assert facts["packages"]["torch"]
    assert "q-rag" in [one["name"] for one in facts["specialists"]]
    assert run(["info"]) == Exit.OK
    assert str(home / "data") in capsys.readouterr().out


def test_info_survives_a_wrong_registry(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.yaml").write_text("registry: mine.yaml\n")
    (home / "mine.yaml").write_text("specialsts: {}\n")
    assert run(["info", "--json"]) == Exit.OK
    out, err = capsys.readouterr()
    assert json.loads(out)["specialists"] == []
    assert "mine.yaml:1" in err


def test_doctor_prints_a_line_for_each_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(health, "_LOOKS", (health._python, health._home))
    assert run(["doctor"]) == Exit.OK
    python, house = capsys.readouterr().out.splitlines()
    assert python.startswith("ok   python")
    assert house.startswith("ok   home")


def test_doctor_ends_with_one_when_something_must_be_mended(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "data").write_text("a file stands where a folder belongs")
    monkeypatch.setattr(health, "_LOOKS", (health._python, health._folders))
    assert run(["doctor", "--json"]) == Exit.FAILURE
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert [check["state"] for check in report["checks"]] == ["ok", "ok", "fail"]
    assert report["checks"][-1]["remedy"]


def test_torch_is_asked_in_a_process_of_its_own(home: Path) -> None:
    settings = Settings(config_file=home / "config.yaml", cache_dir=home / "c", data_dir=home / "d")
    (check,) = health._torch(settings)
    assert check.state in ("ok", "warn")
    assert "torch" not in check.remedy
