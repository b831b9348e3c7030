"""Whether what is written for an input of a step can be there: references, literals, and both
put together.

Pure. It decides the type of everything before a row is there; what only a row can show is marked
on the reference (`narrows_to`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cluster.errors import RowError
from cluster.pipelines.findings import Findings, listed
from cluster.pipelines.paths import path_problem
from cluster.pipelines.types import (
    FLAG,
    JSON,
    NUMBER,
    PATH,
    RECORD,
    TEXT,
    Type,
    common,
    fits,
    list_of,
)
from cluster.pipelines.values import from_json
from cluster.pipelines.wires import (
    ListWire,
    Literal,
    RecordWire,
    Wire,
    looks_like_ref,
    needs_narrowing,
    parse_ref,
    unescape,
)
from cluster.registry import nearest
from cluster.registry_file import Key

Scope = Mapping[str, Type | None]
"""The names that may be used here; None where a mistake hides the type."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wired:
    """A wire with its type on paper."""

    wire: Wire
    type: Type


@dataclass(kw_only=True, slots=True)
class WireCheck:
    """Says to `findings` what is wrong, and then gives None."""

    findings: Findings

    def check(
        self, value: object, accepts: tuple[Type, ...], scope: Scope, key: Key
    ) -> Wired | None:
        """What the value means where one of `accepts` is wanted."""
        if looks_like_ref(value):
            assert isinstance(value, str)
            return self._reference(value, accepts, scope, key)
        if isinstance(value, list) and _has_reference(value):
            return self._list(value, accepts, scope, key)
        if isinstance(value, dict) and _has_reference(value):
            return self._record(value, accepts, scope, key)
        return self._literal(value, accepts, key)

    def field_type(self, of: Type, fields: tuple[str, ...], whole: str, key: Key) -> Type | None:
        """The type of `.a.b` of a value."""
        for name in fields:
            if of.is_open:
                return JSON
            known = of.known_fields
            if name not in known:
                self.findings.say(
                    key,
                    f"{whole}: {of} has no {name!r}{nearest(name, known)}; it has {listed(known)}",
                )
                return None
            of = known[name]
        return of

    def _reference(
        self, text: str, accepts: tuple[Type, ...], scope: Scope, key: Key
    ) -> Wired | None:
        ref = parse_ref(text)
        if ref is None:
            self.findings.say(key, _no_reference(text))
            return None
        if ref.name not in scope:
            self.findings.say(
                key,
                f"nothing is called ${ref.name}{nearest(ref.name, scope)}; "
                f"known here: {listed(scope)}",
            )
            return None
        whole = scope[ref.name]
        found = whole and self.field_type(whole, ref.fields, text, key)
        if found is None:
            return None
        fitting = tuple(wanted for wanted in accepts if fits(wanted, found))
        if fitting:
            settled = not all(needs_narrowing(wanted, found) for wanted in fitting)
            return Wired(wire=replace(ref, narrows_to=() if settled else fitting), type=found)
        hint = next(
            (
                f"; did you mean {ref}.{name}?"
                for name, inner in found.known_fields.items()
                if any(fits(wanted, inner) and inner != JSON for wanted in accepts)
            ),
            "",
        )
        self.findings.say(key, f"{ref} is {found}, wanted is {_either(accepts)}{hint}")
        return None

    def _list(
        self, values: list[object], accepts: tuple[Type, ...], scope: Scope, key: Key
    ) -> Wired | None:
        wanted = next((t for t in accepts if t.of or t == JSON), None)
        if wanted is None:
            self.findings.say(key, f"a list stands here, wanted is {_either(accepts)}")
            return None
        inner = (wanted.of or JSON,)
        items = [self.check(v, inner, scope, (*key, i)) for i, v in enumerate(values)]
        if not all(items):
            return None
        wired = [item for item in items if item]
        return Wired(
            wire=ListWire(items=tuple(w.wire for w in wired)),
            type=list_of(common([w.type for w in wired])),
        )

    def _record(
        self, values: dict[str, object], accepts: tuple[Type, ...], scope: Scope, key: Key
    ) -> Wired | None:
        if not any(t.name in ("record", "json") for t in accepts):
            self.findings.say(key, f"a record stands here, wanted is {_either(accepts)}")
            return None
        items = {n: self.check(v, (JSON,), scope, (*key, n)) for n, v in values.items()}
        if not all(items.values()):
            return None
        wired = [(name, item) for name, item in items.items() if item]
        return Wired(
            wire=RecordWire(items=tuple((n, w.wire) for n, w in wired)),
            type=Type("record", fields=tuple((n, w.type) for n, w in wired)),
        )

    def _literal(self, value: object, accepts: tuple[Type, ...], key: Key) -> Wired | None:
        plain = _unescaped(value)
        first: RowError | None = None
        for wanted in accepts:
            try:
                found = from_json(plain, wanted, "value")
            except RowError as error:
                first = first or error
                continue
            if wanted == PATH and (problem := path_problem(found)):
                self.findings.say(key, f"{found!r}: {problem}")
                return None
            of = infer(plain) if wanted in (JSON, RECORD) else wanted
            return Wired(wire=Literal(value=found), type=of)
        said = str(first).removeprefix("value").lstrip(": ")
        name = plain if isinstance(plain, str) else ""
        self.findings.say(key, said + (f" (for the value of {name}, write ${name})" * bool(name)))
        return None


def infer(value: object) -> Type:
    """The type of a plain value."""
    if isinstance(value, bool):
        return FLAG
    if isinstance(value, str):
        return TEXT
    if isinstance(value, int | float):
        return NUMBER
    if isinstance(value, list):
        return list_of(common([infer(v) for v in value]))
    if isinstance(value, dict):
        return Type("record", fields=tuple((n, infer(v)) for n, v in value.items()))
    return JSON


def _no_reference(text: str) -> str:
    if text.startswith("${"):
        return f"{text}: nothing of the environment is filled into a pipeline"
    return (
        f"{text!r} names nothing; write $name or $name.field in small letters, or $$ for a dollar "
        "sign"
    )


def _either(types: tuple[Type, ...]) -> str:
    return " or ".join(map(str, types))


def _has_reference(value: object) -> bool:
    return any(looks_like_ref(inner) for inner in _flat(value))


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _flat(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner)
    else:
        yield value


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return unescape(value)
    if isinstance(value, list):
        return [_unescaped(v) for v in value]
    if isinstance(value, dict):
        return {name: _unescaped(v) for name, v in value.items()}
    return value
