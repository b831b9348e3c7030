"""Adding and removing one entry of a registry file, line by line, so that every comment stays.

It stands alone because it works on lines, not on values. What comes out is read again before it
takes the file's place: when it does not say exactly what was wanted, the file stays as it was.
"""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from cluster.errors import RegistryError
from cluster.registry_file import YamlFile, parse_yaml, read_yaml_file

MODELINE = "# yaml-language-server: $schema={schema}\n"


def add_entry(path: Path, name: str, values: Mapping[str, object], *, schema: Path) -> None:
    """Writes `values` as the last entry; a file that is not there is begun, with a line that tells
    editors the `schema`. Raises `RegistryError`."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(path, MODELINE.format(schema=schema) + "specialists:\n")
    file = read_yaml_file(path)
    entries = _entries(file)
    if name in entries:
        raise RegistryError(
            f"{path}:{file.line_of('specialists', name)}: specialists.{name} stands here already; "
            "remove it first or choose another name"
        )
    lines = path.read_text("utf-8").splitlines(keepends=True)
    if "specialists" not in file.values:
        lines.append("specialists:\n")
        at = len(lines)
    else:
        at = _end_of_block(lines, file.line_of("specialists") - 1)
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    indent = _indent_of(lines, file) or "  "
    block = "".join(f"{indent}{line}\n" for line in _dumped({name: dict(values)}).splitlines())
    text = "".join([*lines[:at], block, *lines[at:]])
    _check_and_replace(path, text, wanted={**entries, name: dict(values)})


def remove_entry(path: Path, name: str) -> None:
    """Takes out the entry and the comments inside it. Raises `RegistryError`."""
    file = read_yaml_file(path)
    entries = _entries(file)
    if name not in entries:
        raise RegistryError(f"{path}: there is no specialists.{name}; nothing was changed")
    lines = path.read_text("utf-8").splitlines(keepends=True)
    start = file.line_of("specialists", name) - 1
    text = "".join([*lines[:start], *lines[_end_of_block(lines, start) :]])
    wanted = {other: values for other, values in entries.items() if other != name}
    _check_and_replace(path, text, wanted=wanted)


def _dumped(values: Mapping[str, object]) -> str:
    """As YAML; all in ASCII where a value holds one of the line ends that only Unicode knows."""
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    if any(end in text for end in "\x85\u2028\u2029"):
        text = yaml.safe_dump(values, sort_keys=False)
    return text


def _entries(file: YamlFile) -> dict[str, object]:
    entries = file.values.get("specialists") or {}
    if not isinstance(entries, dict):
        raise RegistryError(f"{file.path}:{file.line_of('specialists')}: expected entries here")
    return entries


def _end_of_block(lines: list[str], start: int) -> int:
    """The line after the last one that belongs to the key in line `start`: blank lines and
    comments at its end are left to what follows."""
    depth = _depth(lines[start])
    end = start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if not line.strip() or (line.lstrip().startswith("#") and _depth(line) <= depth):
            continue
        if _depth(line) <= depth:
            break
        end = number + 1
    return end


def _indent_of(lines: list[str], file: YamlFile) -> str:
    for name in _entries(file):
        line = lines[file.line_of("specialists", name) - 1]
        return line[: _depth(line)]
    return ""


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _check_and_replace(path: Path, text: str, *, wanted: Mapping[str, object]) -> None:
    by_hand = f"{path}: this file cannot be edited line by line; please edit it by hand"
    try:
        found = _entries(parse_yaml(text, path))
    except RegistryError as error:
        raise RegistryError(by_hand) from error
    if found != wanted:
        raise RegistryError(by_hand)
    _replace(path, text)


def _replace(path: Path, text: str) -> None:
    """In one step, so that nobody reads half of it."""
    real = path.resolve()
    handle, draft = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            Path(draft).chmod(real.stat().st_mode & 0o777)
        Path(draft).replace(real)
    except OSError as error:
        raise RegistryError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
