"""Bringing a store up to date with a folder: which files changed, and their passages and words.

It stands alone because this is the long part of indexing, done file by file in transactions, so
that stopping in the middle keeps what was finished. It knows no weights and no search.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cluster.errors import DocumentError
from cluster.records import Passage
from cluster.retrieval.chunks import split_passages
from cluster.retrieval.documents import (
    Document,
    is_pdf,
    parse_document,
    read_bytes,
)
from cluster.retrieval.folder import FoundFile, FoundFiles
from cluster.retrieval.formats import pdf_can_be_read
from cluster.retrieval.store import Store, StoredFile
from cluster.retrieval.words import WordStemmer, split_words

_BATCH_BYTES = 4 * 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexProgress:
    """`done` of `total` files are up to date; `source` is the next one. `weigh` comes last, and
    `wait` first where another process reads the same folder."""

    step: Literal["wait", "read", "weigh"]
    done: int
    total: int
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What a refresh did; `skipped` is (source, reason)."""

    reindexed: int
    removed: int
    unchanged: int
    skipped: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]


def refresh(
    store: Store,
    found: FoundFiles,
    *,
    progress: Callable[[IndexProgress], None],
    max_file_bytes: int,
) -> Changes:
    """Reads what changed in size or time, indexes what changed in content, forgets what is gone."""
    run = _Refresh(store, max_file_bytes)
    try:
        for done, file in enumerate(found.files):
            try:
                progress(
                    IndexProgress(
                        step="read", done=done, total=len(found.files), source=file.source
                    )
                )
            except BaseException:  # nobody waits any more: what is finished is kept
                run.save()
                raise
            run.visit(file)
        run.forget_the_rest()
        run.save()
    except BaseException:
        store.rollback()
        raise
    return run.changes(found.skipped)


class _Refresh:
    def __init__(self, store: Store, max_file_bytes: int) -> None:
        self._store = store
        self._max_file_bytes = max_file_bytes
        self._gone = store.files()
        self._terms: _TermIds | None = None
        self._unsaved_bytes = 0
        self._reindexed = self._removed = self._unchanged = self._pdfs = 0
        self._skipped: list[tuple[str, str]] = []
        self._notes: Counter[str] = Counter()

    def visit(self, file: FoundFile) -> None:
        stored = self._gone.pop(file.source, None)
        if stored and (stored.size, stored.mtime_ns) == (file.size, file.mtime_ns):
            self._keep(stored)
            return
        try:
            data = self._read(file)
        except DocumentError as error:
            self._skipped.append((file.source, str(error)))
            if stored:
                self._remove(stored)
            return
        digest = hashlib.blake2b(data, digest_size=16).digest()
        self._store.begin()
        if stored and stored.digest == digest:
            self._store.touch(stored, file)
            self._keep(stored)
        else:
            if stored:
                self._store.remove(stored)
            self._add(file, data, digest)
        self._unsaved_bytes += len(data)
        if self._unsaved_bytes > _BATCH_BYTES:
            self.save()

    def forget_the_rest(self) -> None:
        for stored in self._gone.values():
            self._remove(stored)
            self._removed += not stored.reason

    def save(self) -> None:
        if self._terms:
            self._store.add_terms(self._terms.take_new())
        self._store.commit()
        self._unsaved_bytes = 0

    def changes(self, skipped: tuple[tuple[str, str], ...]) -> Changes:
        notices = [f"{_files(count)}: {note}" for note, count in sorted(self._notes.items())]
        if self._pdfs:
            notices.append(
                f'{_files(self._pdfs)} passed over, being PDF: install the extra "pdf" to read them'
                ' (in the checkout: pip install -e ".[pdf]")'
            )
        return Changes(
            reindexed=self._reindexed,
            removed=self._removed,
            unchanged=self._unchanged,
            skipped=tuple(sorted((*skipped, *self._skipped))),
            notices=tuple(notices),
        )

    def _read(self, file: FoundFile) -> bytes:
        if is_pdf(file.source) and not pdf_can_be_read():
            self._pdfs += 1
            raise DocumentError('reading PDF needs the extra "pdf"')
        return read_bytes(file.path, max_bytes=self._max_file_bytes)

    def _keep(self, stored: StoredFile) -> None:
        if stored.reason:
            self._skipped.append((stored.source, stored.reason))
        else:
            self._unchanged += 1

    def _remove(self, stored: StoredFile) -> None:
        self._store.begin()
        self._store.remove(stored)

    def _add(self, file: FoundFile, data: bytes, digest: bytes) -> None:
        try:
            document = parse_document(data, source=file.source, max_bytes=self._max_file_bytes)
        except DocumentError as error:
            self._store.add(file, digest=digest, passages=(), token_ids=(), reason=str(error))
            self._skipped.append((file.source, str(error)))
            return
        if self._terms is None:
            self._terms = _TermIds(self._store.terms())
        passages = split_passages(document)
        token_ids = map(self._terms.of_text, map(indexed_text, passages))
        self._store.add(file, digest=digest, passages=passages, token_ids=token_ids)
        self._note(document)

    def _note(self, document: Document) -> None:
        self._reindexed += 1
        self._notes.update(document.notes)


def indexed_text(passage: Passage) -> str:
    """What a passage is found by: its own words, and once those of the headings above it."""
    return f"{passage.heading}\n{passage.text}"


class _TermIds(dict[str, int]):
    """From a word as written (in lower case) to the id of its stem; -1 for a stopword."""

    def __init__(self, known: dict[str, int]) -> None:
        super().__init__()
        self._stems = known
        self._new: list[tuple[int, str]] = []
        self._stem = WordStemmer().stem

    def __missing__(self, word: str) -> int:
        stem = self._stem(word)
        if not stem:
            term_id = -1
        elif (known := self._stems.get(stem)) is not None:
            term_id = known
        else:
            term_id = self._stems[stem] = len(self._stems)
            self._new.append((term_id, stem))
        self[word] = term_id
        return term_id

    def of_text(self, text: str) -> list[int]:
        return [i for i in map(self.__getitem__, split_words(text)) if i >= 0]

    def take_new(self) -> list[tuple[int, str]]:
        """Terms that came since the last time."""
        new, self._new = self._new, []
        return new


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
