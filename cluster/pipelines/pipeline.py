"""A pipeline that was checked: its steps in the order they run, everything wired and typed.

Plain frozen values. What makes one is `check.py`; what runs one is `run.py`.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from cluster.answering.endpoint import EndpointSettings
from cluster.pipelines.conditions import Condition
from cluster.pipelines.paths import Folders
from cluster.pipelines.types import Type
from cluster.pipelines.wires import Wire
from cluster.records import JobDoer, SpecialistCaller
from cluster.registry import Registry
from cluster.retrieval.retrieve import Searchable
from cluster.router import Route

OnRefuse = Literal["go_on", "stop", "fail"]
Status = Literal["done", "refused", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """An input of a step: which types it takes, the first being the usual one."""

    accepts: tuple[Type, ...]
    purpose: str
    required: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A value that must stand in the file. `replies` marks the name of a specialist that replies
    a verdict or text; the kind `object` takes any plain value."""

    kind: type
    purpose: str
    default: object = None
    required: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    replies: Literal["verdict", "text"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """`retry` counts further tries after the first; the wait doubles from `wait_s`."""

    retry: int = 0
    wait_s: float = 0.5
    timeout_s: float | None = None
    on_refuse: OnRefuse = "go_on"
    cache: bool = False


class Refused(Exception):
    """A step says that its value is a refusal; `on_refuse` decides what becomes of it. With a
    `step`, that was decided: the row ends there."""

    def __init__(self, reason: str, value: object, *, step: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.step = step


class RunBody(Protocol):
    """How a step runs what stands inside it. `named` are further values its steps may use."""

    def __call__(
        self, body: "Body", named: Mapping[str, object], place: str
    ) -> Awaitable[object]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What steps may reach, and nothing else. `takes` names the inputs of a specialist's job, none
    where it has no job; `identify` tells the version of a specialist."""

    call: SpecialistCaller
    do: JobDoer
    route: Callable[[str], Awaitable[Route]]
    takes: Callable[[str], tuple[str, ...]]
    first_judge: Callable[[], str]
    open_index: Callable[[Path], AbstractAsyncContextManager[Searchable]]
    identify: Callable[[str], str]
    folders: Folders
    endpoint: EndpointSettings | None = None
    cache: "Cache | None" = None


class Cache(Protocol):
    """Where results of steps are kept, as text, by the hash of what they were made from."""

    def find(self, key: str) -> str | None: ...
    def keep(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StepCall:
    """One call of a step: its values by port, its settings, and its hands."""

    inputs: Mapping[str, Any]
    settings: Mapping[str, Any]
    bodies: Mapping[str, "Body"]
    run_body: RunBody
    tools: Tools


@dataclass(frozen=True, kw_only=True, slots=True)
class StepShape:
    """What is known of a step before it runs: the types it is given, its settings, the types that
    the bodies inside it give, and who is registered, None where that is taken on trust."""

    inputs: Mapping[str, Type]
    settings: Mapping[str, Any]
    bodies: Mapping[str, Type]
    registry: Registry | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepKind:
    """One kind of step. `refuses` is what it does by default when it refuses, None when it never
    does. A `cacheable` one depends on its values, settings and specialists alone. `effect` says
    that it is wanted even where nothing uses its result. `objects` names what is wrong with a
    shape, as (key, sentence)."""

    name: str
    purpose: str
    ports: Mapping[str, Port]
    settings: Mapping[str, Setting]
    gives: Callable[[StepShape], Type]
    run: Callable[[StepCall], Awaitable[Any]]
    refuses: OnRefuse | None = None
    cacheable: bool = False
    effect: bool = False
    nests: Literal["", "map", "branch"] = ""
    objects: Callable[[StepShape], tuple[tuple[str, str], ...]] = lambda _: ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a body. `takes` are the types of its wires, `type` that of its result."""

    name: str
    kind: StepKind
    wires: Mapping[str, Wire]
    takes: Mapping[str, Type]
    settings: Mapping[str, Any]
    bodies: Mapping[str, "Body"]
    policy: Policy
    type: Type


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """Steps in the order they run, and what comes out."""

    steps: tuple[Step, ...]
    output: Wire
    type: Type


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """What a row must bring, or may when there is a default."""

    type: Type
    description: str = ""
    default: Any = None
    required: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """An example: the row, the files it needs, and what must come out."""

    name: str
    given: Mapping[str, Any]
    files: Mapping[str, str]
    outcome: Status
    output: tuple[tuple[tuple[str, ...], tuple[Condition, ...]], ...]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """`values` is the same as plain data, as it stands in a file; two are equal when it is."""

    name: str
    description: str = field(compare=False)
    inputs: Mapping[str, Input] = field(compare=False)
    body: Body = field(compare=False)
    expect: tuple[Expectation, ...] = field(compare=False)
    values: Mapping[str, Any]
    where: str = field(compare=False)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that could change what comes out."""
        kept = {k: v for k, v in self.values.items() if k not in ("description", "expect")}
        text = json.dumps(kept, sort_keys=True)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def every_step(self) -> Iterator[Step]:
        """Those inside other steps too."""
        return _every_step(self.body)

    def specialists(self) -> set[str | None]:
        """Those that its steps name; None where the choice of a judge is left to the cluster."""
        return {
            step.settings[name]
            for step in self.every_step()
            for name, setting in step.kind.settings.items()
            if setting.replies
        }


def _every_step(body: Body) -> Iterator[Step]:
    for step in body.steps:
        yield step
        for inner in step.bodies.values():
            yield from _every_step(inner)
