"""Alignment with scores smoothed over a graph of clips: similar clips get similar labels.

Features and anchors are recentred, the scores of each class are standardised over the clips, and their softmax spreads
along the edges of a graph of nearest clips (local and global consistency, Zhou et al. 2004). The labels give
prototypes, and scores from sentences and prototypes together spread once more. Recentring removes what all clips share;
standardising corrects hubness; before and after each spreading, the shares of the classes are moved a part of the way
to equal ones (unbalanced optimal transport). Means, spreads and shares weight clips by `density_weights`, so a common
action does not count as what all clips share.

Assumes that the candidate classes are known, that all clips are available, that most classes occur (equal shares of the
kinds of movement attract clips to absent classes) and that clips of one class are closer to each other than to other
clips. Where a class has fewer clips than the graph has neighbours, its clips take the labels of others. A single clip
keeps the label of its nearest sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.density import density_weights
from pgfa.adapt.method import AlignmentMethod
from pgfa.adapt.prototype import Alignment, Array, cosines, entropy, unit_rows
from pgfa.adapt.recentre import OWN, Recentring, standardise
from pgfa.config import AdaptSettings

Doubles = NDArray[np.float64]

NEIGHBOURS = 8
"""Nearest clips of each clip in the graph, by default."""
SHARPNESS = 1.5
"""Factor of the standardised scores in the softmax."""
SMOOTHING = 0.8
"""Weight of a clip's neighbours in each round; the rest is that of its own scores."""
ROUNDS = 20
PASSES = 2
"""How often labels are found: first from sentences, then from sentences and the prototypes of the labels before."""
PULL = 0.2
"""How strongly shares are moved: 0 not at all, large values to equal ones; steps, each of which leaves a sixth of the
error."""
PULLS = 12
BLOCK_ENTRIES = 1 << 24
"""Similarities of clips that are in memory at once: 64 MiB."""


