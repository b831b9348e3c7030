"""The types of the values that travel through a pipeline, and which of them fits where.

A closed set: ten names and lists of them. It stands alone because files, Python code and the
checker must mean the same by `list of passage`. It knows no values; those are in `values.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Name = Literal[
    "text", "number", "flag", "path", "passage", "judged", "verdict", "answer", "record", "json"
]
_LIST = "list of "


@dataclass(frozen=True, slots=True)
class Type:
    """`of` is set for lists alone; `fields` for records whose fields are known."""

    name: str
    of: "Type | None" = None
    fields: tuple[tuple[str, "Type"], ...] = ()

    def __str__(self) -> str:
        return f"{_LIST}{self.of}" if self.of else self.name

    @property
    def known_fields(self) -> dict[str, "Type"]:
        """What may follow the dot; empty also where anything may (`is_open`)."""
        if self.of:
            return {"count": NUMBER}
        return dict(self.fields) or dict(_FIELDS.get(self.name, {}))

    @property
    def is_open(self) -> bool:
        """Whether its fields are known only when a row is there."""
        return self.name == "json" or (self.name == "record" and not self.fields)


def list_of(item: Type) -> Type:
    return Type("list", of=item)


TEXT, NUMBER, FLAG, PATH = Type("text"), Type("number"), Type("flag"), Type("path")
PASSAGE, JUDGED, VERDICT, ANSWER = (
    Type("passage"),
    Type("judged"),
    Type("verdict"),
    Type("answer"),
)
RECORD, JSON = Type("record"), Type("json")
ANY_LIST = list_of(JSON)
PASSAGES, JUDGED_LIST, TEXTS = list_of(PASSAGE), list_of(JUDGED), list_of(TEXT)
_NAMED = {
    t.name: t for t in (TEXT, NUMBER, FLAG, PATH, PASSAGE, JUDGED, VERDICT, ANSWER, RECORD, JSON)
}
TYPE_WORDS = f"{', '.join(_NAMED)}, and '{_LIST}' any of them"
NAMES = (*_NAMED, *(f"{_LIST}{name}" for name in _NAMED))

_PLACED = {"text": TEXT, "source": TEXT, "heading": TEXT, "line": NUMBER}
_CITATION = Type(
    "record",
    fields=(
        ("quote", TEXT),
        ("source", TEXT),
        ("heading", TEXT),
        ("line", NUMBER),
        ("start", NUMBER),
        ("end", NUMBER),
        ("page", JSON),
        ("score", NUMBER),
    ),
)
FILTERED = Type("record", fields=(("kept", JUDGED_LIST), ("dropped", JUDGED_LIST)))
_FIELDS: Mapping[str, Mapping[str, Type]] = {
    "passage": {**_PLACED, "score": NUMBER},
    "judged": {**_PLACED, "score": NUMBER, "kept": FLAG, "reason": TEXT, "verdict": VERDICT},
    "verdict": {"label": TEXT, "positive": FLAG, "score": NUMBER, "truncated": FLAG},
    "answer": {
        "question": TEXT,
        "text": TEXT,
        "refused": FLAG,
        "reason": TEXT,
        "citations": list_of(_CITATION),
        "passages": JUDGED_LIST,
    },
}
_WIDENS = {("judged", "passage"), ("text", "path"), ("path", "text")}


def parse_type(text: str) -> Type | None:
    """The type of this name, None when there is none."""
    if text.startswith(_LIST):
        inner = parse_type(text.removeprefix(_LIST))
        return list_of(inner) if inner else None
    return _NAMED.get(text)


def fits(wanted: Type, found: Type) -> bool:
    """Whether a value of type `found` may go where `wanted` is. What is `json` fits anywhere on
    paper and is looked at when the row is there."""
    if "json" in (wanted.name, found.name):
        return True
    if wanted.of and found.of:
        return fits(wanted.of, found.of)
    if (found.name, wanted.name) in _WIDENS:
        return True
    if wanted.name != found.name:
        return False
    given = dict(found.fields)
    return not (wanted.fields and given) or all(
        name in given and fits(inner, given[name]) for name, inner in wanted.fields
    )


def common(types: list[Type]) -> Type:
    """The narrowest type that all of them fit; `json` when they have nothing in common."""
    for candidate in types:
        if all(fits(candidate, t) and t.name != "json" for t in types):
            return candidate
    return JSON
