"""Questions from the command line and from stdin."""

import io

import click
import pytest

from shell.question import LONGEST_BYTES, read_question


def stdin_of(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_a_typed_question_is_taken_without_looking_at_stdin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stdin_of(monkeypatch, b"from stdin")
    assert read_question(" When? ") == "When?"


@pytest.mark.parametrize("argument", [None, "-"])
def test_stdin_is_read_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, argument: str | None
) -> None:
    stdin_of(monkeypatch, "\ufeffWas kostet die Größe?\r\n".encode())
    assert read_question(argument) == "Was kostet die Größe?"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"caf\xe9", "not UTF-8 at byte 4"),
        (b"a\0b", "zero byte"),
        (b"a" * (LONGEST_BYTES + 1), "longer than 16 KiB"),
    ],
)
def test_what_is_no_question_is_refused(
    monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    stdin_of(monkeypatch, data)
    with pytest.raises(click.UsageError, match=words):
        read_question("-")


def test_a_typed_question_must_be_text_too() -> None:
    with pytest.raises(click.UsageError, match="not UTF-8"):
        read_question("caf\udce9")


def test_an_endless_stream_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # bytes alone
            buffer[:] = b"a" * len(buffer)
            return len(buffer)

    stream = io.BufferedReader(Endless())  # type: ignore[type-var]  # the stub asks for FileIO
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream))
    with pytest.raises(click.UsageError, match="longer than"):
        read_question(None)
