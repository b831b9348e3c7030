"""A YAML file as text with its errors in place: each sentence under the line it is about.

It stands alone as plain values, so that what is shown can be tested without a screen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cluster.errors import RegistryError
from cluster.registry_check import check_specialist
from cluster.registry_file import MAX_FILE_BYTES
from cluster.registry_source import RegistrySource

_PLACED = re.compile(r"^(?P<path>.+?):(?P<line>\d+): (?P<words>.*)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class YamlText:
    """`problems` by 1-based line; those of no line of this file stand under 0."""

    path: Path
    lines: tuple[str, ...]
    problems: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryText:
    """All files, and how many entries are sound; `sound` None where they cannot be read."""

    files: tuple[YamlText, ...]
    sound: int | None

    @property
    def problems(self) -> int:
        return sum(len(found) for file in self.files for found in file.problems.values())


def read_registry_text(path: Path | None, *, prove: bool = False) -> RegistryText:
    """The files as they stand now. With `prove` every checkpoint is opened and hashed too."""
    source = RegistrySource(path)
    sentences: list[str] = []
    sound: int | None = None
    try:
        registry = source.read()
    except RegistryError as error:
        sentences = str(error).splitlines()
    else:
        sound = len(registry.specs)
        for spec in registry.specs.values() if prove else ():
            found = check_specialist(spec, registry)
            sentences += found
            sound -= bool(found)
    files = [_read(file) for file in source.files]
    for sentence in sentences:
        _place(sentence, files)
    return RegistryText(files=tuple(files), sound=sound)


def read_yaml_text(path: Path, sentences: Sequence[str]) -> YamlText:
    """One file, with what was said of it."""
    file = _read(path)
    for sentence in sentences:
        _place(sentence, [file])
    return file


def _read(path: Path) -> YamlText:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return YamlText(path=path, lines=("# not written yet; a adds a specialist of yours",))
    except OSError as error:
        return YamlText(path=path, lines=(f"# cannot be read: {error.strerror}",))
    return YamlText(path=path, lines=tuple(text.splitlines()))


def _place(sentence: str, files: list[YamlText]) -> None:
    found = _PLACED.match(sentence)
    for file in files:
        if found and found["path"] == str(file.path):
            file.problems.setdefault(int(found["line"]), []).append(found["words"])
            return
    files[-1].problems.setdefault(0, []).append(sentence)
