"""Where a request goes, decided on numbers and words alone."""

from pathlib import Path

import numpy as np
import pytest

from cluster.registry import Entry, SpecialistSpec
from cluster.registry import Route as RouteEntry
from cluster.route_extension import Extension, no_extension
from cluster.router import (
    LEAST_CONFIDENCE,
    NONE,
    Route,
    RoutingHead,
    route_by_examples,
    route_by_features,
    route_by_rules,
)
from specialists.features import FeatureStatistics, Floats

WIDTH = 3
STATISTICS = FeatureStatistics(
    mean_CD=np.eye(3, dtype=np.float32),
    covariance_DD=np.eye(3, dtype=np.float32),
    reach_C=np.full(3, 2.0, dtype=np.float32),
    sample_ND=np.zeros((1, WIDTH), dtype=np.float32),
    sample_route_N=np.zeros(1, dtype=np.int64),
    temperature=2.0,
)
HEAD = RoutingHead(
    routes=("a", "b", NONE), statistics=STATISTICS, precision_DD=STATISTICS.precision_DD
)


def numbers(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)


def routed(
    logits: Floats,
    *,
    feature: Floats | None = None,
    extension: Extension | None = None,
    registered: tuple[str, ...] = ("a", "b"),
) -> Route:
    return route_by_features(
        numbers(1, 0, 0) if feature is None else feature,
        logits,
        head=HEAD,
        extension=extension or no_extension(width=WIDTH, routes=3),
        registered=registered,
    )


def test_the_head_decides_with_calibrated_chances() -> None:
    route = routed(numbers(6, 2, 0))
    cold = np.exp([3, 1, 0]) / np.exp([3, 1, 0]).sum()
    assert route.name == "a"
    assert list(route.scores.values()) == pytest.approx(cold.tolist(), rel=1e-5)
    assert route.margin == pytest.approx(cold[0] - cold[1], rel=1e-5)
    assert route.confidence == route.scores["a"]


def test_a_head_that_is_not_sure_sends_nobody() -> None:
    route = routed(numbers(0.1, 0, 0))
    assert route.name == NONE and "no route is sure" in route.why
    assert max(route.scores.values()) < LEAST_CONFIDENCE


def test_a_request_unlike_all_of_its_route_is_for_nobody() -> None:
    assert routed(numbers(9, 0, 0), feature=numbers(1, 1, 0)).name == "a"
    far = routed(numbers(9, 0, 0), feature=numbers(1, 9, 0))
    assert far.name == NONE and "unlike every request for a" in far.why


def test_what_is_for_a_specialist_that_is_not_registered_is_for_nobody() -> None:
    route = routed(numbers(9, 0, 0), registered=("b",))
    assert (route.name, route.why) == (NONE, "it would be for a, which is not registered")
    assert set(route.scores) == {"b", NONE}
    assert sum(route.scores.values()) == pytest.approx(1.0)


def test_an_added_route_takes_its_share_from_all_others() -> None:
    extension = Extension(
        names=("new",),
        weight_KD=numbers(0, 4, 0)[None],
        bias_K=numbers(-2),
        home_KC=numbers(1, 0, 0)[None],
    )
    old = routed(numbers(9, 0, 0), extension=extension)
    new = routed(numbers(9, 0, 0), feature=numbers(0, 3, 0), extension=extension)
    assert (old.name, new.name) == ("a", "new")
    assert "examples of new" in new.why
    assert sum(new.scores.values()) == pytest.approx(1.0)


def spec(name: str, *rules: str) -> SpecialistSpec:
    entry = Entry(task="relevance", checkpoint=name, route=RouteEntry(rules=rules))
    return SpecialistSpec(name=name, folder=Path(name), entry=entry, where=f"registry.yaml:{name}")


def shown(name: str, *examples: str) -> SpecialistSpec:
    entry = Entry(task="relevance", checkpoint=name, route=RouteEntry(examples=examples))
    return SpecialistSpec(name=name, folder=Path(name), entry=entry, where=f"registry.yaml:{name}")


def test_a_request_that_is_an_example_is_its_specialists_own() -> None:
    specs = (shown("a", "..."), shown("b", "Is it the same?"), shown("c", "is it the same"))
    route = route_by_examples("  is it\tthe SAME! ", specs)
    assert route is not None
    assert (route.name, route.confidence, route.scores) == ("b", 1.0, {"b": 1.0})
    assert route.why == "it is an example of b (registry.yaml:b)"
    assert route_by_examples("is it the same thing", specs) is None
    assert route_by_examples("...", specs) is None


def test_the_first_rule_that_finds_the_request_decides_alone() -> None:
    specs = (spec("none-of-it"), spec("sql", r"(?i)^\s*select\b", "^drop "), spec("all", "."))
    route = route_by_rules("SELECT name FROM parts", specs)
    assert route is not None
    assert (route.name, route.confidence, route.scores) == ("sql", 1.0, {"sql": 1.0})
    assert "'(?i)^\\\\s*select\\\\b'" in route.why and "registry.yaml:sql" in route.why
    assert route_by_rules("", specs[:2]) is None