def smoothed(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Smooth the scores over the graph, `PASSES` times; each clip gets the class of its highest score.

    Every clip of length above 0 is a support. A prototype is the mean of the unit features of the clips that got its
    label, weighted by their smoothed scores. `labels` and `entropy` are those before smoothing, `scores` the smoothed
    ones: rows adding to 1.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `neighbours` and `own` are used; default `NEIGHBOURS` and `OWN`.
    """
    own = OWN if settings.own is None else settings.own
    present: NDArray[np.bool_] = np.asarray(features.any(axis=1))
    weights = density_weights(features[present])
    recentring = Recentring.of(features, anchors, weights)
    shifted, sentences = recentring.shift_features(features), recentring.shift_sentences(anchors)
    points = shifted[present]
    graph = neighbour_graph(points, settings.neighbours or NEIGHBOURS)
    raw = np.zeros((len(features), len(anchors)))
    raw[present] = combined = standardise(cosines(points, sentences), weights, own)
    smooth = softmax(raw)
    for _ in range(PASSES):
        spread = spread_scores(closer_shares(SHARPNESS * combined, weights), graph)
        smooth[present] = closer_shares(np.log(spread + 1e-9), weights)
        labels = smooth.argmax(axis=1)
        means = weighted_means(shifted, labels, smooth, present, sentences)
        combined = (raw[present] + standardise(cosines(points, means), weights, own)) / 2
    scores = smooth.astype(np.float32)
    prototypes = weighted_means(features, labels, smooth, present, anchors)
    entropies = entropy(raw.astype(np.float32))
    return Alignment(anchors, raw.argmax(axis=1), entropies, present, prototypes, labels, scores)


@dataclass(frozen=True)
class Graph:
    """Edges between clips, each in both directions; one between two neighbours of each other is there twice.

    Attributes:
        ends, starts: (E,) clips.
        weights: (E,) of the edges.
        total: (N,) sum of the weights of the edges that end at a clip.
    """

    ends: NDArray[np.int64]
    starts: NDArray[np.int64]
    weights: Doubles
    total: Doubles


def neighbour_graph(points: Array, neighbours: int) -> Graph | None:
    """The graph of the nearest clips; None for fewer than two clips.

    Args:
        points: (N, d) between which clips are neighbours, by cosine.
        neighbours: of each clip; more than there are other clips means all of them.
    """
    if len(points) < 2:
        return None
    nearest, distance = nearest_clips(points, min(neighbours, len(points) - 1))
    weight = np.exp(-distance / max(float(np.median(distance)), 1e-12))
    clip, neighbour = np.repeat(np.arange(len(points)), nearest.shape[1]), nearest.ravel()
    ends, starts = np.concatenate([clip, neighbour]), np.concatenate([neighbour, clip])
    weights = np.tile(weight.ravel(), 2)
    return Graph(ends, starts, weights, np.bincount(ends, weights).astype(np.float64))


def spread_scores(scores: Doubles, graph: Graph | None) -> Doubles:
    """(N, K) scores after `ROUNDS` rounds, in each of which a clip takes `SMOOTHING` of the mean of its neighbours."""
    smooth = scores
    for _ in range(ROUNDS if graph is not None else 0):
        assert graph is not None
        sums = [
            np.bincount(graph.ends, graph.weights * column[graph.starts]) / graph.total for column in smooth.T
        ]
        smooth = (1 - SMOOTHING) * scores + SMOOTHING * np.stack(sums, axis=1)
    return np.asarray(smooth)


def nearest_clips(points: Array, count: int) -> tuple[NDArray[np.int64], Doubles]:
    """The nearest other clips of each clip, in blocks, so that no N x N array is in memory.

    Args:
        points: (N, d), N above `count`.
        count: at least 1.

    Returns:
        (N, count) indices, in no order, and (N, count) squared distances between unit vectors, 0 to 4.
    """
    unit = unit_rows(points)
    indices = np.empty((len(unit), count), dtype=np.int64)
    distances = np.empty((len(unit), count))
    rows = max(1, BLOCK_ENTRIES // len(unit))
    for start in range(0, len(unit), rows):
        cosine = unit[start : start + rows] @ unit.T
        row = np.arange(len(cosine))
        cosine[row, start + row] = -np.inf
        block = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
        indices[start : start + rows] = block
        distances[start : start + rows] = np.maximum(2 - 2 * np.take_along_axis(cosine, block, axis=1), 0)
    return indices, distances


def weighted_means(
    features: Array, labels: NDArray[np.int64], scores: Doubles, support: NDArray[np.bool_], anchors: Array
) -> Array:
    """(K, d) mean of the unit features of each label's supports, weighted by their score for it; else the anchor."""
    weight = np.where(support, scores[np.arange(len(labels)), labels], 0.0)
    size = np.bincount(labels, weight, minlength=len(anchors))
    total = np.zeros(anchors.shape, dtype=np.float64)
    np.add.at(total, labels, weight[:, None] * unit_rows(features))
    prototypes = np.array(anchors, dtype=np.float32)
    prototypes[size > 0] = (total[size > 0] / size[size > 0, None]).astype(np.float32)
    return prototypes


def closer_shares(logits: Doubles, weights: Doubles) -> Doubles:
    """(N, K) softmax of logits with an offset for each class, by which their shares come closer to each other.

    The scaling of unbalanced optimal transport with free clips and classes that have to be 1 / K each, under a penalty
    of `PULL` times the Kullback-Leibler divergence.

    Args:
        logits: (N, K).
        weights: (N,) of the clips, adding to 1.
    """
    offset = np.zeros(logits.shape[1])
    for _ in range(PULLS):
        share = weights @ softmax(logits + offset)
        offset = PULL / (PULL + 1) * (offset - np.log(len(offset) * share + 1e-9))
    return softmax(logits + offset)


def softmax(logits: Doubles) -> Doubles:
    """(N, K) rows adding to 1."""
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


METHOD = AlignmentMethod(smoothed)
