"""What was done of a run that stopped: the results of its first rows, one line each, in order.

A run that is killed leaves the journal behind; the next over the same rows reads it back and goes
on after it. Each line carries the hash of its row, so a result is only ever given to the row it
was made from. Lines go to the system one by one, so a killed process loses none; a line that was
cut off is dropped.
"""

import errno
import fcntl
import json
import os
import time
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import cast, get_args

from cluster.errors import PipelineError
from cluster.pipelines.pipeline import Status

_FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRow:
    """What came of a row: how it ended, and its line of output."""

    status: Status
    line: str


class Journal:
    """Replay first, then append; `finish` when every row is done."""

    def __init__(self, path: Path, *, run: str, fresh: bool = False) -> None:
        """`run` tells what made the results: another pipeline or specialist begins anew.

        Raises `PipelineError` while another process writes it.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._file = _open_locked(path)
        self._kept = path.open("rb")
        self._header = json.dumps({"format": _FORMAT, "run": run}).encode() + b"\n"
        self._valid = 0
        self._replaying = not fresh and self._kept.readline() == self._header
        self.stopped_s: float | None = None
        """How long ago the run stopped that is gone on with; None when there is none."""
        if self._replaying:
            self._valid = len(self._header)
            self.stopped_s = max(0.0, time.time() - path.stat().st_mtime)
        else:
            self._begin_writing()

    def replay(self, key: str) -> KeptRow | None:
        """The result of the next row, whose hash is `key`; None from the first that has none."""
        if not self._replaying:
            return None
        raw = self._kept.readline()
        row = _parse(raw, key)
        if row is None:
            self._begin_writing()
        else:
            self._valid += len(raw)
        return row

    def append(self, key: str, row: KeptRow) -> None:
        """Only after `replay` gave None for this row."""
        self._write(f"{key} {row.status} {row.line}\n".encode("utf-8", "surrogatepass"))

    def finish(self) -> None:
        """Nothing is left to go on with."""
        self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        self._kept.close()
        self._file.close()

    def _begin_writing(self) -> None:
        """What stands after the last result that counts is dropped."""
        self._replaying = False
        self._file.seek(self._valid)
        self._file.truncate()
        if not self._valid:
            self._write(self._header)

    def _write(self, line: bytes) -> None:
        """All of it or nothing: on a full disk a system may take the beginning of a line."""
        written = self._file.write(line)
        if written != len(line):
            self._file.seek(self._valid)
            self._file.truncate()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._valid += len(line)


def _open_locked(path: Path) -> FileIO:
    # Unbuffered: what was written survives the process.
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise PipelineError(
            f"another run of this pipeline over these rows is under way ({path}); wait for it, or "
            "stop it"
        ) from error
    except OSError:
        file.close()
        raise
    return file


def _parse(raw: bytes, key: str) -> KeptRow | None:
    try:
        parts = raw.decode("utf-8", "surrogatepass").rstrip("\n").split(" ", 2)
    except UnicodeDecodeError:
        return None
    if not raw.endswith(b"\n") or len(parts) != 3 or parts[0] != key:
        return None
    if parts[1] not in get_args(Status):
        return None
    return KeptRow(status=cast("Status", parts[1]), line=parts[2])
