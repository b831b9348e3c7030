"""Which stream, which characters, which width."""

import io
import json
import time

import pytest

from shell.output import Output, one_line, plain, shorten


def test_the_answer_goes_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.answer("the answer")
    output.note("using the samples")
    out, err = capsys.readouterr()
    assert out == "the answer\n"
    assert err == "qshell: using the samples\n"


def test_a_pipe_gets_whole_lines_and_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 100
    Output().answer(long)
    Output().table(("name", "text"), [("a", long)])
    out, _ = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert "\x1b" not in out


def test_what_is_printed_is_out_before_the_command_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(pipe, "utf-8", write_through=False))
    Output().document({"row": 1})
    assert json.loads(pipe.getvalue()) == {"row": 1}


def test_a_document_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in plain("\x1b[2Jgone\x9b1m")
    assert plain("two\r\nlines\tand a tab") == "two\nlines\tand a tab"
    assert one_line(" a\n\tb \x07") == "a b \N{REPLACEMENT CHARACTER}"


def test_markup_in_a_document_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    Output(colours="always").answer("[bold]not bold[/bold] :smile:")
    assert "[bold]not bold[/bold] :smile:" in capsys.readouterr().out


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=True).document({"answer": "Größe"})
    out, _ = capsys.readouterr()
    assert json.loads(out) == {"answer": "Größe"}
    assert "Größe" in out


def test_json_is_escaped_where_the_stream_is_not_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    assert json.loads(Output().as_json("Größe").encode("ascii")) == "Größe"


def test_json_carries_no_character_that_steers_a_terminal() -> None:
    text = Output().as_json("\x1b[2J\x9b2J\x7f")
    assert text.isprintable()
    assert json.loads(text) == "\x1b[2J\x9b2J\x7f"


def test_text_is_shortened_at_a_word() -> None:
    assert shorten("one two three", limit=9) == "one two…"
    assert shorten("one", limit=9) == "one"


def test_progress_is_silent_without_a_terminal_until_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Output().progress() as tick:
        tick(1, 5, "reading [a]")
        assert capsys.readouterr() == ("", "")
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 31)
        for done in (2, 3, 4):
            tick(done, 5, "reading [a]")
    assert capsys.readouterr() == ("", "qshell: 2/5 reading [a]\n")
