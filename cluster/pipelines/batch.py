"""Lines of JSON through a pipeline and out again: each exactly once, in order, failed ones told.

It stands alone because this is where rows are bytes. A row is an object with the pipeline's
inputs; whatever else it holds travels to its line of output. It knows no terminal; where lines
come from and go to is the caller's.
"""

import asyncio
import hashlib
import json
import os
import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, BinaryIO

from cluster.errors import RowError
from cluster.pipelines.journal import Journal, KeptRow
from cluster.pipelines.pipeline import Pipeline, Status
from cluster.pipelines.run import RowResult
from cluster.pipelines.stream import AT_ONCE, stream_in_order
from cluster.pipelines.values import read_json

_READ_BYTES = 65_536
_SHOWN_BYTES = 200
_MAX_ROW_BYTES = 64 * 2**20
_AHEAD = 16
"""Reads that may wait for their rows to be begun."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineDone:
    """One row is done. `number` counts rows from 1, `given` is its line as it came (`TooLong` when
    that was let go), `line` what goes out, without a line end; `replayed` that an earlier run had
    done it."""

    number: int
    given: bytes
    status: Status
    line: str
    reason: str
    replayed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    number: int
    given: bytes
    key: str
    kept: KeptRow | None


async def run_lines(
    pipeline: Pipeline,
    lines: AsyncIterable[bytes],
    run: Callable[[Mapping[str, Any]], Awaitable[RowResult]],
    *,
    fixed: Mapping[str, Any],
    open_journal: Callable[[str], Journal | None] | None = None,
    at_once: int = AT_ONCE,
) -> AsyncGenerator[LineDone, None]:
    """The rows in order. `fixed` are inputs that every row is given. `open_journal` is called
    with the hash of the first row; its journal is finished when the last row is done."""
    journal: Journal | None = None

    async def rows() -> AsyncIterator[_Row]:
        nonlocal journal
        number = 0
        async for given in lines:
            if given.isspace() or not given:
                continue
            number += 1
            key = row_hash(given)
            if number == 1 and open_journal is not None:
                journal = open_journal(key)
            kept = journal.replay(key) if journal else None
            yield _Row(number=number, given=given, key=key, kept=kept)

    async def one(row: _Row) -> tuple[KeptRow, str]:
        if row.kept is not None:
            return row.kept, ""
        return await _run_line(pipeline, row, run, fixed)

    try:
        async with aclosing(stream_in_order(rows(), one, at_once=at_once)) as results:
            async for row, (done, reason) in results:
                if journal is not None and row.kept is None:
                    journal.append(row.key, done)
                yield LineDone(
                    number=row.number,
                    given=row.given,
                    status=done.status,
                    line=done.line,
                    reason=reason,
                    replayed=row.kept is not None,
                )
        if journal is not None:
            journal.finish()
            journal = None
    finally:
        if journal is not None:
            journal.close()


def row_hash(given: bytes) -> str:
    return hashlib.blake2b(given.strip(), digest_size=12).hexdigest()


async def _run_line(
    pipeline: Pipeline,
    row: _Row,
    run: Callable[[Mapping[str, Any]], Awaitable[RowResult]],
    fixed: Mapping[str, Any],
) -> tuple[KeptRow, str]:
    try:
        values = parse_row(row.given)
        carried = {name: v for name, v in values.items() if name not in pipeline.inputs}
        result = await run({**values, **fixed})
        return _kept(row, carried, result), result.reason
    except RowError as error:
        reason = str(error)
    except RecursionError:
        reason = "the row or its output is nested too deeply"
    return _kept(row, {}, RowResult(status="failed", output={}, reason=reason)), reason


def _kept(row: _Row, carried: Mapping[str, Any], result: RowResult) -> KeptRow:
    number = {"row": row.number} if result.status == "failed" else {}
    out = {**carried, **number, **result.to_json()}
    return KeptRow(status=result.status, line=one_line_json(out))


def parse_row(given: bytes) -> dict[str, Any]:
    """Raises `RowError`."""
    if isinstance(given, TooLong):
        raise RowError(f"the row is over {_MAX_ROW_BYTES} bytes; is it one line of JSON?")
    try:
        row = read_json(given)
    except (ValueError, RecursionError) as error:
        raise RowError(f"the row is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise RowError("the row is no JSON object with the inputs by name")
    return row


def one_line_json(value: object) -> str:
    """Letters as they are; halves of letters, which JSON lets through, escaped."""
    text = _ENCODER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


_ENCODER = json.JSONEncoder(ensure_ascii=False)


async def read_lines(stream: BinaryIO) -> AsyncIterator[bytes]:
    """The lines of a file or pipe, as soon as they come. A thread waits for them, since waiting
    would stop the loop; it dies with the process."""
    loop = asyncio.get_running_loop()
    read: asyncio.Queue[bytes | OSError] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    wanted = threading.Event()
    wanted.set()

    def fetch() -> None:
        piece: bytes | OSError = b"-"
        while piece and isinstance(piece, bytes) and wanted.is_set():
            room.acquire()
            try:
                piece = _read_some(stream)
            except (OSError, ValueError) as error:
                piece = error if isinstance(error, OSError) else b""
            if not loop.is_closed():
                loop.call_soon_threadsafe(read.put_nowait, piece)

    threading.Thread(target=fetch, daemon=True, name="rows").start()
    begun: list[bytes] = []
    try:
        while True:
            piece = await read.get()
            room.release()
            if isinstance(piece, OSError):
                raise piece
            if not piece:
                break
            first, *more = piece.split(b"\n")
            begun = _longer(begun, first)
            for line in more:
                yield _join(begun)
                begun = [line]
        if any(begun):
            yield _join(begun)
    finally:
        wanted.clear()
        room.release()


class TooLong(bytes):
    """The beginning of a row that is longer than rows may be; the rest was let go."""


def _longer(begun: list[bytes], piece: bytes) -> list[bytes]:
    """The pieces of a row that is being read, with one more; of one too long its beginning."""
    if begun and isinstance(begun[0], TooLong):
        return begun
    begun.append(piece)
    if sum(map(len, begun)) > _MAX_ROW_BYTES:
        return [TooLong(b"".join(begun)[:_SHOWN_BYTES])]
    return begun


def _join(begun: list[bytes]) -> bytes:
    return begun[0] if len(begun) == 1 else b"".join(begun)


def _read_some(stream: BinaryIO) -> bytes:
    """What is there. Of a file or pipe the descriptor is read, past the buffer: a thread that
    holds the buffer's lock would be in the way when the process ends."""
    try:
        descriptor = stream.fileno()
    except OSError:
        return stream.read(_READ_BYTES)
    return os.read(descriptor, _READ_BYTES)
