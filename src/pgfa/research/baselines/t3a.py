"""`t3a`: test-time templates (Iwasawa and Matsuo, NeurIPS 2021), started from sentences instead of a classifier.

The support set of a class holds its anchor and the clips predicted as it, filtered to those of lowest entropy. The
mean of their unit vectors is the class's template; the score is the cosine to it. The source takes clips as they
come; here all are taken at once, so that their order does not matter.
"""

from __future__ import annotations

import numpy as np

from pgfa.adapt import cosines, entropy, most_confident, unit_rows
from pgfa.config import BaselineSettings
from pgfa.research.baselines.base import Array, TestTimeBaseline


def t3a(scores: Array, points: Array, anchors: Array | None, options: BaselineSettings) -> Array:
    """Cosines to templates (a `Scoring`), (N, K).

    Without anchors templates consist of clips alone, and a class that no clip is predicted as gets the lowest
    score of all.
    """
    classes = scores.shape[1]
    labels, entropies, rows = scores.argmax(axis=1), entropy(scores), points
    if anchors is not None:
        labels = np.concatenate([np.arange(classes), labels])
        entropies = np.concatenate([entropy(cosines(anchors, anchors)), entropies])
        rows = np.concatenate([anchors, points])
    support = most_confident(labels, entropies, classes, 1.0, limit=options.t3a_supports)
    templates = np.zeros((classes, points.shape[1]), dtype=np.float64)
    np.add.at(templates, labels[support], unit_rows(rows[support]))
    result = cosines(points, templates.astype(np.float32))
    result[:, np.bincount(labels[support], minlength=classes) == 0] = -1
    return result


BASELINE = TestTimeBaseline(
    t3a,
    title="each class's template is the mean of its anchor and the clips predicted as it, the 20 of lowest entropy",
    assumes="candidates known; clips predicted as a class mostly show it",
    source="Iwasawa and Matsuo, NeurIPS 2021",
    grid=tuple({"t3a_supports": n} for n in (20, 5, 100)),
)
