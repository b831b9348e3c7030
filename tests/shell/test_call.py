import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import shell.commands.call as calling
from shell.cli import cli
from specialists.errors import JobError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path / "home"))


def call(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["call", *arguments], input=given)


def test_a_specialist_does_its_job_on_a_text() -> None:
    result = call("q-cmdsafe", "rm -rf / --no-preserve-root", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert set(said) == {"action", "reason", "score"}
    assert said["action"] == "refuse"


def test_inputs_by_name_are_texts_unless_they_are_lists_or_objects() -> None:
    pages = '["The pump was bought in 1975.", "In March 1987 the pump was replaced."]'
    result = call("q-doccite", "-i", "question=1987", "-i", f"pages={pages}", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert {"refused", "page", "quote"} <= set(said)
    assert said["refused"] or said["quote"] in json.loads(pages)[said["page"] - 1]


def test_without_inputs_it_says_what_the_job_takes() -> None:
    result = call("q-doccite")
    assert result.exit_code == 2
    assert "question:" in result.output and "pages:" in result.output


def test_what_is_not_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    result = call("q-pii", "-", given="J\xfcrgen".encode("latin-1"))
    assert isinstance(result.exception, JobError)
    assert "stdin: not UTF-8 text" in str(result.exception)
    (tmp_path / "mail.txt").write_bytes("J\xfcrgen".encode("latin-1"))
    result = call("q-pii", "-i", f"text=@{tmp_path / 'mail.txt'}")
    assert "mail.txt: not UTF-8 text" in str(result.exception)


def test_a_job_of_two_inputs_shows_how_to_give_both() -> None:
    result = call("q-dup", "How do I reset it?")
    assert isinstance(result.exception, JobError)
    assert "write: qshell call q-dup -i first=... -i second=..." in str(result.exception)


def test_a_router_is_asked_by_another_command() -> None:
    assert "qshell route TEXT" in str(call("q-route", "hello").exception)


def test_an_input_without_a_value_is_a_wrong_use() -> None:
    result = call("q-dup", "-i", "first")
    assert result.exit_code == 2
    assert "write it as INPUT=VALUE" in result.output


def test_a_closed_stdin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(click.UsageError, match="stdin is closed"):
        calling.command.callback("q-pii", "-", (), False)  # type: ignore[misc]


def test_an_endless_stdin_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "_MOST_BYTES", 10)
    result = call("q-pii", "-", given=b"x" * 1_000)
    assert isinstance(result.exception, JobError)
    assert "give it in parts" in str(result.exception)
