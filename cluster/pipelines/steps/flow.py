"""The steps that steer: map, branch, merge, check. Nothing here calls a specialist."""

import asyncio
from collections.abc import Mapping
from typing import Any

from cluster.pipelines.conditions import CONDITIONS, Condition, condition_problem, unsupported
from cluster.pipelines.pipeline import Port, Refused, Setting, StepCall, StepKind, StepShape
from cluster.pipelines.templates import as_text
from cluster.pipelines.types import (
    ANY_LIST,
    FLAG,
    JSON,
    PASSAGES,
    TEXT,
    VERDICT,
    Type,
    common,
    list_of,
)
from cluster.pipelines.values import to_json
from cluster.records import JudgedPassage, Passage
from specialists.requests import Verdict

_RANK_OFFSET = 60
"""Of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009)."""


async def _map(step: StepCall) -> tuple[Any, ...]:
    room = asyncio.Semaphore(step.settings["at_once"])
    refusals: list[Refused] = []

    async def one(number: int, item: Any) -> Any:
        async with room:
            try:
                named = {step.settings["as"]: item}
                return await step.run_body(step.bodies["steps"], named, f"[{number}]")
            except Refused as refused:
                refusals.append(refused)
                return refused

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(one(number, item))
                for number, item in enumerate(step.inputs["over"])
            ]
    except BaseExceptionGroup as failed:
        first = failed.exceptions[0]
        raise first from first.__cause__
    done = tuple(t.result() for t in tasks if not isinstance(t.result(), Refused))
    if refusals:
        raise Refused(
            f"{len(refusals)} of {len(tasks)} items were refused, one because {refusals[0]}", done
        )
    return done


async def _branch(step: StepCall) -> Any:
    case = case_of(step.inputs["on"])
    name = case if case in step.bodies else "otherwise"
    return await step.run_body(step.bodies[name], {}, f"<{name}>")


def case_of(value: object) -> str:
    """The name of the case that a value chooses."""
    if isinstance(value, Verdict):
        return "yes" if value.positive else "no"
    return as_text(value)


def _branch_type(shape: StepShape) -> Type:
    return common(list(shape.bodies.values()))


async def _merge(step: StepCall) -> tuple[Any, ...]:
    lists = step.inputs["lists"]
    merged = _fused(lists) if step.settings["how"] == "fuse" else _joined(lists)
    return tuple(merged[: step.settings["top_n"]])


def _joined(lists: tuple[tuple[Any, ...], ...]) -> list[Any]:
    first: dict[str, Any] = {}
    for items in lists:
        for item in items:
            first.setdefault(_identity(item), item)
    return list(first.values())


def _fused(lists: tuple[tuple[Any, ...], ...]) -> list[Any]:
    first: dict[str, Any] = {}
    scores: dict[str, float] = {}
    for items in lists:
        for rank, item in enumerate(items, 1):
            key = _identity(item)
            first.setdefault(key, item)
            scores[key] = scores.get(key, 0.0) + 1 / (_RANK_OFFSET + rank)
    return [first[key] for key in sorted(first, key=lambda key: -scores[key])]


def _identity(item: object) -> str:
    """Equal for two finds of the same thing, whatever their scores."""
    passage = item.passage if isinstance(item, JudgedPassage) else item
    if isinstance(passage, Passage):
        return f"{passage.source}\0{passage.start}\0{passage.text}"
    return repr(to_json(item))


def _merge_type(shape: StepShape) -> Type:
    lists = shape.inputs["lists"].of or JSON
    return list_of(lists.of or JSON)


async def _check(step: StepCall) -> Any:
    value = step.inputs["value"]
    problems = [condition.problem(value) for condition in check_conditions(step.settings)]
    if "grounded_in" in step.inputs:
        loose = unsupported(as_text(value), step.inputs["grounded_in"])
        problems.append(f"no passage says: {loose}" if loose else "")
    said = "; ".join(filter(None, problems))
    if said:
        raise Refused(step.settings["reason"] or f"the value {said}", value)
    return value


def check_conditions(settings: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Those that stand in the file."""
    return tuple(
        Condition(kind=kind, wanted=settings[kind])
        for kind in CONDITIONS
        if settings[kind] is not None
    )


def _check_objects(shape: StepShape) -> tuple[tuple[str, str], ...]:
    of = shape.inputs.get("value", JSON)
    asked = check_conditions(shape.settings)
    found = [(c.kind, problem) for c in asked if (problem := condition_problem(c, of))]
    if not asked and "grounded_in" not in shape.inputs:
        names = ", ".join((*CONDITIONS, "grounded_in"))
        found.append(("", f"it checks nothing; add one of {names}"))
    if "grounded_in" in shape.inputs and of.name not in ("text", "answer", "json"):
        found.append(("grounded_in", f"cannot be asked of {of}; give a text or an answer"))
    return tuple(found)


_TOP_N = Setting(kind=int, least=1, purpose="How many are left; all when left out.")
MAP = StepKind(
    name="map",
    purpose="Do the steps inside it for every item of a list, several at once, in order.",
    ports={"over": Port(accepts=(ANY_LIST,), purpose="The list.")},
    settings={
        "as": Setting(kind=str, default="item", purpose="What its steps call the item."),
        "at_once": Setting(
            kind=int, default=4, least=1, most=64, purpose="Items at the same time."
        ),
    },
    gives=lambda shape: list_of(shape.bodies["steps"]),
    run=_map,
    refuses="stop",
    nests="map",
)
BRANCH = StepKind(
    name="branch",
    purpose="Do one of several cases: yes or no for verdicts and flags, else the text itself.",
    ports={"on": Port(accepts=(VERDICT, FLAG, TEXT), purpose="What decides.")},
    settings={},
    gives=_branch_type,
    run=_branch,
    nests="branch",
)
MERGE = StepKind(
    name="merge",
    purpose="Make one list of several, nothing in it twice.",
    ports={"lists": Port(accepts=(list_of(ANY_LIST),), purpose="The lists.")},
    settings={
        "how": Setting(
            kind=str,
            default="join",
            choices=("join", "fuse"),
            purpose="join: one after the other; fuse: by their ranks in all of them.",
        ),
        "top_n": _TOP_N,
    },
    gives=_merge_type,
    run=_merge,
    cacheable=True,
)
CHECK = StepKind(
    name="check",
    purpose="Let a value pass when it meets the conditions, else refuse the row.",
    ports={
        "value": Port(accepts=(JSON,), purpose="What is looked at, and passed on."),
        "grounded_in": Port(
            accepts=(PASSAGES,),
            required=False,
            purpose="Passages that must hold every sentence of the value, word for word.",
        ),
    },
    settings={
        "reason": Setting(kind=str, default="", purpose="What is said when it refuses."),
        **{
            name: Setting(kind=object, purpose=f"It must be {kind.words} this.")
            for name, kind in CONDITIONS.items()
        },
    },
    gives=lambda shape: shape.inputs.get("value", JSON),
    run=_check,
    refuses="stop",
    effect=True,
    objects=_check_objects,
)
