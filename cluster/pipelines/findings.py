"""Mistakes in a pipeline, gathered so that all are told at once, each with its place.

It knows no steps and no types; it knows where keys stand.
"""

from collections.abc import Iterable

from cluster.errors import PipelineError
from cluster.registry_file import Key, YamlFile


class Findings:
    """What was found in one file, or in one pipeline made in Python, which has no lines."""

    def __init__(self, file: YamlFile) -> None:
        self._file = file
        self._found: dict[tuple[int, str], None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def say(self, key: Key, sentence: str) -> None:
        """`key` is where, from the top of the file."""
        dotted = ".".join(map(str, key)) or "the file"
        self._found[(self._file.line_of(*key), f"{dotted}: {sentence}")] = None

    def line_of(self, key: Key) -> int:
        return self._file.line_of(*key)

    @property
    def sentences(self) -> tuple[str, ...]:
        """In the order of the file."""
        place = self._file.path
        if not self._file.lines:
            return tuple(f"{place}: {said}" for _, said in self._found)
        ordered = sorted(self._found, key=lambda found: found[0])
        return tuple(f"{place}:{line}: {said}" for line, said in ordered)

    def raise_if_any(self) -> None:
        if self._found:
            raise PipelineError("\n".join(self.sentences))


def listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
