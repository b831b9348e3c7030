"""A YAML file with its line numbers, read without trusting it.

Plain values only: no tags, no anchors, no code; `${env.NAME}` is the one thing that is filled
in, and only where the kind of file allows it. It knows nothing about specialists.
"""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster.errors import ClusterError, RegistryError

MAX_FILE_BYTES = 1024 * 1024
_PLAIN_TAGS = {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value"}
_MOST_BITS = 4_096
_FILLED_IN = re.compile(r"\$\{([^}]*)\}")

Key = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKind:
    """What a file is meant to be: the class of its errors, the words of their messages, and
    whether the environment is filled in."""

    error: type[ClusterError]
    noun: str
    opening: str
    remedy: str
    fills_in: bool


REGISTRY = FileKind(
    error=RegistryError,
    noun="registry",
    opening="'specialists:' and entries below it",
    remedy="name another or write it (qshell registry --help)",
    fills_in=True,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class YamlFile:
    """The values of a file, and the 1-based line of each key (a tuple of keys from the top)."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[Key, int]

    def line_of(self, *key: object) -> int:
        """The line of this key, or of the nearest one above it."""
        for length in range(len(key), 0, -1):
            line = self.lines.get(tuple(key[:length]))  # type: ignore[arg-type]  # any key may be asked for
            if line is not None:
                return line
        return 1


def read_yaml_file(path: Path, kind: FileKind = REGISTRY) -> YamlFile:
    """Raises the error of its kind with file and line."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise kind.error(f"{path}: over {MAX_FILE_BYTES} bytes; this is no {kind.noun}")
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise kind.error(f"{path}: there is no such file; {kind.remedy}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise kind.error(f"{path}: cannot be read ({error})") from error
    return parse_yaml(text, path, kind)


def parse_yaml(text: str, path: Path, kind: FileKind = REGISTRY) -> YamlFile:
    """The same for text that would stand at `path`."""
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            reading = _Reading(path, loader, kind)
            values = {} if node is None else reading.value_of(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise kind.error(f"{path}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise kind.error(f"{path}: not YAML ({str(error).splitlines()[0]})") from error
    except RecursionError as error:
        raise kind.error(f"{path}: nested too deeply to be a {kind.noun}") from error
    if not isinstance(values, dict):
        raise kind.error(f"{path}:1: expected {kind.opening}")
    return YamlFile(path=path, values=values, lines=reading.lines)


class _Reading:
    def __init__(self, path: Path, loader: yaml.SafeLoader, kind: FileKind) -> None:
        self.path = path
        self.loader = loader
        self.kind = kind
        self.lines: dict[Key, int] = {}
        self._seen: set[int] = set()

    def value_of(self, node: yaml.Node, key: Key) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(key, line)
        if id(node) in self._seen:
            raise self.kind.error(
                f"{self.path}:{line}: anchors and aliases (&, *) are not read here; write it out"
            )
        self._seen.add(id(node))
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
            raise self.kind.error(f"{self.path}:{line}: tags ({node.tag}) are not read here")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.value_of(item, (*key, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            name = str(name_node.value)
            if not isinstance(name_node, yaml.ScalarNode) or name == "<<":
                raise self.kind.error(f"{self.path}:{line}: a key must be a plain word")
            if name in values:
                first = self.lines[(*key, name)]
                raise self.kind.error(
                    f"{self.path}:{line}: {'.'.join(map(str, (*key, name)))}: stands here twice, "
                    f"first in line {first}; remove one"
                )
            self.lines[(*key, name)] = line
            values[name] = self.value_of(value_node, (*key, name))
        return values

    def _scalar(self, node: yaml.Node, line: int) -> Any:
        try:
            value = self.loader.construct_object(node)
        except ValueError as error:
            raise self.kind.error(
                f"{self.path}:{line}: {str(node.value)[:40]} is no value that can be read; put it "
                "in quotes"
            ) from error
        if isinstance(value, str):
            if not self.kind.fills_in:
                return value
            return _FILLED_IN.sub(lambda match: self._fill_in(match, line), value)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.kind.error(f"{self.path}:{line}: {node.value} is no number to count with")
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise self.kind.error(f"{self.path}:{line}: that number is too large to count with")
        if value is None or isinstance(value, bool | int | float):
            return value
        return str(node.value)

    def _fill_in(self, match: re.Match[str], line: int) -> str:
        name = match[1]
        if not name.startswith("env."):
            raise self.kind.error(
                f"{self.path}:{line}: {match[0]}: only ${{env.NAME}} is filled in here"
            )
        value = os.environ.get(name.removeprefix("env."))
        if value is None:
            raise self.kind.error(
                f"{self.path}:{line}: {match[0]}: the environment has no "
                f"{name.removeprefix('env.')}; set it or write the value"
            )
        return value
