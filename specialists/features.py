"""What a router must know of the features of its routing specialist: where the requests of each
route lie, how they spread, how far off is too far, and a sample of requests to test a new route on.

Fitted once, after training, and kept beside the weights as routing.safetensors. numpy alone, so
that whoever routes needs no torch; it knows no request and no registry.

Shapes: N requests, D width, C routes.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from specialists.errors import CheckpointError

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

SHRINKAGE = 0.1
"""Share of the covariance that is taken as the same in every direction (Ledoit and Wolf 2004)."""
REACH = 0.995
"""Share of a route's own requests that lie within its reach."""
SAMPLE = 1_600
"""Requests kept to test new routes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureStatistics:
    """`covariance_DD` is that within routes, shared by all. `reach_C` is the distance from a
    route's mean, in that covariance, beyond which few of its requests lie. The sample stands with
    its routes; `temperature` divides the logits of the decision head to calibrate them."""

    mean_CD: Floats
    covariance_DD: Floats
    reach_C: Floats
    sample_ND: Floats
    sample_route_N: Ints
    temperature: float

    @property
    def precision_DD(self) -> Floats:
        return shrunk_inverse(self.covariance_DD)

    def to_bytes(self) -> bytes:
        """As the file holds it. The sample is rounded to half precision."""
        tensors = {
            field.name: np.ascontiguousarray(getattr(self, field.name), dtype=np.float32)
            for field in fields(self)
        }
        tensors["sample_ND"] = self.sample_ND.astype(np.float16)
        tensors["sample_route_N"] = self.sample_route_N.astype(np.uint8)
        return save(tensors)


def read_statistics(path: Path) -> FeatureStatistics:
    """Raises `CheckpointError` for a file that is not of this kind."""
    try:
        tensors = load_file(path)
        floats = {name: tensors[name].astype(np.float32) for name in _SHAPED}
        found = FeatureStatistics(
            **floats,
            sample_route_N=tensors["sample_route_N"].astype(np.int64),
            temperature=tensors["temperature"].item(),
        )
        routes, width = found.mean_CD.shape
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: not the statistics of a router ({error})") from error
    samples = len(found.sample_ND)
    shapes = {
        "covariance_DD": (width, width),
        "reach_C": (routes,),
        "sample_ND": (samples, width),
        "sample_route_N": (samples,),
    }
    for name, shape in shapes.items():
        if getattr(found, name).shape != shape:
            raise CheckpointError(f"{path}: {name} is {getattr(found, name).shape}, not {shape}")
    return found


_SHAPED = ("mean_CD", "covariance_DD", "reach_C", "sample_ND")


def fit_statistics(
    features_ND: Floats,
    route_N: Ints,
    logits_NC: Floats,
    held_back_N: npt.NDArray[np.bool_],
    *,
    seed: int,
) -> FeatureStatistics:
    """From requests with known routes, each of which must occur. Means and spread come from those
    of the training, the temperature from those held back; both have their say in the reach."""
    routes = logits_NC.shape[1]
    trained = ~held_back_N
    mean_CD = np.stack(
        [features_ND[trained & (route_N == route)].mean(0) for route in range(routes)]
    )
    centred_ND = features_ND - mean_CD[route_N]
    covariance_DD = centred_ND[trained].T @ centred_ND[trained] / max(1, int(trained.sum()))
    distance_N = distances(centred_ND, shrunk_inverse(covariance_DD))
    reach_C = np.array([np.quantile(distance_N[route_N == one], REACH) for one in range(routes)])
    drawn = np.random.default_rng(seed).permutation(len(features_ND))[:SAMPLE]
    return FeatureStatistics(
        mean_CD=mean_CD.astype(np.float32),
        covariance_DD=covariance_DD.astype(np.float32),
        reach_C=reach_C.astype(np.float32),
        sample_ND=features_ND[drawn],
        sample_route_N=route_N[drawn],
        temperature=fit_temperature(logits_NC[held_back_N], route_N[held_back_N]),
    )


def fit_temperature(logits_NC: Floats, route_N: Ints) -> float:
    """The one of least cross-entropy (Guo et al. 2017), found on a grid of ratios."""
    candidates = np.geomspace(0.25, 8.0, 141)
    rows = np.arange(len(route_N))
    losses = [-np.log(softmax(logits_NC / one)[rows, route_N] + 1e-12).mean() for one in candidates]
    return float(candidates[int(np.argmin(losses))])


def softmax(logits_NC: Floats) -> Floats:
    """Over the last axis."""
    shifted = np.exp(logits_NC - logits_NC.max(axis=-1, keepdims=True))
    chances: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return chances


def distances(centred_ND: Floats, precision_DD: Floats) -> Floats:
    """[N]: Mahalanobis distances of what is already centred."""
    squared_N = np.einsum("nd,de,ne->n", centred_ND, precision_DD, centred_ND)
    found: Floats = np.sqrt(np.maximum(squared_N, 0.0))
    return found


def shrunk_inverse(covariance_DD: Floats) -> Floats:
    width = len(covariance_DD)
    even = np.trace(covariance_DD) / width
    shrunk = (1 - SHRINKAGE) * covariance_DD.astype(np.float64)
    inverse = np.linalg.inv(shrunk + SHRINKAGE * even * np.eye(width) + 1e-9 * np.eye(width))
    return inverse.astype(np.float32)
