"""Routes from examples, on clouds of points whose truth is known."""

import numpy as np

from cluster.route_extension import Examples, Extension, extend
from specialists.features import FeatureStatistics, Floats, fit_statistics

WIDTH, ROUTES, NONE = 12, 4, 3
FOR_NONE, FOR_FIRST = np.eye(ROUTES, dtype=np.float32)[[NONE, 0]]
"""Chances of the head that is sure."""


def cloud(place: int, count: int, *, seed: int, spread: float = 0.5) -> Floats:
    """Around the unit vector of that place."""
    drawn = np.random.default_rng(seed).normal(0, spread, (count, WIDTH))
    drawn[:, place] += 4
    return drawn.astype(np.float32)


def shown(place: int, count: int, *, seed: int) -> Examples:
    return Examples(
        feature_ED=cloud(place, count, seed=seed), chance_EC=np.tile(FOR_NONE, (count, 1))
    )


def statistics() -> FeatureStatistics:
    features = np.concatenate([cloud(place, 200, seed=place) for place in range(ROUTES)])
    route = np.repeat(np.arange(ROUTES), 200)
    held_back = np.arange(len(route)) % 10 == 0
    logits = 8 * np.eye(ROUTES, dtype=np.float32)[route]
    return fit_statistics(features, route, logits, held_back, seed=0)


def test_a_new_cloud_is_known_from_ten_points_and_the_old_ones_keep_theirs() -> None:
    extension = extend(statistics(), {"new": shown(7, 10, seed=50)}, none=NONE)
    assert extension.unclear == ()
    taken = [extension.chances(point, FOR_NONE)[1] > 0.5 for point in cloud(7, 200, seed=51)]
    assert np.mean(taken) > 0.97
    for place in range(ROUTES):
        lost = [
            extension.chances(point, FOR_NONE)[0] < 0.5
            for point in cloud(place, 200, seed=60 + place)
        ]
        assert np.mean(lost) < 0.03


def test_two_new_clouds_are_told_from_each_other() -> None:
    examples = {"a": shown(6, 8, seed=1), "b": shown(8, 8, seed=2)}
    extension = extend(statistics(), examples, none=NONE)
    assert {int(extension.chances(point, FOR_NONE).argmax()) for point in cloud(8, 50, seed=3)} == {
        2
    }
    assert {int(extension.chances(point, FOR_NONE).argmax()) for point in cloud(6, 50, seed=4)} == {
        1
    }


def test_examples_among_the_requests_of_others_take_nothing_and_are_named() -> None:
    extension = extend(statistics(), {"copy": shown(1, 10, seed=9)}, none=NONE)
    assert extension.unclear == ("copy",)
    lost = [extension.chances(point, FOR_NONE)[0] < 0.5 for point in cloud(1, 400, seed=10)]
    assert np.mean(lost) < 0.05


def test_an_extension_comes_back_from_plain_values() -> None:
    made = extend(statistics(), {"new": shown(7, 10, seed=50)}, none=NONE)
    again = Extension.from_dict(made.to_dict(), width=WIDTH, routes=ROUTES)
    assert again.names == ("new",)
    assert np.array_equal(again.weight_KD, made.weight_KD)


def test_without_examples_nothing_is_taken() -> None:
    extension = extend(statistics(), {}, none=NONE)
    assert extension.chances(cloud(2, 1, seed=1)[0], FOR_NONE).tolist() == [1.0]


def test_what_the_head_sends_elsewhere_than_the_examples_is_harder_to_take() -> None:
    extension = extend(statistics(), {"new": shown(7, 10, seed=50)}, none=NONE)
    points = cloud(7, 50, seed=51)
    for point in points:
        assert extension.chances(point, FOR_FIRST)[1] < extension.chances(point, FOR_NONE)[1]
