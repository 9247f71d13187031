"""Alignment with hubness corrected: an anchor that is close to everything is held back before it is believed.

In many dimensions some sentences are the nearest one of far too many clips. Half the mean cosine of an anchor to
its nearest clips is taken off its scores, as in cross-domain similarity local scaling (Conneau et al. 2018); the
other half of that correction, over a clip's nearest anchors, moves no argmax and is left out. By default all clips
are the neighbours: simulated, fewer of them did no better, and far worse where classes are unequal.

Assumes that the candidate classes are known, that all clips are at hand, and that classes come about equally
often: a class that is rare or never occurs has far clips only, is held back less, and draws clips not its own.
Below some ten clips the mean is their chance composition; one clip alone keeps its sentences' verdict, whatever k.
"""

from __future__ import annotations

import numpy as np

from pgfa.adapt.prototype import Alignment, Array, cosines, entropy, means, surest
from pgfa.config import AdaptSettings


def neighbours(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """`align` with corrected scores, both for the pseudo-labels and for the predictions.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `alpha` and `neighbours` are used; more neighbours than clips are all clips.
    """
    k = min(settings.neighbours or len(features), len(features))
    before = held_back(cosines(features, anchors), k)
    labels, surprise = before.argmax(axis=1), entropy(before)
    support = surest(labels, surprise, len(anchors), settings.alpha)
    prototypes = means(features, labels, support, anchors)
    scores = held_back(cosines(features, prototypes), k)
    return Alignment(anchors, labels, surprise, support, prototypes, scores.argmax(axis=1), scores)


def held_back(scores: Array, k: int) -> Array:
    """(N, K) cosines less half the mean of the k highest of each column, k at most N; as they are where k is 0."""
    if k == 0:
        return scores
    highest = np.partition(scores, len(scores) - k, axis=0)[len(scores) - k :]
    return np.asarray(scores - 0.5 * highest.mean(axis=0), dtype=np.float32)
