"""Editing one entry of a registry file line by line, so that every comment stays: it is added, it
is removed, or its examples for the router are changed.

It stands alone because it works on lines, not on values. What comes out is read again before it
takes the file's place: when it does not say exactly what was wanted, the file stays as it was.
"""

import contextlib
import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from cluster.errors import RegistryError
from cluster.registry_file import YamlFile, parse_yaml, read_yaml_file

MODELINE = "# yaml-language-server: $schema={schema}\n"


@contextlib.contextmanager
def editing(path: Path) -> Iterator[None]:
    """One process at a time reads and changes the file; the lock ends with its process. Raises
    `RegistryError` where it cannot be locked."""
    with contextlib.ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            real = path.resolve()
            lock = held.enter_context(real.with_name(f".{real.name}.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            raise RegistryError(f"{path}: cannot be changed ({error.strerror})") from error
        yield


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
    lines = _lines_of(path)
    if "specialists" not in file.values:
        lines.append("specialists:\n")
        at = len(lines)
    else:
        at = _end_of_block(lines, file.line_of("specialists") - 1)
    if at and not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    block = _indented({name: dict(values)}, _depth_of_entries(lines, file) or 2)
    text = "".join([*lines[:at], *block, *lines[at:]])
    _check_and_replace(path, text, wanted={**entries, name: dict(values)})


def remove_entry(path: Path, name: str) -> None:
    """Takes out the entry and the comments inside it. Raises `RegistryError`."""
    file = read_yaml_file(path)
    entries = _entries(file)
    if name not in entries:
        raise RegistryError(f"{path}: there is no specialists.{name}; nothing was changed")
    lines = _lines_of(path)
    start = file.line_of("specialists", name) - 1
    text = "".join([*lines[:start], *lines[_end_of_block(lines, start) :]])
    wanted = {other: values for other, values in entries.items() if other != name}
    _check_and_replace(path, text, wanted=wanted)


def set_examples(path: Path, name: str, examples: Sequence[str]) -> None:
    """Makes `examples` the `route.examples` of an entry; those that stay keep their lines. Raises
    `RegistryError`."""
    file = read_yaml_file(path)
    entries = _entries(file)
    entry = entries.get(name)
    if not isinstance(entry, dict):
        raise RegistryError(f"{path}: there is no specialists.{name}; nothing was changed")
    lines = [line if line.endswith("\n") else f"{line}\n" for line in _lines_of(path)]
    wanted = {**entry, "route": {**(entry.get("route") or {}), "examples": list(examples)}}
    entry_key = ("specialists", name)
    route_key, key = (*entry_key, "route"), (*entry_key, "route", "examples")
    if key in file.lines:
        before = entry["route"]["examples"] or []
        places = [file.line_of(*key, at) - 1 for at in range(len(before))]
        _change_list(
            lines, file.line_of(*key) - 1, dict(zip(before, places, strict=True)), examples
        )
    elif route_key in file.lines:
        _append(lines, file, route_key, {"examples": list(examples)})
    else:
        _append(lines, file, entry_key, {"route": {"examples": list(examples)}})
    _check_and_replace(path, "".join(lines), wanted={**entries, name: wanted})


def _append(
    lines: list[str], file: YamlFile, key: tuple[str, ...], values: Mapping[str, object]
) -> None:
    """At the end of the mapping under `key`."""
    start = file.line_of(*key) - 1
    inner = [line - 1 for other, line in file.lines.items() if other[:-1] == key]
    depth = _depth(lines[inner[0]]) if inner else _depth(lines[start]) + 2
    at = _end_of_block(lines, start)
    lines[at:at] = _indented(values, depth)


def _change_list(
    lines: list[str], at: int, before: Mapping[str, int], after: Sequence[str]
) -> None:
    """The list under the key in line `at`, whose items stand in the lines `before` says. One that
    stands in brackets on the key's own line is written out below it."""
    head, _, rest = lines[at].partition(":")
    new = [text for text in after if text not in before]
    if re.fullmatch(r"\s*\[[^#]*\]\s*", rest):
        lines[at] = f"{head}:\n" if after else f"{head}: []\n"
        lines[at + 1 : at + 1] = _indented(list(after), _depth(head) + 2) if after else []
        return
    if before and new:
        last = max(before.values())
        end = _end_of_block(lines, last)
        lines[end:end] = _indented(new, _depth(lines[last]))
    for text, place in sorted(before.items(), key=lambda item: -item[1]):
        if text not in after:
            del lines[place : _end_of_block(lines, place)]
    if not after:
        lines[at] = f"{head}: []{rest}"


def _indented(values: object, depth: int) -> list[str]:
    return [f"{' ' * depth}{line}\n" for line in _dumped(values).splitlines()]


def _lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines(keepends=True)


def _dumped(values: object) -> str:
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


def _depth_of_entries(lines: list[str], file: YamlFile) -> int:
    for name in _entries(file):
        return _depth(lines[file.line_of("specialists", name) - 1])
    return 0


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
    try:
        json.dumps(wanted, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RegistryError(f"{path}: nothing was changed; that is no text ({error})") from error
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
