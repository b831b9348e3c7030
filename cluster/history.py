"""The history of all clusters of this user in one SQLite file: who ran, what it cost, and the
orders that other processes leave for a running cluster.

Each cluster writes its own rows and a sign of life; whoever wants to look needs only the file.
Everything here blocks, so it is called off the loop, and raises `HistoryError`: a full disk costs
the history, never a call.
"""

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from cluster.accounting import is_same_process, started_at
from cluster.errors import HistoryError
from cluster.status import ClusterStatus, SpecialistStatus

KEPT_S = 7 * 24 * 3600.0
PRUNE_EVERY_S = 3600.0
FORMAT = 1
Verb = Literal["load", "unload", "pin", "unpin"]
_BUSY_S = 1.0
_COLUMNS = [field.name for field in fields(SpecialistStatus)]
_TOTALS = "max(requests), max(failed), max(tokens), max(cpu_s)"
_TABLES = f"""
CREATE TABLE cluster (
    id TEXT PRIMARY KEY, pid INTEGER NOT NULL, started_at REAL NOT NULL, registry TEXT NOT NULL,
    budget_bytes INTEGER NOT NULL, used_bytes INTEGER NOT NULL, base_bytes INTEGER NOT NULL,
    slots INTEGER NOT NULL, seen_at REAL NOT NULL, ended_at REAL
) STRICT;
CREATE TABLE sample (
    cluster TEXT NOT NULL REFERENCES cluster(id) ON DELETE CASCADE, at REAL NOT NULL,
    {", ".join(f"{name} ANY" for name in _COLUMNS)}
) STRICT;
CREATE INDEX sample_at ON sample(cluster, name, at);
CREATE TABLE command (
    id INTEGER PRIMARY KEY, cluster TEXT NOT NULL REFERENCES cluster(id) ON DELETE CASCADE,
    verb TEXT NOT NULL, name TEXT NOT NULL, asked_at REAL NOT NULL, taken_at REAL,
    ok INTEGER, message TEXT
) STRICT;
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastCluster:
    """One cluster and the last that is known of it. `alive`: its process still runs."""

    id: str
    alive: bool
    started_at: float
    ended_at: float | None
    registry: str
    status: ClusterStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Something another process wants a running cluster to do."""

    id: int
    verb: Verb
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Peak:
    """One specialist over a span of time, all clusters together."""

    name: str
    samples: int
    peak_pss_bytes: int | None
    requests: int
    failed: int
    tokens: int
    cpu_s: float
    longest_queue: int
    worst_p95_s: float | None


class Recorder:
    """The rows of one running cluster."""

    def __init__(self, path: Path, *, registry: str) -> None:
        self.id = uuid.uuid4().hex
        self._path = path
        self._registry = registry
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._last: dict[str, tuple[Any, ...]] = {}
        self._pruned_s = time.monotonic()

    def record(self, status: ClusterStatus) -> None:
        """A sign of life, and a row for each specialist that has changed."""
        with self._connection() as db, db:
            db.execute(
                "INSERT INTO cluster VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT(id) DO "
                "UPDATE SET used_bytes = excluded.used_bytes, base_bytes = excluded.base_bytes, "
                "budget_bytes = excluded.budget_bytes, seen_at = excluded.seen_at",
                (
                    self.id,
                    status.pid,
                    started_at(status.pid),
                    self._registry,
                    status.budget_bytes,
                    status.used_bytes,
                    status.base_bytes,
                    status.slots,
                    status.at,
                ),
            )
            if time.monotonic() - self._pruned_s >= PRUNE_EVERY_S:
                _prune(db)
                # Who never changes keeps a row that is young enough.
                self._last, self._pruned_s = {}, time.monotonic()
            rows = {item.name: astuple(item) for item in status.specialists}
            marks = ", ".join("?" * (len(_COLUMNS) + 2))
            db.executemany(
                f"INSERT INTO sample VALUES ({marks})",  # noqa: S608 - question marks only
                [
                    (self.id, status.at, *row)
                    for name, row in rows.items()
                    if self._last.get(name) != row
                ],
            )
            self._last = rows

    def take_orders(self) -> list[Order]:
        """Those not yet taken; they count as taken from here on."""
        with self._connection() as db, db:
            rows = db.execute(
                "UPDATE command SET taken_at = ? WHERE cluster = ? AND taken_at IS NULL "
                "RETURNING id, verb, name",
                (time.time(), self.id),
            ).fetchall()
        return [Order(id=row[0], verb=row[1], name=row[2]) for row in rows]

    def report(self, order: Order, *, ok: bool, message: str) -> None:
        with self._connection() as db, db:
            db.execute(
                "UPDATE command SET ok = ?, message = ? WHERE id = ?", (ok, message, order.id)
            )

    def close(self) -> None:
        """Says that this cluster has ended, and lets go of the file."""
        if self._db is None:
            return
        try:
            with self._connection() as db, db:
                now = time.time()
                db.execute("UPDATE cluster SET ended_at = ? WHERE id = ?", (now, self.id))
        finally:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """After an error the file is let go of, and opened anew the next time."""
        with self._lock:
            try:
                if self._db is None:
                    self._db = _open(self._path, write=True)
                yield self._db
            except (sqlite3.Error, OSError) as error:
                if self._db is not None:
                    self._db.close()
                    self._db = None
                raise HistoryError(
                    f"the history {self._path} cannot be written ({error})"
                ) from error


