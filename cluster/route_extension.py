"""Routes that the decision head was never trained on: one weight vector each, in closed form.

A new route is told from everything else by Fisher's discriminant, its mean the mean of a few
examples, on features that stay as they are. Its border is laid where the requests kept for testing
stay with their own routes, and a request that the decision head sends elsewhere than the examples
is harder to take, so that what is routed today is routed tomorrow. Pure; numpy alone.

Shapes: E examples, N kept requests, D width, C routes of the head, K new routes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from specialists.features import FeatureStatistics, Floats, shrunk_inverse

KEPT_ROUTED, KEPT_UNROUTED = 0.995, 0.985
"""Shares of the kept requests, those of a route and those of none, that no new route may take."""
SURE_LOGIT = 3.0
"""Where the middle example lies, judged by the others: at about 95%."""


DOUBT = 0.05
"""Chance that is always left to where the head does not send a request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Of one new route: their features, and the chances that the head gives them."""

    feature_ED: Floats
    chance_EC: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """Log-odds of each new route against all that were there: `weight_KD` times the feature plus
    `bias_K`, and how much the head's chances are those it gives the examples, `home_KC`. `unclear`
    are routes whose examples lie among the requests of others."""

    names: tuple[str, ...]
    weight_KD: Floats
    bias_K: Floats
    home_KC: Floats
    unclear: tuple[str, ...] = ()

    def chances(self, feature_D: Floats, chance_C: Floats) -> Floats:
        """[1 + K]: that of all routes there were together, then of each new one."""
        at_home_K = np.log(self.home_KC @ chance_C + DOUBT)
        usual_K = np.log((self.home_KC**2).sum(axis=1) + DOUBT)
        new_K = self.weight_KD @ feature_D + self.bias_K + np.minimum(0.0, at_home_K - usual_K)
        logits = np.concatenate([[0.0], new_K])
        shifted = np.exp(logits - logits.max())
        found: Floats = shifted / shifted.sum()
        return found

    def to_dict(self) -> dict[str, Any]:
        return {
            "names": self.names,
            "weights": self.weight_KD.tolist(),
            "biases": self.bias_K.tolist(),
            "homes": self.home_KC.tolist(),
            "unclear": self.unclear,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, width: int, routes: int) -> "Extension":
        """Raises `KeyError`, `TypeError` or `ValueError` for what is none."""
        names = tuple(map(str, values["names"]))
        weights = np.asarray(values["weights"], dtype=np.float32).reshape(len(names), width)
        biases = np.asarray(values["biases"], dtype=np.float32).reshape(len(names))
        homes = np.asarray(values["homes"], dtype=np.float32).reshape(len(names), routes)
        unclear = tuple(map(str, values["unclear"]))
        return cls(names=names, weight_KD=weights, bias_K=biases, home_KC=homes, unclear=unclear)


def no_extension(*, width: int, routes: int) -> Extension:
    """Of no new route at all."""
    nothing = {"names": (), "weights": (), "biases": (), "homes": (), "unclear": ()}
    return Extension.from_dict(nothing, width=width, routes=routes)


def extend(
    statistics: FeatureStatistics, examples: Mapping[str, Examples], *, none: int
) -> Extension:
    """`examples` by the name of each new route; `none` is the route of requests for nobody."""
    sample_ND = statistics.sample_ND
    mean_D = sample_ND.mean(0)
    centred_ND = sample_ND - mean_D
    precision_DD = shrunk_inverse(centred_ND.T @ centred_ND / len(sample_ND))
    unrouted_N = statistics.sample_route_N == none
    weights, biases, unclear = [], [], []
    for name, shown in examples.items():
        offset_ED = shown.feature_ED - mean_D
        weight_D = precision_DD @ offset_ED.mean(0)
        score_N = centred_ND @ weight_D
        border = max(
            _quantile(score_N[~unrouted_N], KEPT_ROUTED),
            _quantile(score_N[unrouted_N], KEPT_UNROUTED),
        )
        middle = float(np.median(_left_out_scores(offset_ED, precision_DD)))
        room = middle - border
        if room <= 0:
            unclear.append(name)
        scale = SURE_LOGIT / max(room, 0.25 * float(score_N.std()), 1e-6)
        weights.append(scale * weight_D)
        biases.append(-scale * (border + float(weight_D @ mean_D)))
    width = len(mean_D)
    return Extension(
        names=tuple(examples),
        weight_KD=np.asarray(weights, dtype=np.float32).reshape(len(examples), width),
        bias_K=np.asarray(biases, dtype=np.float32),
        home_KC=np.asarray(
            [shown.chance_EC.mean(0) for shown in examples.values()], dtype=np.float32
        ).reshape(len(examples), len(statistics.mean_CD)),
        unclear=tuple(unclear),
    )


def _left_out_scores(offset_ED: Floats, precision_DD: Floats) -> Floats:
    """[E]: each example scored by the mean of the others."""
    count = len(offset_ED)
    others_ED = (offset_ED.sum(0) - offset_ED) / max(1, count - 1)
    scores: Floats = ((offset_ED @ precision_DD) * others_ED).sum(axis=1)
    return scores


def _quantile(scores: Floats, share: float) -> float:
    return float(np.quantile(scores, share)) if len(scores) else -np.inf
