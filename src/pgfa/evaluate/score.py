"""Scores of predictions: accuracy with its bootstrap interval, class mean, confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.bootstrap import bootstrap_interval
from pgfa.train.accuracy import batch_mean

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """How good a set of predictions is.

    Attributes:
        accuracy: fraction of clips that are correct (each clip weighs the same, whatever its batch).
        batch_mean: mean over batches of the accuracy, as in the authors' code: for comparison with published figures.
        class_mean: mean over classes of the accuracy on their clips; classes without clips do not count.
        low, high: 95 % percentile bootstrap interval of `accuracy` over clips.
        clips: number of clips.
        confusion: (K, K) counts, true class by row, predicted class by column.
    """

    accuracy: float
    batch_mean: float
    class_mean: float
    low: float
    high: float
    clips: int
    confusion: NDArray[np.int64]


def score(truth: Labels, predictions: Labels, classes: int, *, seed: int = 0) -> Score:
    """Score predictions against the true classes.

    Args:
        truth, predictions: (N,) class numbers below `classes`, in the order of the clips' files.
        classes: number of candidate classes, K.
        seed: of the bootstrap.

    Raises:
        ValueError: no clips, or another number of predictions than of true classes.
    """
    if len(truth) == 0 or truth.shape != predictions.shape:
        raise ValueError(
            "expected at least one clip and one prediction per clip, "
            f"found {len(truth)} clips and {len(predictions)} predictions"
        )
    correct = truth == predictions
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (truth, predictions), 1)
    size = confusion.sum(axis=1)
    low, high = bootstrap_interval(correct.astype(np.float64), seed=seed)
    return Score(
        accuracy=float(correct.mean()),
        batch_mean=batch_mean(correct),
        class_mean=float((confusion.diagonal()[size > 0] / size[size > 0]).mean()),
        low=low,
        high=high,
        clips=len(truth),
        confusion=confusion,
    )
