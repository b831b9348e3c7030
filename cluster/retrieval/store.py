"""The saved side of an index: one SQLite file with the documents, passages and words of a folder.

It stands alone because everything that must survive a crash, a full disk or a second process is
here, in transactions. It knows neither scores nor how text becomes passages and words.
"""

import hashlib
import json
import sqlite3
import threading
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cluster.errors import IndexDamaged
from cluster.records import Passage
from cluster.retrieval.folder import FoundFile

FORMAT = "1"
"""To be raised whenever what is stored, or how passages or words are cut, changes."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, digest BLOB NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE terms (id INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, file_id INTEGER NOT NULL, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, line INTEGER NOT NULL, page INTEGER, heading TEXT NOT NULL,
    text TEXT NOT NULL, checksum INTEGER NOT NULL
);
CREATE INDEX passages_of_file ON passages (file_id);
CREATE TABLE tokens (passage_id INTEGER PRIMARY KEY, ids BLOB NOT NULL, checksum INTEGER NOT NULL);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """What is known of a file since it was last read. `reason` is set when it gave no passage."""

    id: int
    source: str
    size: int
    mtime_ns: int
    digest: bytes
    reason: str


class Store:
    """One connection, usable from several threads, one at a time.

    Raises `IndexDamaged` where the file is of another format or does not hold what it should;
    SQLite's own errors pass through to the caller, who knows what can be done about them.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` None keeps everything in memory."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            str(path) if path else ":memory:",
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA cache_size = -16000")
        if not self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            self._db.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}")
            self.write_meta("format", FORMAT)
            self._db.execute("COMMIT")
        found = self.read_meta("format")
        if found != FORMAT:
            raise IndexDamaged(f"the saved index has format {found or 'none'}, not {FORMAT}")

    def begin(self) -> None:
        """Opens a transaction unless one is open."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def hold_snapshot(self) -> None:
        """From here on this connection sees the index as it is now, whoever writes beside it."""
        self._db.execute("BEGIN")
        self._db.execute("SELECT 1 FROM meta").fetchone()

    def read_meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def write_meta(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def generation(self) -> int:
        """Grows with every change of passages."""
        return int(self.read_meta("generation") or 0)

    def files(self) -> dict[str, StoredFile]:
        rows = self._db.execute("SELECT id, source, size, mtime_ns, digest, reason FROM files")
        return {
            row[1]: StoredFile(
                id=row[0],
                source=row[1],
                size=row[2],
                mtime_ns=row[3],
                digest=row[4],
                reason=row[5],
            )
            for row in rows
        }

    def fingerprint(self) -> str:
        """Changes with the names and contents of the files, and with nothing else."""
        hashed = hashlib.blake2b(FORMAT.encode(), digest_size=16)
        for row in self._db.execute("SELECT source, digest FROM files ORDER BY source"):
            hashed.update(row[0].encode("utf-8", "surrogatepass") + b"\0" + row[1])
        return hashed.hexdigest()

    def touch(self, stored: StoredFile, found: FoundFile) -> None:
        """The same bytes, saved again."""
        self._db.execute(
            "UPDATE files SET size = ?, mtime_ns = ? WHERE id = ?",
            (found.size, found.mtime_ns, stored.id),
        )

    def remove(self, stored: StoredFile) -> None:
        self._db.execute(
            "DELETE FROM tokens WHERE passage_id IN (SELECT id FROM passages WHERE file_id = ?)",
            (stored.id,),
        )
        self._db.execute("DELETE FROM passages WHERE file_id = ?", (stored.id,))
        self._db.execute("DELETE FROM files WHERE id = ?", (stored.id,))
        self._count_change()

    def add(
        self,
        found: FoundFile,
        *,
        digest: bytes,
        passages: Sequence[Passage],
        token_ids: Iterable[Sequence[int]],
        reason: str = "",
    ) -> None:
        """A file with its passages and, for each, the ids of its terms."""
        file_id = self._db.execute(
            "INSERT INTO files (source, size, mtime_ns, digest, reason) VALUES (?, ?, ?, ?, ?)",
            (found.source, found.size, found.mtime_ns, digest, reason),
        ).lastrowid
        for passage, ids in zip(passages, token_ids, strict=True):
            passage_id = self._db.execute(
                'INSERT INTO passages (file_id, "start", "end", line, page, heading, text,'
                " checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    file_id,
                    passage.start,
                    passage.end,
                    passage.line,
                    passage.page,
                    passage.heading,
                    passage.text,
                    _passage_checksum(passage),
                ),
            ).lastrowid
            blob = array("i", ids).tobytes()
            self._db.execute(
                "INSERT INTO tokens VALUES (?, ?, ?)", (passage_id, blob, zlib.crc32(blob))
            )
        self._count_change()

    def _count_change(self) -> None:
        self.write_meta("generation", str(self.generation() + 1))

    def terms(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT term, id FROM terms"))

    def add_terms(self, terms: Iterable[tuple[int, str]]) -> None:
        self._db.executemany("INSERT INTO terms VALUES (?, ?)", terms)

    def term_count(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(id), -1) + 1 FROM terms").fetchone()[0])

    def term_ids(self, terms: Iterable[str]) -> tuple[int, ...]:
        """Ids of those terms that occur anywhere."""
        with self._lock:
            found = [
                self._db.execute("SELECT id FROM terms WHERE term = ?", (term,)).fetchone()
                for term in dict.fromkeys(terms)
            ]
        return tuple(row[0] for row in found if row)

    def totals(self) -> tuple[int, int, int]:
        """Readable files, their bytes, passages."""
        files, size = self._db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM files WHERE reason = ''"
        ).fetchone()
        passages = self._db.execute("SELECT count(*) FROM passages").fetchone()[0]
        return files, size, passages

    def tokens(self) -> Iterator[tuple[int, Sequence[int]]]:
        """(passage id, term ids) of all passages in the order of their ids."""
        for passage_id, blob, checksum in self._db.execute(
            "SELECT passage_id, ids, checksum FROM tokens ORDER BY passage_id"
        ):
            if zlib.crc32(blob) != checksum:
                raise IndexDamaged(f"the saved words of passage {passage_id} are damaged")
            ids = array("i")
            ids.frombytes(blob)
            yield passage_id, ids

    def passages(self, scores: dict[int, float]) -> list[Passage]:
        """The passages with these ids, each with its score, in the order given."""
        with self._lock:
            rows = self._db.execute(
                'SELECT p.id, p.text, f.source, p."start", p."end", p.line, p.page, p.heading,'
                " p.checksum FROM passages p JOIN files f ON f.id = p.file_id"
                " WHERE p.id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(scores)),),
            ).fetchall()
        found = {row[0]: _checked_passage(row, scores[row[0]]) for row in rows}
        if len(found) != len(scores):
            raise IndexDamaged("the saved index lacks passages that it should hold")
        return [found[passage_id] for passage_id in scores]


def _checked_passage(
    row: tuple[int, str, str, int, int, int, int | None, str, int], score: float
) -> Passage:
    passage = Passage(
        text=row[1],
        source=row[2],
        start=row[3],
        end=row[4],
        line=row[5],
        page=row[6],
        heading=row[7],
        retrieval_score=score,
    )
    if _passage_checksum(passage) != row[8]:
        raise IndexDamaged(f"a saved passage of {passage.source} is damaged")
    return passage


def _passage_checksum(passage: Passage) -> int:
    place = (passage.source, passage.start, passage.end, passage.line, passage.page)
    return zlib.crc32(f"{place}{passage.heading}\n{passage.text}".encode())
