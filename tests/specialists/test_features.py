"""What a router knows of features: fitted to clouds of points, kept in a file."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from specialists.errors import CheckpointError
from specialists.features import (
    FeatureStatistics,
    distances,
    fit_statistics,
    fit_temperature,
    read_statistics,
    softmax,
)

WIDTH, ROUTES = 6, 3


@pytest.fixture(scope="module")
def statistics() -> FeatureStatistics:
    choice = np.random.default_rng(1)
    route = choice.integers(0, ROUTES, 1_200)
    features = choice.normal(0, [3, 1, 1, 1, 1, 0.1], (1_200, WIDTH)) + np.eye(3, WIDTH)[route] * 9
    return fit_statistics(
        features.astype(np.float32),
        route,
        (4 * np.eye(ROUTES)[route]).astype(np.float32),
        np.arange(1_200) % 5 == 0,
        seed=0,
    )


def test_the_means_lie_where_the_clouds_do(statistics: FeatureStatistics) -> None:
    assert statistics.mean_CD == pytest.approx(9 * np.eye(3, WIDTH), abs=0.6)
    assert statistics.covariance_DD.diagonal()[0] == pytest.approx(9, rel=0.2)


def test_nearly_all_of_a_route_lies_within_its_reach_and_what_is_far_does_not(
    statistics: FeatureStatistics,
) -> None:
    for route in range(ROUTES):
        own = statistics.sample_ND[statistics.sample_route_N == route]
        distance = distances(own - statistics.mean_CD[route], statistics.precision_DD)
        assert np.mean(distance <= statistics.reach_C[route]) > 0.98
    off = (statistics.mean_CD[0] + np.array([0, 0, 0, 0, 9, 0]) - statistics.mean_CD[0])[None]
    assert distances(off, statistics.precision_DD)[0] > statistics.reach_C[0]


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_the_temperature_is_the_one_the_labels_were_drawn_at(true: float) -> None:
    choice = np.random.default_rng(0)
    logits = choice.normal(0, 3, (6_000, 4)).astype(np.float32)
    chances = softmax(logits / true)
    route = (chances.cumsum(1) < choice.random((6_000, 1))).sum(1).clip(0, 3)
    assert fit_temperature(logits, route) == pytest.approx(true, rel=0.12)


def test_what_was_written_is_read(statistics: FeatureStatistics, tmp_path: Path) -> None:
    path = tmp_path / "routing.safetensors"
    path.write_bytes(statistics.to_bytes())
    found = read_statistics(path)
    for field in fields(statistics):
        kept = getattr(statistics, field.name)
        assert getattr(found, field.name) == pytest.approx(kept, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize("damage", ["", "not a file of tensors", "{}"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "routing.safetensors"
    path.write_text(damage)
    with pytest.raises(CheckpointError, match="not the statistics of a router"):
        read_statistics(path)
