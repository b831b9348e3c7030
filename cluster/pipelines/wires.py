"""How a value reaches a step: by the name of an input or step, as a literal, or put together.

`$found` is the result of the step or the input called found, `$answer.text` one field of it, and
`$$` a dollar sign. It stands alone because this is the whole of the language: there is nothing
here to compute with.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.errors import RowError
from cluster.pipelines.types import Type, fits
from cluster.pipelines.values import from_json, read_field

NAME = r"[a-z][a-z0-9_]{0,63}"
_REF = re.compile(rf"\$({NAME})((?:\.{NAME})*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """The result of `name`, or a field of it. `narrows_to` are the types of which the row must show
    one, where the type on paper does not settle it."""

    name: str
    fields: tuple[str, ...] = ()
    narrows_to: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return "$" + ".".join((self.name, *self.fields))


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    """A value that stands in the file."""

    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class ListWire:
    """Several values as a list."""

    items: tuple["Wire", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordWire:
    """Several values under names."""

    items: tuple[tuple[str, "Wire"], ...]


Wire = Ref | Literal | ListWire | RecordWire


def parse_ref(text: str) -> Ref | None:
    """The reference that `text` is, None when it is none."""
    found = _REF.fullmatch(text)
    if found is None:
        return None
    return Ref(name=found[1], fields=tuple(found[2].split(".")[1:]))


def looks_like_ref(value: object) -> bool:
    """Whether it begins like one; `$$` does not."""
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def unescape(text: str) -> str:
    return text[1:] if text.startswith("$$") else text


def references(value: object) -> set[str]:
    """The names that a value from a file may refer to, however deep."""
    if isinstance(value, str):
        ref = parse_ref(value)
        return {ref.name} if ref else set()
    if isinstance(value, Mapping):
        return set().union(*map(references, value.values())) if value else set()
    if isinstance(value, list | tuple):
        return set().union(*map(references, value)) if value else set()
    return set()


def needs_narrowing(wanted: Type, found: Type) -> bool:
    """Whether the value is looked at once more when the row is there."""
    if found.name == "json":
        return wanted.name != "json"
    if (wanted.name, found.name) == ("text", "path"):
        return True
    if wanted.of and found.of:
        return needs_narrowing(wanted.of, found.of)
    if wanted.name == "passage" and found.name == "judged":
        return False
    return fits(wanted, found) and bool(wanted.fields and not found.fields)


def resolve(wire: Wire, scope: Mapping[str, Any]) -> Any:
    """The value, from those that the scope holds. Raises `RowError`."""
    match wire:
        case Ref():
            value = scope[wire.name]
            for name in wire.fields:
                value = read_field(value, name, str(wire))
            return _narrowed(value, wire) if wire.narrows_to else value
        case Literal():
            return wire.value
        case ListWire():
            return tuple(resolve(item, scope) for item in wire.items)
        case RecordWire():
            return {name: resolve(item, scope) for name, item in wire.items}


def _narrowed(value: object, ref: Ref) -> Any:
    """As the first of the types that it can be. Raises what the first of them says otherwise."""
    first: RowError | None = None
    for wanted in ref.narrows_to:
        try:
            return from_json(value, wanted, str(ref))
        except RowError as error:
            first = first or error
    assert first is not None, "a type is wanted"
    raise first
