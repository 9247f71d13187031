"""Alignment while clips arrive: predictions at once, and only the surest clips of each class are kept.

Assumes that the candidate classes are known and every clip shows one of them. Pseudo-labels come from the
sentences, never from moving prototypes, so that an early error does not feed itself and the order of clips does
not count in the end. Early predictions rest on few clips: the first of each class on the sentence alone, or,
with alpha = 1, on the first clip that looked like it. Class balance is not assumed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.prototype import Array, cosines, entropy, means, surest
from pgfa.config import AdaptSettings


class Stream:
    """`paper` alignment of a stream. Holds at most `settings.memory` clips a class, whatever the length of the stream.

    After any number of clips the prototypes are those of `align` over all of them, but that a class has at most
    `memory` supports: floor(alpha n_c) or `memory`, whichever is less, surest first, the earlier of two equal ones.

    Args:
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `alpha` and `memory` are used.
    """

    def __init__(self, anchors: Array, settings: AdaptSettings) -> None:
        if len(anchors) == 0:
            raise ValueError("at least one candidate class is needed")
        self.anchors, self.settings = np.array(anchors, dtype=np.float32), settings
        self.prototypes: Array = self.anchors.copy()
        """(K, d) as they are now."""
        self.counts: NDArray[np.int64] = np.zeros(len(anchors), dtype=np.int64)
        """(K,) clips pseudo-labelled so far."""
        self._features: Array = np.zeros((0, self.anchors.shape[1]), dtype=np.float32)
        self._labels: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._surprise: Array = np.zeros(0, dtype=np.float32)

    def __len__(self) -> int:
        """Clips kept; at most classes x memory."""
        return len(self._labels)

    def add(self, features: Array) -> NDArray[np.int64]:
        """Take in (B, d) clips, B from 0 up, and predict them: (B,) the nearest prototype, these clips counted in."""
        scores = cosines(features, self.anchors)
        labels = scores.argmax(axis=1)
        self.counts += np.bincount(labels, minlength=len(self.anchors))
        # Kept clips stay in order of arrival: sums over supports then do not depend on how the stream was cut.
        self._features = np.concatenate([self._features, features.astype(np.float32)])
        self._labels = np.concatenate([self._labels, labels])
        self._surprise = np.concatenate([self._surprise, entropy(scores)])
        kept = surest(self._labels, self._surprise, len(self.anchors), 1, self.settings.memory)
        self._features, self._labels, self._surprise = (
            self._features[kept],
            self._labels[kept],
            self._surprise[kept],
        )
        wanted = np.floor(self.settings.alpha * self.counts)
        support = surest(self._labels, self._surprise, len(self.anchors), 1, wanted)
        self.prototypes = means(self._features, self._labels, support, self.anchors)
        return np.asarray(cosines(features, self.prototypes).argmax(axis=1))
