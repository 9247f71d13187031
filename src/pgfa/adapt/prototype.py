"""Prototype-guided text feature alignment at test time (method.md section 4). Pure functions of arrays.

Assumes that the candidate classes are known, every clip shows one of them, and all clips are available at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pgfa.processes import cores

Array = NDArray[np.float32]
Result = TypeVar("Result")

WHOLE = 1 << 14
"""Up to this many clips are computed at once."""
BLOCK = 1 << 11
"""Of more, so many at a time: what lies between the steps stays in the processor's cache."""


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
    after = cosines(features, prototypes, out=scores)
    return Alignment(anchors, labels, entropies, support, prototypes, after.argmax(axis=1), after)


def means(features: Array, labels: NDArray[np.int64], support: NDArray[np.bool_], anchors: Array) -> Array:
    """(K, d) mean of the unit features of each class's supports, or its unchanged anchor where it has none."""
    prototypes = np.array(anchors, dtype=np.float32)
    size = np.bincount(labels[support], minlength=len(anchors))
    total = np.zeros(prototypes.shape, dtype=np.float64)
    supports = np.flatnonzero(support)
    # The sums of a small block are exact enough in single precision, and take half the time.
    precision = np.float64 if len(supports) <= WHOLE else np.float32

    def sums(rows: slice) -> tuple[NDArray[np.int64], NDArray[Any]]:
        block = supports[rows][np.argsort(labels[supports[rows]], kind="stable")]
        present, first = np.unique(labels[block], return_index=True)
        unit = unit_rows(features[block]).astype(precision, copy=False)
        return present, np.add.reduceat(unit, first, axis=0)

    for present, part in in_blocks(sums, len(supports)) if len(supports) else ():
        total[present] += part
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
    out = np.empty(len(scores), dtype=np.float32)
    in_blocks(partial(_entropy, scores, out), len(scores))
    return out


def _entropy(scores: Array, out: Array, rows: slice) -> None:
    scores = scores[rows]
    shifted = scores - scores.max(axis=1, keepdims=True)
    weight = np.exp(shifted)
    total = weight.sum(axis=1)
    out[rows] = np.log(total) - (weight * shifted).sum(axis=1) / total


def cosines(features: Array, anchors: Array, out: Array | None = None) -> Array:
    """(N, K) cosines between clips and classes; in `out` where it is given."""
    by_axis = unit_rows(anchors).T
    if len(features) <= WHOLE:
        return np.matmul(unit_rows(features), by_axis, out=out)
    result = np.empty((len(features), len(anchors)), dtype=np.float32) if out is None else out

    def compute(rows: slice) -> None:
        np.matmul(unit_rows(features[rows]), by_axis, out=result[rows])

    in_blocks(compute, len(features))
    return result


def unit_rows(rows: Array) -> Array:
    """Rows scaled to length 1; a zero row stays zero."""
    out = np.empty(rows.shape, dtype=np.float32)
    in_blocks(partial(_unit_rows, rows, out), len(rows))
    return out


def _unit_rows(rows: Array, out: Array, block: slice) -> None:
    length = np.linalg.norm(rows[block], axis=1, keepdims=True)
    out[block] = rows[block] / np.maximum(length, 1e-12)


def in_blocks(compute: Callable[[slice], Result], count: int) -> list[Result]:
    """`compute` of all rows, in their order: at once up to `WHOLE`, else `BLOCK` at a time on all cores."""
    if count <= WHOLE:
        return [compute(slice(None))]
    blocks = [slice(start, start + BLOCK) for start in range(0, count, BLOCK)]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(compute, blocks))
