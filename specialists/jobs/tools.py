"""The tools that a caller allows, read from JSON and checked.

It stands alone because everything after it may then trust the declarations: a name is a name, a
type is one of four, an enumeration holds values of its type. It knows no request and no verdict.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from specialists.errors import JobError
from specialists.jobs.encodable import check_encodable

ArgumentType = Literal["string", "integer", "number", "boolean"]
Value = str | int | float | bool

MOST_TOOLS, MOST_ARGUMENTS, MOST_VALUES = 64, 16, 64
MOST_DESCRIPTION = 1_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_NAMED = "letters, digits, '_', '.' and '-', at most 64, a letter or '_' first"
_TOOL_KEYS, _ARGUMENT_KEYS = (
    ("name", "description", "args"),
    (
        "type",
        "description",
        "enum",
        "required",
    ),
)
_PYTHON: Mapping[ArgumentType, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """`values` are the declared ones; without them the value is looked for in the request."""

    name: str
    type: ArgumentType
    description: str
    values: tuple[Value, ...]
    required: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    name: str
    description: str
    arguments: tuple[Argument, ...]


def read_tools(value: object, *, job: str) -> tuple[Tool, ...]:
    """The tools in their order. Raises `JobError` with the place of what is wrong."""
    where = f"{job}: tools"
    if not isinstance(value, list | tuple):
        raise JobError(f"{where} must be a list of tools, not {type(value).__name__}")
    if len(value) > MOST_TOOLS:
        raise JobError(f"{where}: {len(value)} tools are too many; give at most {MOST_TOOLS}")
    tools = tuple(_tool(one, f"{where}[{place}]") for place, one in enumerate(value))
    names = [tool.name for tool in tools]
    for name in names:
        if names.count(name) > 1:
            raise JobError(f"{where}: two tools are named {name!r}; give each a name of its own")
    return tools


def is_of(value: object, kind: ArgumentType) -> bool:
    """Whether a value is of a declared type; true and false are no numbers."""
    if isinstance(value, bool):
        return kind == "boolean"
    fits = isinstance(value, _PYTHON[kind])
    return fits and not (isinstance(value, float) and not math.isfinite(value))


def _tool(value: object, where: str) -> Tool:
    fields = _fields(value, _TOOL_KEYS, where)
    name = _name(fields.get("name"), f"{where}: name")
    arguments = fields.get("args", {})
    if not isinstance(arguments, Mapping) or len(arguments) > MOST_ARGUMENTS:
        raise JobError(
            f"{where}: args must be an object of at most {MOST_ARGUMENTS} arguments, each with "
            "type and description"
        )
    return Tool(
        name=name,
        description=_description(fields, where),
        arguments=tuple(_argument(key, one, f"{where}.args") for key, one in arguments.items()),
    )


def _argument(key: object, value: object, where: str) -> Argument:
    name = _name(key, f"{where}: the name of an argument")
    where = f"{where}.{name}"
    fields = _fields(value, _ARGUMENT_KEYS, where)
    kind = fields.get("type", "string")
    if not isinstance(kind, str) or kind not in get_args(ArgumentType):
        raise JobError(f"{where}: type must be one of {', '.join(get_args(ArgumentType))}")
    required = fields.get("required", False)
    if not isinstance(required, bool):
        raise JobError(f"{where}: required must be true or false")
    declared = cast(ArgumentType, kind)
    return Argument(
        name=name,
        type=declared,
        description=_description(fields, where),
        values=_values(fields["enum"], declared, where) if "enum" in fields else (),
        required=required,
    )


def _values(value: object, kind: ArgumentType, where: str) -> tuple[Value, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_VALUES:
        raise JobError(f"{where}: enum must be a list of 1 to {MOST_VALUES} values")
    if not all(is_of(one, kind) for one in value) or len(set(value)) < len(value):
        raise JobError(f"{where}: the values of enum must be of type {kind} and all differ")
    if any(isinstance(one, str) and not 0 < len(one) <= MOST_DESCRIPTION for one in value):
        raise JobError(f"{where}: a value of enum has 1 to {MOST_DESCRIPTION} characters")
    for one in value:
        check_encodable(str(one), f"{where}: enum")
    return tuple(value)


def _fields(value: object, known: Sequence[str], where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise JobError(f"{where} must be an object with {', '.join(known)}")
    unknown = [str(key)[:40] for key in value if key not in known]
    if unknown:
        raise JobError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(known)}")
    return value


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise JobError(f"{where} must be made of {_NAMED}")
    return value


def _description(fields: Mapping[str, Any], where: str) -> str:
    value = fields.get("description", "")
    if not isinstance(value, str) or len(value) > MOST_DESCRIPTION:
        raise JobError(
            f"{where}: description must be a text of at most {MOST_DESCRIPTION} characters"
        )
    return value
