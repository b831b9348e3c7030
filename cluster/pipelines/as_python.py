"""The Python code that builds a pipeline: the way from a file to code. Pure; `build.py` and
`to_yaml` are the way back."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from cluster.pipelines.kinds import BUILT_IN
from cluster.pipelines.pipeline import Body, Pipeline, Step
from cluster.pipelines.types import JSON, Type
from cluster.pipelines.wires import Ref, looks_like_ref, parse_ref

_NODES = {
    "text": "Text",
    "number": "Number",
    "flag": "Flag",
    "path": "PathNode",
    "verdict": "VerdictNode",
    "answer": "AnswerNode",
    "list of text": "Texts",
    "list of passage": "Passages",
    "list of judged": "Judged",
}
_FIELDS = {
    "Filtered": {"kept": "Judged", "dropped": "Judged"},
    "VerdictNode": {"label": "Text", "positive": "Flag", "score": "Number"},
    "RouteNode": {
        "route": "Text",
        "confidence": "Number",
        "margin": "Number",
        "why": "Text",
        "takes": "Texts",
    },
    "AnswerNode": {
        "text": "Text",
        "reason": "Text",
        "refused": "Flag",
        "citations": "ListNode",
        "passages": "Judged",
    },
}
_RECORDS = {"filter": "Filtered", "route": "RouteNode"}
"""What the methods of those steps give."""
_INDENT = "    "


def as_python(pipeline: Pipeline) -> str:
    """A module with `pipeline`; built, it equals this one."""
    writer = _Writer()
    lines = [*writer.opening(pipeline), *writer.steps(pipeline.body, pipeline.values, "p", "")]
    lines.append(f"p.output({writer.keywords(pipeline.values['output'])})")
    for example in pipeline.values.get("expect") or ():
        lines.append(f"p.expect({', '.join(f'{n}={v!r}' for n, v in example.items())})")
    lines.append("pipeline = p.finish()")
    used = sorted(name for name in {*_NODES.values(), "ListNode", "Node"} if writer.uses(name))
    imports = ["from cluster.pipelines.build import BodyBuilder, PipelineBuilder"]
    imports += [f"from cluster.pipelines.nodes import {', '.join(used)}"] if used else []
    return "\n".join([f'"""{pipeline.name}."""', "", *imports, "", *lines, ""])


class _Writer:
    """Names of the code, and the node class of each."""

    def __init__(self) -> None:
        self._nodes: dict[str, str] = {}
        self._used: set[str] = set()

    def uses(self, node: str) -> bool:
        return node in self._used

    def opening(self, pipeline: Pipeline) -> Iterator[str]:
        described = pipeline.values.get("description")
        more = f", {described!r}" if described is not None else ""
        yield f"p = PipelineBuilder({pipeline.name!r}{more})"
        for name, raw in (pipeline.values.get("inputs") or {}).items():
            node = self.know(name, pipeline.inputs[name].type)
            given = {k: v for k, v in raw.items() if k != "type"} if isinstance(raw, dict) else {}
            words = "".join(f", {k}={v!r}" for k, v in given.items())
            of = str(pipeline.inputs[name].type)
            yield f"{_name(name)} = p.input({name!r}, {of!r}, {node}{words})"

    def know(self, name: str, of: Type) -> str:
        """The node class of a name from here on."""
        node = _NODES.get(str(of), "ListNode" if of.of else "Node")
        self._nodes[name] = node
        self._used.add(node)
        return node

    def steps(self, body: Body, raw: Mapping[str, Any], on: str, indent: str) -> Iterator[str]:
        """`raw` holds the steps as they were written."""
        for step in body.steps:
            yield from self._step(step, raw["steps"][step.name], on, indent)

    def value(self, value: Any) -> str:
        """A value of a file as an expression."""
        if looks_like_ref(value) and (ref := parse_ref(value)):
            return self._ref(ref)
        if isinstance(value, dict):
            return f"{{{', '.join(f'{n!r}: {self.value(v)}' for n, v in value.items())}}}"
        if isinstance(value, list):
            return f"[{', '.join(map(self.value, value))}]"
        return repr(value)

    def keywords(self, values: Mapping[str, Any]) -> str:
        """As arguments; in braces where a name is none that Python takes."""
        if all(name.isidentifier() and not keyword.iskeyword(name) for name in values):
            return ", ".join(f"{name}={self.value(value)}" for name, value in values.items())
        return f"**{self.value(dict(values))}"

    def _ref(self, ref: Ref) -> str:
        node, code = self._nodes.get(ref.name, "Node"), _name(ref.name)
        for name in ref.fields:
            known = _FIELDS.get(node, {})
            if node in ("ListNode", "Texts", "Passages", "Judged") and name == "count":
                node, code = "Number", f"{code}.count"
            else:
                code += f".{name}" if name in known else f".field({name!r})"
                node = known.get(name, "Node")
        return code

    def _step(self, step: Step, raw: dict[str, Any], on: str, indent: str) -> Iterator[str]:
        given = {key: value for key, value in raw.items() if key != "do"}
        words: list[str] = []
        if step.kind.nests == "map":
            yield from self._map(step, given, indent, words)
        elif step.kind.nests == "branch":
            yield from self._branch(step, given, indent, words)
        if step.kind.name in _RECORDS:
            self._nodes[step.name] = _RECORDS[step.kind.name]
        else:
            self.know(step.name, step.type)
        words += [f"{_name(key)}={self.value(value)}" for key, value in given.items()]
        method, words = self._method(step, given, words)
        yield f"{indent}{_name(step.name)} = {on}.{method}({', '.join([repr(step.name), *words])})"

    def _method(self, step: Step, given: dict[str, Any], words: list[str]) -> tuple[str, list[str]]:
        named = step.kind.name in BUILT_IN and step.kind.name != "read"
        named = named and not (step.kind.name == "merge" and not isinstance(given["lists"], list))
        if not named or any(keyword.iskeyword(key) for key in given):
            node = self.know(step.name, step.type)
            values = ", ".join(f"{key!r}: {self.value(v)}" for key, v in given.items())
            return "step", [repr(step.kind.name), node, f"**{{{values}}}"]
        return step.kind.name, words

    def _map(
        self, step: Step, given: dict[str, Any], indent: str, words: list[str]
    ) -> Iterator[str]:
        item = str(step.settings["as"])
        node = self.know(item, step.takes["over"].of or JSON)
        inner = f"each_{step.name}"
        yield f"{indent}def {inner}(body: BodyBuilder, {_name(item)}: {node}):"
        yield from self._inside(step.bodies["steps"], given, indent)
        for key in ("steps", "output"):
            given.pop(key, None)
        if "as" in given:
            words.append(f"named={given.pop('as')!r}")
        words += [f"each={inner}", f"item={node}"]

    def _branch(
        self, step: Step, given: dict[str, Any], indent: str, words: list[str]
    ) -> Iterator[str]:
        cases = given.pop("cases")
        functions = []
        for at, (case, raw) in enumerate(cases.items()):
            yield f"{indent}def {step.name}_{at}(body: BodyBuilder):"
            yield from self._inside(step.bodies[case], raw, indent)
            functions.append(f"{case!r}: {step.name}_{at}")
        words.append(f"cases={{{', '.join(functions)}}}")
        if "otherwise" in given:
            yield f"{indent}def {step.name}_otherwise(body: BodyBuilder):"
            yield from self._inside(step.bodies["otherwise"], given.pop("otherwise"), indent)
            words.append(f"otherwise={step.name}_otherwise")

    def _inside(self, body: Body, raw: Mapping[str, Any], indent: str) -> Iterator[str]:
        yield from self.steps(body, raw, "body", indent + _INDENT)
        yield f"{indent}{_INDENT}return {self.value(raw['output'])}"
        yield ""


def _name(name: str) -> str:
    """As a name of Python, which keeps some words and the names of the code to itself."""
    return f"{name}_" if keyword.iskeyword(name) or name in ("p", "body", "pipeline") else name
