"""One row through a pipeline: each step tried, timed, and its refusal or failure taken as its
policy says.

It stands alone because this is all that happens to a row, whether it comes alone or with ten
thousand others. It opens nothing and prints nothing.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.errors import CallError, ClusterError, EndpointError, RowError, UnknownSpecialist
from cluster.pipelines.pipeline import (
    Body,
    Pipeline,
    Refused,
    Status,
    Step,
    StepCall,
    Tools,
)
from cluster.pipelines.step_cache import cache_key, decode, encode
from cluster.pipelines.values import from_json, to_json
from cluster.pipelines.wires import resolve
from cluster.registry import nearest
from specialists.errors import SpecialistError

_SAID = 100


class StepTimeout(CallError):
    """A step was not done within its `timeout_s`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepBegan:
    """One step of a row begins. `place` is its name with those of the steps around it."""

    place: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepDone:
    """One step of a row came to its end: `status` is what came of it, `said` a phrase for a
    person, `reason` why it was refused or failed. `inputs` and `value` are what it was given and
    gave, as they travel; a failed one gave None."""

    place: str
    kind: str
    status: Status
    seconds: float
    tries: int
    cached: bool
    said: str
    reason: str
    inputs: Mapping[str, Any]
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class RowResult:
    """What came of one row: its output, or why it was refused or failed, and in which step."""

    status: Status
    output: Mapping[str, Any]
    reason: str = ""
    step: str = ""

    def to_json(self) -> dict[str, Any]:
        """The output; else `refused` or `failed` with the reason, and the step."""
        if self.status == "done":
            return {name: to_json(value) for name, value in self.output.items()}
        return {self.status: self.reason, "step": self.step}


OnStep = Callable[[StepBegan | StepDone], None]


async def run_row(
    pipeline: Pipeline,
    row: Mapping[str, Any],
    tools: Tools,
    on_step: OnStep | None = None,
) -> RowResult:
    """Never raises for what a row or a specialist does; that is in the result. `on_step` is told
    of every step, at its beginning and at its end, on the loop's thread."""
    try:
        scope = read_row(pipeline, row)
        run = _Run(tools=tools, tell=on_step)
        output = await run.body(pipeline.body, scope, "")
    except Refused as refused:
        return RowResult(status="refused", output={}, reason=refused.reason, step=refused.step)
    except _StepFailed as failed:
        return RowResult(status="failed", output={}, reason=str(failed), step=failed.step)
    except RowError as error:
        return RowResult(status="failed", output={}, reason=str(error))
    assert isinstance(output, Mapping)
    return RowResult(status="done", output=output)


