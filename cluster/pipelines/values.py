"""Values of each type, from JSON and to JSON, without loss.

It stands alone because rows, step caches, expectations and literals in files all cross this
border. What is wrong with a value is said in words that name the place inside it.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeGuard

from cluster.errors import RowError
from cluster.pipelines.types import PASSAGE, VERDICT, Type
from cluster.records import Answer, Citation, JudgedPassage, Passage
from specialists.requests import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedPassage(Passage):
    """A passage that came with more than we know of: its `extra` goes out as it came in."""

    extra: Mapping[str, object] = field(default_factory=dict)


def from_json(value: object, wanted: Type, place: str) -> Any:
    """The value as its type; one that already is passes. Raises `RowError` naming `place`."""
    if wanted.of is not None:
        if not isinstance(value, list | tuple):
            raise _unfit(value, wanted, place)
        return tuple(from_json(v, wanted.of, f"{place}[{i}]") for i, v in enumerate(value))
    return _READ[wanted.name](value, wanted, place)


def to_json(value: object) -> Any:
    """Plain JSON. What `from_json` fills in by itself is left out."""
    if type(value) in _PLAIN:
        return value
    write = _WRITE.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, Mapping):
        return {name: to_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(inner) for inner in value]
    if isinstance(value, Path):
        return str(value)
    raise RowError(f"a {type(value).__name__} cannot be written as JSON")


_PLAIN = frozenset((str, bool, int, float, type(None)))


def type_of(value: object) -> str:
    """The word for a value in messages."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list | tuple):
        return "list"
    if isinstance(value, Mapping):
        return "record"
    return "text" if isinstance(value, str) else type(value).__name__


def read_json(text: str | bytes) -> Any:
    """What strict JSON says: neither NaN nor a number that no float holds. Raises `ValueError` or
    `RecursionError`."""
    return json.loads(text, parse_constant=_no_constant, parse_float=_float)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits:.20} is more than a number here may be")
    return number


def read_field(value: object, name: str, place: str) -> Any:
    """What `.name` means of a value. Raises `RowError` when it has no such field."""
    if isinstance(value, Mapping):
        if name not in value:
            raise RowError(f"{place}: the record has no {name!r}; it has {', '.join(value)}")
        return value[name]
    if isinstance(value, JudgedPassage):
        if name == "score":
            return value.verdict.score
        return getattr(value if name in _JUDGED_OWN else value.passage, name)
    if isinstance(value, Passage) and name == "score":
        return value.retrieval_score
    if isinstance(value, Answer) and name == "citations":
        return tuple(_citation(c) for c in value.citations)
    if isinstance(value, tuple | list) and name == "count":
        return len(value)
    if isinstance(value, Passage | Verdict | Answer):
        return getattr(value, name)
    raise RowError(f"{place}: a {type_of(value)} has no {name!r}")


_JUDGED_OWN = {"kept", "reason", "verdict"}


def _unfit(value: object, wanted: Type, place: str) -> RowError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return RowError(f"{place}: expected {wanted}, found {type_of(value)} {shown}")


def _text(value: object, wanted: Type, place: str) -> str:
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str):
        raise _unfit(value, wanted, place)
    return value


def _number(value: object, wanted: Type, place: str) -> int | float:
    if not _finite(value):
        raise _unfit(value, wanted, place)
    return value


def _flag(value: object, wanted: Type, place: str) -> bool:
    if not isinstance(value, bool):
        raise _unfit(value, wanted, place)
    return value


def _path(value: object, wanted: Type, place: str) -> str | Path:
    """A `Path` comes from the program or the command line, text from a file or a row."""
    return value if isinstance(value, Path) else _text(value, wanted, place)


