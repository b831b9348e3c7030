"""Reads folders of training text: `*.txt` or `*.txt.xz`, documents separated by a marker line."""

import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from specialists.errors import CorpusError

DOCUMENT_MARK = "<|doc|>"


def data_folder(data: Path | None, part: str) -> Path:
    """`data/part`, where training data of one kind lies. Raises `CorpusError` without it."""
    if data is None:
        raise CorpusError("training data is needed here: name its folder with --data")
    folder = data / part
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; --data must hold text/ and pairs/")
    return folder


def text_files(folder: Path) -> list[Path]:
    """Every text file of a folder, by name. Raises `CorpusError` when there is none."""
    files = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.xz")])
    if not files:
        raise CorpusError(f"{folder}: no *.txt or *.txt.xz here; name a folder of training text")
    return files


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """UTF-8 lines of a plain file or one packed by xz. Raises `CorpusError` where it cannot."""
    packed = path.suffix == ".xz"
    try:
        with (
            lzma.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8")
        ) as handle:
            yield handle
    except (OSError, lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read as UTF-8 text ({error})") from error


def read_documents(path: Path) -> Iterator[str]:
    """The documents of one file, in order, without the marker."""
    lines: list[str] = []
    with open_text(path) as handle:
        for line in handle:
            if line.rstrip("\n") == DOCUMENT_MARK:
                if lines:
                    yield "".join(lines).strip()
                lines = []
            else:
                lines.append(line)
    if lines:
        yield "".join(lines).strip()
