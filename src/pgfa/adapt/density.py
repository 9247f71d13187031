"""How many clips of a pool are like each clip, and weights by which a common action counts little more than a rare one.

A mean over all clips of a pool is that of its most common action where one is common. Weighted by the inverse of its
density, every kind of movement counts about equally, whatever it is called: no label is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.prototype import Array, unit_rows

NEAREST_PAIRS = 0.01
"""Share of the pairs of clips whose distance counts as near."""
REFERENCES, FEWEST, COMPARISONS = 2000, 200, 40_000_000
"""Clips that stand for all of a larger pool, evenly spread over its order: at most and at least so many, and as many as
keep the number of comparisons."""

Doubles = NDArray[np.float64]


def density_weights(features: Array) -> Doubles:
    """Weights of the clips of a pool: inverse to how many clips are near.

    Args:
        features: (N, d), none of length 0.

    Returns:
        (N,) above 0, adding to 1; equal where no clips are alike, and for fewer than three clips.
    """
    count = len(features)
    if count < 3:
        return np.full(count, 1 / max(count, 1))
    points = unit_rows(features)
    most = max(FEWEST, min(REFERENCES, COMPARISONS // count))
    chosen = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
    references = points[chosen]
    radius = _radius(references)
    density = np.empty(count)
    for start in range(0, count, REFERENCES):
        block = points[start : start + REFERENCES]
        likeness = np.exp(-_distances(block, references) / radius)
        first, last = np.searchsorted(chosen, (start, start + len(block)))
        likeness[chosen[first:last] - start, np.arange(first, last)] = 0  # a clip is not near itself
        density[start : start + len(block)] = 1 + likeness.sum(axis=1) * (count / len(references))
    weights = 1 / density
    return np.asarray(weights / weights.sum())


def _distances(points: Array, references: Array) -> Doubles:
    """(N, R) squared distances of unit vectors; 0 to 4."""
    return np.maximum(2 - 2 * (points @ references.T).astype(np.float64), 0)


def _radius(references: Array) -> float:
    """The squared distance below which `NEAREST_PAIRS` of all pairs are, above 0."""
    first, second = np.triu_indices(len(references), 1)
    pairs = _distances(references, references)[first, second]
    return max(float(np.quantile(pairs, NEAREST_PAIRS)), 1e-6)
