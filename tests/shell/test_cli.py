"""The group and the one place where every run ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from shell import cli
from shell.cli import COMMANDS, Entry, run
from shell.exits import Exit

ROOT = Path(__file__).parents[2]
QSHELL = [sys.executable, "-c", "from shell.cli import main; main()"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path))
    return tmp_path


@contextmanager
def command_that(act: Callable[[], object]) -> Iterator[None]:
    """While it lasts, `qshell doctor` does `act` instead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shell.commands.doctor.command", click.Command("doctor", callback=act))
        yield


def raising(error: BaseException) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == Exit.OK
    assert "Examples:" in capsys.readouterr().out


def test_the_help_tells_the_purpose_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.OK
    out = capsys.readouterr().out
    assert "completion" in out
    assert COMMANDS["doctor"].purpose in out


def test_a_mistyped_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["docter"]) == Exit.WRONG_USE
    assert capsys.readouterr().err == (
        "qshell: there is no command docter; did you mean `qshell doctor`?\n"
    )


def test_so_is_one_within_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "q-cmdsav"]) == Exit.WRONG_USE
    assert "did you mean `qshell train q-cmdsafe`?" in capsys.readouterr().err
    assert run(["pipeline", "frobnicate"]) == Exit.WRONG_USE
    assert "`qshell pipeline --help` lists them" in capsys.readouterr().err


def test_a_mistyped_option_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--jsno"]) == Exit.WRONG_USE
    assert "see `qshell doctor --help`" in capsys.readouterr().err


def test_a_command_that_is_not_built_does_not_break_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = Entry(part="Maintenance", module="missing", purpose="Never built.")
    monkeypatch.setitem(cli.COMMANDS, "missing", entry)
    assert run(["--help"]) == Exit.OK
    assert "Never built" not in capsys.readouterr().out
    assert run(["missing"]) == Exit.WRONG_USE


def test_what_a_command_returns_is_the_exit_code() -> None:
    with command_that(lambda: 3):
        assert run(["doctor"]) == 3


def test_an_interrupt_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with command_that(raising(KeyboardInterrupt())):
        assert run(["doctor"]) == Exit.INTERRUPTED
    assert capsys.readouterr().err == "qshell: interrupted\n"


def test_a_mistake_of_ours_is_one_sentence_and_a_log_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with command_that(raising(ZeroDivisionError("by zero"))):
        assert run(["doctor"]) == Exit.UNEXPECTED
    (log,) = (home / "data" / "logs").iterdir()
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(log) in err
    assert "ZeroDivisionError: by zero" in log.read_text("utf-8")


def test_only_the_newest_logs_are_kept(home: Path) -> None:
    with command_that(raising(ZeroDivisionError())):
        for _ in range(12):
            run(["doctor"])
    assert len(list((home / "data" / "logs").iterdir())) == 10


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with command_that(raising(ZeroDivisionError("by zero"))):
        assert run(["--debug", "doctor"]) == Exit.UNEXPECTED
    assert "Traceback" in capsys.readouterr().err


def test_a_log_that_cannot_be_written_costs_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "data").write_text("a file stands here")
    with command_that(raising(ZeroDivisionError())):
        assert run(["doctor"]) == Exit.UNEXPECTED
    assert "qshell --debug" in capsys.readouterr().err


def test_a_wrong_config_file_is_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "config.yaml").write_text("endpont: x\n")
    assert run(["doctor"]) == Exit.WRONG_USE
    assert "config.yaml:1: unknown key endpont" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_not_a_failure_worth_words() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as stdout:
        done = subprocess.run(
            [*QSHELL, "--help"], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (Exit.BROKEN_PIPE, b"")


def test_completion_offers_the_commands() -> None:
    done = subprocess.run(
        QSHELL,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "_QSHELL_COMPLETE": "bash_complete",
            "COMP_WORDS": "qshell doc",
            "COMP_CWORD": "1",
        },
    )
    assert "doctor" in done.stdout


def test_the_completion_script_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "fish"]) == Exit.OK
    assert "_QSHELL_COMPLETE" in capsys.readouterr().out


_WAITING = """
import asyncio, sys
import click
from shell.cli import main
import shell.commands.doctor as doctor

async def wait():
    print("waiting", flush=True)
    await asyncio.sleep(60)

doctor.command = click.Command("doctor", callback=lambda: asyncio.run(wait()))
sys.argv = ["qshell", "doctor"]
main()
"""


def test_termination_ends_a_run_whose_interrupt_is_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _WAITING],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"waiting\n"
            process.terminate()
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, said) == (Exit.INTERRUPTED, b"qshell: interrupted\n")
