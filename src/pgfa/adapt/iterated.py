"""Alignment repeated: the prototypes give new pseudo-labels, these new prototypes, until no label changes.

Assumes what `paper` does (the candidate classes are known, every clip shows one of them, all clips are available)
and that the nearest anchor is right more often than not, class by class: each round trusts the one before.
Where a sentence is closer to the clips of another class than to its own, the rounds converge to that error and may
end below `paper`. A class that loses its last clip goes back to its sentence. Class balance is not assumed.
"""

from __future__ import annotations

from pgfa.adapt.method import ALPHA_GRID, AlignmentMethod, name_and_alpha
from pgfa.adapt.prototype import Alignment, Array, cosines, entropy, means, most_confident
from pgfa.config import AdaptSettings


def iterated(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Repeat `align` from its own prototypes, at most `settings.rounds` times (cycles are possible).

    One round is `align`. With alpha = 1 this is spherical k-means that starts at the sentences.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `alpha` and `rounds` are used.
    """
    scores = cosines(features, anchors)
    predictions = scores.argmax(axis=1)
    rounds = 0
    while rounds < settings.rounds:
        rounds += 1
        labels, entropies = predictions, entropy(scores)
        support = most_confident(labels, entropies, len(anchors), settings.alpha)
        prototypes = means(features, labels, support, anchors)
        scores = cosines(features, prototypes)
        predictions = scores.argmax(axis=1)
        if (predictions == labels).all():
            break
    return Alignment(anchors, labels, entropies, support, prototypes, predictions, scores, rounds)


METHOD = AlignmentMethod(iterated, ALPHA_GRID, name_and_alpha)
