"""Numbers from predictions: accuracy per clip, per-class mean, confusion, bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.bootstrap import RESAMPLES

Labels = NDArray[np.int64]



@dataclass(frozen=True)
class Score:
    """How good a set of predictions is.

    Attributes:
        accuracy: share of clips that are right (each clip weighs the same, whatever its batch).
        class_mean: mean over classes of the share of their clips that are right; classes without clips left out.
        low, high: 95 % percentile bootstrap interval of `accuracy` over clips.
        clips: how many.
        confusion: (K, K) counts, true class by row, prediction by column.
    """

    accuracy: float
    class_mean: float
    low: float
    high: float
    clips: int
    confusion: NDArray[np.int64]


def score(truth: Labels, predictions: Labels, classes: int, *, seed: int = 0) -> Score:
    """Score predictions against the truth, both (N,) class numbers below `classes`. Raises ValueError for no clips."""
    if len(truth) == 0 or truth.shape != predictions.shape:
        raise ValueError(
            f"as many predictions as true labels are needed, and one at least: {len(truth)}, {len(predictions)}"
        )
    right = truth == predictions
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (truth, predictions), 1)
    size = confusion.sum(axis=1)
    low, high = bootstrap(right.astype(np.float64), seed=seed)
    return Score(
        accuracy=float(right.mean()),
        class_mean=float((confusion.diagonal()[size > 0] / size[size > 0]).mean()),
        low=low,
        high=high,
        clips=len(truth),
        confusion=confusion,
    )


def bootstrap(values: NDArray[np.float64], *, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of (N,) values."""
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [
            values[random.integers(0, len(values), (100, len(values)))].mean(axis=1)
            for _ in range(RESAMPLES // 100)
        ]
    )
    tail = (1 - level) / 2
    return float(np.quantile(means, tail)), float(np.quantile(means, 1 - tail))
