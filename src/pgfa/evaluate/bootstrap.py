"""Bootstrap interval of the accuracy on the clips of one run.

It describes the clips alone: how much another sample of clips would change the figure of these very weights. Methods,
splits and seeds are compared by `pgfa.evaluate.student`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

RESAMPLES = 2000
"""Resamples of every bootstrap in the package."""

_BLOCK = 100  # resamples drawn at a time, so that memory stays small with many clips


def bootstrap_interval(values: Doubles, *, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of (N,) values."""
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [
            values[random.integers(0, len(values), (_BLOCK, len(values)))].mean(axis=1)
            for _ in range(RESAMPLES // _BLOCK)
        ]
    )
    tail = (1 - level) / 2
    return float(np.quantile(means, tail)), float(np.quantile(means, 1 - tail))
