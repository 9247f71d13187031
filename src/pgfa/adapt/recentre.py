"""Recentring: the means of the clips and of the sentence vectors are subtracted before they are compared.

What all clips share (camera, performer, skeleton) and what all sentences share ("a person ...") does not tell which
sentence describes a clip, but moves every cosine, and makes some sentences the nearest of too many clips. The means
come from unlabelled clips. Assumes that these show several of the sentences: of clips of a single class the mean is
that class. Clips are weighted by `density_weights`, so that an action that many of them show is not the mean. The mean
of few clips is uncertain, so it is shrunk towards no shift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.density import density_weights
from pgfa.adapt.prototype import Array, unit_rows

Doubles = NDArray[np.float64]

SHRINKAGE_CLIPS = 20
"""Clips that the assumption of no shift counts as: the measured mean has weight (n - 1) / (n - 1 + 20)."""

OWN = 0.3
"""Share of a sentence's own mean and spread in what its scores are standardised by; the rest is that of all sentences.
With 1 every sentence would be given a similar share of the clips, which is wrong of a pool with common and rare actions
(docs/foreign-sets.md)."""
MOST_OWN = 0.8
"""The share where the labels that `OWN` gives are even."""
UNEVEN, EVEN = 0.9, 0.95
"""Entropy of the labels over that of equal shares: up to `UNEVEN` the share is `OWN`, from `EVEN` on `MOST_OWN`."""


@dataclass(frozen=True)
class Recentring:
    """Means of a pool of unlabelled clips and of its sentences.

    Attributes:
        features: (d,) weighted mean of the unit features of the clips.
        sentences: (d,) mean of the unit sentence vectors.
        clips: n, number of clips, 0 or more.
        scores: sentence -> mean and spread of its cosines over the clips, by which they are standardised; a sentence
            that is not among them is compared by the cosine alone.
    """

    features: Array
    sentences: Array
    clips: int
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, features: Array, anchors: Array, weights: Doubles | None = None) -> Recentring:
        """From clips and sentences.

        Args:
            features: (N, d); those of length 0 are left out.
            anchors: (K, d) sentence vectors, K at least 1.
            weights: `density_weights` of the features that are not left out, where they are known already.
        """
        present = unit_rows(features[features.any(axis=1)])
        weights = density_weights(present) if weights is None else weights
        mean = weights @ present
        return cls(mean.astype(np.float32), unit_rows(anchors).mean(axis=0).astype(np.float32), len(present))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "features": [float(x) for x in self.features],
            "sentences": [float(x) for x in self.sentences],
            "clips": self.clips,
            "scores": {name: [mean, spread] for name, (mean, spread) in self.scores.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], size: int) -> Recentring:
        """What `to_dict` returned, for features of d = `size`; for anything else KeyError, TypeError or ValueError."""
        features, sentences = (
            np.asarray(values[name], dtype=np.float32) for name in ("features", "sentences")
        )
        clips = values["clips"]
        finite = np.isfinite(features).all() and np.isfinite(sentences).all()
        if features.shape != (size,) or sentences.shape != (size,) or not finite:
            raise ValueError(f"expected features and sentences of {size} finite numbers each")
        if not isinstance(clips, int) or isinstance(clips, bool) or clips < 0:
            raise ValueError(f"expected clips, a number of 0 or more, found {clips!r}")
        scores = {str(k): (float(m), float(s)) for k, (m, s) in dict(values.get("scores", {})).items()}
        if not all(math.isfinite(mean) and math.isfinite(s) and s > 0 for mean, s in scores.values()):
            raise ValueError("expected a finite mean and a spread above 0 for each sentence")
        return cls(features, sentences, clips, scores)

    @property
    def weight(self) -> float:
        """Share of the means that is subtracted: 0 for a single clip, near 1 for many."""
        return recentring_weight(self.clips)

    @property
    def feature_shift(self) -> Array:
        """(d,) subtracted from every unit feature."""
        return np.asarray(self.weight * self.features, dtype=np.float32)

    def shift_features(self, features: Array) -> Array:
        """(N, d) unit features minus their shift; a feature of length 0 stays 0."""
        shifted = unit_rows(features) - self.feature_shift
        return np.where(features.any(axis=1, keepdims=True), shifted, np.float32(0))

    def shift_sentences(self, anchors: Array) -> Array:
        """(K, d) unit sentence vectors minus their shift."""
        return np.asarray(unit_rows(anchors) - self.weight * self.sentences, dtype=np.float32)

    def without(self, name: str) -> Recentring:
        """For a candidate of that name whose vector is another one from now on."""
        return replace(self, scores={n: score for n, score in self.scores.items() if n != name})

    def standardise(self, cosines: Array, names: Sequence[str]) -> Array:
        """(N, K) cosines of `names`: minus the sentence's mean, with the spread that is typical of all sentences."""
        if not self.scores:
            return cosines
        typical = float(np.median([spread for _, spread in self.scores.values()]))
        rows = np.array([self.scores.get(name, (0.0, typical)) for name in names]).reshape(-1, 2)
        scaled = (cosines - rows[:, 0]) * (typical / rows[:, 1])
        return np.asarray(np.clip(scaled, -1, 1), dtype=np.float32)


def recentring_weight(clips: int) -> float:
    """Weight of means measured on n clips against no shift; 0 for n of 0 or 1."""
    return max(clips - 1, 0) / (max(clips - 1, 0) + SHRINKAGE_CLIPS)


def own_share(labels: NDArray[np.int64], classes: int) -> float:
    """The share of a sentence's own mean and spread for a pool with these labels, as `OWN` gives them.

    Args:
        labels: (N,) below `classes`.
        classes: K, the candidates.
    """
    if classes < 2 or not len(labels):
        return OWN
    shares = np.bincount(labels, minlength=classes) / len(labels)
    shares = shares[shares > 0]
    evenness = -(shares * np.log(shares)).sum() / math.log(classes)
    return OWN + (MOST_OWN - OWN) * float(np.clip((evenness - UNEVEN) / (EVEN - UNEVEN), 0, 1))


def standardise(scores: NDArray[np.float32], weights: Doubles, own: float = OWN) -> Doubles:
    """(N, K) scores minus the mean of each column, over its standard deviation; see `mean_and_spread`."""
    mean, spread = mean_and_spread(scores, weights, own)
    return np.asarray((scores.astype(np.float64) - mean) / spread)


def mean_and_spread(
    scores: NDArray[np.float32], weights: Doubles, own: float = OWN
) -> tuple[Doubles, Doubles]:
    """(K,) mean and (K,) standard deviation of the columns of (N, K) scores under (N,) weights that add to 1.

    Means have the weight of `recentring_weight`; by the same weight variances are shrunk towards their mean.
    Then both are moved towards their means over the columns: `own` is the share of a column's own.
    Where no score varies, deviations are 1.
    """
    if len(scores) == 0:
        return np.zeros(scores.shape[1]), np.ones(scores.shape[1])
    weight, values = recentring_weight(len(scores)), scores.astype(np.float64)
    mean = weights @ values
    variance = weights @ (values - mean) ** 2
    variance = weight * variance + (1 - weight) * variance.mean()
    # Rounding leaves equal scores a variance of about 1e-15.
    mean, spread = weight * mean, np.sqrt(np.where(variance > 1e-12, variance, 1.0))
    return _towards_all(mean, own), _towards_all(spread, own)


def _towards_all(values: Doubles, own: float) -> Doubles:
    return np.asarray(own * values + (1 - own) * values.mean())
