"""From unlabelled clips to what an adapted recogniser compares with: recentring, and prototypes unless declined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import ALIGNMENTS, Recentring, align_with, collect_evidence, cosines, unit_rows
from pgfa.adapt.density import density_weights
from pgfa.adapt.prototype import Array
from pgfa.adapt.recentre import OWN, mean_and_spread, own_share
from pgfa.config import AdaptSettings
from pgfa.recognise.prototypes import Prototype

Doubles = NDArray[np.float64]

DEFAULT = AdaptSettings(method="discriminant")
"""Best beside standardised sentences on data sets left out (docs/foreign-sets.md)."""


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

    def scores(self, features: Array, anchors: Array, names: Sequence[str]) -> Array:
        """(N, K) standardised cosines of clips with the sentences, or with what is compared in place of them."""
        recentring, vectors = self.recentring, self.recentring.shift_sentences(anchors)
        for number, name in enumerate(names):
            if name in self.prototypes:
                vectors[number] = self.prototypes[name].vector - recentring.feature_shift
        return recentring.standardise(cosines(recentring.shift_features(features), vectors), names)


def recentre_features(
    features: Array, anchors: Array, names: Sequence[str], declined: str = "", own: float = OWN
) -> Adapted:
    """Recentre and standardise only; arguments as for `adapt_features`, `declined`: why clips are not aligned."""
    weights = density_weights(features[features.any(axis=1)])
    recentring = Recentring.of(features, anchors, weights)
    points = recentring.shift_features(features[features.any(axis=1)])
    rows = mean_and_spread(cosines(points, recentring.shift_sentences(anchors)), weights, own)
    # A single sentence has no others to be compared with: standardised, it would fit half of its own clips.
    scores = (
        dict(zip(names, zip(*(x.tolist() for x in rows), strict=True), strict=True)) if len(names) > 1 else {}
    )
    return Adapted(replace(recentring, scores=scores), {}, (0,) * len(names), declined)


def adapt_features(
    features: Array,
    anchors: Array,
    names: Sequence[str],
    settings: AdaptSettings = DEFAULT,
    cautious: bool = True,
) -> Adapted:
    """Recentre, then align where the evidence allows.

    The share of a sentence's own mean and spread is that of `settings`, or chosen by how even the labels are that the
    smallest share gives (`own_share`).

    Args:
        features: (N, d), of length 0 without a person.
        anchors: (K, d) sentence vectors of `names`.
        names: K sentences.
        settings: of the alignment.
        cautious: whether alignment may be declined.

    Raises BadConfig as `align_with`.
    """
    if settings.own is not None:
        return _adapt_features(features, anchors, names, settings, cautious, settings.own)
    adapted = _adapt_features(features, anchors, names, settings, cautious, OWN)
    if adapted.declined:
        return adapted
    present = features[features.any(axis=1)]
    own = own_share(adapted.scores(present, anchors, names).argmax(axis=1), len(names))
    if own == OWN:
        return adapted
    return _adapt_features(features, anchors, names, settings, False, own)  # the decision was made


def _adapt_features(
    features: Array, anchors: Array, names: Sequence[str], settings: AdaptSettings, cautious: bool, own: float
) -> Adapted:
    settings = settings.model_copy(update={"own": own})
    weights = density_weights(features[features.any(axis=1)])
    recentring = Recentring.of(features, anchors, weights)
    points, sentences = recentring.shift_features(features), recentring.shift_sentences(anchors)
    aligned = align_with(points, sentences, settings)
    if cautious:
        evidence = collect_evidence(points, sentences, ALIGNMENTS[settings.method], settings, aligned)
        if reason := evidence.reason_to_decline():
            return recentre_features(features, anchors, names, reason, own)
    support = np.bincount(aligned.labels[aligned.support & points.any(axis=1)], minlength=len(names))
    present = points[points.any(axis=1)]
    directions, mean, spread = _with_sentences(present, weights, aligned.prototypes, sentences, own)
    # A stored prototype is in the space of unit features, as those of taught classes: shifting it like a feature gives
    # back its direction, up to a length that no cosine depends on.
    length = np.sqrt(np.mean(np.sum(present**2, axis=1))) if len(present) else 1.0
    vectors = (length * directions + recentring.feature_shift).astype(np.float32)
    prototypes = {
        name: Prototype(vector, int(count), taught=False)
        for name, vector, count in zip(names, vectors, support, strict=True)
        if count > 0
    }
    scores = dict(recentre_features(features, anchors, names, own=own).recentring.scores)
    both = zip(names, mean.tolist(), spread.tolist(), strict=True)
    scores |= {name: (m, s) for name, m, s in both if name in prototypes}
    return Adapted(replace(recentring, scores=scores), prototypes, tuple(int(n) for n in support), "")


def _with_sentences(
    points: Array, weights: Doubles, prototypes: Array, sentences: Array, own: float
) -> tuple[Array, Doubles, Doubles]:
    """One direction per class whose cosine is the mean of two standardised cosines: to prototype and to sentence.

    Keeping the sentence beside the prototype means that a prototype of wrong clips cannot do much harm.

    Args:
        points: (N, d) recentred clips.
        weights: (N,) of the clips.
        prototypes: (K, d), and `sentences`: (K, d), recentred.
        own: see `mean_and_spread`.

    Returns:
        (K, d) unit directions; mean and spread, (K,) each, by which their cosines are standardised.
    """
    mean, spread = mean_and_spread(cosines(points, sentences), weights, own)
    mean_p, spread_p = mean_and_spread(cosines(points, prototypes), weights, own)
    both = unit_rows(sentences) / spread[:, None] + unit_rows(prototypes) / spread_p[:, None]
    length = np.linalg.norm(both, axis=1)
    directions = (both / length[:, None]).astype(np.float32)
    return directions, (mean / spread + mean_p / spread_p) / length, 2 / length
