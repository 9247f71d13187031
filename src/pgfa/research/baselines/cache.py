"""`cache`: a key-value cache that needs no training, in the manner of Tip-Adapter, TDA and Skeleton-Cache.

The most confident clips of each class are stored: their points are keys, the predicted class is the value. Every clip
queries the cache, and the answer of its nearest keys is added to its scores. Skeleton-Cache stores several
descriptors of a clip, of body parts and phases, and weights them by a language model; here a clip is one point.
"""

from __future__ import annotations

import numpy as np

from pgfa.adapt import cosines, entropy, most_confident
from pgfa.config import BaselineSettings
from pgfa.research.baselines.base import Array, TestTimeBaseline


def cache(scores: Array, points: Array, anchors: Array | None, options: BaselineSettings) -> Array:
    """Scores in units of their spread, plus alpha times the cache's answer (a `Scoring`), (N, K).

    The answer for a class is the sum of exp(-beta (1 - cosine)) over its keys, divided by the keys a class may have.
    The unit is how far, on average, a clip's best score is above its mean one: so alpha means the same for every
    baseline.
    """
    classes = scores.shape[1]
    logits = scores / unit_of(scores)
    labels = scores.argmax(axis=1)
    keys = most_confident(labels, entropy(logits), classes, 1.0, limit=options.cache_shots)
    affinity = np.exp(-options.cache_sharpness * (1 - cosines(points, points[keys])))
    values = np.eye(classes, dtype=np.float32)[labels[keys]]
    answer = affinity @ values
    return np.asarray(logits + options.cache_weight * answer / options.cache_shots, dtype=np.float32)


def unit_of(scores: Array) -> float:
    """How far a clip's best score is above its mean one, on average; 1 if all scores are equal."""
    if scores.size == 0:
        return 1.0
    unit = float((scores.max(axis=1) - scores.mean(axis=1)).mean())
    return unit if unit > 1e-12 else 1.0


BASELINE = TestTimeBaseline(
    cache,
    title="each class's 8 most confident clips are keys; the answer of a clip's nearest keys is added to its scores",
    assumes="the same; neighbouring clips show the same class",
    source="Tip-Adapter (ECCV 2022), TDA (CVPR 2024), Skeleton-Cache (NeurIPS 2025)",
    grid=tuple({"cache_weight": w} for w in (2.0, 0.5, 8.0)),
)