def read_row(pipeline: Pipeline, row: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by name, as their types. What the pipeline does not take is not looked at.
    Raises `RowError`."""
    scope = {}
    for name, wanted in pipeline.inputs.items():
        if name in row:
            scope[name] = from_json(row[name], wanted.type, name)
        elif wanted.required:
            raise RowError(f"the row has no {name!r} ({wanted.type}){nearest(name, map(str, row))}")
        else:
            scope[name] = wanted.default
    return scope


class _StepFailed(Exception):
    """Carries what went wrong, and where, out of the steps around it."""

    def __init__(self, message: str, step: str) -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    tools: Tools
    tell: OnStep | None

    async def body(self, body: Body, scope: dict[str, Any], place: str) -> Any:
        for step in body.steps:
            scope[step.name] = await self.step(step, scope, place)
        return resolve(body.output, scope)

    async def step(self, step: Step, scope: Mapping[str, Any], around: str) -> Any:
        place = f"{around}{step.name}"
        seen = _Seen(began_s=time.perf_counter())
        if self.tell is not None:
            self.tell(StepBegan(place=place, kind=step.kind.name))
        try:
            call = self._call(step, scope, place)
            seen.inputs = call.inputs
            value, refusal = await self._made(step, call, seen)
        except Refused as refused:
            self._tell(step, place, seen, "refused", None, refused.reason)
            raise
        except _StepFailed as failed:
            self._tell(step, place, seen, "failed", None, f"{failed.step}: {failed}")
            raise
        except (ClusterError, SpecialistError, OSError) as error:
            self._tell(step, place, seen, "failed", None, str(error))
            raise _StepFailed(str(error), place) from error
        except Exception as error:  # a mistake of ours fails its row, not all rows after it
            told = f"a mistake in qshell: {type(error).__name__}: {error}"
            self._tell(step, place, seen, "failed", None, told)
            raise _StepFailed(told, place) from error
        if not refusal:
            self._tell(step, place, seen, "done", value)
            return value
        self._tell(step, place, seen, "refused", value, refusal)
        match step.policy.on_refuse:
            case "go_on":
                return value
            case "fail":
                raise _StepFailed(refusal, place)
            case "stop":
                raise Refused(refusal, value, step=place)

    async def _made(self, step: Step, call: StepCall, seen: "_Seen") -> tuple[Any, str]:
        """The value, and why it is a refusal; "" when it is none. Kept where the step says so."""
        cache = self.tools.cache if step.policy.cache else None
        key = cache_key(step, call) if cache else ""
        if cache and (kept := decode(cache.find(key), step.type)):
            seen.cached = True
            return kept
        try:
            value, refusal = await _try(step, call, seen), ""
        except Refused as refused:
            if refused.step:
                # One from a step inside, which stops this one too.
                raise
            value, refusal = refused.value, refused.reason
        if cache:
            cache.keep(key, encode(value, refusal))
        return value, refusal

    def _call(self, step: Step, scope: Mapping[str, Any], place: str) -> StepCall:
        return StepCall(
            inputs={name: resolve(wire, scope) for name, wire in step.wires.items()},
            settings=step.settings,
            bodies=step.bodies,
            run_body=lambda body, named, inside: self.body(
                body, {**scope, **named}, f"{place}{inside}."
            ),
            tools=self.tools,
        )

    def _tell(
        self,
        step: Step,
        place: str,
        seen: "_Seen",
        status: Status,
        value: object,
        reason: str = "",
    ) -> None:
        if self.tell is None:
            return
        self.tell(
            StepDone(
                place=place,
                kind=step.kind.name,
                status=status,
                seconds=time.perf_counter() - seen.began_s,
                tries=seen.tries,
                cached=seen.cached,
                said=summary(value if status == "done" else reason),
                reason=reason,
                inputs=seen.inputs,
                value=value,
            )
        )


@dataclass(kw_only=True, slots=True)
class _Seen:
    """What is told of a step besides its result."""

    began_s: float
    tries: int = 0
    cached: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)


async def _try(step: Step, call: StepCall, seen: _Seen) -> Any:
    while True:
        seen.tries += 1
        try:
            return await _within(step, call)
        except (ClusterError, OSError, _StepFailed) as error:
            if seen.tries > step.policy.retry or not _passes(error):
                raise
        await asyncio.sleep(step.policy.wait_s * 2 ** (seen.tries - 1))


async def _within(step: Step, call: StepCall) -> Any:
    if step.policy.timeout_s is None:
        return await step.kind.run(call)
    try:
        async with asyncio.timeout(step.policy.timeout_s):
            return await step.kind.run(call)
    except TimeoutError as error:
        raise StepTimeout(f"not done within {step.policy.timeout_s:g} s (timeout_s)") from error


def _passes(error: Exception) -> bool:
    """Whether trying again may help; of a step inside, what it failed of."""
    if isinstance(error, _StepFailed):
        return isinstance(error.__cause__, Exception) and _passes(error.__cause__)
    if isinstance(error, UnknownSpecialist):
        return False
    return isinstance(error, CallError | EndpointError | OSError)


def summary(value: object, most: int = _SAID) -> str:
    """A value in a few words, for a trace; no text in it longer than `most` characters."""
    if isinstance(value, tuple | list):
        return "1 item" if len(value) == 1 else f"{len(value)} items"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{name}: {len(v) if isinstance(v, tuple | list) else summary(v, most)}"
            for name, v in value.items()
        )
    verdict = getattr(value, "label", None)
    if verdict is not None:
        return f"{verdict} ({getattr(value, 'score', 0):.2f})"
    text = " ".join(str(getattr(value, "text", value)).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
