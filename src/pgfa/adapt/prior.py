"""How often each class occurs among clips, told from the clips themselves: label shift by expectation-maximisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

STEPS = 20


def occurring(posterior: Doubles, prior: Doubles, counted_in: float) -> Doubles:
    """Posteriors under the prior with which classes occur among these clips (Saerens et al. 2002).

    Each step weighs every clip's posteriors by the present prior over the one they were made with, and takes their
    mean as the next prior, `counted_in` clips of the old prior counted in, so that few clips change little.

    Args:
        posterior: (N, K) rows adding to 1, N at least 1.
        prior: (K,) that they were made with; above 0, sum 1.
        counted_in: clips, 0 or more.

    Returns:
        (N, K) rows adding to 1; their mean is how often each class occurs.
    """
    count = len(posterior)
    found = prior
    for _ in range(STEPS):
        share = _under(posterior, found / prior).mean(axis=0)
        found = (count * share + counted_in * prior) / (count + counted_in)
    return _under(posterior, found / prior)


def _under(posterior: Doubles, ratio: Doubles) -> Doubles:
    weighed = posterior * ratio
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))
