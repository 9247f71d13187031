"""Intervals for comparisons: paired bootstrap over splits, seeds and clips, and Student's interval of a mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

RESAMPLES = 2000
"""Of every bootstrap interval of this package."""


@dataclass(frozen=True)
class Difference:
    """A mean difference in accuracy, a share of 1.

    Attributes:
        mean: over splits of the mean over seeds of the mean over clips.
        low, high: 95 % percentile interval.
    """

    mean: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def paired(splits: Sequence[NDArray[np.float32]], *, seed: int = 0) -> list[Difference]:
    """Paired bootstrap of several methods against one.

    Each resample draws splits (where there are more than one), for each of them seeds, and clips, all with
    replacement: the same clips and seeds for every method, and the same clips for all seeds, as all judge the same
    ones. With one split it speaks of that split alone. It counts clips as independent, though one person performs
    many: intervals are a little narrow.

    Args:
        splits: a (clips, seeds, methods) array a split: right (1) or wrong (0) of the method, less that of the
            one compared with.

    Returns:
        One difference a method.
    """
    random = np.random.default_rng(seed)
    means = np.stack([split.mean(axis=(0, 1), dtype=np.float64) for split in splits])
    drawn = np.empty((len(splits), RESAMPLES, means.shape[1]))
    for place, split in enumerate(splits):
        clips, seeds, methods = split.shape
        often = random.multinomial(clips, np.full(clips, 1 / clips), RESAMPLES).astype(np.float32)
        by_seed = (often @ split.reshape(clips, -1)).reshape(RESAMPLES, seeds, methods) / clips
        weight = random.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES) / seeds
        drawn[place] = np.einsum("rsm,rs->rm", by_seed, weight)
    resampled, count = np.zeros(drawn.shape[1:]), len(splits)
    chosen = random.integers(0, count, (RESAMPLES, count))
    for place in range(count):
        # A row of its own for each place: a split drawn twice comes with other clips and seeds.
        row = (np.arange(RESAMPLES) + place * (RESAMPLES // count)) % RESAMPLES
        resampled += drawn[chosen[:, place], row] / count
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return [Difference(*map(float, values)) for values in zip(means.mean(axis=0), low, high, strict=True)]


def half_width(values: Sequence[float]) -> float | None:
    """Half of Student's 95 % interval of the mean of n independent values; None for fewer than two."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    return float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
