"""The closed set of steps, and the one way to add to it: an installed package.

A package offers a step under the entry point group `qshell.pipeline_steps`; its code is imported
only when a pipeline names that step. A file can name steps and nothing else: no module, no path.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

from cluster.errors import ClusterError, PipelineError
from cluster.pipelines.pipeline import Refused, StepCall, StepKind
from cluster.pipelines.steps.answering import ANSWER_STEP, GENERATE, TEMPLATE
from cluster.pipelines.steps.calling import CALL
from cluster.pipelines.steps.finding import READ, RETRIEVE, WRITE
from cluster.pipelines.steps.flow import BRANCH, CHECK, MAP, MERGE
from cluster.pipelines.steps.judging import DECIDE, FILTER, RERANK
from cluster.pipelines.steps.routing import ROUTE

GROUP = "qshell.pipeline_steps"
BUILT_IN: Mapping[str, StepKind] = {
    kind.name: kind
    for kind in (
        RETRIEVE,
        FILTER,
        RERANK,
        DECIDE,
        ROUTE,
        CALL,
        ANSWER_STEP,
        GENERATE,
        TEMPLATE,
        MAP,
        BRANCH,
        MERGE,
        CHECK,
        READ,
        WRITE,
    )
}


def step_names() -> tuple[str, ...]:
    """Every step that a pipeline may name."""
    offered = sorted(set(entry_points(group=GROUP).names) - set(BUILT_IN))
    return (*BUILT_IN, *offered)


def find_kind(name: str) -> StepKind | None:
    """The kind of this name, None when there is none. A package cannot take the place of a step
    that ships. Raises `PipelineError` when what a package offers is no step."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    for offered in entry_points(group=GROUP, name=name):
        package = offered.dist.name if offered.dist else offered.value
        try:
            kind = offered.load()
        except Exception as error:
            raise PipelineError(
                f"the step {name!r} of the package {package} cannot be loaded ({error})"
            ) from error
        if not isinstance(kind, StepKind) or kind.name != name or kind.nests:
            raise PipelineError(
                f"the package {package} offers {name!r}, which is no step of this name"
            )
        return replace(kind, run=_told(kind, package))
    return None


def _told(kind: StepKind, package: str) -> Callable[[StepCall], Awaitable[Any]]:
    """A mistake in another package fails its row and not the whole night's run."""

    async def run(call: StepCall) -> Any:
        try:
            return await kind.run(call)
        except (ClusterError, Refused, OSError):
            raise
        except Exception as error:
            raise ClusterError(
                f"the package {package} met {type(error).__name__}: {error}"
            ) from error

    return run
