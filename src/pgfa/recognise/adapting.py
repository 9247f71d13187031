"""From unlabelled clips to what an adapted recogniser compares with: recentring, and prototypes unless declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pgfa.adapt import ALIGNMENTS, Recentring, align_with, collect_evidence
from pgfa.adapt.prototype import Array
from pgfa.config import AdaptSettings
from pgfa.recognise.prototypes import Prototype

DEFAULT = AdaptSettings(method="paper")
"""After recentring, `paper` lost on none of the sets measured (docs/alignment.md compares the methods)."""


@dataclass(frozen=True)
class Adapted:
    """Result of `adapt_features`.

    Attributes:
        recentring: from all clips.
        prototypes: of the sentences that have supports; none if alignment was declined.
        support: (K,) clips averaged into each.
        declined: why alignment was declined, or "".
    """

    recentring: Recentring
    prototypes: dict[str, Prototype]
    support: tuple[int, ...]
    declined: str


def adapt_features(
    features: Array, anchors: Array, names: Sequence[str], settings: AdaptSettings, cautious: bool
) -> Adapted:
    """Recentre, then align where the evidence allows.

    Args:
        features: (N, d), of length 0 without a person.
        anchors: (K, d) sentence vectors of `names`.
        names: K sentences.
        settings: of the alignment.
        cautious: whether alignment may be declined.

    Raises BadConfig as `align_with`.
    """
    recentring = Recentring.of(features, anchors)
    points, sentences = recentring.shift_features(features), recentring.shift_sentences(anchors)
    aligned = align_with(points, sentences, settings)
    if cautious:
        evidence = collect_evidence(points, sentences, ALIGNMENTS[settings.method], settings, aligned)
        if reason := evidence.reason_to_decline():
            return Adapted(recentring, {}, (0,) * len(names), reason)
    support = np.bincount(aligned.labels[aligned.support & points.any(axis=1)], minlength=len(names))
    # A stored prototype is in the space of unit features, as those of taught classes: shifting it like a feature gives
    # back the aligned one, up to a length that no cosine depends on.
    length = np.sqrt(np.mean(np.sum(points[points.any(axis=1)] ** 2, axis=1))) if support.any() else 1.0
    vectors = (length * aligned.prototypes + recentring.feature_shift).astype(np.float32)
    prototypes = {
        name: Prototype(vector, int(count), taught=False)
        for name, vector, count in zip(names, vectors, support, strict=True)
        if count > 0
    }
    return Adapted(recentring, prototypes, tuple(int(n) for n in support), "")
