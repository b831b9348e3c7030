"""What the verdicts of a specialist depend on, so that what is kept of them is never another's."""

import contextlib
import json

from cluster.errors import UnknownSpecialist
from cluster.registry import Registry, SpecialistSpec
from specialists.checkpoint import open_checkpoint
from specialists.errors import SpecialistError


def weights_and_prompt(spec: SpecialistSpec) -> str | None:
    """And arithmetic; None for what is no checkpoint."""
    try:
        checkpoint = open_checkpoint(spec.folder, verify=False)
    except SpecialistError:
        return None
    base = checkpoint.base and checkpoint.base.sha256
    prompt = checkpoint.contract and checkpoint.contract.to_dict()
    return json.dumps([checkpoint.sha256, base, prompt, spec.entry.dtype], sort_keys=True)


def identify(spec: SpecialistSpec) -> str:
    """Weights, prompt and arithmetic; its place where the weights say nothing."""
    place = json.dumps([str(spec.folder), None, spec.entry.dtype], sort_keys=True)
    return weights_and_prompt(spec) or place


def identify_routes(registry: Registry) -> str:
    """What a route depends on: who routes, and everyone's rules and examples."""
    router = None
    with contextlib.suppress(UnknownSpecialist):
        router = identify(registry.first_for_routing())
    routes = {name: spec.entry.route.model_dump() for name, spec in registry.specs.items()}
    return json.dumps([router, routes], sort_keys=True, default=str)
