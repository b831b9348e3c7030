"""`qshell route`, as a user types it."""

import json
from pathlib import Path

import pytest

from shell.cli import run
from tests.cluster.tiny_router import said_of, write_router


def test_a_request_is_routed_explained_and_printed_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("QSHELL_HOME", str(home))
    folder = write_router(tmp_path / "weights")
    home.mkdir()
    (home / "registry.yaml").write_text(
        f"specialists:\n  q-route: {{task: routing, checkpoint: {folder}}}\n"
        "  q-cold: {task: relevance, checkpoint: c, route: {rules: ['^polar']}}\n"
    )
    assert run(["route", "polar bears"]) == 0
    assert capsys.readouterr().out == "q-cold\n"
    assert run(["route", said_of("snow", 3), "--explain"]) == 0
    explained = capsys.readouterr().out
    assert explained.startswith("q-cold: the decision head gives it")
    assert "score" in explained and "none" in explained
    assert run(["route", said_of("snow", 3), "--json"]) == 0
    route = json.loads(capsys.readouterr().out)
    assert route["name"] == "q-cold" and set(route["scores"]) == {"q-cold", "none"}


def test_a_registry_check_counts_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path))
    folder = write_router(tmp_path / "weights")
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"specialists:\n  r:\n    task: routing\n    checkpoint: {folder}\n"
        "    route: {examples: [a, b, c]}\n"
    )
    assert run(["registry", "check", str(path)]) != 0
    captured = capsys.readouterr()
    assert (
        "3 examples are too few for a router to know others like them; give 5"
        in captured.out + captured.err
    )
