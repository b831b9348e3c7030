"""Which files of a folder are documents, and what each of them says.

It stands alone because everything that can be wrong with a user's files is met here: links,
permissions, sizes, encodings, binary data. It knows no passages and no index; what a format means
is in `formats.py`.
"""

import codecs
import gzip
import io
import os
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cluster.errors import DocumentError
from cluster.retrieval.formats import (
    Extracted,
    Heading,
    extract_html,
    extract_markdown,
    extract_pdf,
    extract_text,
)

MAX_FILE_BYTES = 64 * 2**20
_KINDS = {
    ".txt": "text",
    ".rst": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
_PLAIN_NAMES = frozenset({"readme", "faq", "install", "news", "changelog"})
_LEFT_OUT = frozenset({"node_modules", "__pycache__"})
_SNIFFED_BYTES = 8192
_CONTROL_BYTES = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1b\b")
_MAX_CONTROL_SHARE = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document as read. `pages` are start offsets into `text`; `notes` say what was unusual."""

    source: str
    text: str
    pages: tuple[int, ...]
    headings: tuple[Heading, ...]
    notes: tuple[str, ...]


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
        raise DocumentError(f"{docs}: {_reason(error)}; name a folder of documents") from error
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
    files.sort(key=lambda file: file.source)
    return FoundFiles(files=tuple(files), skipped=tuple(sorted(skipped)))


def read_document(path: Path, *, source: str = "", max_bytes: int = MAX_FILE_BYTES) -> Document:
    """The text of one file. Raises `DocumentError` with a reason that needs no file name."""
    return parse_document(
        read_bytes(path, max_bytes=max_bytes), source=source or path.name, max_bytes=max_bytes
    )


def read_bytes(path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file of at most `max_bytes`."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise DocumentError("not a regular file")
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise DocumentError(_reason(error)) from error
    if len(data) > max_bytes:
        raise DocumentError(_too_large(max_bytes))
    return data


def parse_document(data: bytes, *, source: str, max_bytes: int = MAX_FILE_BYTES) -> Document:
    """What `data` says, read as the format that the name `source` tells."""
    name = PurePosixPath(source)
    if name.suffix.lower() == ".gz":
        data, name = _unpack(data, max_bytes=max_bytes), name.with_suffix("")
    kind = _KINDS.get(name.suffix.lower(), "text")
    notes: tuple[str, ...] = ()
    if kind == "pdf":
        found = extract_pdf(data, max_chars=max_bytes)
    else:
        text, notes = _decode(data)
        found = _extract(kind, text)
    if not found.text.strip():
        raise DocumentError("the file is empty")
    return Document(
        source=source,
        text=found.text,
        pages=found.pages,
        headings=found.headings,
        notes=(*notes, *found.notes),
    )


def is_pdf(source: str) -> bool:
    return source.lower().endswith((".pdf", ".pdf.gz"))


def _walk(
    folder: Path,
    below: PurePosixPath,
    files: list[FoundFile],
    skipped: list[tuple[str, str]],
    max_file_bytes: int,
) -> None:
    """Depth is bounded by the file system's own path limit, and links are never entered."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        skipped.append((_shown(below) + "/", _reason(error)))
        return
    for entry in listed:
        if entry.name.startswith(".") or entry.name in _LEFT_OUT:
            continue
        source = below / entry.name
        if entry.is_dir(follow_symlinks=False):
            _walk(folder / entry.name, source, files, skipped, max_file_bytes)
        elif _is_document(entry.name):
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError as error:
                skipped.append((_shown(source), _reason(error)))
                continue
            if stat.S_ISLNK(info.st_mode):
                skipped.append((_shown(source), "a link, not followed"))
            elif not stat.S_ISREG(info.st_mode):
                skipped.append((_shown(source), "not a regular file"))
            elif info.st_size > max_file_bytes:
                skipped.append((_shown(source), _too_large(max_file_bytes)))
            else:
                files.append(_found(folder / entry.name, source, info))


def _found(path: Path, source: PurePosixPath, info: os.stat_result) -> FoundFile:
    return FoundFile(path=path, source=_shown(source), size=info.st_size, mtime_ns=info.st_mtime_ns)


def _is_document(name: str) -> bool:
    stem = name.lower().removesuffix(".gz")
    return PurePosixPath(stem).suffix in _KINDS or stem in _PLAIN_NAMES


def _shown(source: PurePosixPath) -> str:
    """A file name need not be text; a source always is."""
    return os.fsencode(str(source)).decode("utf-8", "replace")


def _open_without_waiting(path: str, flags: int) -> int:
    """Opening a pipe for reading would wait for a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _extract(kind: str, text: str) -> Extracted:
    if kind == "markdown":
        return extract_markdown(text)
    if kind == "html":
        return extract_html(text)
    return extract_text(text)


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        _refuse_binary(data[:_SNIFFED_BYTES])
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _decode_western(data)
            notes = ("not UTF-8, read as Windows-1252",)
    return re.sub(r"\r\n?", "\n", text), notes


def _decode_western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _refuse_binary(start: bytes) -> None:
    control = len(start) - len(start.translate(None, _CONTROL_BYTES))
    if b"\0" in start or control > _MAX_CONTROL_SHARE * len(start):
        raise DocumentError("binary data, not text")


def _unpack(data: bytes, *, max_bytes: int) -> bytes:
    """At most `max_bytes` are ever unpacked, whatever the archive claims."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DocumentError(f"not a sound gzip file ({error})") from error
    if len(unpacked) > max_bytes:
        raise DocumentError(_too_large(max_bytes) + " when unpacked")
    return unpacked


def _too_large(max_bytes: int) -> str:
    return f"over the limit of {max_bytes / 2**20:g} MiB"


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "may not be read (no permission)"
    return str(getattr(error, "strerror", None) or error)


def _nothing_found(skipped: list[tuple[str, str]]) -> str:
    kinds = ", ".join(sorted(_KINDS))
    if not skipped:
        return f"no documents here (looked for {kinds}, also as .gz)"
    source, reason = skipped[0]
    return f"none of {len(skipped)} candidate(s) can be read, the first being {source}: {reason}"
