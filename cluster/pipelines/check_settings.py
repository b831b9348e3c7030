"""Whether a setting of a step, and what it says of its tries, can be as written. Pure."""

from collections.abc import Mapping
from typing import Any, get_args

from cluster.pipelines.findings import listed
from cluster.pipelines.pipeline import OnRefuse, Setting, StepKind
from cluster.pipelines.wires import parse_ref
from cluster.registry import nearest

POLICY_KEYS = ("retry", "wait_s", "timeout_s", "on_refuse", "cache")
_MAX_RETRY = 10
_WORDS: Mapping[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "a flag"}


def setting_problem(setting: Setting, value: Any) -> str:
    """Why the value cannot stand there, nothing when it can."""
    if isinstance(value, str) and parse_ref(value):
        return f"this stands in the file and cannot be wired; write a value, or ${value} for text"
    if setting.kind is object:
        return ""
    kinds: tuple[type, ...] = (int, float) if setting.kind is float else (setting.kind,)
    if type(value) not in kinds:
        return f"expected {_WORDS[setting.kind]}, found {value!r:.60}"
    if setting.choices and value not in setting.choices:
        hint = nearest(value, setting.choices)
        return f"{value!r} is none of {listed(setting.choices)}{hint}"
    if setting.least is not None and value < setting.least:
        return f"at least {setting.least:g} is possible, found {value}"
    if setting.most is not None and value > setting.most:
        return f"at most {setting.most:g} is possible, found {value}"
    return ""


def policy_problem(kind: StepKind, name: str, value: Any) -> str:
    """The same for one of `POLICY_KEYS`."""
    match name:
        case "retry":
            whole = isinstance(value, int) and not isinstance(value, bool)
            good = whole and 0 <= value <= _MAX_RETRY
            return "" if good else f"how many more times, 0 to {_MAX_RETRY}; found {value!r:.60}"
        case "wait_s" | "timeout_s":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if number and value > 0 else f"seconds, more than 0; found {value!r:.60}"
        case "on_refuse":
            words = get_args(OnRefuse)
            if value not in words:
                hint = nearest(value, words) if isinstance(value, str) else ""
                return f"{value!r:.60} is none of {listed(words)}{hint}"
            return "" if kind.refuses else f"{kind.name} never refuses; remove this"
        case _:
            if not isinstance(value, bool):
                return f"expected true or false, found {value!r:.60}"
            if value and not kind.cacheable:
                return f"what {kind.name} gives depends on more than its inputs; remove this"
            return ""
