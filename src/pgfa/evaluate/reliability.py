"""Whether probabilities can be taken at their word: accuracy of the predictions of each range of probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Predictions in ranges of equal width of their probability; a range without clips has NaN.

    Attributes:
        probability: (bins,) mean probability of the predicted class.
        accuracy: (bins,) fraction of these predictions that are correct.
        clips: (bins,) number of predictions.
        error: expected calibration error: mean distance of the two over clips.
    """

    probability: Doubles
    accuracy: Doubles
    clips: NDArray[np.int64]
    error: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; null in a range without clips."""
        return {
            "expected_calibration_error": self.error,
            "probability": [_number(value) for value in self.probability],
            "accuracy": [_number(value) for value in self.accuracy],
            "clips": self.clips.tolist(),
        }


def reliability(scores: NDArray[np.float32], true: NDArray[np.int64], scale: float) -> Reliability:
    """The reliability of softmax(scale * scores).

    Args:
        scores: (N, K) a score for each class.
        true: (N,) class numbers.
        scale: logit scale of the training loss.
    """
    logits = scale * scores.astype(np.float64)
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability = weight.max(axis=1) / weight.sum(axis=1)
    correct = scores.argmax(axis=1) == true
    bins = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    clips = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(bins, probability, BINS) / clips
        accuracy = np.bincount(bins, correct, BINS) / clips
    gaps = np.abs(np.nan_to_num(mean - accuracy))
    return Reliability(mean, accuracy, clips, float((gaps * clips).sum() / max(1, clips.sum())))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
