"""Texts with named places: `{name}` is filled with the value of that name, and nothing else is.

Pure. Values are put in once and never read again for places of their own, so a passage that
holds `{question}` stays as it is.
"""

import re
from collections.abc import Iterator, Mapping

from cluster.pipelines.types import Type
from cluster.pipelines.wires import NAME
from cluster.records import Answer, JudgedPassage, Passage
from cluster.registry import nearest

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(NAME)
FILLABLE = ("text", "number", "flag", "path", "passage", "judged", "answer", "json")


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its values; lists stand line by line."""

    def put(place: re.Match[str]) -> str:
        whole = place.group()
        return whole[0] if whole in ("{{", "}}") else as_text(values[place[1]])

    return _PLACE.sub(put, text)


def as_text(value: object) -> str:
    """A value as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, JudgedPassage):
        return value.passage.text
    if isinstance(value, Passage | Answer):
        return value.text
    if isinstance(value, tuple | list):
        return "\n".join(map(as_text, value))
    return "" if value is None else str(value)


def placeholders(text: str) -> tuple[str, ...]:
    """The names in the order they stand."""
    return tuple(p[1] for p in _PLACE.finditer(text) if p[1] is not None)


def template_problems(text: str, values: Mapping[str, Type]) -> tuple[tuple[str, str], ...]:
    """(key, sentence) of everything that keeps the text from being filled with these values."""
    return tuple(_problems(text, values))


def _problems(text: str, values: Mapping[str, Type]) -> Iterator[tuple[str, str]]:
    for place in _PLACE.finditer(text):
        if place.group() in ("{", "}"):
            yield "text", f"a lone {place.group()!r}; write {place.group() * 2!r} for a brace"
    named = placeholders(text)
    for name in named:
        if not _NAME.fullmatch(name):
            yield (
                "text",
                f"{{{name}}} is no name; a template fills in named values and computes nothing",
            )
        elif name not in values:
            hint = nearest(name, values) or f"; add it to values: {{{name}: $...}}"
            yield "text", f"{{{name}}} has no value{hint}"
    for name, of in values.items():
        if name not in named:
            yield f"values.{name}", f"the text has no {{{name}}}; use it or remove it"
        inner = of.of or of
        if inner.name not in FILLABLE:
            yield f"values.{name}", f"{of} cannot be put into a text; name one of its fields"