def _passage(value: object, wanted: Type, place: str) -> Passage:
    if isinstance(value, Passage):
        return value
    if isinstance(value, JudgedPassage):
        return value.passage
    if isinstance(value, str):
        return Passage(text=value, source="", start=0, end=len(value), line=1)
    if not isinstance(value, Mapping) or not isinstance(value.get("text"), str):
        raise RowError(f"{place}: a passage is text, or a record with 'text'; found {value!r:.60}")
    text = value["text"]
    known: dict[str, Any] = {"text": text, "source": "", "start": 0, "end": len(text), "line": 1}
    extra = {}
    for name, inner in value.items():
        check = _PASSAGE_KEYS.get(name)
        if check is None:
            extra[name] = inner
        elif not check(inner):
            raise RowError(f"{place}.{name}: {inner!r:.60} is not what a passage has there")
        else:
            known[name] = inner
    if _finite(extra.get("score")):  # what a retriever calls its own, and what `.score` reads
        known.setdefault("retrieval_score", extra["score"])
    return CarriedPassage(**known, extra=extra) if extra else Passage(**known)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _finite(value: object) -> TypeGuard[int | float]:
    """A number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


_VERDICT_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "label": lambda v: isinstance(v, str),
    "positive": lambda v: isinstance(v, bool),
    "score": _finite,
    "logits": lambda v: all(map(_finite, v)),
    "truncated": lambda v: isinstance(v, bool),
    "tokens": _whole,
    "query_truncated": lambda v: isinstance(v, bool),
}
_PASSAGE_KEYS: Mapping[str, Callable[[object], bool]] = {
    "text": lambda v: isinstance(v, str),
    "source": lambda v: isinstance(v, str),
    "heading": lambda v: isinstance(v, str),
    "start": _whole,
    "end": _whole,
    "line": _whole,
    "page": lambda v: v is None or _whole(v),
    "retrieval_score": lambda v: isinstance(v, int | float),
}
_PASSAGE_DEFAULTS = {
    "source": "",
    "heading": "",
    "start": 0,
    "line": 1,
    "page": None,
    "retrieval_score": 0.0,
}


def _passage_json(passage: Passage) -> dict[str, Any]:
    values: dict[str, Any] = {"text": passage.text}
    for name, default in _PASSAGE_DEFAULTS.items():
        value = getattr(passage, name)
        if value != default:
            values[name] = value
    if passage.end != len(passage.text):
        values["end"] = passage.end
    return values


def _carried_json(passage: CarriedPassage) -> dict[str, Any]:
    return {**_passage_json(passage), **passage.extra}


def _verdict(value: object, wanted: Type, place: str) -> Verdict:
    if isinstance(value, Verdict):
        return value
    if not isinstance(value, Mapping):
        raise _unfit(value, wanted, place)
    try:
        verdict = Verdict(**{**value, "logits": tuple(value["logits"])})
    except (TypeError, KeyError) as error:
        raise _unfit(value, wanted, place) from error
    for name, suits in _VERDICT_FIELDS.items():
        if not suits(getattr(verdict, name)):
            raise _unfit(getattr(verdict, name), wanted, f"{place}.{name}")
    return verdict


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "label": verdict.label,
        "positive": verdict.positive,
        "score": verdict.score,
        "logits": list(verdict.logits),
        "truncated": verdict.truncated,
        "tokens": verdict.tokens,
        "query_truncated": verdict.query_truncated,
    }


def _judged(value: object, wanted: Type, place: str) -> JudgedPassage:
    if isinstance(value, JudgedPassage):
        return value
    if not isinstance(value, Mapping) or "verdict" not in value:
        raise _unfit(value, wanted, place)
    given = value.get("given", {})
    if not isinstance(given, Mapping):
        raise _unfit(given, wanted, f"{place}.given")
    rest = {**{k: v for k, v in value.items() if k not in _JUDGED_KEYS}, **given}
    verdict = _verdict(value["verdict"], VERDICT, f"{place}.verdict")
    return JudgedPassage(
        passage=_passage(rest, PASSAGE, place),
        verdict=verdict,
        kept=bool(value.get("kept", verdict.positive)),
        reason=str(value.get("reason", "")),
    )


_JUDGED_KEYS = ("verdict", "kept", "reason", "given")


def _judged_json(judged: JudgedPassage) -> dict[str, Any]:
    """Keys that a passage brought and that mean something else here stand under `given`."""
    values = to_json(judged.passage)
    given = {name: values.pop(name) for name in _JUDGED_KEYS if name in values}
    values["kept"] = judged.kept
    values["reason"] = judged.reason
    values["verdict"] = _verdict_json(judged.verdict)
    return {**values, "given": given} if given else values


def _answer(value: object, wanted: Type, place: str) -> Answer:
    if isinstance(value, Answer):
        return value
    if not isinstance(value, Mapping):
        raise _unfit(value, wanted, place)
    try:
        citations = tuple(Citation(**c) for c in value["citations"])
        judged = tuple(_judged(p, wanted, f"{place}.passages") for p in value["passages"])
        return Answer(**{**value, "citations": citations, "passages": judged})
    except (TypeError, KeyError) as error:
        raise _unfit(value, wanted, place) from error


def _citation(citation: Citation) -> dict[str, Any]:
    return {f.name: getattr(citation, f.name) for f in fields(Citation)}


def _answer_json(answer: Answer) -> dict[str, Any]:
    values = {f.name: getattr(answer, f.name) for f in fields(Answer)}
    values["citations"] = [_citation(c) for c in answer.citations]
    return {**values, "passages": [_judged_json(j) for j in answer.passages]}


def _record(value: object, wanted: Type, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _unfit(value, wanted, place)
    missing = [name for name, _ in wanted.fields if name not in value]
    if missing:
        raise RowError(f"{place}: the record lacks {', '.join(missing)}")
    known = {n: from_json(value[n], inner, f"{place}.{n}") for n, inner in wanted.fields}
    return {**value, **known}


_READ: Mapping[str, Callable[[object, Type, str], Any]] = {
    "text": _text,
    "number": _number,
    "flag": _flag,
    "path": _path,
    "passage": _passage,
    "judged": _judged,
    "verdict": _verdict,
    "answer": _answer,
    "record": _record,
    "json": lambda value, wanted, place: value,
}
_WRITE: Mapping[type, Callable[[Any], Any]] = {
    Passage: _passage_json,
    CarriedPassage: _carried_json,
    JudgedPassage: _judged_json,
    Verdict: _verdict_json,
    Answer: _answer_json,
}
