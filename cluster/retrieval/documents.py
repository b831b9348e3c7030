"""What one file says: its bytes, unpacked, decoded and read as the format its name tells.

It stands alone because everything that can be wrong inside a user's file is met here: permission,
size, encoding, binary data. It knows no folder, no passages and no index; what a format means is
in `formats.py` and `html_text.py`.
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
    extract_markdown,
    extract_pdf,
    extract_text,
)
from cluster.retrieval.html_text import extract_html

MAX_FILE_BYTES = 64 * 2**20
KINDS = {
    ".txt": "text",
    ".rst": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
_SNIFFED_BYTES = 8192
_CONTROL_BYTES = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1b\b")
_MAX_CONTROL_SHARE = 0.05
_CUT = "unexpected end of data"
"""How Python's decoder says that the last letter of a text is not whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document as read. `pages` are start offsets into `text`; `notes` say what was unusual."""

    source: str
    text: str
    pages: tuple[int, ...]
    headings: tuple[Heading, ...]
    notes: tuple[str, ...]


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
        raise DocumentError(reason_of(error)) from error
    if len(data) > max_bytes:
        raise DocumentError(too_large(max_bytes))
    return data


def parse_document(data: bytes, *, source: str, max_bytes: int = MAX_FILE_BYTES) -> Document:
    """What `data` says, read as the format that the name `source` tells."""
    name = PurePosixPath(source)
    if name.suffix.lower() == ".gz":
        data, name = _unpack(data, max_bytes=max_bytes), name.with_suffix("")
    kind = KINDS.get(name.suffix.lower(), "text")
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
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # begins like that of UTF-16
        text = data.decode("utf-32", "replace")
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        _refuse_binary(data[:_SNIFFED_BYTES])
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            whole = data[: error.start]
            if error.reason == _CUT and not whole.isascii():
                text, notes = whole.decode("utf-8-sig"), ("cut inside the last letter",)
            else:
                text, notes = _decode_western(data), ("not UTF-8, read as Windows-1252",)
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
        raise DocumentError(too_large(max_bytes) + " when unpacked")
    return unpacked


def too_large(max_bytes: int) -> str:
    return f"over the limit of {max_bytes / 2**20:g} MiB"


def reason_of(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "may not be read (no permission)"
    return str(getattr(error, "strerror", None) or error)
