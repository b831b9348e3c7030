"""Answers given before, for questions that ask the same.

An answer is kept under everything it depends on but the question: the documents' contents, who
judged and how, who wrote. Under an equal key an earlier question with the same words counts at
once; others with like words are put before the specialist that says whether two questions ask the
same. One SQLite file, so that several programs may share it; where it cannot be used, questions
are simply answered again.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cluster.records import Answer, JobDoer
from cluster.retrieval.words import stems

_FORMAT = 1
_MOST_ANSWERS = 5_000
_LOOKED_AT = 500
_ASKED_OF = 5
_LEAST_SHARED = 0.3
"""Of the stems of both questions; below it nobody is asked."""
_LEAST_SURE = 0.9
"""A wrong yes gives a wrong answer, a wrong no costs a second."""
_ANSWER = TypeAdapter(Answer)


class AnswerCache:
    """The answers under one key. `asks` is the specialist that compares two questions; without one
    only the same words count."""

    def __init__(
        self,
        path: Path,
        *,
        documents: str,
        judge: Sequence[object],
        writer: Sequence[object] | None,
        asks: str | None,
    ) -> None:
        """`documents`, `judge` and `writer` tell everything an answer depends on beside its
        question."""
        text = json.dumps([_FORMAT, documents, judge, writer])
        self._key = hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()
        self._asks = asks
        self._db: sqlite3.Connection | None = None
        with contextlib.suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Answers are private: the file exists with its mode before SQLite opens it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=1.0, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS answer (id INTEGER PRIMARY KEY, key TEXT NOT NULL, "
                "question TEXT NOT NULL, answer TEXT NOT NULL, UNIQUE (key, question))"
            )

    async def find(self, do: JobDoer, question: str) -> Answer | None:
        """The answer to the same question, its reason saying as what it was asked. Raises what
        `do` raises."""
        earlier = self._earlier()
        asked = _normal(question)
        for before, text in earlier:
            if _normal(before) == asked:
                return self._read(text, question, before)
        if self._asks is None:
            return None
        best: tuple[float, str, str] | None = None
        for before, text in _like(question, earlier):
            result = await do(self._asks, {"first": before, "second": question})
            sure = result["duplicate"] and result["score"] >= _LEAST_SURE
            if sure and (best is None or result["score"] > best[0]):
                best = (result["score"], text, before)
        return self._read(best[1], question, best[2]) if best else None

    def keep(self, answer: Answer) -> None:
        if self._db is None:
            return
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "INSERT OR REPLACE INTO answer (key, question, answer) VALUES (?, ?, ?)",
                (self._key, answer.question, _ANSWER.dump_json(answer).decode()),
            )
            self._db.execute(
                "DELETE FROM answer WHERE id <= (SELECT max(id) FROM answer) - ?", (_MOST_ANSWERS,)
            )

    def close(self) -> None:
        if self._db is not None:
            self._db.close()

    def _earlier(self) -> list[tuple[str, str]]:
        """Questions and answers, the newest first."""
        if self._db is None:
            return []
        with contextlib.suppress(sqlite3.Error):
            return self._db.execute(
                "SELECT question, answer FROM answer WHERE key = ? ORDER BY id DESC LIMIT ?",
                (self._key, _LOOKED_AT),
            ).fetchall()
        return []

    def _read(self, text: str, question: str, before: str) -> Answer | None:
        try:
            answer = _ANSWER.validate_json(text)
        except ValidationError:
            return None
        told = f"answered before, as: {before}"
        return replace(answer, question=question, reason=f"{told}; {answer.reason}".strip("; "))


def _normal(question: str) -> str:
    """Case, spaces, and a full stop or question mark at the end aside. Other signs tell C++ from
    C#, 5 from -5 and 5 from 5!."""
    folded = unicodedata.normalize("NFKC", question).casefold()
    return " ".join(folded.split()).rstrip(" .?")


def _like(question: str, earlier: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that share the most stems with the question, the likest first."""
    own = set(stems(question))
    shares: list[tuple[float, int]] = []
    for number, (before, _) in enumerate(earlier):
        others = set(stems(before))
        share = len(own & others) / max(1, len(own | others))
        if share >= _LEAST_SHARED:
            shares.append((-share, number))
    return [earlier[number] for _, number in sorted(shares)[:_ASKED_OF]]
