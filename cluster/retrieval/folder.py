"""Which files of a folder are documents, and why others were passed over.

It stands alone because a user's folder is met here: links, pipes, hidden names, names that are no
text. It opens no file and knows no format but by the ends of names.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cluster.errors import DocumentError
from cluster.retrieval.documents import KINDS, MAX_FILE_BYTES, reason_of, too_large

_PLAIN_NAMES = frozenset({"readme", "faq", "install", "news", "changelog"})
_LEFT_OUT = frozenset({"node_modules", "__pycache__"})


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFile:
    """A file that should be readable. `source` is its name below the folder, with slashes."""

    path: Path
    source: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFiles:
    """The documents of a folder in order, and (source, reason) for what was passed over."""

    files: tuple[FoundFile, ...]
    skipped: tuple[tuple[str, str], ...]


def find_documents(docs: Path, *, max_file_bytes: int = MAX_FILE_BYTES) -> FoundFiles:
    """All documents below `docs`, which may also be one file.

    Hidden names are left out and no link is followed. Raises `DocumentError` when the path is
    missing, cannot be listed or holds no document at all.
    """
    try:
        info = docs.stat()
        root = docs.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise DocumentError(f"{docs}: {reason_of(error)}; name a folder of documents") from error
    if stat.S_ISREG(info.st_mode):
        one = _found(root, PurePosixPath(root.name), info)
        return FoundFiles(files=(one,), skipped=())
    if not stat.S_ISDIR(info.st_mode):
        raise DocumentError(f"{docs}: neither a folder nor a file; name a folder of documents")
    files: list[FoundFile] = []
    skipped: list[tuple[str, str]] = []
    _walk(root, PurePosixPath(), files, skipped, max_file_bytes)
    if not files:
        raise DocumentError(f"{docs}: {_nothing_found(skipped)}")
    named: dict[str, FoundFile] = {}
    for file in sorted(files, key=lambda file: file.source):
        if named.setdefault(file.source, file) is not file:
            skipped.append((file.source, "another file's name is written in the same way"))
    return FoundFiles(files=tuple(named.values()), skipped=tuple(sorted(skipped)))


def _walk(
    folder: Path,
    below: PurePosixPath,
    files: list[FoundFile],
    skipped: list[tuple[str, str]],
    max_file_bytes: int,
) -> None:
    """Links are never entered. Folders that wait are listed here: those within each other may be
    more than calls within each other."""
    waiting = [(folder, below)]
    while waiting:
        folder, below = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            skipped.append((_shown(below) + "/", reason_of(error)))
            continue
        for entry in listed:
            if entry.name.startswith(".") or entry.name in _LEFT_OUT:
                continue
            source = below / entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append((folder / entry.name, source))
            elif _is_document(entry.name):
                _look_at(entry, folder / entry.name, source, files, skipped, max_file_bytes)


def _look_at(
    entry: os.DirEntry[str],
    path: Path,
    source: PurePosixPath,
    files: list[FoundFile],
    skipped: list[tuple[str, str]],
    max_file_bytes: int,
) -> None:
    try:
        info = entry.stat(follow_symlinks=False)
    except OSError as error:
        skipped.append((_shown(source), reason_of(error)))
        return
    if stat.S_ISLNK(info.st_mode):
        skipped.append((_shown(source), "a link, not followed"))
    elif not stat.S_ISREG(info.st_mode):
        skipped.append((_shown(source), "not a regular file"))
    elif info.st_size > max_file_bytes:
        skipped.append((_shown(source), too_large(max_file_bytes)))
    else:
        files.append(_found(path, source, info))


def _found(path: Path, source: PurePosixPath, info: os.stat_result) -> FoundFile:
    return FoundFile(path=path, source=_shown(source), size=info.st_size, mtime_ns=info.st_mtime_ns)


def _is_document(name: str) -> bool:
    stem = name.lower().removesuffix(".gz")
    return PurePosixPath(stem).suffix in KINDS or stem in _PLAIN_NAMES


def _shown(source: PurePosixPath) -> str:
    """A file name need not be text; a source always is."""
    return os.fsencode(str(source)).decode("utf-8", "backslashreplace")


def _nothing_found(skipped: list[tuple[str, str]]) -> str:
    kinds = ", ".join(sorted(KINDS))
    if not skipped:
        return f"no documents here (looked for {kinds}, also as .gz)"
    source, reason = skipped[0]
    return f"none of {len(skipped)} candidate(s) can be read, the first being {source}: {reason}"
