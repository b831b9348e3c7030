"""The history file: what is written is found again, from another process too."""

import os
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.errors import HistoryError
from cluster.history import (
    Recorder,
    leave_order,
    read_clusters,
    read_outcome,
    read_peaks,
    withdraw_order,
)
from cluster.status import ClusterStatus, SpecialistStatus

BUSY = SpecialistStatus(
    name="a",
    task="relevance",
    state="ready",
    reason="",
    pinned=True,
    queue=3,
    busy=True,
    pid=7,
    pss_bytes=100,
    uss_bytes=90,
    rss_bytes=300,
    expected_bytes=80,
    cpu_percent=50.0,
    cpu_s=1.5,
    cpu_s_per_request=0.1,
    requests=15,
    failed=1,
    passages=60,
    tokens=900,
    p50_s=0.1,
    p95_s=0.4,
)


def status(*items: SpecialistStatus, at: float | None = None) -> ClusterStatus:
    return ClusterStatus(
        at=time.time() if at is None else at,
        pid=os.getpid(),
        budget_bytes=1000,
        used_bytes=120,
        base_bytes=20,
        slots=2,
        specialists=items,
    )


def test_a_running_cluster_is_seen_as_it_last_was(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    recorder = Recorder(path, registry="registry.yaml")
    recorder.record(status(replace(BUSY, queue=9)))
    last = status(BUSY)
    recorder.record(last)
    (seen,) = read_clusters(path)
    assert seen.alive and seen.status == last
    recorder.close()
    assert read_clusters(path) == []
    (past,) = read_clusters(path, ended=True)
    assert past.ended_at is not None and past.status.specialists == (BUSY,)


def test_a_cluster_whose_process_is_gone_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    recorder = Recorder(path, registry="registry.yaml")
    recorder.record(status(BUSY))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE cluster SET started_at = started_at - 1000")
    db.close()
    assert read_clusters(path) == []
    recorder.close()


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    recorder = Recorder(path, registry="r")
    for _ in range(3):
        recorder.record(status(BUSY, replace(BUSY, name="b")))
    recorder.record(status(BUSY, replace(BUSY, name="b", requests=16)))
    recorder.close()
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT name, count(*) FROM sample GROUP BY name").fetchall()
    db.close()
    assert rows == [("a", 1), ("b", 2)]


def test_an_order_reaches_its_cluster_once_and_its_outcome_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    recorder, other = Recorder(path, registry="r"), Recorder(path, registry="r")
    recorder.record(status())
    other.record(status())
    number = leave_order(path, recorder.id, "load", "a")
    assert other.take_orders() == []
    (order,) = recorder.take_orders()
    assert (order.verb, order.name) == ("load", "a")
    assert recorder.take_orders() == []
    assert read_outcome(path, number) is None
    recorder.report(order, ok=False, message="no room")
    assert read_outcome(path, number) == (False, "no room")
    recorder.close()
    other.close()


def test_an_order_that_was_withdrawn_is_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    recorder = Recorder(path, registry="r")
    recorder.record(status())
    withdraw_order(path, leave_order(path, recorder.id, "load", "a"))
    assert recorder.take_orders() == []
    recorder.close()


def test_peaks_count_only_the_span_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    recorder, now = Recorder(path, registry="r"), time.time()
    recorder.record(status(replace(BUSY, requests=10, tokens=100), at=now - 7200))
    recorder.record(status(replace(BUSY, requests=15, tokens=130, pss_bytes=400), at=now - 60))
    recorder.close()
    (hour,) = read_peaks(path, since=now - 3600)
    assert (hour.requests, hour.tokens, hour.peak_pss_bytes) == (5, 30, 400)
    (day,) = read_peaks(path, since=now - 86400)
    assert (day.requests, day.tokens, day.samples) == (15, 130, 2)


def test_what_is_older_than_a_week_goes(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    old = Recorder(path, registry="r")
    old.record(status(BUSY, at=time.time() - 8 * 86400))
    old.close()
    new = Recorder(path, registry="r")
    new.record(status())
    new.close()
    assert [cluster.id for cluster in read_clusters(path, ended=True)] == [new.id]


def test_what_is_old_goes_while_a_cluster_runs_and_who_never_changes_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.sqlite3"
    recorder, old = Recorder(path, registry="r"), time.time() - 8 * 86400
    recorder.record(status(BUSY, replace(BUSY, name="b"), at=old))
    monkeypatch.setattr("cluster.history.PRUNE_EVERY_S", 0.0)
    recorder.record(status(BUSY, replace(BUSY, name="b", requests=16)))
    (seen,) = read_clusters(path)
    recorder.close()
    assert [item.name for item in seen.status.specialists] == ["a", "b"]
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT name FROM sample WHERE at > ? ORDER BY name", (old,)).fetchall()
        (count,) = db.execute("SELECT count(*) FROM sample").fetchone()
    db.close()
    assert (rows, count) == ([("a",), ("b",)], 2)


def test_nothing_written_is_nothing_to_see(tmp_path: Path) -> None:
    assert read_clusters(tmp_path / "none.sqlite3") == []
    assert read_peaks(tmp_path / "none.sqlite3", since=0.0) == []
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_file_that_is_no_history_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(HistoryError, match="move it away to start afresh"):
        read_clusters(path)
    with pytest.raises(HistoryError, match="cannot be written"):
        Recorder(path, registry="r").record(status())


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "data" / "history.sqlite3", registry="r")
    recorder.record(status())
    recorder.close()
    assert (tmp_path / "data" / "history.sqlite3").stat().st_mode & 0o077 == 0
