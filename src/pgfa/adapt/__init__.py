"""Test-time alignment: prototypes, averaged from unlabelled clips, replace the sentence vectors.

`pgfa.config.ALIGNMENTS` names the methods; each is the `METHOD` of the module of its name (see `method`).
"""

from importlib import import_module

import numpy as np

from pgfa.adapt.decision import Evidence, collect_evidence
from pgfa.adapt.method import ALPHAS, AlignmentMethod, Option
from pgfa.adapt.prototype import Alignment, Array, align, cosines, entropy, most_confident, nearest, unit_rows
from pgfa.adapt.recentre import Recentring
from pgfa.adapt.streaming import Stream
from pgfa.config import ALIGNMENTS as SUMMARIES
from pgfa.config import AdaptSettings

__all__ = [
    "ALIGNMENTS",
    "ALPHAS",
    "Alignment",
    "AlignmentMethod",
    "Evidence",
    "Option",
    "Recentring",
    "Stream",
    "align",
    "align_with",
    "collect_evidence",
    "cosines",
    "entropy",
    "most_confident",
    "nearest",
    "unit_rows",
]

ALIGNMENTS: dict[str, AlignmentMethod] = {
    name: import_module(f"pgfa.adapt.{name}").METHOD for name in SUMMARIES
}


def align_with(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Align by `settings.method`.

    Args:
        features: (N, d) clips in sentence space, any length, N from 0 up. A clip of length 0 changes no prototype.
        anchors: (K, d) sentence vectors of the candidate classes, K at least 1.
        settings: method, alpha, rounds and so on; each method documents which of them it uses.

    Raises:
        BadConfig: a prior for another number of classes.
        ValueError: shapes do not fit, or numbers are not finite.
    """
    if features.ndim != 2 or anchors.ndim != 2 or features.shape[1] != anchors.shape[1] or len(anchors) == 0:
        raise ValueError(
            f"expected clips (N, d) and anchors (K, d) with K at least 1, found {features.shape} and {anchors.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(anchors).all()):
        raise ValueError("features and anchors must be finite")
    return ALIGNMENTS[settings.method].align(features, anchors, settings)
