"""Which specialist a request is for, or none: decided, not carried out.

A request that stands among a specialist's examples is its own; then come the rules, then the
routing specialist's decision head with its calibrated confidence and what was added to it from
examples. A request that no route is sure of, or that lies far from every request of its route, is
for none. Pure: no worker, no file, no clock.

Shapes: D width, C routes of the head.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cluster.registry import SpecialistSpec
from cluster.route_extension import Extension
from specialists.features import FeatureStatistics, Floats, distances, softmax

NONE = "none"
LEAST_CONFIDENCE = 0.4
READ_CHARACTERS = 20_000
"""Of a request, for rules and examples."""
_AROUND = " .!?…\"'“”‘’«»"


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """`name` is a registered specialist, or `none`. `scores` are chances of every route that was
    weighed and sum to 1; `confidence` is that of `name`, `margin` the lead of the best over the
    second."""

    name: str
    confidence: float
    scores: Mapping[str, float]
    margin: float
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingHead:
    """The routes of the decision head, `none` among them, with what is known of its features."""

    routes: tuple[str, ...]
    statistics: FeatureStatistics
    precision_DD: Floats

    def calibrated(self, logits_C: Floats) -> Floats:
        """Chances, over the last axis."""
        return softmax(logits_C / self.statistics.temperature)


def route_by_examples(text: str, specs: Iterable[SpecialistSpec]) -> Route | None:
    """The first specialist, in the registry's order, that has this very request among its
    `route.examples`. So one example is enough to correct a route, whatever the head makes of it."""
    wanted = as_example(text)
    for spec in specs:
        if wanted and wanted in map(as_example, spec.entry.route.examples):
            return Route(
                name=spec.name,
                confidence=1.0,
                scores={spec.name: 1.0},
                margin=1.0,
                why=f"it is an example of {spec.name} ({spec.where})",
            )
    return None


def as_example(text: str) -> str:
    """What two requests have in common that are taken for the same: case, spaces and the signs
    around them aside."""
    folded = unicodedata.normalize("NFKC", text[:READ_CHARACTERS]).casefold()
    return " ".join(folded.split()).strip(_AROUND)


def route_by_rules(text: str, specs: Iterable[SpecialistSpec]) -> Route | None:
    """The first specialist, in the registry's order, one of whose rules finds the request."""
    for spec in specs:
        for rule in spec.entry.route.rules:
            if re.search(rule, text[:READ_CHARACTERS]):
                return Route(
                    name=spec.name,
                    confidence=1.0,
                    scores={spec.name: 1.0},
                    margin=1.0,
                    why=f"the rule {rule!r} of {spec.name} finds it ({spec.where})",
                )
    return None


def route_by_features(
    feature_D: Floats,
    logits_C: Floats,
    *,
    head: RoutingHead,
    extension: Extension,
    registered: Collection[str],
) -> Route:
    """The chances of routes whose specialist is not registered go to `none`."""
    chance_C = head.calibrated(logits_C)
    there, *added = extension.chances(feature_D, chance_C).tolist()
    chances = dict(zip(head.routes, (there * chance_C).tolist(), strict=True))
    missing = [name for name in head.routes if name != NONE and name not in registered]
    first = max(chances, key=lambda name: chances[name])
    chances[NONE] += sum(chances.pop(name) for name in missing)
    scores = chances | dict(zip(extension.names, added, strict=True))
    ranked = sorted(scores, key=lambda name: -scores[name])
    best, margin = ranked[0], scores[ranked[0]] - scores[ranked[1]] if len(ranked) > 1 else 1.0

    def route(name: str, why: str) -> Route:
        return Route(name=name, confidence=scores[name], scores=scores, margin=margin, why=why)

    if best == NONE:
        if first in missing:
            return route(NONE, f"it would be for {first}, which is not registered")
        return route(NONE, "it reads like a request for no specialist")
    if scores[best] < LEAST_CONFIDENCE:
        return route(NONE, f"no route is sure: the best, {best}, has {scores[best]:.0%}")
    if best in extension.names:
        return route(best, f"it reads like the examples of {best}")
    place = head.routes.index(best)
    centred_1D = (feature_D - head.statistics.mean_CD[place])[None]
    distance = float(distances(centred_1D, head.precision_DD)[0])
    reach = float(head.statistics.reach_C[place])
    if distance > reach:
        return route(
            NONE,
            f"it is unlike every request for {best}: {distance:.1f} off, where its own lie within "
            f"{reach:.1f}",
        )
    return route(best, f"the decision head gives it {scores[best]:.0%}")
