"""`t3a`: test-time templates (Iwasawa and Matsuo, NeurIPS 2021), begun from sentences, not from a classifier.

Each class keeps a support set: its anchor and the clips that are taken for it, filtered to those of lowest entropy.
The mean of its unit vectors is the class's template; the score is the cosine to it. The source takes clips as they
come; here all are taken at once, so that their order plays no part.
"""

from __future__ import annotations

import numpy as np

from pgfa.adapt import cosines, entropy, most_confident, unit_rows
from pgfa.config import BaselineSettings
from pgfa.research.baselines.base import Array


def t3a(scores: Array, points: Array, anchors: Array | None, options: BaselineSettings) -> Array:
    """Cosines to templates (a `TestTime`), (N, K).

    A method without a space has no anchors: its templates are made of clips alone, and a class that no clip is taken
    for keeps the lowest score of all.
    """
    classes = scores.shape[1]
    labels, surprise, rows = scores.argmax(axis=1), entropy(scores), points
    if anchors is not None:
        labels = np.concatenate([np.arange(classes), labels])
        surprise = np.concatenate([entropy(cosines(anchors, anchors)), surprise])
        rows = np.concatenate([anchors, points])
    support = most_confident(labels, surprise, classes, 1.0, limit=options.t3a_supports)
    total = np.zeros((classes, points.shape[1]), dtype=np.float64)
    np.add.at(total, labels[support], unit_rows(rows[support]))
    made = cosines(points, total.astype(np.float32))
    made[:, np.bincount(labels[support], minlength=classes) == 0] = -1
    return made