def read_clusters(path: Path, *, ended: bool = False) -> list[PastCluster]:
    """The clusters that run now, the latest last; with `ended` the others too."""
    with _reading(path) as db:
        if db is None:
            return []
        clusters = [_cluster_of(db, row) for row in db.execute("SELECT * FROM cluster")]
    kept = [cluster for cluster in clusters if ended or cluster.alive]
    return sorted(kept, key=lambda cluster: cluster.status.at)


def read_peaks(path: Path, *, since: float) -> list[Peak]:
    """What each specialist came to since then (wall time), the one with most CPU first."""
    with _reading(path) as db:
        if db is None:
            return []
        rows = db.execute(
            f"SELECT name, count(*), max(pss_bytes), {_TOTALS}, "  # noqa: S608
            "max(queue), max(p95_s), cluster FROM sample WHERE at >= ? GROUP BY cluster, name",
            (since,),
        ).fetchall()
        before = {
            (row[4], row[5]): row[:4]
            for row in db.execute(
                f"SELECT {_TOTALS}, cluster, name FROM sample "  # noqa: S608 - our own columns
                "WHERE at < ? GROUP BY cluster, name",
                (since,),
            )
        }
    each: dict[str, list[Peak]] = {}
    for name, samples, pss, *totals, queue, p95, cluster in rows:
        start = before.get((cluster, name), (0, 0, 0, 0.0))
        requests, failed, tokens, cpu_s = (b - a for a, b in zip(start, totals, strict=True))
        each.setdefault(name, []).append(
            Peak(
                name=name,
                samples=samples,
                peak_pss_bytes=pss,
                requests=requests,
                failed=failed,
                tokens=tokens,
                cpu_s=cpu_s,
                longest_queue=queue,
                worst_p95_s=p95,
            )
        )
    peaks = [_joined(peaks) for peaks in each.values()]
    used = [peak for peak in peaks if peak.requests or peak.failed or peak.peak_pss_bytes]
    return sorted(used, key=lambda peak: -peak.cpu_s)


def _joined(peaks: Sequence[Peak]) -> Peak:
    """The same specialist in several clusters."""
    return Peak(
        name=peaks[0].name,
        samples=sum(peak.samples for peak in peaks),
        peak_pss_bytes=max((p.peak_pss_bytes for p in peaks if p.peak_pss_bytes), default=None),
        requests=sum(peak.requests for peak in peaks),
        failed=sum(peak.failed for peak in peaks),
        tokens=sum(peak.tokens for peak in peaks),
        cpu_s=sum(peak.cpu_s for peak in peaks),
        longest_queue=max(peak.longest_queue for peak in peaks),
        worst_p95_s=max((p.worst_p95_s for p in peaks if p.worst_p95_s), default=None),
    )


