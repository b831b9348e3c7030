"""Results of steps by the hash of what they were made from: kind, settings, values, specialist.

One SQLite file, so that several runs may share it. A cache that cannot be used costs time and
never an answer.
"""

import contextlib
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from cluster.errors import RowError
from cluster.pipelines.pipeline import Step, StepCall
from cluster.pipelines.types import Type
from cluster.pipelines.values import from_json, to_json

_FORMAT = 1
_MAX_ROWS = 200_000


class StepCache:
    """Meets `Cache`."""

    def __init__(self, path: Path) -> None:
        self._db: sqlite3.Connection | None = None
        with contextlib.suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=1.0, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS result"
                "(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL)"
            )

    def find(self, key: str) -> str | None:
        if self._db is None:
            return None
        with contextlib.suppress(sqlite3.Error):
            row = self._db.execute("SELECT value FROM result WHERE key = ?", (key,)).fetchone()
            return str(row[0]) if row else None
        return None

    def keep(self, key: str, value: str) -> None:
        if self._db is None:
            return
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "INSERT OR REPLACE INTO result(key, value) VALUES (?, ?)", (key, value)
            )

    def close(self) -> None:
        """The oldest go when there are too many."""
        if self._db is not None:
            db, self._db = self._db, None
            with contextlib.suppress(sqlite3.Error):
                db.execute(
                    "DELETE FROM result WHERE id <= (SELECT max(id) FROM result) - ?", (_MAX_ROWS,)
                )
            db.close()


def cache_key(step: Step, call: StepCall) -> str:
    """Changes with everything the result depends on."""
    judges = [
        call.tools.identify(str(call.settings[name] or call.tools.first_judge()))
        for name, setting in step.kind.settings.items()
        if setting.replies
    ]
    settings = {name: to_json(value) for name, value in call.settings.items()}
    inputs = {name: to_json(value) for name, value in call.inputs.items()}
    made_from = [_FORMAT, step.kind.name, settings, inputs, judges]
    text = json.dumps(made_from, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def encode(value: object, refusal: str) -> str:
    return json.dumps({"value": to_json(value), "refusal": refusal})


def decode(kept: str | None, of: Type) -> tuple[Any, str] | None:
    """The value and why it was refused, "" when it was not; None for what cannot be read."""
    if kept is None:
        return None
    try:
        read = json.loads(kept)
        return from_json(read["value"], of, "kept"), str(read["refusal"])
    except (ValueError, KeyError, TypeError, RowError):
        return None
