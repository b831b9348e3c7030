"""Lines in, lines out: however they are cut, whatever they hold."""

import asyncio
import io
import json
import os
from collections.abc import AsyncIterator

import pytest

from cluster.errors import RowError
from cluster.pipelines import batch
from cluster.pipelines.batch import LineDone, one_line_json, parse_row, read_lines, run_lines
from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.run import RowResult

PIPELINE = parse_pipeline(
    "pipeline: p\ninputs: {q: text}\nsteps: {c: {do: check, value: $q, at_least: 0}}\n"
    "output: {q: $c}",
    "p",
)


async def all_of(data: bytes) -> list[bytes]:
    return [line async for line in read_lines(io.BytesIO(data))]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
async def test_lines_are_whole_however_they_are_cut(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(batch, "_READ_BYTES", size)
    assert await all_of(b"one\n\ntwo three\nfour") == [b"one", b"", b"two three", b"four"]
    assert await all_of(b"one\n") == [b"one"]
    assert await all_of(b"") == []


async def test_a_line_of_a_pipe_comes_before_the_next_is_written() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as pipe:
        lines = read_lines(stream)
        for said in (b"one", b"two"):
            pipe.write(said + b"\n")
            assert await asyncio.wait_for(anext(lines), 5) == said
        pipe.close()
        assert [line async for line in lines] == []


@pytest.mark.parametrize(
    "given", [b"[]", b"{", b'{"a": NaN}', b'{"a": 1e999}', b"7", b"\xff", b"[" * 100_000]
)
def test_what_is_no_row_is_told(given: bytes) -> None:
    with pytest.raises(RowError, match="the row is no"):
        parse_row(given)


@pytest.mark.parametrize("text", ["\ud800", "\u2028 \n \0", "日本語"])
def test_any_text_stays_on_one_line(text: str) -> None:
    line = one_line_json({"text": text})
    assert json.loads(line.encode()) == {"text": text}
    assert "\n" not in line


async def test_what_is_fixed_beats_the_row_and_a_result_beats_what_was_brought() -> None:
    async def lines() -> AsyncIterator[bytes]:
        yield b'{"q": "row", "id": 1}'

    async def run(row: object) -> RowResult:
        assert row == {"q": "fixed", "id": 1}
        return RowResult(status="done", output={"id": 2})

    (done,) = [d async for d in run_lines(PIPELINE, lines(), run, fixed={"q": "fixed"})]
    assert isinstance(done, LineDone) and json.loads(done.line) == {"id": 2}


async def test_a_row_that_is_too_long_fails_with_its_number_and_the_next_is_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "_MAX_ROW_BYTES", 100)
    monkeypatch.setattr(batch, "_READ_BYTES", 10)

    async def run(row: object) -> RowResult:
        return RowResult(status="done", output={"got": row})

    lines = read_lines(io.BytesIO(b'{"q": 1}\n' + b"x" * 5_000 + b'\n{"q": 2}\n' + b"y" * 5_000))
    done = [one async for one in run_lines(PIPELINE, lines, run, fixed={})]
    assert [one.status for one in done] == ["done", "failed", "done", "failed"]
    assert json.loads(done[1].line)["row"] == 2
    assert "the row is over 100 bytes" in done[1].reason
    assert json.loads(done[2].line) == {"got": {"q": 2}}


async def test_what_is_nested_too_deeply_to_go_out_again_fails_alone() -> None:
    nested: list[object] = []
    for _ in range(5_000):
        nested = [nested]

    async def lines() -> AsyncIterator[bytes]:
        yield b'{"q": 1}'
        yield b'{"q": 2}'

    async def run(row: object) -> RowResult:
        return RowResult(status="done", output={"deep": nested if row == {"q": 1} else 0})

    first, second = [one async for one in run_lines(PIPELINE, lines(), run, fixed={})]
    assert (first.status, second.status) == ("failed", "done")
    assert "nested too deeply" in first.reason
