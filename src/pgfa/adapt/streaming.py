"""Alignment while clips arrive: immediate predictions; only the most confident clips of each class are stored.

Assumes that the candidate classes are known and every clip shows one of them. Pseudo-labels come from the
sentences, never from changing prototypes, so that an early error does not reinforce itself and the order of clips has
no effect in the end. Early predictions rest on few clips: the first of each class on the sentence alone, or,
with alpha = 1, on the first clip with that pseudo-label. Class balance is not assumed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.prototype import Array, cosines, entropy, means, most_confident
from pgfa.config import AdaptSettings


class Stream:
    """`paper` alignment of a stream. Stores at most `settings.memory` clips per class, however long the stream.

    After any number of clips the prototypes are those of `align` over all of them, except that a class has at most
    `memory` supports: floor(alpha n_c) or `memory`, whichever is less, most confident first, in a tie the earlier one.

    Args:
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `alpha` and `memory` are used.
    """

    def __init__(self, anchors: Array, settings: AdaptSettings) -> None:
        if len(anchors) == 0:
            raise ValueError("expected at least one candidate class, found none")
        self.anchors, self.settings = np.array(anchors, dtype=np.float32), settings
        self.prototypes: Array = self.anchors.copy()
        """(K, d) current prototypes."""
        self.counts: NDArray[np.int64] = np.zeros(len(anchors), dtype=np.int64)
        """(K,) clips pseudo-labelled so far."""
        self._features: Array = np.zeros((0, self.anchors.shape[1]), dtype=np.float32)
        self._labels: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._entropies: Array = np.zeros(0, dtype=np.float32)

    def __len__(self) -> int:
        """Clips stored; at most classes x memory."""
        return len(self._labels)

    def add(self, features: Array) -> NDArray[np.int64]:
        """Add (B, d) clips, B from 0 up, and predict them: (B,) the nearest prototype, with these clips included."""
        scores = cosines(features, self.anchors)
        labels = scores.argmax(axis=1)
        self.counts += np.bincount(labels, minlength=len(self.anchors))
        # Clips stay in order of arrival: sums over supports then do not depend on the batches of the stream.
        self._features = np.concatenate([self._features, features.astype(np.float32)])
        self._labels = np.concatenate([self._labels, labels])
        self._entropies = np.concatenate([self._entropies, entropy(scores)])
        stored = self._most_confident(self.settings.memory)
        self._features = self._features[stored]
        self._labels = self._labels[stored]
        self._entropies = self._entropies[stored]
        support = self._most_confident(np.floor(self.settings.alpha * self.counts))
        self.prototypes = means(self._features, self._labels, support, self.anchors)
        return np.asarray(cosines(features, self.prototypes).argmax(axis=1))

    def _most_confident(self, limit: NDArray[np.float64] | int) -> NDArray[np.bool_]:
        return most_confident(self._labels, self._entropies, len(self.anchors), 1, limit)
