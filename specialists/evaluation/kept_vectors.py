"""What an encoder made of texts before, so that marking a checkpoint again does not encode the same
passages again: with both encoders that took most of half an hour.

One SQLite file of hashes and vectors, without texts. A file that cannot be used costs time and
never a mark.
"""

import contextlib
import hashlib
import sqlite3
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = "encoded.sqlite"
_BUSY_S = 5.0
_TABLE = "CREATE TABLE IF NOT EXISTS encoded (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"

FloatVector = npt.NDArray[np.float32]


class KeptVectors:
    """Of one encoder, by text. `encoder` names it with everything its vectors depend on; `folder`
    holds the file of all encoders, None keeps nothing."""

    def __init__(self, folder: Path | None, encoder: str) -> None:
        self._encoder = encoder
        self._db: sqlite3.Connection | None = None
        if folder is not None:
            with contextlib.suppress(sqlite3.Error, OSError):
                folder.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(folder / FILE, timeout=_BUSY_S)
                weakref.finalize(self, self._db.close)
                self._db.execute(_TABLE)

    def find(self, texts: Iterable[str]) -> dict[str, FloatVector]:
        """The vectors that are known."""
        found: dict[str, FloatVector] = {}
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                for text in texts:
                    rows = self._db.execute(
                        "SELECT vector FROM encoded WHERE key = ?", (self._key(text),)
                    )
                    for (vector,) in rows:
                        found[text] = np.frombuffer(vector, dtype=np.float32)
        return found

    def keep(self, vectors: Mapping[str, FloatVector]) -> None:
        if self._db is not None:
            rows = [(self._key(text), vector.tobytes()) for text, vector in vectors.items()]
            with contextlib.suppress(sqlite3.Error), self._db:
                self._db.executemany("INSERT OR REPLACE INTO encoded VALUES (?, ?)", rows)

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._encoder}\0{text}".encode()).digest()
