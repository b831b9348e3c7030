"""Whether registered specialists can be used: their folders are opened and proved, nothing is run.

It stands alone because reading a registry must stay cheap, and this hashes every file. No torch.
"""

from collections.abc import Mapping

from cluster.errors import RegistryError, UnknownSpecialist
from cluster.registry import LEAST_EXAMPLES, Registry, SpecialistSpec, require_checkpoint
from specialists.checkpoint import Checkpoint, open_checkpoint
from specialists.contract import POCKET_RELEVANCE, PUBLISHED_RELEVANCE, Contract, read_contract
from specialists.errors import SpecialistError

SURFACES: Mapping[str, Contract] = {
    "pocket-relevance": POCKET_RELEVANCE,
    "published-relevance": PUBLISHED_RELEVANCE,
}
_SURFACE = ("head", "echo", "tail", "labels")
"""The fields that must agree: the others are limits, and what the tokenizer made of these."""


def check_specialist(spec: SpecialistSpec, registry: Registry) -> tuple[str, ...]:
    """Every problem as a sentence with file, line and key; none when all is well."""
    try:
        require_checkpoint(spec)
        checkpoint = open_checkpoint(spec.folder)
    except RegistryError as error:
        return (str(error),)
    except SpecialistError as error:
        return (f"{spec.where}: specialists.{spec.name}.checkpoint: {error}",)
    found = {
        "task": _task_problem(spec, checkpoint),
        "output": _output_problem(spec, checkpoint),
        "contract": _contract_problem(spec, checkpoint),
        "base": _base_problem(spec, checkpoint, registry),
        "route.examples": _examples_problem(spec, registry),
    }
    return tuple(
        f"{spec.where}: specialists.{spec.name}.{key}: {problem}"
        for key, problem in found.items()
        if problem
    )


def _task_problem(spec: SpecialistSpec, checkpoint: Checkpoint) -> str:
    if checkpoint.task == spec.entry.task:
        return ""
    return (
        f"{spec.entry.task!r} is written here, the checkpoint was trained for {checkpoint.task!r}"
    )


def _examples_problem(spec: SpecialistSpec, registry: Registry) -> str:
    count = len(spec.entry.route.examples)
    if not count or count >= LEAST_EXAMPLES or spec.name in trained_routes(registry):
        return ""
    return (
        f"{count} examples are too few for a router to know others like them; give "
        f"{LEAST_EXAMPLES} to 20, or none"
    )


def trained_routes(registry: Registry) -> tuple[str, ...]:
    """Those that the routing specialist was trained on, and that need no examples; none where
    there is none, or its contract cannot be read."""
    try:
        return read_contract(registry.first_for_routing().folder / "contract.json").outcomes
    except (UnknownSpecialist, SpecialistError):
        return ()


def _output_problem(spec: SpecialistSpec, checkpoint: Checkpoint) -> str:
    if spec.entry.output == "verdict" and checkpoint.contract is None:
        return "'verdict' needs a contract.json in the checkpoint folder; without one, write 'text'"
    return ""


def _contract_problem(spec: SpecialistSpec, checkpoint: Checkpoint) -> str:
    wanted, found = spec.entry.contract, checkpoint.contract
    if wanted is None or found is None:
        return ""
    surface = SURFACES[wanted]
    if all(getattr(surface, part) == getattr(found, part) for part in _SURFACE):
        return ""
    return f"the checkpoint's contract.json is not that of {wanted}; leave the key out to accept it"


def _base_problem(spec: SpecialistSpec, checkpoint: Checkpoint, registry: Registry) -> str:
    wanted = spec.entry.base
    if wanted is None:
        return ""
    if checkpoint.base is None:
        return f"{wanted!r} is written here, but the checkpoint stands alone; leave the key out"
    folder = registry.specs[wanted].folder
    if checkpoint.base.folder != folder:
        return f"{wanted!r} is in {folder}, the checkpoint is a delta to {checkpoint.base.folder}"
    return ""
