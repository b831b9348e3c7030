"""A pipeline as plain values becomes a checked `Pipeline`, or every mistake in it is told at once.

Nothing is run or called; of registered specialists only contracts are read. Files and Python code
pass through here alike, so both forms mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from cluster.errors import RowError
from cluster.pipelines.check_expect import check_expectations
from cluster.pipelines.check_step import StepCheck, name_problem
from cluster.pipelines.check_wires import Scope, WireCheck
from cluster.pipelines.findings import Findings, listed
from cluster.pipelines.pipeline import Body, Expectation, Input, Pipeline, Step, StepKind
from cluster.pipelines.types import JSON, NAMES, TYPE_WORDS, Type, parse_type
from cluster.pipelines.values import from_json
from cluster.pipelines.wires import RecordWire, references
from cluster.registry import Registry, nearest
from cluster.registry_file import Key, YamlFile

TOP_KEYS = ("pipeline", "description", "inputs", "steps", "output", "expect")
_INPUT_KEYS = ("type", "description", "default")
_LONGEST_KEY = 16
"""Eight maps in each other, or four branches."""


def check_pipeline(file: YamlFile, registry: Registry | None = None) -> Pipeline:
    """Raises `PipelineError` with one line for each mistake. Without a registry, names of
    specialists are taken on trust."""
    findings = Findings(file)
    pipeline = _Check(findings=findings, registry=registry).check(file)
    findings.raise_if_any()
    assert pipeline is not None, "nothing was found and nothing came out"
    return pipeline


@dataclass(frozen=True, kw_only=True, slots=True)
class _Check:
    findings: Findings
    registry: Registry | None

    def check(self, file: YamlFile) -> Pipeline | None:
        values = file.values
        for key in values.keys() - set(TOP_KEYS):
            hint = nearest(key, TOP_KEYS)
            self.findings.say((key,), f"unknown key{hint}; known here: {listed(TOP_KEYS)}")
        name, description = self._word(values, "pipeline"), values.get("description", "")
        if not isinstance(description, str):
            self.findings.say(("description",), f"expected text, found {description!r:.60}")
        inputs = self._inputs({} if values.get("inputs") is None else values["inputs"])
        scope = {n: i.type if i else None for n, i in inputs.items()}
        body = self.body({k: values[k] for k in ("steps", "output") if k in values}, scope, ())
        if body and not isinstance(body.output, RecordWire):
            self.findings.say(
                ("output",), f"here stand names and what they are, {{answer: {values['output']}}}"
            )
            return None
        self._unused_inputs(values, inputs)
        expect: tuple[Expectation, ...] = ()
        if body and all(inputs.values()):
            sound = {n: i for n, i in inputs.items() if i}
            expect = check_expectations(self.findings, values.get("expect"), sound, body.type)
        if self.findings or body is None or name is None:
            return None
        return Pipeline(
            name=name,
            description=description,
            inputs={n: i for n, i in inputs.items() if i},
            body=body,
            expect=expect,
            values=_canonical(values),
            where=str(file.path),
        )

    def body(self, raw: object, outer: Scope, key: Key) -> Body | None:
        """Steps and their output, in any order that is written; None when something is wrong."""
        if not isinstance(raw, dict) or not raw.keys() <= {"steps", "output"}:
            self.findings.say(key, "expected 'steps:' and 'output:' here")
            return None
        if len(key) > _LONGEST_KEY:
            self.findings.say(key, "nested too deeply; make a second pipeline of it")
            return None
        steps = {} if raw.get("steps") is None else raw["steps"]
        if not isinstance(steps, dict):
            self.findings.say((*key, "steps"), "expected names and the step of each")
            return None
        checker = StepCheck(findings=self.findings, registry=self.registry, check_body=self.body)
        kinds = {n: checker.kind_of(s, (*key, "steps", n)) for n, s in steps.items()}
        names = self._names(steps, outer, key)
        scope: dict[str, Type | None] = {**outer, **dict.fromkeys(names)}
        found: dict[str, Step | None] = dict.fromkeys(steps)
        order = self._order(steps, kinds, key)
        for name in order:
            kind = kinds[name]
            if kind is not None:
                step = checker.check(name, kind, steps[name], scope, (*key, "steps", name))
                found[name] = step
                scope[name] = step.type if step else None
        output = self._output(raw, scope, key)
        if output is None or not all(found.values()) or len(names) < len(steps):
            return None
        self._unused_steps(raw, steps, found, key)
        ordered = tuple(step for name in order if (step := found[name]))
        return Body(steps=ordered, output=output.wire, type=output.type)

    def _output(self, raw: dict[str, Any], scope: Scope, key: Key) -> Any:
        if "output" not in raw:
            self.findings.say(key, "'output:' is missing; it names what comes out")
            return None
        wires = WireCheck(findings=self.findings)
        return wires.check(raw["output"], (JSON,), scope, (*key, "output"))

    def _names(self, steps: dict[str, Any], outer: Scope, key: Key) -> list[str]:
        """Those that can be used; the others are said to be wrong."""
        problems = {name: name_problem(name, outer) for name in steps}
        for name, problem in problems.items():
            if problem:
                self.findings.say((*key, "steps", name), problem)
        return [name for name, problem in problems.items() if not problem]

    def _order(
        self, steps: dict[str, Any], kinds: Mapping[str, StepKind | None], key: Key
    ) -> list[str]:
        """Each step after those it uses; in the order of the file where that leaves a choice."""
        uses = {name: _uses(step, kinds[name]) for name, step in steps.items()}
        needs = {name: [other for other in steps if other in uses[name]] for name in steps}
        try:
            return list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            circle: list[str] = error.args[1]
            self.findings.say(
                (*key, "steps", circle[0]),
                f"these steps wait for each other: {' -> '.join(reversed(circle))}",
            )
            return []

    def _inputs(self, raw: object) -> dict[str, Input | None]:
        if not isinstance(raw, dict):
            self.findings.say(("inputs",), "expected names and the type of each")
            return {}
        found: dict[str, Input | None] = {}
        for name, value in raw.items():
            problem = name_problem(name, {})
            if problem:
                self.findings.say(("inputs", name), problem)
            found[name] = self._input(value, ("inputs", name))
        return found

    def _input(self, raw: object, key: Key) -> Input | None:
        values = raw if isinstance(raw, dict) else {"type": raw}
        for name in values:
            if name not in _INPUT_KEYS:
                hint = nearest(name, _INPUT_KEYS)
                self.findings.say(
                    (*key, name), f"unknown key{hint}; known here: {listed(_INPUT_KEYS)}"
                )
        word = values.get("type")
        of = parse_type(word) if isinstance(word, str) else None
        if of is None:
            hint = nearest(word, NAMES) if isinstance(word, str) else ""
            self.findings.say(key, f"{word!r:.60} is no type{hint}; there are {TYPE_WORDS}")
            return None
        try:
            default = from_json(values["default"], of, "default") if "default" in values else None
        except RowError as error:
            self.findings.say((*key, "default"), str(error).removeprefix("default: "))
            return None
        description = values.get("description", "")
        if not isinstance(description, str):
            self.findings.say((*key, "description"), f"expected text, found {description!r:.60}")
            return None
        return Input(
            type=of,
            description=description,
            default=default,
            required="default" not in values,
        )

    def _word(self, values: Mapping[str, Any], name: str) -> str | None:
        value = values.get(name)
        plain = isinstance(value, str) and value.replace("-", "_")
        if not plain or name_problem(plain, {}):
            self.findings.say(
                (name,), f"a name such as night-filter is needed here; found {value!r:.60}"
            )
            return None
        return str(value)

    def _unused_inputs(self, values: Mapping[str, Any], inputs: Mapping[str, Input | None]) -> None:
        if self.findings:
            return
        used = references([values.get("steps"), values.get("output")])
        for name in inputs.keys() - used:
            self.findings.say(("inputs", name), "nothing uses this input; wire it or remove it")

    def _unused_steps(
        self,
        raw: dict[str, Any],
        steps: dict[str, Any],
        found: Mapping[str, Step | None],
        key: Key,
    ) -> None:
        if self.findings:
            return
        used = references([steps, raw["output"]])
        for name, step in found.items():
            if step and name not in used and not _has_effect(step):
                self.findings.say(
                    (*key, "steps", name), "nothing uses its result; wire it or remove it"
                )


def _canonical(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is written in two ways, in the shorter one; what is empty, not at all."""
    kept = {name: value for name, value in values.items() if value not in (None, [], {})}
    if "inputs" in kept:
        kept["inputs"] = {
            name: raw["type"] if isinstance(raw, dict) and set(raw) == {"type"} else raw
            for name, raw in kept["inputs"].items()
        }
    return kept


def _uses(raw: object, kind: StepKind | None) -> set[str]:
    """What a step refers to, settings aside: those are never references."""
    if not isinstance(raw, dict):
        return set()
    settings = kind.settings if kind else {}
    return references({key: value for key, value in raw.items() if key not in settings})


def _has_effect(step: Step) -> bool:
    return step.kind.effect or any(
        _has_effect(inner) for body in step.bodies.values() for inner in body.steps
    )
