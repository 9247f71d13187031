"""Confidence intervals: bootstrap of a mean, paired bootstrap over splits, seeds and clips, Student's interval.

Resampling is written out here because scipy has no bootstrap that is both nested (splits, seeds, clips) and paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

RESAMPLES = 2000
"""Resamples of every bootstrap in the package."""

_BLOCK = 100  # resamples drawn at a time, so that memory stays small with many clips


@dataclass(frozen=True)
class Difference:
    """A mean difference in accuracy, as a fraction of 1.

    Attributes:
        mean: over splits of the mean over seeds of the mean over clips.
        low, high: 95 % percentile interval.
    """

    mean: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


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


def paired_bootstrap(splits: Sequence[NDArray[np.float32]], *, seed: int = 0) -> list[Difference]:
    """Paired bootstrap of several methods against a reference.

    Each resample draws splits (where there are several), for each of them seeds, and clips, all with replacement: the
    same clips and seeds for every method, and the same clips for all seeds, as all are evaluated on the same clips.
    With one split the interval holds for that split alone. Clips count as independent, though one person performs
    many: intervals are a little narrow.

    Args:
        splits: per split a (clips, seeds, methods) array: 1 where the method is right, 0 where it is wrong, minus the
            same of the reference.

    Returns:
        One difference per method.
    """
    random = np.random.default_rng(seed)
    means = np.stack([split.mean(axis=(0, 1), dtype=np.float64) for split in splits])
    split_means = np.empty((len(splits), RESAMPLES, means.shape[1]))
    for index, split in enumerate(splits):
        clips, seeds, methods = split.shape
        draws = random.multinomial(clips, np.full(clips, 1 / clips), RESAMPLES).astype(np.float32)
        by_seed = (draws @ split.reshape(clips, -1)).reshape(RESAMPLES, seeds, methods) / clips
        weight = random.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES) / seeds
        split_means[index] = np.einsum("rsm,rs->rm", by_seed, weight)
    resampled, count = np.zeros(split_means.shape[1:]), len(splits)
    drawn_splits = random.integers(0, count, (RESAMPLES, count))
    for draw in range(count):
        # Each draw takes a row of its own: a split drawn twice comes with other clips and seeds.
        row = (np.arange(RESAMPLES) + draw * (RESAMPLES // count)) % RESAMPLES
        resampled += split_means[drawn_splits[:, draw], row] / count
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return [Difference(*map(float, values)) for values in zip(means.mean(axis=0), low, high, strict=True)]


def half_width(values: Sequence[float]) -> float | None:
    """Half the width of Student's 95 % interval of the mean of n independent values; None for fewer than two."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    return float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
