"""The index of one folder: opened or built, brought up to date, searched, and mended.

It stands alone as the place where store and weights are kept in step. The saved form is one
folder below the cache: `passages.sqlite` and `weights-<generation>`. It knows no model and
nothing of answers.
"""

import errno
import hashlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from cluster.errors import ClusterError, DocumentError, IndexDamaged
from cluster.records import Passage
from cluster.retrieval.documents import MAX_FILE_BYTES
from cluster.retrieval.folder import FoundFiles, find_documents
from cluster.retrieval.matrix import Matrix
from cluster.retrieval.refresh import IndexProgress, refresh
from cluster.retrieval.store import Store
from cluster.retrieval.words import stems

_LOCK_WAIT_S, _LOCK_TURN_S = 60.0, 0.2
_UNSAVABLE = {
    errno.ENOSPC,
    getattr(errno, "EDQUOT", errno.ENOSPC),
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EFBIG,
}
_UNSAVABLE_SQLITE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
}
Progress = Callable[[IndexProgress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexReport:
    """What bringing the index up to date did. `files` and `bytes` count readable documents only;
    `skipped` is (source, reason); `notices` are sentences for a person. `fingerprint` changes
    with the contents of the folder."""

    files: int
    reindexed: int
    removed: int
    unchanged: int
    skipped: tuple[tuple[str, str], ...]
    passages: int
    seconds: float
    bytes: int
    notices: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    store: Store
    matrix: Matrix
    report: IndexReport


class Index:
    """Passages of a folder, found by words. Searching is safe from any thread."""

    def __init__(self, docs: Path, open_again: Callable[[str], _Opened]) -> None:
        """`open_again` takes the damage that was met, or "" at first."""
        self.docs = docs
        self._open_again = open_again
        self._opened = open_again("")
        self._closed = False
        self._mending = threading.Lock()

    @classmethod
    def open_or_build(
        cls,
        docs: Path,
        cache: Path,
        progress: Progress | None = None,
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
    ) -> Self:
        """The index of `docs` as it is now; files that did not change are not read again.

        Raises `DocumentError` when there is nothing to index. A damaged saved index is built
        anew and one that cannot be saved is kept in memory, each with a notice in the report.
        """

        def open_again(damage: str) -> _Opened:
            return _open(
                docs,
                cache,
                progress or (lambda _: None),
                max_file_bytes=max_file_bytes,
                damage=damage,
            )

        return cls(docs, open_again)

    @property
    def report(self) -> IndexReport:
        return self._opened.report

    def search(self, question: str, k: int) -> tuple[Passage, ...]:
        """The best `k` passages that share a word with the question, best first, none with the
        text of another. A question without such a word, or of stopwords alone, finds nothing.

        Raises `ClusterError` when the index is closed, also while it searches.
        """
        query, opened = stems(question), self._opened
        try:
            return _search(opened, query, k)
        except (IndexDamaged, sqlite3.DatabaseError) as error:
            self._mend(opened, str(error))
            return _search(self._opened, query, k)

    def _mend(self, damaged: _Opened, damage: str) -> None:
        with self._mending:
            if self._opened is damaged and not self._closed:
                damaged.store.close()
                self._opened = self._open_again(damage)
            # Asked only now: whoever closes from here on finds the new store.
            if self._closed:
                self._opened.store.close()
                raise ClusterError(f"{self.docs}: its index was closed during the search")

    def close(self) -> None:
        """From any thread; a closed index is not mended."""
        self._closed = True
        self._opened.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _search(opened: _Opened, query: list[str], k: int) -> tuple[Passage, ...]:
    ranked = opened.matrix.best(opened.store.term_ids(query))
    found: dict[str, Passage] = {}
    while len(found) < k and (scores := dict(islice(ranked, k))):
        for passage in opened.store.passages(scores):
            found.setdefault(" ".join(passage.text.split()), passage)
    return tuple(islice(found.values(), k))


def _folder_of(docs: Path, cache: Path) -> Path:
    """One folder for each documents folder, wherever the caller stands."""
    place = str(docs.absolute().resolve()).encode("utf-8", "surrogateescape")
    return cache / f"index-{hashlib.blake2b(place, digest_size=8).hexdigest()}"


def _open(
    docs: Path, cache: Path, progress: Progress, *, max_file_bytes: int, damage: str
) -> _Opened:
    # Before anything is written: a wrong path leaves no trace behind.
    found = find_documents(docs, max_file_bytes=max_file_bytes)
    folder = _folder_of(docs, cache)

    def update(saved_in: Path | None, notices: tuple[str, ...]) -> _Opened:
        return _update(
            docs, found, saved_in, progress, max_file_bytes=max_file_bytes, notices=notices
        )

    try:
        with _locked(folder, progress):
            try:
                if damage:
                    raise IndexDamaged(damage)
                return update(folder, ())
            except (IndexDamaged, sqlite3.DatabaseError) as error:
                if _cannot_save(error):
                    raise
                _discard(folder)
                return update(folder, (f"the saved index was damaged ({error}) and built anew",))
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, OSError) and not _cannot_save(error):
            raise
        return update(None, (f"the index cannot be saved ({error}) and is kept in memory",))


def _update(
    docs: Path,
    found: FoundFiles,
    folder: Path | None,
    progress: Progress,
    *,
    max_file_bytes: int,
    notices: tuple[str, ...],
) -> _Opened:
    started = time.perf_counter()
    store = Store(folder / "passages.sqlite" if folder else None)
    try:
        changes = refresh(store, found, progress=progress, max_file_bytes=max_file_bytes)
        files, size, passages = store.totals()
        if not files:
            source, reason = changes.skipped[0]
            raise DocumentError(
                f"{docs}: no document could be read of {len(changes.skipped)} found, the first"
                f" being {source}: {reason}"
            )
        total = len(found.files)
        progress(IndexProgress(step="weigh", done=total, total=total))
        matrix = _weights(store, folder)
        store.hold_snapshot()
    except BaseException:
        store.close()
        raise
    report = IndexReport(
        files=files,
        reindexed=changes.reindexed,
        removed=changes.removed,
        unchanged=changes.unchanged,
        skipped=changes.skipped,
        passages=passages,
        seconds=time.perf_counter() - started,
        bytes=size,
        notices=(*notices, *changes.notices),
        fingerprint=store.fingerprint(),
    )
    return _Opened(store=store, matrix=matrix, report=report)


def _weights(store: Store, folder: Path | None) -> Matrix:
    """The saved weights where they are of the store's generation, otherwise new ones."""
    generation = str(store.generation())
    saved_generation, _, digest = store.read_meta("weights").partition(" ")
    if folder and saved_generation == generation:
        return Matrix.load(folder / f"weights-{generation}", digest=digest)
    matrix = Matrix.build(store.tokens(), term_count=store.term_count())
    if folder:
        _save_weights(store, matrix, folder, generation)
    return matrix


def _save_weights(store: Store, matrix: Matrix, folder: Path, generation: str) -> None:
    """Only the last line makes the new weights valid; until then the store is without."""
    for old in folder.glob("weights-*"):
        shutil.rmtree(old, ignore_errors=True)
    unfinished = folder / "weights-unfinished"
    digest = matrix.save(unfinished)
    unfinished.rename(folder / f"weights-{generation}")
    store.write_meta("weights", f"{generation} {digest}")


@contextmanager
def _locked(folder: Path, progress: Progress) -> Iterator[None]:
    """One process at a time brings a folder up to date; the lock ends with its process. The folders
    are this user's alone, for they hold the documents' text."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = sqlite3.connect(
        f"{folder}.lock", timeout=_LOCK_TURN_S, isolation_level=None, check_same_thread=False
    )
    try:
        _take(lock, progress)
        folder.mkdir(mode=0o700, exist_ok=True)
        yield
    finally:
        lock.close()


def _take(lock: sqlite3.Connection, progress: Progress) -> None:
    """In turns, so that `progress` may end the wait."""
    until = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            lock.execute("BEGIN EXCLUSIVE")
            return
        except sqlite3.OperationalError as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            progress(IndexProgress(step="wait", done=0, total=0))


def _discard(folder: Path) -> None:
    """Moved away in one step, so that nobody meets half of it."""
    doomed = folder.with_name(f"{folder.name}.damaged-{time.time_ns()}")
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
    folder.mkdir(mode=0o700)


def _cannot_save(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in _UNSAVABLE
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _UNSAVABLE_SQLITE
