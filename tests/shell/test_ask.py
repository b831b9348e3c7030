"""`qshell ask` over real documents, with scripted specialists in place of trained ones."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.workers.scripted import Script
from shell import asking
from shell.cli import run
from shell.exits import Exit
from shell.settings import Settings

ROOT = Path(__file__).parents[2]
QUESTION = "When was the pump replaced?"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("QSHELL_HOME", str(folder))
    use_stub(tmp_path, monkeypatch, Script())
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "pump.md").write_text(
        "# Pump\n\nThe pump was replaced in May. It had leaked since winter.\n"
    )
    (folder / "garden.md").write_text("# Garden\n\nThe roses are pruned in March.\n")
    return folder


def use_stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    """From here on `ask` finds one scripted specialist, called judge."""
    registry = tmp_path / "registry.yaml"
    registry.write_text("specialists:\n  judge: {task: relevance, checkpoint: .}\n")

    def open_stub(settings: Settings) -> Cluster:
        return Cluster.open(registry, backend=StubBackend({"judge": script}))

    monkeypatch.setattr(asking, "open_cluster", open_stub)


def ask(*arguments: str) -> int:
    return run(["ask", *arguments])


def test_the_answer_stands_on_stdout_with_its_sources(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(QUESTION, "--docs", str(docs)) == Exit.OK
    out, err = capsys.readouterr()
    assert "replaced in May" in out
    assert "[1]" in out
    assert "Sources\n  [1] pump.md:3" in out
    assert err == ""


def test_a_refusal_says_so_and_ends_with_three(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("Who was the roses' first gardener in 1887?", "--docs", str(docs)) == Exit.REFUSED
    out, _ = capsys.readouterr()
    assert out.startswith("No evidence. ")
    assert "Closest passages" in out
    assert "garden.md:" in out


def test_json_holds_the_whole_answer(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(QUESTION, "--docs", str(docs), "--json") == Exit.OK
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["question"] == QUESTION
    assert report["refused"] is False
    assert report["specialist"] == {
        "name": "judge",
        "sha256": None,
        "calibrated_threshold": None,
    }
    (citation, *_) = report["citations"]
    text = (docs / citation["source"]).read_text()
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    keys = {"score", "verdict", "source", "line", "page", "start", "end", "heading", "reason"}
    for passage in report["passages"]:
        assert keys | {"retrieval_score", "truncated"} <= passage.keys()
        assert passage["verdict"] in ("1", "0")
    assert set(report["seconds"]) == {"retrieve", "filter", "compose"}


def test_a_calibration_of_another_checkpoint_is_not_used_and_it_is_said(
    docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path / "home"))
    kept = tmp_path / "home" / "data" / "calibrations" / "judge.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    assert ask(QUESTION, "--docs", str(docs), "--json") == Exit.OK
    out, err = capsys.readouterr()
    assert json.loads(out)["specialist"]["calibrated_threshold"] is None
    assert "answering without the calibrated threshold" in err


def test_a_calibration_in_force_decides_what_is_kept(
    docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "calibrated_threshold", lambda settings, spec: (1.5, []))
    assert ask(QUESTION, "--docs", str(docs), "--json") == Exit.REFUSED
    report = json.loads(capsys.readouterr().out)
    assert report["specialist"]["calibrated_threshold"] == 1.5
    assert all("calibrated threshold" in one["reason"] for one in report["passages"])


def test_json_counts_what_was_indexed(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (docs / "broken.txt").write_bytes(b"\0\1\2\3" * 100)
    counts = []
    for _ in range(2):
        ask(QUESTION, "--docs", str(docs), "--json")
        counts.append(json.loads(capsys.readouterr().out)["index"])
    assert [count["files"] for count in counts] == [2, 2]
    assert [count["reindexed"] for count in counts] == [2, 0]
    assert [skipped["source"] for skipped in counts[0]["skipped"]] == ["broken.txt"]


def test_json_of_a_refusal_is_json_too(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("Zebras?", "--docs", str(docs), "--json") == Exit.REFUSED
    report = json.loads(capsys.readouterr().out)
    assert report["refused"] is True
    assert report["reason"]


def test_explain_shows_every_passage(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(QUESTION, "--docs", str(docs), "--explain") == Exit.OK
    out = capsys.readouterr().out
    assert "verdict" in out
    assert "retrieve 0." in out


def test_the_question_may_come_from_stdin(
    docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(QUESTION.encode())))
    assert ask("--docs", str(docs)) == Exit.OK
    assert "replaced in May" in capsys.readouterr().out


def test_without_documents_the_samples_are_used_and_it_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask("How is the dome service started?")
    assert "shipped samples" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--docs", "nowhere"], "nowhere"),
        (["-k", "0"], "0 is not in the range"),
        (["--session", "a", "--continue"], "exclude each other"),
        (["--endpoint", "127.0.0.1:80"], "is not an http or https address"),
        (["--endpoint", "http://127.0.0.1:80/v1"], "add --model"),
        (["--model", "large"], "add --endpoint"),
        (["--session", "a\nb"], "a session name is"),
        (["--specialist", "jugde"], "did you mean 'judge'"),
    ],
)
def test_wrong_use_is_one_sentence_and_two(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(QUESTION, *arguments) == Exit.WRONG_USE
    out, err = capsys.readouterr()
    assert words in err
    assert out == ""


def test_an_empty_folder_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert ask(QUESTION, "--docs", str(tmp_path / "empty")) == Exit.FAILURE
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_a_specialist_that_cannot_start_is_one_sentence(
    docs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_stub(tmp_path, monkeypatch, Script(cannot_start="the weights are damaged"))
    assert ask(QUESTION, "--docs", str(docs)) == Exit.FAILURE
    out, err = capsys.readouterr()
    assert out == ""
    assert "the weights are damaged" in err


def test_a_session_remembers_answers_and_documents(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(QUESTION, "--docs", str(docs), "--session", "pumps")
    assert ask("When are the roses pruned?", "--continue") == Exit.OK
    out, err = capsys.readouterr()
    assert "pruned in March" in out
    assert "samples" not in err
    assert run(["session", "show", "pumps", "--json"]) == Exit.OK
    turns = json.loads(capsys.readouterr().out)["turns"]
    assert [turn["question"] for turn in turns] == [QUESTION, "When are the roses pruned?"]


def test_a_session_whose_documents_are_gone_asks_for_others(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(QUESTION, "--docs", str(docs), "--session", "pumps")
    docs.rename(docs.with_name("moved"))
    assert ask(QUESTION, "--session", "pumps") == Exit.WRONG_USE
    assert "give --docs" in capsys.readouterr().err


def test_a_single_file_can_be_asked(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(QUESTION, "--docs", str(docs / "pump.md")) == Exit.OK
    assert "pump.md:3" in capsys.readouterr().out


def test_a_saved_conversation_is_listed_shown_exported_and_deleted(
    docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(QUESTION, "--docs", str(docs), "--session", "pumps")
    target = tmp_path / "pumps.md"
    for line in (
        ["list"],
        ["list", "--json"],
        ["show", "pumps"],
        ["export", "pumps", "-o", str(target)],
    ):
        assert run(["session", *line]) == Exit.OK
    assert f"## {QUESTION}" in target.read_text()
    assert run(["session", "export", "pumps", "-o", str(target)]) == Exit.WRONG_USE
    assert run(["session", "export", "pumps", "--as", "json"]) == Exit.OK
    assert run(["session", "delete", "pumps"]) == Exit.OK
    assert run(["session", "show", "pumps"]) == Exit.FAILURE
    assert "no session is called pumps" in capsys.readouterr().err


def test_without_a_session_nothing_is_remembered(docs: Path, home: Path) -> None:
    ask(QUESTION, "--docs", str(docs))
    assert not (home / "data" / "sessions.sqlite3").exists()


@pytest.mark.parametrize("flags", [["--session", "pumps"], ["--continue"]])
def test_damaged_sessions_do_not_cost_the_answer(
    docs: Path, home: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "sessions.sqlite3").write_bytes(b"no database" * 100)
    assert ask(QUESTION, "--docs", str(docs), *flags) == Exit.OK
    out, err = capsys.readouterr()
    assert "replaced in May" in out
    assert err.count("\n") == 1
    assert "damaged" in err


@pytest.mark.parametrize("flags", [["--session", "pumps"], ["--continue"]])
def test_damaged_sessions_do_not_let_other_documents_be_asked(
    home: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "sessions.sqlite3").write_bytes(b"no database" * 100)
    assert ask(QUESTION, *flags) == Exit.FAILURE
    out, err = capsys.readouterr()
    assert out == ""
    assert "--docs" in err


def test_a_document_cannot_steer_the_terminal(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "pump.md").write_text("The pump was replaced in May \x1b[2J\x1b]0;gone\x07 by us.\n")
    ask(QUESTION, "--docs", str(docs), "--explain")
    assert "\x1b" not in capsys.readouterr().out


def test_a_full_disk_under_the_answer_is_one_sentence(docs: Path, tmp_path: Path) -> None:
    registry = tmp_path / "registry.yaml"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*child_of(registry), "ask", QUESTION, "--docs", str(docs)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (Exit.FAILURE, 1)
    assert b"disk is full" in done.stderr


def test_a_reader_that_goes_away_ends_the_run_in_silence(docs: Path, tmp_path: Path) -> None:
    registry = tmp_path / "registry.yaml"
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as stdout:
        done = subprocess.run(
            [*child_of(registry), "ask", QUESTION, "--docs", str(docs), "--explain"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (Exit.BROKEN_PIPE, b"")


# The child sets up real worker processes with a script in place of weights, then runs `qshell`.
_WITH_REAL_WORKERS = """
import sys
from pathlib import Path
from cluster.backends.local import LocalBackend
from cluster.cluster import Cluster
from shell import asking
from shell.cli import main
registry = Path(sys.argv.pop(1))
backend = LocalBackend(loader="scripted")
asking.open_cluster = lambda settings: Cluster.open(registry, backend=backend)
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_judging_leaves_nothing_behind(
    docs: Path, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "script.json").write_text('{"passage_s": 60}')
    registry = tmp_path / "slow.yaml"
    registry.write_text("specialists:\n  slow: {task: relevance, checkpoint: slow}\n")
    child = subprocess.Popen(
        [*child_of(registry), "ask", QUESTION, "--docs", str(docs)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with child:
        descendants = until_started(child)
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (Exit.INTERRUPTED, b"", b"qshell: interrupted\n")
    _, alive = psutil.wait_procs(descendants, timeout=10)
    assert not alive


def child_of(registry: Path) -> list[str]:
    return [sys.executable, "-c", _WITH_REAL_WORKERS, str(registry)]


def until_started(child: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The child's own children, as soon as it has any."""
    while child.poll() is None:
        if found := psutil.Process(child.pid).children(recursive=True):
            return found
        time.sleep(0.01)
    raise AssertionError(child.communicate())
