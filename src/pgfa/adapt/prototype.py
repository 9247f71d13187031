"""Prototype-guided text feature alignment at test time (method.md section 4). Pure functions of arrays.

Assumes that the candidate classes are known, every clip shows one of them, and all clips are available at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """The result of an alignment, whatever the method.

    Attributes:
        anchors: (K, d) what each class starts from: its sentence vector (or projected exemplar).
        labels: (N,) pseudo-labels of the last round; in `paper` the nearest anchor.
        entropy: (N,) of the softmax over cosines, without temperature, in nats; low is confident.
        support: (N,) bool, the clips that were averaged into a prototype.
        prototypes: (K, d) mean of a class's supports, or its anchor where it has none. Not normalised.
        predictions: (N,) the class of the highest score.
        scores: (N, K) cosines to the prototypes; `balanced` and `neighbours` add an offset to each class.
        rounds: how often prototypes were computed.
    """

    anchors: Array
    labels: NDArray[np.int64]
    entropy: Array
    support: NDArray[np.bool_]
    prototypes: Array
    predictions: NDArray[np.int64]
    scores: Array
    rounds: int = 1


def nearest(features: Array, anchors: Array) -> NDArray[np.int64]:
    """(N,) the anchor of highest cosine: the prediction from sentences alone, for each clip by itself.

    Not the same as `Alignment.labels`, for which some methods use all clips.
    """
    return np.asarray(cosines(features, anchors).argmax(axis=1))


def no_alignment(features: Array, anchors: Array) -> Alignment:
    """No alignment: the anchors are the prototypes and no clip supports them."""
    scores = cosines(features, anchors)
    labels, support = scores.argmax(axis=1), np.zeros(len(features), dtype=bool)
    return Alignment(anchors, labels, entropy(scores), support, np.array(anchors), labels, scores, rounds=0)


def align(features: Array, anchors: Array, alpha: float) -> Alignment:
    """One pass: pseudo-label, select the most confident clips, average them, predict by the nearest prototype.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes; in the one-shot setting the projected exemplars.
        alpha: support factor in (0, 1]: the share of each class's pseudo-labelled clips that is averaged.
    """
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must be above 0 and at most 1, found {alpha}")
    scores = cosines(features, anchors)
    labels = scores.argmax(axis=1)
    entropies = entropy(scores)
    support = most_confident(labels, entropies, len(anchors), alpha)
    prototypes = means(features, labels, support, anchors)
    after = cosines(features, prototypes)
    return Alignment(anchors, labels, entropies, support, prototypes, after.argmax(axis=1), after)


def means(features: Array, labels: NDArray[np.int64], support: NDArray[np.bool_], anchors: Array) -> Array:
    """(K, d) mean of the unit features of each class's supports, or its unchanged anchor where it has none."""
    prototypes = np.array(anchors, dtype=np.float32)
    size = np.bincount(labels[support], minlength=len(anchors))
    total = np.zeros(prototypes.shape, dtype=np.float64)
    np.add.at(total, labels[support], unit_rows(features[support]))
    prototypes[size > 0] = (total[size > 0] / size[size > 0, None]).astype(np.float32)
    return prototypes


def most_confident(
    labels: NDArray[np.int64],
    entropies: Array,
    classes: int,
    alpha: float,
    limit: NDArray[np.float64] | int | None = None,
) -> NDArray[np.bool_]:
    """(N,) bool, of each class the floor(alpha n_c) clips of lowest entropy; in a tie, the earlier clips.

    With `limit`, one number or one per class (K,), at most that many.
    """
    order = np.lexsort((entropies, labels))
    size = np.bincount(labels, minlength=classes)
    rank = np.arange(len(labels)) - (np.cumsum(size) - size)[labels[order]]
    selected = np.zeros(len(labels), dtype=bool)
    count = np.floor(alpha * size)
    selected[order] = rank < (count if limit is None else np.minimum(count, limit))[labels[order]]
    return selected


def entropy(scores: Array) -> Array:
    """(N,) entropy in nats of the softmax over each row of (N, K) scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    weight = np.exp(shifted)
    total = weight.sum(axis=1)
    return np.asarray(np.log(total) - (weight * shifted).sum(axis=1) / total, dtype=np.float32)


def cosines(features: Array, anchors: Array) -> Array:
    """(N, K) cosines between clips and classes."""
    return unit_rows(features) @ unit_rows(anchors).T


def unit_rows(rows: Array) -> Array:
    """Rows scaled to length 1; a zero row stays zero."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-12), dtype=np.float32)
