"""What a value must be: the few conditions that a check step and an expectation can state.

Pure. A closed set, so that no expression of a file is ever computed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.errors import RowError
from cluster.pipelines.types import Type
from cluster.pipelines.values import from_json, to_json, type_of
from specialists.sentences import split_sentences


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """`kind` is one of `CONDITIONS`, `wanted` what stands beside it."""

    kind: str
    wanted: Any

    def problem(self, value: object) -> str:
        """Why the value does not meet it, nothing when it does."""
        looked_at = str(value) if isinstance(value, Path) else value
        try:
            holds = CONDITIONS[self.kind].holds(looked_at, self.wanted)
        except TypeError:
            # What is `json` on paper may turn out to be anything.
            return f"cannot be asked for {self.kind}: it is a {type_of(value)}"
        return "" if holds else self._said(value)

    def _said(self, value: object) -> str:
        shown = repr(to_json(value))
        shown = shown if len(shown) <= 120 else f"{shown[:117]}..."
        return f"must be {CONDITIONS[self.kind].words} {self.wanted!r}, and is {shown}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionKind:
    """`takes` are types it can be asked of, `wants` the class of what stands beside it."""

    words: str
    takes: frozenset[str]
    wants: tuple[type, ...]
    holds: Callable[[Any, Any], bool]


def _contains(value: Any, wanted: str) -> bool:
    if isinstance(value, str):
        return wanted.casefold() in value.casefold()
    if isinstance(value, Mapping):
        return wanted in value
    return any(wanted == v or _text_of(v) == wanted for v in value)


def _text_of(value: object) -> object:
    return getattr(getattr(value, "passage", value), "text", value)


def _size(value: Any) -> Any:
    return value if isinstance(value, int | float) else len(value)


_SIZED = frozenset(("list", "text", "record", "json", "number"))
_ALL = _SIZED | {"flag", "path", "passage", "judged", "verdict", "answer"}
CONDITIONS: Mapping[str, ConditionKind] = {
    "equals": ConditionKind(
        words="equal to",
        takes=_ALL,
        wants=(str, int, float, bool, list, dict, type(None)),
        holds=lambda value, wanted: bool(to_json(value) == wanted),
    ),
    "one_of": ConditionKind(
        words="one of",
        takes=frozenset(("text", "number", "path", "json")),
        wants=(list,),
        holds=lambda value, wanted: value in wanted,
    ),
    "contains": ConditionKind(
        words="something that contains",
        takes=frozenset(("text", "path", "list", "record", "json")),
        wants=(str,),
        holds=_contains,
    ),
    "lacks": ConditionKind(
        words="without",
        takes=frozenset(("text", "path", "list", "record", "json")),
        wants=(str,),
        holds=lambda value, wanted: not _contains(value, wanted),
    ),
    "at_least": ConditionKind(
        words="at least",
        takes=_SIZED,
        wants=(int, float),
        holds=lambda value, wanted: bool(_size(value) >= wanted),
    ),
    "at_most": ConditionKind(
        words="at most",
        takes=_SIZED,
        wants=(int, float),
        holds=lambda value, wanted: bool(_size(value) <= wanted),
    ),
}


def condition_problem(condition: Condition, of: Type) -> str:
    """Why this cannot be asked of values of this type, nothing when it can."""
    kind = CONDITIONS[condition.kind]
    if ("list" if of.of else of.name) not in kind.takes:
        return f"cannot be asked of {of}; name one of its fields"
    wanted = condition.wanted
    if not isinstance(wanted, kind.wants) or (isinstance(wanted, bool) and bool not in kind.wants):
        words = " or ".join(_WORDS[c] for c in kind.wants)
        return f"expected {words} here, found {wanted!r}"
    if condition.kind == "equals" and of.name in ("text", "number", "flag"):
        try:
            from_json(wanted, of, "equals")
        except RowError:
            return f"{wanted!r} never equals a {of}"
    return ""


_WORDS: Mapping[type, str] = {
    str: "text",
    int: "a number",
    float: "a fraction",
    bool: "a flag",
    list: "a list",
    dict: "a record",
    type(None): "null",
}


def unsupported(text: str, passages: tuple[Any, ...]) -> str:
    """The first sentence of `text` that stands in none of the passages word for word, marks such
    as [1] aside; nothing when all do."""
    read = [" ".join(str(_text_of(p)).split()).casefold() for p in passages]
    for start, end in split_sentences(_without_marks(text)):
        sentence = " ".join(_without_marks(text)[start:end].split())
        if not any(sentence.casefold() in passage for passage in read):
            return sentence
    return ""


def _without_marks(text: str) -> str:
    lines = (line.rpartition(" [")[0] if _marked(line) else line for line in text.splitlines())
    return "\n\n".join(lines)


def _marked(line: str) -> bool:
    head, _, tail = line.rpartition(" [")
    return bool(head) and tail.endswith("]") and tail[:-1].isdigit()
