"""A pipeline built in Python, with types that an editor completes.

    p = PipelineBuilder("night-filter")
    question, passages = p.text("question"), p.passages("passages")
    judged = p.filter("judged", question=question, passages=passages)
    p.output(kept=judged.kept)
    pipeline = p.finish()

It makes the plain values that a file holds and gives them to the same check, so both forms mean
the same, and `to_yaml` and `as_python` turn one into the other.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, Unpack

from cluster.pipelines.nodes import (
    AnswerNode,
    Filtered,
    Flag,
    Judged,
    ListNode,
    Node,
    Number,
    Passages,
    PathNode,
    RouteNode,
    Text,
    Texts,
    VerdictNode,
)
from cluster.pipelines.pipeline import OnRefuse, Pipeline
from cluster.pipelines.reading import pipeline_of
from cluster.registry import Registry

N = TypeVar("N", bound=Node)


class PolicyKeys(TypedDict, total=False):
    """What every step may say of its tries."""

    retry: int
    wait_s: float
    timeout_s: float
    on_refuse: OnRefuse
    cache: bool


class BodyBuilder:
    """The steps of a pipeline, or of a step that holds others. Each method adds one step and
    gives what stands for its result; a value left out is not written."""

    def __init__(self) -> None:
        self._steps: dict[str, Any] = {}

    def step(self, name: str, do: str, gives: type[N], **values: Any) -> N:
        """Any step, also one that an installed package offers."""
        given = {key: plain(value) for key, value in values.items() if value is not None}
        self._steps[name] = {"do": do, **given}
        return gives(f"${name}")

    def retrieve(
        self,
        name: str,
        *,
        question: Text | str,
        docs: PathNode | str,
        k: int | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> Passages:
        values = {"question": question, "docs": docs, "k": k, **policy}
        return self.step(name, "retrieve", Passages, **values)

    def filter(
        self,
        name: str,
        *,
        question: Text | str,
        passages: Passages,
        specialist: str | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> Filtered:
        values = {"question": question, "passages": passages, "specialist": specialist, **policy}
        return self.step(name, "filter", Filtered, **values)

    def rerank(
        self,
        name: str,
        *,
        question: Text | str,
        passages: Passages,
        top_n: int | None = None,
        specialist: str | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> Judged:
        values = {"question": question, "passages": passages, "top_n": top_n, **policy}
        return self.step(name, "rerank", Judged, specialist=specialist, **values)

    def decide(
        self,
        name: str,
        *,
        question: Text | str,
        text: Node | str,
        specialist: str | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> VerdictNode:
        values = {"question": question, "text": text, "specialist": specialist, **policy}
        return self.step(name, "decide", VerdictNode, **values)

    def route(self, name: str, *, text: Text | str, **policy: Unpack[PolicyKeys]) -> RouteNode:
        return self.step(name, "route", RouteNode, text=text, **policy)

    def call(
        self,
        name: str,
        *,
        specialist: str,
        inputs: Node | Mapping[str, Node | str | float],
        **policy: Unpack[PolicyKeys],
    ) -> Node:
        """A record with the names that the specialist's job gives: `.field("action")`."""
        return self.step(name, "call", Node, specialist=specialist, inputs=inputs, **policy)

    def answer(
        self,
        name: str,
        *,
        question: Text | str,
        passages: Judged,
        dropped: Judged | None = None,
        specialist: str | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> AnswerNode:
        values = {"question": question, "passages": passages, "dropped": dropped, **policy}
        return self.step(name, "answer", AnswerNode, specialist=specialist, **values)

    def generate(
        self,
        name: str,
        *,
        specialist: str,
        prompt: Text | str,
        max_new_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> Text:
        values = {"prompt": prompt, "specialist": specialist, "max_new_tokens": max_new_tokens}
        rest = {"temperature": temperature, "seed": seed, **policy}
        return self.step(name, "generate", Text, **values, **rest)

    def template(
        self,
        name: str,
        *,
        text: str,
        values: Mapping[str, Node | str | float] | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> Text:
        return self.step(name, "template", Text, text=text, values=values, **policy)

    def merge(
        self,
        name: str,
        *,
        lists: Sequence[N],
        how: Literal["join", "fuse"] | None = None,
        top_n: int | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> N:
        """A list like those that are merged."""
        gives = type(lists[0])
        return self.step(name, "merge", gives, lists=list(lists), how=how, top_n=top_n, **policy)

    def check(
        self,
        name: str,
        *,
        value: N,
        grounded_in: Passages | None = None,
        reason: str | None = None,
        equals: Any = None,
        one_of: Sequence[Any] | None = None,
        contains: str | None = None,
        lacks: str | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> N:
        """The value itself, when it meets every condition."""
        conditions = {"equals": equals, "one_of": one_of, "contains": contains, "lacks": lacks}
        sizes = {"at_least": at_least, "at_most": at_most, "grounded_in": grounded_in}
        return self.step(
            name, "check", type(value), value=value, reason=reason, **conditions, **sizes, **policy
        )

    def read_text(self, name: str, *, path: PathNode | str, **policy: Unpack[PolicyKeys]) -> Text:
        return self.step(name, "read", Text, path=path, **policy)

    def read_lines(self, name: str, *, path: PathNode | str, **policy: Unpack[PolicyKeys]) -> Texts:
        return self.step(name, "read", Texts, path=path, **{"as": "lines"}, **policy)

    def read_rows(
        self, name: str, *, path: PathNode | str, **policy: Unpack[PolicyKeys]
    ) -> ListNode:
        return self.step(name, "read", ListNode, path=path, **{"as": "rows"}, **policy)

    def read_passages(
        self, name: str, *, path: PathNode | str, **policy: Unpack[PolicyKeys]
    ) -> Passages:
        return self.step(name, "read", Passages, path=path, **{"as": "passages"}, **policy)

    def write(
        self,
        name: str,
        *,
        path: PathNode | Text | str,
        content: Text | ListNode | str,
        replace: bool | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> PathNode:
        values = {"path": path, "content": content, "replace": replace, **policy}
        return self.step(name, "write", PathNode, **values)

    def map(
        self,
        name: str,
        *,
        over: ListNode,
        each: Callable[["BodyBuilder", N], Node | Mapping[str, Node]],
        item: type[N],
        named: str | None = None,
        at_once: int | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> ListNode:
        """`each` adds the steps for one item, of the type `item`, and returns what comes out."""
        values = {"over": over, "as": named, "at_once": at_once, **policy}
        inside = BodyBuilder()
        output = each(inside, item(f"${named or 'item'}"))
        return self.step(name, "map", ListNode, **values, **inside.ending(output))

    def branch(
        self,
        name: str,
        *,
        on: VerdictNode | Flag | Text,
        cases: Mapping[str, Callable[["BodyBuilder"], N]],
        otherwise: Callable[["BodyBuilder"], N] | None = None,
        **policy: Unpack[PolicyKeys],
    ) -> Node:
        """Each case adds its steps and returns what comes out."""

        def built(case: Callable[["BodyBuilder"], N]) -> dict[str, Any]:
            inside = BodyBuilder()
            return inside.ending(case(inside))

        values = {case: built(build) for case, build in cases.items()}
        rest = built(otherwise) if otherwise else None
        return self.step(name, "branch", Node, on=on, cases=values, otherwise=rest, **policy)

    def ending(self, output: Node | Mapping[str, Node]) -> dict[str, Any]:
        """The steps so far and what comes out, as a file holds them."""
        steps = {"steps": self._steps} if self._steps else {}
        return {**steps, "output": plain(output)}


class PipelineBuilder(BodyBuilder):
    """One pipeline: inputs, steps, output, examples; then `finish`."""

    def __init__(self, name: str, description: str | None = None) -> None:
        super().__init__()
        self._name = name
        self._description = description
        self._inputs: dict[str, Any] = {}
        self._output: Any = {}
        self._expect: list[Any] = []

    def input(self, name: str, of: str, gives: type[N], **more: Any) -> N:
        """An input of any type, by the name that files use: `list of text`, `record`."""
        given = {key: plain(value) for key, value in more.items() if value is not None}
        self._inputs[name] = {"type": of, **given} if given else of
        return gives(f"${name}")

    def text(
        self, name: str, *, description: str | None = None, default: str | None = None
    ) -> Text:
        return self.input(name, "text", Text, description=description, default=default)

    def number(
        self, name: str, *, description: str | None = None, default: float | None = None
    ) -> Number:
        return self.input(name, "number", Number, description=description, default=default)

    def flag(
        self, name: str, *, description: str | None = None, default: bool | None = None
    ) -> Flag:
        return self.input(name, "flag", Flag, description=description, default=default)

    def path(
        self, name: str, *, description: str | None = None, default: str | None = None
    ) -> PathNode:
        return self.input(name, "path", PathNode, description=description, default=default)

    def texts(self, name: str, *, description: str | None = None) -> Texts:
        return self.input(name, "list of text", Texts, description=description)

    def passages(self, name: str, *, description: str | None = None) -> Passages:
        return self.input(name, "list of passage", Passages, description=description)

    def output(self, **named: Node | Mapping[str, Node]) -> None:
        """What comes out, by name."""
        self._output = plain(named)

    def expect(
        self,
        *,
        given: Mapping[str, Any],
        output: Mapping[str, Any] | None = None,
        outcome: Literal["done", "refused", "failed"] | None = None,
        files: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        """An example, as files have them under `expect:`."""
        values = {"name": name, "given": given, "files": files, "outcome": outcome}
        values["output"] = output
        self._expect.append({k: plain(v) for k, v in values.items() if v is not None})

    def values(self) -> dict[str, Any]:
        """What the file would hold."""
        parts: dict[str, Any] = {"pipeline": self._name, "description": self._description}
        parts |= {"inputs": self._inputs or None, **self.ending(Node(""))}
        parts |= {"output": self._output, "expect": self._expect or None}
        return {name: value for name, value in parts.items() if value is not None}

    def finish(self, registry: Registry | None = None) -> Pipeline:
        """The checked pipeline. Raises `PipelineError` with every mistake."""
        return pipeline_of(self.values(), registry)


def plain(value: Any) -> Any:
    """As a file holds it."""
    if isinstance(value, Node):
        return value.ref
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value
