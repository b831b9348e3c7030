"""Verdicts that were given before, by weights, prompt, arithmetic, question and passage: asked
again, the same question of the same passages needs no worker.

One SQLite file, bounded, shared by any number of processes; it holds hashes and verdicts and no
text. A cache that cannot be used costs time and never an answer: a damaged file is moved aside,
which is told, and a new one begun.
"""

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from specialists.requests import Decide, Decided, Verdict

MOST_ROWS = 200_000
"""About 30 MB."""
_BUSY_S = 0.5
_AT_ONCE = 500
_FORMAT = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS score (
    id INTEGER PRIMARY KEY, asked BLOB NOT NULL, passage BLOB NOT NULL, verdict TEXT NOT NULL,
    UNIQUE(asked, passage)
)
"""


class ScoreCache:
    """`identity` names everything that verdicts depend on beside question and passage; `tell`
    takes what a person should know. To be used on one thread."""

    def __init__(self, path: Path, *, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._db: sqlite3.Connection | None = None
        self._open()

    def knows(self, identity: str, query: str) -> bool:
        """Whether this question was asked before, of any passage."""
        rows = self._rows("SELECT 1 FROM score WHERE asked = ? LIMIT 1", (_asked(identity, query),))
        return bool(rows)

    async def decide(
        self, identity: str, request: Decide, ask: Callable[[Decide], Awaitable[Decided]]
    ) -> Decided:
        """The kept verdicts, and those of `ask` for the passages without one, which are kept."""
        known = self.find(identity, request)
        missing = tuple(dict.fromkeys(p for p in request.passages if p not in known))
        if missing:
            decided = await ask(Decide(query=request.query, passages=missing))
            given = dict(zip(missing, decided.verdicts, strict=True))
            known |= given
            self.keep(identity, request.query, given)
        return Decided(verdicts=tuple(known[passage] for passage in request.passages))

    def find(self, identity: str, request: Decide) -> dict[str, Verdict]:
        """The verdicts that are known, by passage."""
        passage_by_key = {_hash(passage): passage for passage in request.passages}
        asked, keys = _asked(identity, request.query), list(passage_by_key)
        found: dict[str, Verdict] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._rows(
                f"SELECT passage, verdict FROM score WHERE asked = ? AND passage IN ({marks})",  # noqa: S608 - question marks alone
                (asked, *some),
            )
            for key, text in rows:
                verdict = _verdict(text)
                if verdict is not None:
                    found[passage_by_key[key]] = verdict
        return found

    def keep(self, identity: str, query: str, verdicts: Mapping[str, Verdict]) -> None:
        """By passage. The oldest go when there are too many."""
        if self._db is None or not verdicts:
            return
        asked = _asked(identity, query)
        rows = [
            (asked, _hash(passage), json.dumps(astuple(verdict)))
            for passage, verdict in verdicts.items()
        ]
        try:
            with self._db:
                self._db.executemany(
                    "INSERT OR REPLACE INTO score(asked, passage, verdict) VALUES (?, ?, ?)", rows
                )
                self._db.execute(
                    "DELETE FROM score WHERE id <= (SELECT max(id) FROM score) - ?", (MOST_ROWS,)
                )
        except sqlite3.Error as error:
            self._mend(error)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(self._path, timeout=_BUSY_S)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            if self._db.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                self._db.execute("DROP TABLE IF EXISTS score")
                self._db.execute(_TABLE)
                self._db.execute(f"PRAGMA user_version = {_FORMAT}")
            self._db.commit()
        except OSError as error:
            self._tell(f"{self._path}: verdicts are not kept ({error})")
        except sqlite3.Error as error:
            self._mend(error)

    def _rows(self, statement: str, values: Sequence[object]) -> list[tuple[bytes, str]]:
        if self._db is None:
            return []
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._mend(error)
            return []

    def _mend(self, error: sqlite3.Error) -> None:
        """What is only busy is left alone; what is damaged is moved aside, once, and begun anew."""
        if isinstance(error, sqlite3.OperationalError):
            return
        self.close()
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
        with contextlib.suppress(OSError):
            self._path.rename(aside)
            for end in ("-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            self._tell(
                f"{self._path} was damaged ({error}); it was moved to {aside.name} and begun anew"
            )
            self._open()


def _asked(identity: str, query: str) -> bytes:
    return _hash(json.dumps([identity, query]))


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _verdict(text: str) -> Verdict | None:
    try:
        label, positive, score, logits, truncated, tokens, query_truncated = json.loads(text)
        return Verdict(
            label=str(label),
            positive=bool(positive),
            score=float(score),
            logits=tuple(float(logit) for logit in logits),
            truncated=bool(truncated),
            tokens=int(tokens),
            query_truncated=bool(query_truncated),
        )
    except (ValueError, TypeError):
        return None
