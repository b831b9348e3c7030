"""The main job as a user runs it, in a process of its own, with every way to the network cut."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cluster.retrieval.documents import read_document

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "shell" / "sample_docs"
CUT = """
import socket
_open = socket.socket
class Cut(_open):
    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None and family != socket.AF_UNIX:
            open({marker!r}, "a").write(f"{{family}}\\n")
            raise OSError("the network is cut")
        super().__init__(family, type, proto, fileno)
socket.socket = Cut
socket.getaddrinfo = lambda *a, **k: (_ for _ in ()).throw(OSError("the network is cut"))
"""
"""A sitecustomize module: worker processes read it too. It notes who tried to leave; a socket that
was inherited by its number comes from this machine."""


class Offline:
    """Runs `qshell` with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.tried = folder / "tried"
        (folder / "cut").mkdir()
        (folder / "cut" / "sitecustomize.py").write_text(CUT.format(marker=str(self.tried)))
        self.environ = {
            **os.environ,
            "PYTHONPATH": f"{folder / 'cut'}{os.pathsep}{ROOT}",
            "QSHELL_HOME": str(folder / "home"),
        }

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from shell.cli import main; main()", *arguments],
            env=self.environ,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ask(self, question: str, docs: Path = DOCS) -> tuple[int, dict[str, Any]]:
        done = self.run("ask", question, "--docs", str(docs), "--json")
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, document


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    return Offline(tmp_path)


def test_a_question_the_documents_answer_gets_exact_quotes(offline: Offline) -> None:
    code, answer = offline.ask("When was the mirror of the Marrow reflector given a new coating?")
    assert (code, answer["refused"]) == (0, False)
    assert "2019" in answer["answer"]
    for citation in answer["citations"]:
        text = read_document(DOCS / citation["source"]).text
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert text.count("\n", 0, citation["start"]) + 1 == citation["line"]
    assert not offline.tried.exists()


def test_a_question_they_do_not_answer_is_refused_with_a_reason_for_each_passage(
    offline: Offline,
) -> None:
    code, answer = offline.ask("Which orchestra did Herbert von Karajan conduct in Vienna?")
    assert (code, answer["refused"], answer["citations"]) == (3, True, [])
    assert answer["reason"]
    assert all(passage["verdict"] == "0" and passage["reason"] for passage in answer["passages"])
    assert not offline.tried.exists()


def test_the_second_run_reads_no_file_again_and_one_change_reads_one(
    offline: Offline, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(5):
        (docs / f"{number}.txt").write_text(f"Pump number {number} was replaced in 199{number}.")
    question = "When was pump number 3 replaced?"
    read = [offline.ask(question, docs)[1]["index"]["reindexed"] for _ in range(2)]
    (docs / "3.txt").write_text("Pump number 3 was replaced in 2021, for good.")
    read.append(offline.ask(question, docs)[1]["index"]["reindexed"])
    assert read == [5, 0, 1]


def test_the_question_may_come_from_a_pipe(offline: Offline) -> None:
    done = offline.run(
        "ask", "--docs", str(DOCS), "--json", stdin="How many seats does the café have?\n"
    )
    assert json.loads(done.stdout)["question"] == "How many seats does the café have?"
    assert done.returncode in (0, 3)


def test_doctor_finds_a_sound_house(offline: Offline) -> None:
    done = offline.run("doctor", "--json")
    failed = [c for c in json.loads(done.stdout)["checks"] if c["state"] == "fail"]
    assert failed == []
    assert done.returncode == 0
