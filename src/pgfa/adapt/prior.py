"""How often each class occurs among clips, estimated from the clips: label shift by expectation-maximisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

STEPS = 20


def reweight_by_prior(posterior: Doubles, prior: Doubles, pseudo_count: float) -> Doubles:
    """Posteriors under the class prior of these very clips (Saerens et al. 2002).

    Each step reweights every clip's posteriors from the prior they were computed under to the current estimate, and
    takes their mean, together with `pseudo_count` clips of the old prior, as the next estimate. With few clips the
    estimate stays close to the old prior.

    Args:
        posterior: (N, K) rows adding to 1, N at least 1.
        prior: (K,) that they were computed under; above 0, sum 1.
        pseudo_count: clips of the old prior, 0 or more.

    Returns:
        (N, K) rows adding to 1; their mean estimates how often each class occurs.
    """
    weight = posterior * _ratio(posterior, prior, pseudo_count)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def mean_by_prior(posterior: Doubles, prior: Doubles, pseudo_count: float) -> Doubles:
    """(K,) mean over clips of what `reweight_by_prior` returns; rows need not add to 1."""
    return mean_reweighted(posterior, _ratio(posterior, prior, pseudo_count))


def mean_reweighted(weights: Doubles, ratio: Doubles) -> Doubles:
    """(K,) mean over clips of (N, K) weights times (K,) ratio, each row divided by its sum.

    Two products of the matrix with a vector: nothing of its size is written.
    """
    return np.asarray(ratio * ((1 / (weights @ ratio)) @ weights) / len(weights))


def _ratio(posterior: Doubles, prior: Doubles, pseudo_count: float) -> Doubles:
    """(K,) the last estimate of the prior over the one that posteriors were computed under."""
    count = len(posterior)
    estimate = prior
    for _ in range(STEPS):
        mean = mean_reweighted(posterior, estimate / prior)
        estimate = (count * mean + pseudo_count * prior) / (count + pseudo_count)
    return np.asarray(estimate / prior)
