"""The step that finds out whom a request is for: `route`, as `qshell route` does. It calls nobody
but the routing specialist; a `branch` on its `route` lets the right one do its job.
"""

from typing import Any

from cluster.errors import UnknownSpecialist
from cluster.pipelines.pipeline import Port, Refused, StepCall, StepKind, StepShape
from cluster.pipelines.types import NUMBER, TEXT, TEXTS, Type
from cluster.router import NONE

ROUTED = Type(
    "record",
    fields=(
        ("route", TEXT),
        ("confidence", NUMBER),
        ("margin", NUMBER),
        ("why", TEXT),
        ("takes", TEXTS),
    ),
)


async def _route(step: StepCall) -> dict[str, Any]:
    found = await step.tools.route(step.inputs["text"])
    routed = {
        "route": found.name,
        "confidence": found.confidence,
        "margin": found.margin,
        "why": found.why,
        "takes": step.tools.takes(found.name) if found.name != NONE else (),
    }
    if found.name == NONE:
        raise Refused(f"it is for no specialist: {found.why}", routed)
    return routed


def _objects(shape: StepShape) -> tuple[tuple[str, str], ...]:
    """Without a routing specialist, rules alone can find a route."""
    registry = shape.registry
    if registry is None or any(spec.entry.route.rules for spec in registry.specs.values()):
        return ()
    try:
        registry.first_for_routing()
    except UnknownSpecialist as error:
        return (("do", str(error)),)
    return ()


ROUTE = StepKind(
    name="route",
    purpose="Say which specialist a request is for, how sure that is, and what its job takes.",
    ports={"text": Port(accepts=(TEXT,), purpose="The request.")},
    settings={},
    gives=lambda _: ROUTED,
    run=_route,
    refuses="stop",
    objects=_objects,
)
