"""`qshell forge` writes pairs that the training reads, and a report to read."""

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from cluster.errors import DocumentError
from cluster.retrieval.folder import find_documents
from shell.cli import run
from shell.commands.ask import SAMPLE_DOCS
from shell.exits import Exit
from specialists.corpora.relevance import read_pair_groups


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path / "home"))


def forge(out: Path, *more: str) -> int:
    asked = ["forge", "--docs", str(SAMPLE_DOCS), "--out", str(out), "--queries", "15"]
    return run([*asked, *more])


def test_the_training_reads_what_the_forge_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs" / "notes.jsonl"
    assert forge(out, "--json") == Exit.OK
    report = json.loads(capsys.readouterr().out)
    groups = list(read_pair_groups(out, most=1_000, seed=0))
    assert len(groups) == sum(report["queries"].values()) == 15
    assert {len(group.positives) for group in groups} == {1}
    assert {group.source for group in groups} == {"notes"}
    assert all(9 <= len(group.negatives) <= 11 for group in groups)


def test_the_report_beside_the_pairs_holds_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "notes.jsonl"
    assert forge(out, "--samples", "4") == Exit.OK
    text = (tmp_path / "notes.report").read_text("utf-8")
    assert text.count("\n## ") == 4
    assert "Samples to read" in capsys.readouterr().out


def test_every_kind_of_row_is_among_the_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert forge(tmp_path / "notes.jsonl", "--samples", "12", "--json") == Exit.OK
    report = json.loads(capsys.readouterr().out)
    assert {row["kind"] for row in report["samples"]} == set(report["rows"])


def test_without_samples_nothing_is_said_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert forge(tmp_path / "notes.jsonl", "--samples", "0") == Exit.OK
    assert "samples stand" not in "".join(capsys.readouterr())


def test_the_report_is_no_document_of_the_folder(tmp_path: Path) -> None:
    assert forge(tmp_path / "docs" / "notes.jsonl") == Exit.OK
    with pytest.raises(DocumentError):
        find_documents(tmp_path / "docs")


def test_the_same_documents_are_no_other_domain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert forge(tmp_path / "n.jsonl", "--others", str(SAMPLE_DOCS)) == Exit.WRONG_USE
    assert "is the folder of --docs itself" in capsys.readouterr().err


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    forge(first, "--seed", "3")
    forge(second, "--seed", "3")
    assert first.read_text().replace('"source": "a"', "") == second.read_text().replace(
        '"source": "b"', ""
    )


@pytest.mark.parametrize(("ending", "opener"), [("xz", lzma.open), ("gz", gzip.open)])
def test_a_compressed_name_holds_what_is_compressed(
    tmp_path: Path, ending: str, opener: Callable[..., TextIO]
) -> None:
    out = tmp_path / f"notes.jsonl.{ending}"
    assert forge(out) == Exit.OK
    with opener(out, "rt", encoding="utf-8") as lines:
        assert {"query", "passage", "label"} <= set(json.loads(lines.readline()))
