"""`cache`: a key-value cache that needs no training, in the manner of Tip-Adapter, TDA and Skeleton-Cache.

The surest clips of each class are kept: their points are keys, the class they are taken for is the value. Every clip
asks the cache, and what its nearest keys answer is added to its scores. Skeleton-Cache keeps several descriptors of a
clip, of body parts and phases, and weighs them by a language model; here a clip is one point.
"""

from __future__ import annotations

import numpy as np

from pgfa.adapt import cosines, entropy, most_confident
from pgfa.config import BaselineSettings
from pgfa.research.baselines.base import Array


def cache(scores: Array, points: Array, anchors: Array | None, options: BaselineSettings) -> Array:
    """Scores in units of their spread, plus alpha times the cache's answer (a `TestTime`), (N, K).

    The answer for a class is the sum of exp(-beta (1 - cosine)) over its keys, over the keys a class may have. The
    unit is how far, on average, a clip's best score is above its mean one: so alpha means the same for every method.
    """
    classes = scores.shape[1]
    logits = scores / unit_of(scores)
    labels = scores.argmax(axis=1)
    kept = most_confident(labels, entropy(logits), classes, 1.0, limit=options.cache_shots)
    near = np.exp(-options.cache_sharpness * (1 - cosines(points, points[kept])))
    values = np.eye(classes, dtype=np.float32)[labels[kept]]
    return np.asarray(logits + options.cache_weight * (near @ values) / options.cache_shots, dtype=np.float32)


def unit_of(scores: Array) -> float:
    """How far a clip's best score is above its mean one, on average; 1 where no score differs."""
    if scores.size == 0:
        return 1.0
    unit = float((scores.max(axis=1) - scores.mean(axis=1)).mean())
    return unit if unit > 1e-12 else 1.0
