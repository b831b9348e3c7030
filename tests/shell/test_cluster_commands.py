"""registry, ps, top, load and their kin, as a user types them."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking
from cluster.history import read_clusters
from shell.cli import run
from specialists.requests import Decide
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry

Qshell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def qshell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Qshell:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path / "home"))

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return typed


def test_a_new_users_journey_from_folder_to_registered(tmp_path: Path, qshell: Qshell) -> None:
    folder = write_pocket_registry(tmp_path / "made", 1, config=TINY).parent / "s0"
    code, _, err = qshell(
        "registry", "add", "mine", "--task", "relevance", "--checkpoint", f"{folder}"
    )
    assert (code, "registered mine" in err) == (0, True)
    code, out, _ = qshell("registry", "list", "--json")
    assert {"mine", "q-rag"} <= {entry["name"] for entry in json.loads(out)}
    code, out, _ = qshell("registry", "check", str(tmp_path / "home" / "registry.yaml"))
    assert (code, out) == (0, "mine: ok\n")
    code, out, _ = qshell("registry", "show", "mine")
    assert code == 0 and str(folder) in out
    assert qshell("registry", "remove", "mine")[0] == 0
    assert qshell("registry", "show", "mine")[0] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--task", "love", "--checkpoint", "made/s0"), "task: should be 'relevance'"),
        (("--task", "relevance", "--checkpoint", "nowhere"), "there is no folder"),
        (("--task", "routing", "--checkpoint", "made/s0"), "trained for 'relevance'"),
        (("--task", "relevance", "--checkpoint", "made"), "config.json: no such file"),
    ],
)
def test_what_cannot_be_used_is_not_registered(
    tmp_path: Path,
    qshell: Qshell,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    write_pocket_registry(tmp_path / "made", 1, config=TINY)
    monkeypatch.chdir(tmp_path)
    code, _, err = qshell("registry", "add", "mine", *words)
    assert (code, said in err) == (1, True), err
    assert not (tmp_path / "home" / "registry.yaml").exists()


def test_what_ships_cannot_be_removed(qshell: Qshell) -> None:
    code, _, err = qshell("registry", "remove", "q-rag")
    assert (code, "ships with qshell" in err) == (1, True)


def test_a_check_that_finds_something_says_where_and_ends_with_one(
    tmp_path: Path, qshell: Qshell
) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  mine: {task: relevance, checkpoint: nowhere}\n")
    code, out, _ = qshell("registry", "check", str(path))
    assert code == 1 and out.startswith(f"{path}:2: specialists.mine.checkpoint: there is no")


def test_the_schema_is_json(qshell: Qshell) -> None:
    code, out, _ = qshell("registry", "schema")
    assert code == 0 and "specialists" in json.loads(out)["properties"]


def test_without_a_cluster_there_is_nothing_to_show_or_to_order(qshell: Qshell) -> None:
    assert qshell("ps", "--json")[:2] == (0, "[]\n")
    assert "no cluster is running" in qshell("ps")[2]
    assert "nothing ran" in qshell("top")[2]
    code, _, err = qshell("load", "q-rag")
    assert (code, "no cluster is running" in err) == (1, True)


def test_a_running_cluster_is_shown_and_takes_orders(tmp_path: Path, qshell: Qshell) -> None:
    history = tmp_path / "home" / "data" / "history.sqlite3"
    registry = tmp_path / "registry.yaml"
    registry.write_text("specialists:\n  a: {task: relevance, checkpoint: .}\n")
    with open_blocking(registry, backend=StubBackend(), history_path=history) as cluster:
        cluster.call("a", Decide(query="pump", passages=("the pump",)))
        until = time.monotonic() + 10
        while not read_clusters(history) and time.monotonic() < until:
            time.sleep(0.01)
        for verb, said in (
            ("pin", "a: pinned"),
            ("unpin", "a: unpinned"),
            ("unload", "a: unloaded"),
            ("load", "a: loaded"),
        ):
            code, _, err = qshell(verb, "a")
            assert (code, said in err) == (0, True), err
        code, _, err = qshell("load", "nobody")
        assert (code, "no specialist is called 'nobody'" in err) == (1, True)
        code, _, err = qshell("load", "a", "--pid", "1")
        assert (code, "process 1 runs no cluster" in err) == (1, True)
        code, out, _ = qshell("ps")
        assert code == 0 and "running" in out and "ready" in out
    code, out, _ = qshell("top")
    assert code == 0 and out.splitlines()[1].split()[0] == "a"


def test_a_file_that_is_wrong_is_told_as_json_too(tmp_path: Path, qshell: Qshell) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  mine: {tsak: relevance, checkpoint: nowhere}\n")
    code, out, _ = qshell("registry", "check", str(path), "--json")
    assert code == 1
    found = json.loads(out)
    assert list(found) == [""] and all(f"{path}:2: " in problem for problem in found[""])
    assert any("unknown key" in problem and "'task'" in problem for problem in found[""]), found
