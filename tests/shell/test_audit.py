"""`qshell audit` asks one's own documents with and without their answers."""

import json
from pathlib import Path

import pytest

from shell.cli import run
from shell.exits import Exit
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry

FACTS = {
    "pump": "The pump in the cellar was replaced in May by the firm from over the river.",
    "lease": "The lease of the shop ends in June unless somebody objects to it in writing.",
    "roses": "The roses along the wall are pruned in March and the hedges late in August.",
    "boiler": "The boiler in the shop is swept every second October before the heating starts.",
}


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    registry = write_pocket_registry(home / "specialists", 1, config=TINY)
    (home / "config.yaml").write_text(f"registry: {registry}\n")
    monkeypatch.setenv("QSHELL_HOME", str(home))
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, fact in FACTS.items():
        (folder / f"{name}.md").write_text(f"# Notes\n\n{fact}\n")
    return folder


def pairs(folder: Path) -> Path:
    rows = [
        {"query": f"What about the {name} in the shop?", "passage": passage, "label": int(same)}
        for name in FACTS
        for other, passage in FACTS.items()
        if (same := other == name) or other == "roses"
    ]
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_each_question_is_asked_with_and_without_its_answer(
    docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["audit", "--docs", str(docs), "--pairs", str(pairs(tmp_path)), "-k", "2", "--json"]
    assert run(asked) == Exit.OK
    report = json.loads(capsys.readouterr().out)
    assert report["questions"] == 4
    assert 1 <= report["with_answer_found"] <= 4
    assert set(report["marks"]) == {"answered", "false_answers", "absent_auroc"}


def test_the_share_of_refusals_comes_first_with_its_interval(
    docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "--docs", str(docs), "--pairs", str(pairs(tmp_path))]) == Exit.OK
    first = capsys.readouterr().out.splitlines()[0]
    assert "s0 refuses" in first
    assert "once the passages that answer them are gone" in first
