"""What a run that stopped leaves behind, whole, torn or of another run."""

from pathlib import Path

import pytest

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