def leave_order(path: Path, cluster_id: str, verb: Verb, name: str) -> int:
    """For a running cluster, which looks often. Returns the order's number."""
    assert verb in get_args(Verb)
    with _writing(path) as db, db:
        cursor = db.execute(
            "INSERT INTO command(cluster, verb, name, asked_at) VALUES (?, ?, ?, ?)",
            (cluster_id, verb, name, time.time()),
        )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def read_outcome(path: Path, order_id: int) -> tuple[bool, str] | None:
    """Whether the order was carried out, with what was said; None while nothing is known."""
    with _reading(path) as db:
        row = (
            db
            and db.execute(
                "SELECT ok, message FROM command WHERE id = ? AND ok IS NOT NULL", (order_id,)
            ).fetchone()
        )
    return (bool(row[0]), row[1]) if row else None


def withdraw_order(path: Path, order_id: int) -> None:
    """Nobody waits for it any more."""
    with _writing(path) as db, db:
        db.execute("DELETE FROM command WHERE id = ? AND taken_at IS NULL", (order_id,))


def _open(path: Path, *, write: bool) -> sqlite3.Connection:
    if write:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    try:
        db.execute("PRAGMA foreign_keys = ON")
        if write:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            with db:
                # In one transaction, so that a reader finds everything or nothing.
                db.execute("BEGIN IMMEDIATE")
                if not _check_format(db):
                    for table in _TABLES.split(";"):
                        db.execute(table)
                    db.execute(f"PRAGMA user_version = {FORMAT}")
                _prune(db)
    except BaseException:
        db.close()
        raise
    return db


def _prune(db: sqlite3.Connection) -> None:
    oldest = time.time() - KEPT_S
    db.execute("DELETE FROM cluster WHERE seen_at < ?", (oldest,))
    db.execute("DELETE FROM sample WHERE at < ?", (oldest,))


def _check_format(db: sqlite3.Connection) -> bool:
    """False where nothing stands yet. Raises `sqlite3.DatabaseError` for another version's."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found not in (0, FORMAT):
        raise sqlite3.DatabaseError(f"it has format {found}, this version knows {FORMAT}")
    return bool(found)


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(_open(path, write=True)) as db:
            yield db
    except (sqlite3.Error, OSError) as error:
        raise HistoryError(f"the history {path} cannot be written ({error})") from error


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """None where nothing has been written yet."""
    if not path.exists():
        yield None
        return
    try:
        with closing(_open(path, write=False)) as db:
            yield db if _check_format(db) else None
    except sqlite3.Error as error:
        raise HistoryError(
            f"the history {path} cannot be read ({error}); move it away to start afresh"
        ) from error


def _cluster_of(db: sqlite3.Connection, row: Sequence[Any]) -> PastCluster:
    id_, pid, started, registry, budget, used, base, slots, seen, ended = row
    names = ", ".join(_COLUMNS)
    samples = db.execute(
        f"SELECT {names} FROM sample AS s WHERE cluster = ? AND at = "  # noqa: S608 - our columns
        "(SELECT max(at) FROM sample WHERE cluster = s.cluster AND name = s.name) ORDER BY name",
        (id_,),
    )
    specialists = tuple(
        SpecialistStatus(**{**dict(zip(_COLUMNS, values, strict=True)), **_truths(values)})
        for values in samples
    )
    return PastCluster(
        id=id_,
        alive=ended is None and is_same_process(pid, started),
        started_at=started,
        ended_at=ended,
        registry=registry,
        status=ClusterStatus(
            at=seen,
            pid=pid,
            budget_bytes=budget,
            used_bytes=used,
            base_bytes=base,
            slots=slots,
            specialists=specialists,
        ),
    )


def _truths(values: Sequence[Any]) -> dict[str, bool]:
    """SQLite has no truth values of its own."""
    return {name: bool(values[_COLUMNS.index(name)]) for name in ("pinned", "busy")}
