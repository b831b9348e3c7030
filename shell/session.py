"""Conversations that outlive the program: saved after every answer, listed, shown, exported.

One SQLite file holds them all, in WAL mode so that a screen and a command can have it open at
once. What is saved for a turn is the answer's report, the same JSON that `--json` prints. It
knows no cluster. Whatever is wrong with the file becomes one `SessionError` sentence, so that a
damaged history never costs an answer.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shell.errors import SessionError
from shell.report import Report, session_markdown

_FORMAT = 1
_BUSY_TIMEOUT_S = 2.0
_LONGEST_NAME = 80
_TABLES = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, started_at TEXT NOT NULL
);
CREATE TABLE turn (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session(id) ON DELETE CASCADE,
    asked_at TEXT NOT NULL, docs TEXT NOT NULL, report TEXT NOT NULL
);
CREATE INDEX turn_session ON turn(session_id);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSummary:
    """One row of the list. Times are ISO 8601 in UTC; `docs` is the last folder asked."""

    name: str
    started_at: str
    last_asked_at: str
    turns: int
    docs: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One question with the report of its answer."""

    asked_at: str
    docs: str
    report: Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One conversation, oldest turn first."""

    name: str
    started_at: str
    turns: tuple[Turn, ...]

    def to_dict(self) -> dict[str, object]:
        turns = [{"asked_at": t.asked_at, "docs": t.docs, **t.report} for t in self.turns]
        return {"name": self.name, "started_at": self.started_at, "turns": turns}

    def to_markdown(self) -> str:
        return session_markdown(self.name, [(t.asked_at, t.report) for t in self.turns])


class Sessions:
    """All saved conversations of one file. Every method raises `SessionError`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, name: str, *, report: Report, docs: str) -> None:
        """Adds a turn; the session is begun when it is new."""
        name = checked_name(name)
        now = _now()
        with self._open() as db, db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT OR IGNORE INTO session(name, started_at) VALUES (?, ?)", (name, now))
            db.execute(
                "INSERT INTO turn(session_id, asked_at, docs, report)"
                " SELECT id, ?, ?, ? FROM session WHERE name = ?",
                (now, _kept_path(docs), json.dumps(report), name),
            )

    def list(self) -> tuple[SessionSummary, ...]:
        """Last asked first."""
        if not self._path.exists():
            return ()
        with self._open() as db:
            rows = db.execute(
                "SELECT s.name, s.started_at, t.asked_at,"
                " (SELECT count(*) FROM turn WHERE session_id = s.id), t.docs"
                " FROM session s JOIN turn t ON t.id ="
                " (SELECT max(id) FROM turn WHERE session_id = s.id) ORDER BY t.id DESC"
            ).fetchall()
        keys = ("name", "started_at", "last_asked_at", "turns", "docs")
        return tuple(
            SessionSummary(**dict(zip(keys, (*row[:-1], os.fsdecode(row[-1])), strict=True)))
            for row in rows
        )

    def read(self, name: str) -> Session:
        """The conversation called `name`."""
        self._check_known(name)
        with self._open() as db:
            row = db.execute(
                "SELECT id, started_at FROM session WHERE name = ?", (name,)
            ).fetchone()
            if row is None:
                raise self._unknown(name)
            rows = db.execute(
                "SELECT asked_at, docs, report FROM turn WHERE session_id = ? ORDER BY id",
                (row[0],),
            ).fetchall()
        try:
            turns = tuple(
                Turn(asked_at=a, docs=os.fsdecode(d), report=json.loads(r)) for a, d, r in rows
            )
        except (json.JSONDecodeError, TypeError) as error:
            raise SessionError(f"session {name} in {self._path} holds a damaged turn") from error
        return Session(name=name, started_at=row[1], turns=turns)

    def delete(self, name: str) -> None:
        self._check_known(name)
        with self._open() as db:
            if not db.execute("DELETE FROM session WHERE name = ?", (name,)).rowcount:
                raise self._unknown(name)

    def _check_known(self, name: str) -> None:
        """Raises unless a session can be called so."""
        if not self._path.exists() or isinstance(_kept_path(name), bytes):
            raise self._unknown(name)

    def _unknown(self, name: str) -> SessionError:
        return SessionError(f"no session is called {name}; `qshell session list` shows them all")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection in autocommit mode; what SQLite says against it becomes our sentence."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Conversations are private: the file exists with its mode before SQLite opens it.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            db = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
            with closing(db):
                _prepare(db, self._path)
                yield db
        except sqlite3.Error as error:
            raise SessionError(_words(error, self._path)) from error
        except OSError as error:
            raise SessionError(
                f"the sessions cannot be opened in {self._path}: {error.strerror}; check the "
                "folder, or set QSHELL_HOME to one that can be written"
            ) from error


def _kept_path(path: str) -> str | bytes:
    """As text; a name that is none, such as one in Latin-1, as its bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def checked_name(name: str) -> str:
    """The name, if it can be typed and listed."""
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise SessionError(
            f"a session name is 1 to {_LONGEST_NAME} printable characters, not {name!r}"
        )
    return name


def new_name() -> str:
    """A name for a session that was given none: the local time."""
    return datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA foreign_keys = ON")
    if _format(db) == 0:
        with db:
            db.execute("BEGIN IMMEDIATE")
            # Another process may have made the tables while this one waited for the lock.
            if _format(db) == 0:
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_FORMAT}")
    if _format(db) != _FORMAT:
        raise SessionError(
            f"{path} was written by another version of qshell (format {_format(db)}, this one "
            f"reads {_FORMAT}); update qshell, or move the file away to start afresh"
        )


def _format(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _words(error: sqlite3.Error, path: Path) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"the sessions in {path} are damaged; move the file away to start afresh"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"the sessions in {path} are locked by another program; close it and ask again"
    if code == sqlite3.SQLITE_FULL:
        return f"the disk is full, sessions in {path} cannot be saved; free some space"
    if code == sqlite3.SQLITE_READONLY:
        return f"the sessions in {path} cannot be written; check the permissions of the file"
    return f"the sessions in {path} cannot be used ({error}); move the file away to start afresh"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
