"""The router at work: asks the routing specialist, and keeps what was added to it from examples.

An extension depends on the examples in the registry and on the weights alone. So it is computed
once for both, in about a second, and kept on disk under their hash. Deciding is in `router.py`.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from cluster.errors import RegistryError
from cluster.registry import LEAST_EXAMPLES, Registry, SpecialistSpec
from cluster.route_extension import Examples, Extension, extend, no_extension
from cluster.router import (
    NONE,
    Route,
    RoutingHead,
    route_by_examples,
    route_by_features,
    route_by_rules,
)
from specialists.checkpoint import Checkpoint, open_checkpoint
from specialists.features import Floats, read_statistics
from specialists.requests import Represent, Represented

Tell = Callable[[str, str, str], None]
Ask = Callable[[str, Represent], Awaitable[Represented]]


class Routing:
    """`ask` reaches a specialist by name; `tell` takes the kind of an event, a name, a sentence."""

    def __init__(self, ask: Ask, tell: Tell, *, cache_dir: Path) -> None:
        self._ask, self._tell, self._cache_dir = ask, tell, cache_dir
        self._lock = asyncio.Lock()
        self._ready: tuple[Registry, RoutingHead, Extension] | None = None

    async def route(self, text: str, registry: Registry) -> Route:
        """Raises `UnknownSpecialist` where no example or rule finds the text and no routing
        specialist is registered, `RegistryError` where that one cannot route, and what asking it
        raises."""
        specs = registry.specs.values()
        found = route_by_examples(text, specs) or route_by_rules(text, specs)
        if found is not None:
            return found
        if not text.strip():
            return Route(
                name=NONE, confidence=1.0, scores={NONE: 1.0}, margin=1.0, why="nothing is asked"
            )
        spec = registry.first_for_routing()
        head, extension = await self._prepared(spec, registry)
        feature_1D, logits_1C = await self._represent(spec, (text,), head)
        return route_by_features(
            feature_1D[0],
            logits_1C[0],
            head=head,
            extension=extension,
            registered=registry.specs.keys(),
        )

    async def _prepared(
        self, spec: SpecialistSpec, registry: Registry
    ) -> tuple[RoutingHead, Extension]:
        async with self._lock:
            if self._ready is None or self._ready[0] is not registry:
                checkpoint, head = await asyncio.to_thread(open_head, spec)
                examples = examples_to_add(registry, head)
                extension = await self._extension(spec, checkpoint, head, examples)
                self._ready = (registry, head, extension)
            return self._ready[1], self._ready[2]

    async def _extension(
        self,
        spec: SpecialistSpec,
        checkpoint: Checkpoint,
        head: RoutingHead,
        examples: dict[str, tuple[str, ...]],
    ) -> Extension:
        width = checkpoint.config.d_model
        if not examples:
            return no_extension(width=width, routes=len(head.routes))
        digest = hashlib.sha256(json.dumps([checkpoint.sha256, examples]).encode()).hexdigest()
        path = self._cache_dir / f"{digest}.json"
        kept = await asyncio.to_thread(_read, path, examples, width, len(head.routes))
        if kept is not None:
            return kept
        texts = tuple(text for some in examples.values() for text in some)
        feature_ED, logits_EC = await self._represent(spec, texts, head)
        cuts = np.cumsum([len(some) for some in examples.values()])[:-1]
        parts = zip(
            np.split(feature_ED, cuts), np.split(head.calibrated(logits_EC), cuts), strict=True
        )
        shown = {
            name: Examples(feature_ED=features, chance_EC=chances)
            for name, (features, chances) in zip(examples, parts, strict=True)
        }
        extension = await asyncio.to_thread(
            extend, head.statistics, shown, none=head.routes.index(NONE)
        )
        for name in extension.unclear:
            self._tell(
                "unclear route",
                name,
                "its route.examples lie among the requests of others, so little will come its "
                "way; give examples that only it could take",
            )
        await asyncio.to_thread(_write, path, extension)
        return extension

    async def _represent(
        self, spec: SpecialistSpec, texts: tuple[str, ...], head: RoutingHead
    ) -> tuple[Floats, Floats]:
        """[E, D] and [E, C]."""
        represented = await self._ask(spec.name, Represent(texts=texts))
        features = np.array(represented.features, dtype=np.float32)
        logits = np.array(represented.decisions, dtype=np.float32)
        if features.shape[1:] + logits.shape[1:] != head.statistics.mean_CD.shape[::-1]:
            raise RegistryError(
                f"{spec.where}: {spec.name} gives {features.shape[1:]} features and "
                f"{logits.shape[1:]} decisions, its statistics are of other weights; restore its "
                "checkpoint or train it again"
            )
        return features, logits


def open_head(spec: SpecialistSpec) -> tuple[Checkpoint, RoutingHead]:
    """What is needed to decide, without the model. Raises `CheckpointError` for a damaged
    checkpoint, `RegistryError` for one that is no router's."""
    checkpoint = open_checkpoint(spec.folder)
    return checkpoint, head_of(checkpoint, where=spec.where)


def head_of(checkpoint: Checkpoint, *, where: str) -> RoutingHead:
    """Raises `CheckpointError` or `RegistryError`."""
    contract, path = checkpoint.contract, checkpoint.routing_path
    if contract is None or path is None:
        raise RegistryError(
            f"{where}: {checkpoint.name} has no contract.json or no routing.safetensors, so it "
            "cannot route; qshell train q-route writes both"
        )
    statistics = read_statistics(path)
    routes = contract.outcomes
    if NONE not in routes or statistics.mean_CD.shape != (len(routes), checkpoint.config.d_model):
        raise RegistryError(
            f"{where}: the routes of {checkpoint.name} ({', '.join(routes)}) lack {NONE!r} or are "
            f"not those of its statistics, {statistics.mean_CD.shape}; train it again"
        )
    return RoutingHead(routes=routes, statistics=statistics, precision_DD=statistics.precision_DD)


def examples_to_add(registry: Registry, head: RoutingHead) -> dict[str, tuple[str, ...]]:
    """The examples of every specialist that the head does not know, where there are enough."""
    return {
        name: spec.entry.route.examples
        for name, spec in registry.specs.items()
        if name not in head.routes and len(spec.entry.route.examples) >= LEAST_EXAMPLES
    }


def _read(
    path: Path, examples: dict[str, tuple[str, ...]], width: int, routes: int
) -> Extension | None:
    """None where nothing is kept, or something that cannot be read."""
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        kept = Extension.from_dict(values, width=width, routes=routes)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if kept.names == tuple(examples) else None


def _write(path: Path, extension: Extension) -> None:
    """Whole or not at all; a folder that cannot be written costs only the second next time."""
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.write_text(json.dumps(extension.to_dict()), "utf-8")
        partial.replace(path)
    except OSError:
        return
