"""What a run that stopped leaves behind, whole, torn or of another run."""

import errno
import fcntl
import os
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

import cluster.pipelines.journal as journaling
from cluster.errors import PipelineError
from cluster.pipelines.journal import Journal, KeptRow

ROWS = {f"k{n}": KeptRow(status="done", line=f'{{"n": {n}}}') for n in range(3)}


def write(path: Path, run: str = "r") -> bytes:
    journal = Journal(path, run=run)
    for key, row in ROWS.items():
        assert journal.replay(key) is None
        journal.append(key, row)
    journal.close()
    return path.read_bytes()


def replayed(path: Path, run: str = "r", *, fresh: bool = False) -> list[KeptRow | None]:
    journal = Journal(path, run=run, fresh=fresh)
    found = [journal.replay(key) for key in ROWS]
    journal.close()
    return found


def test_what_was_done_is_read_back(tmp_path: Path) -> None:
    write(tmp_path / "j")
    assert replayed(tmp_path / "j") == list(ROWS.values())


def test_wherever_it_was_cut_off_only_whole_lines_count(tmp_path: Path) -> None:
    whole = write(tmp_path / "j")
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole)):
        path = tmp_path / f"cut{cut}"
        path.write_bytes(whole[:cut])
        kept = max(0, sum(end <= cut for end in ends) - 1)
        found = replayed(path)
        assert found == [*list(ROWS.values())[:kept], *[None] * (3 - kept)]


def test_it_is_written_on_after_what_counts(tmp_path: Path) -> None:
    whole = write(tmp_path / "j")
    (tmp_path / "j").write_bytes(whole[:-4])
    journal = Journal(tmp_path / "j", run="r")
    assert [journal.replay(key) is None for key in ROWS] == [False, False, True]
    journal.append("k2", ROWS["k2"])
    journal.close()
    assert (tmp_path / "j").read_bytes() == whole


@pytest.mark.parametrize("change", ["another run", "fresh", "another row"])
def test_results_of_something_else_are_not_used(tmp_path: Path, change: str) -> None:
    write(tmp_path / "j", run="another" if change == "another run" else "r")
    if change == "another row":
        journal = Journal(tmp_path / "j", run="r")
        assert journal.replay("other") is None
        assert journal.replay("k1") is None, "nothing after a gap counts"
        journal.close()
    else:
        assert replayed(tmp_path / "j", fresh=change == "fresh") == [None] * 3


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", run="r")
    with pytest.raises(PipelineError, match="another run of this pipeline"):
        Journal(tmp_path / "j", run="r")
    journal.finish()
    assert not (tmp_path / "j").exists()


def test_a_damaged_byte_ends_what_is_read_back(tmp_path: Path) -> None:
    whole = write(tmp_path / "j")
    damaged = whole.replace(b'"n": 1', b'"n\xff: 1')
    (tmp_path / "j").write_bytes(damaged)
    assert replayed(tmp_path / "j") == [ROWS["k0"], None, None]


def test_of_a_line_that_did_not_fit_on_the_disk_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(FileIO):
        """Takes the beginning of what is written, as a system does on a full disk."""

        room = 10**6

        def write(self, data: Any, /) -> int:
            return super().write(bytes(data)[: self.room])

    monkeypatch.setattr(journaling, "FileIO", Full)
    journal = Journal(tmp_path / "j", run="r")
    assert journal.replay("k0") is None
    journal.append("k0", ROWS["k0"])
    Full.room = 5
    with pytest.raises(OSError, match="No space left"):
        journal.append("k1", ROWS["k1"])
    Full.room = 10**6
    journal.append("k1", ROWS["k1"])
    journal.close()
    assert replayed(tmp_path / "j") == [ROWS["k0"], ROWS["k1"], None]


def test_a_file_system_without_locks_is_not_taken_for_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        Journal(tmp_path / "j", run="r")
