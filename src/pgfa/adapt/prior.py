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
    count = len(posterior)
    estimate = prior
    for _ in range(STEPS):
        mean = _reweighted(posterior, estimate / prior).mean(axis=0)
        estimate = (count * mean + pseudo_count * prior) / (count + pseudo_count)
    return _reweighted(posterior, estimate / prior)


def _reweighted(posterior: Doubles, ratio: Doubles) -> Doubles:
    weight = posterior * ratio
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
