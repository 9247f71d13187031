"""Alignment as `smoothed`, in the space in which clips of one label lie close together.

How clips of one action differ (who performs it, how large, how fast, seen from where) is no reason to take two of them
for different actions. Once `smoothed` has given labels, the covariance of the clips around the means of their labels
shows these directions, as in linear discriminant analysis (Fisher 1936): clips and means are compared where that
covariance is round, and the graph of nearest clips is made there. The labels give new means and a new covariance.

Assumes what `smoothed` assumes, and that the clips of all actions differ among themselves in the same directions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.density import density_weights
from pgfa.adapt.method import AlignmentMethod
from pgfa.adapt.prototype import Alignment, Array, cosines, entropy
from pgfa.adapt.recentre import OWN, Recentring, standardise
from pgfa.adapt.smoothed import (
    Doubles,
    closer_shares,
    neighbour_graph,
    softmax,
    spread_scores,
    weighted_means,
)
from pgfa.config import AdaptSettings

NEIGHBOURS = 5
"""Nearest clips of each clip in the graph, by default."""
SHARPNESS = 2.5
"""Factor of the standardised scores in the softmax."""
PASSES = 3
"""How often labels are found: first from sentences, then from sentences and the means of the labels before."""
DIRECTIONS, SPARE = 100, 20
"""Principal directions of the clips in which the covariance is taken, and more that are computed to find them."""
RIDGE = 2.0
"""Added to the covariance, in units of its mean variance: labels are partly wrong, and clips few."""


def discriminant(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Smooth the scores over the graph, `PASSES` times, with distances of linear discriminant analysis from the second
    time on; each clip gets the class of its highest score.

    What is returned is as for `pgfa.adapt.smoothed.smoothed`.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `neighbours` and `own` are used; default `NEIGHBOURS` and `OWN`.
    """
    own = OWN if settings.own is None else settings.own
    neighbours = settings.neighbours or NEIGHBOURS
    present: NDArray[np.bool_] = np.asarray(features.any(axis=1))
    weights = density_weights(features[present])
    recentring = Recentring.of(features, anchors, weights)
    shifted, sentences = recentring.shift_features(features), recentring.shift_sentences(anchors)
    points = shifted[present]
    raw = np.zeros((len(features), len(anchors)))
    raw[present] = combined = standardise(cosines(points, sentences), weights, own)
    smooth, labels = softmax(raw), raw.argmax(axis=1)
    directions = principal_directions(points)
    reduced: Array = points @ directions
    graph = neighbour_graph(points, neighbours)
    for number in range(PASSES):
        spread = spread_scores(closer_shares(SHARPNESS * combined, weights), graph)
        smooth[present] = closer_shares(np.log(spread + 1e-9), weights)
        labels = smooth.argmax(axis=1)
        means: Array = weighted_means(shifted, labels, smooth, present, sentences) @ directions
        rounding = rounding_map(reduced - means[labels[present]], weights)
        mapped: Array = reduced @ rounding
        if number == 0:
            graph = neighbour_graph(mapped, neighbours)
        closeness = standardise(cosines(mapped, np.asarray(means @ rounding)), weights, own)
        combined = (raw[present] + closeness) / 2
    prototypes = weighted_means(features, labels, smooth, present, anchors)
    scores, entropies = smooth.astype(np.float32), entropy(raw.astype(np.float32))
    return Alignment(anchors, raw.argmax(axis=1), entropies, present, prototypes, labels, scores)


def principal_directions(points: Array) -> Array:
    """(d, r) orthonormal directions in which points vary most, r at most `DIRECTIONS`, N and d.

    By a randomised range finder with a power iteration (Halko, Martinsson and Tropp 2011), whose cost is linear in
    N and d; always the same for the same points.

    Args:
        points: (N, d), recentred.
    """
    rank = min(DIRECTIONS + SPARE, *points.shape)
    start = np.random.default_rng(0).standard_normal((points.shape[1], rank)).astype(np.float32)
    basis = np.linalg.qr(start)[0]
    for _ in range(2):
        basis = np.linalg.qr(points.T @ (points @ basis))[0]
    inside = points @ basis
    order = np.linalg.eigh((inside.T @ inside).astype(np.float64))[1][:, ::-1]
    return np.asarray(basis @ order[:, :DIRECTIONS].astype(np.float32))


def rounding_map(residuals: Array, weights: Doubles) -> Array:
    """(r, r) map after which the residuals, with `RIDGE`, have the same variance in all directions.

    Args:
        residuals: (N, r) clips minus the means of their labels.
        weights: (N,) of the clips, adding to 1.
    """
    covariance = ((residuals * weights[:, None]).T @ residuals).astype(np.float64)
    ridge = RIDGE * np.trace(covariance) / max(len(covariance), 1) + 1e-12
    factor = np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))
    return np.asarray(np.linalg.inv(factor).T, dtype=np.float32)


METHOD = AlignmentMethod(discriminant)
