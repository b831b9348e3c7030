"""Whether the examples of a pipeline are written right. Pure; `examples.py` runs them."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, cast, get_args

from cluster.errors import RowError
from cluster.pipelines.check_wires import WireCheck
from cluster.pipelines.conditions import CONDITIONS, Condition, condition_problem
from cluster.pipelines.findings import Findings, listed
from cluster.pipelines.paths import path_problem
from cluster.pipelines.pipeline import Expectation, Input, Status
from cluster.pipelines.types import Type
from cluster.pipelines.values import from_json
from cluster.registry import nearest
from cluster.registry_file import Key

_KEYS = ("name", "given", "files", "outcome", "output")


def check_expectations(
    findings: Findings, raw: object, inputs: Mapping[str, Input], gives: Type
) -> tuple[Expectation, ...]:
    """Every mistake is said to `findings`."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        findings.say(("expect",), "expected a list of examples, each with 'given:'")
        return ()
    check = _ExpectCheck(findings, inputs, gives)
    return tuple(check.one(item, ("expect", at)) for at, item in enumerate(raw))


class _ExpectCheck:
    def __init__(self, findings: Findings, inputs: Mapping[str, Input], gives: Type) -> None:
        self._findings = findings
        self._inputs = inputs
        self._gives = gives

    def one(self, raw: object, key: Key) -> Expectation:
        values = self._mapping(raw, key)
        for name in values.keys() - set(_KEYS):
            self._findings.say(
                (*key, name), f"unknown key{nearest(name, _KEYS)}; known here: {listed(_KEYS)}"
            )
        outcome = values.get("outcome", "done")
        words = get_args(Status)
        if outcome not in words:
            self._findings.say((*key, "outcome"), f"{outcome!r:.60} is none of {listed(words)}")
        if "output" not in values and outcome == "done":
            self._findings.say(key, "it expects nothing; add 'output:' or another 'outcome:'")
        if "output" in values and outcome != "done":
            self._findings.say((*key, "output"), f"a row that is {outcome} has no output")
        name = values.get("name", f"example {int(key[1]) + 1}")
        if not isinstance(name, str):
            self._findings.say((*key, "name"), f"expected text, found {name!r:.60}")
        output = self._mapping(values.get("output", {}), (*key, "output"))
        return Expectation(
            name=str(name),
            given=self._given(values.get("given", {}), (*key, "given")),
            files=self._files(values.get("files", {}), (*key, "files")),
            outcome=cast("Status", outcome),
            output=tuple(
                (tuple(place.split(".")), self._conditions(place, wanted, (*key, "output", place)))
                for place, wanted in output.items()
            ),
            line=self._findings.line_of(key),
        )

    def _given(self, raw: object, key: Key) -> dict[str, Any]:
        given = self._mapping(raw, key)
        for name, value in given.items():
            if name not in self._inputs:
                hint = nearest(name, self._inputs)
                self._findings.say(
                    (*key, name), f"there is no such input{hint}; inputs: {listed(self._inputs)}"
                )
                continue
            try:
                from_json(value, self._inputs[name].type, name)
            except RowError as error:
                self._findings.say((*key, name), str(error).removeprefix(f"{name}: "))
        for name, wanted in self._inputs.items():
            if wanted.required and name not in given:
                self._findings.say(key, f"the input {name!r} ({wanted.type}) is missing")
        return given

    def _files(self, raw: object, key: Key) -> dict[str, str]:
        files = self._mapping(raw, key)
        for path, text in files.items():
            problem = path_problem(path)
            if problem or not isinstance(text, str) or not _can_be_written(text):
                self._findings.say((*key, path), problem or "expected the text of the file")
            elif any(str(parent) in files for parent in PurePosixPath(path).parents):
                self._findings.say((*key, path), "its folder stands here as a file")
        return files

    def _conditions(self, place: str, wanted: object, key: Key) -> tuple[Condition, ...]:
        wires = WireCheck(findings=self._findings)
        of = wires.field_type(self._gives, tuple(place.split(".")), place, key)
        if of is None:
            return ()
        asked = wanted if isinstance(wanted, dict) else {"equals": wanted}
        found = []
        for name, value in asked.items():
            if name not in CONDITIONS:
                hint = nearest(name, CONDITIONS)
                self._findings.say(
                    (*key, name), f"no such condition{hint}; there are {listed(CONDITIONS)}"
                )
                continue
            condition = Condition(kind=name, wanted=value)
            if problem := condition_problem(condition, of):
                self._findings.say((*key, name), problem)
            found.append(condition)
        return tuple(found)

    def _mapping(self, raw: object, key: Key) -> dict[str, Any]:
        if isinstance(raw, dict):
            return raw
        self._findings.say(key, f"expected names and values here, found {raw!r:.60}")
        return {}


def _can_be_written(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
