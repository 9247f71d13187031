"""Test-time alignment: unlabelled clips that look certain stand in for the sentences.

A method is a pure function (features, anchors, settings) -> Alignment in a file of its own and a line in `ALIGNMENTS`.
"""

from collections.abc import Callable

import numpy as np

from pgfa.adapt.balanced import balanced
from pgfa.adapt.iterated import iterated
from pgfa.adapt.neighbours import neighbours
from pgfa.adapt.prototype import Alignment, Array, align, cosines, entropy, keep, nearest, surest, unit_rows
from pgfa.adapt.streaming import Stream
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig

__all__ = [
    "ALIGNMENTS",
    "Alignment",
    "Stream",
    "align",
    "align_with",
    "cosines",
    "entropy",
    "nearest",
    "surest",
    "unit_rows",
]

Method = Callable[[Array, Array, AdaptSettings], Alignment]

ALIGNMENTS: dict[str, Method] = {
    "none": lambda features, anchors, settings: keep(features, anchors),
    "paper": lambda features, anchors, settings: align(features, anchors, settings.alpha),
    "iterated": iterated,
    "balanced": balanced,
    "neighbours": neighbours,
}


def align_with(method: str, features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Align by a method of `ALIGNMENTS`.

    Args:
        method: its name; `settings.method` is not read.
        features: (N, d) clips in sentence space, any length, N from 0 up. A clip of length 0 turns no prototype.
        anchors: (K, d) sentence vectors of the candidate classes, K at least 1.
        settings: alpha, rounds and so on; each method says which it uses.

    Raises:
        BadConfig: no such method, or a prior of another number of classes.
        ValueError: shapes do not fit, or numbers are not finite.
    """
    if method not in ALIGNMENTS:
        raise BadConfig(f"no alignment {method!r}; known: {', '.join(ALIGNMENTS)}")
    if features.ndim != 2 or anchors.ndim != 2 or features.shape[1] != anchors.shape[1] or len(anchors) == 0:
        raise ValueError(
            f"clips (N, d) and at least one anchor (K, d) are needed, found {features.shape} and {anchors.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(anchors).all()):
        raise ValueError("features and anchors must be finite")
    return ALIGNMENTS[method](features, anchors, settings)
