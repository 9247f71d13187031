"""Whether to align, decided without labels: align only where prototypes rest on enough clips and are reproducible.

The thresholds were chosen on recordings of other data sets than those they were judged on (docs/alignment.md). A large
agreement shows that labels do not depend on which clips were drawn; it does not show that they are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.method import AlignmentMethod
from pgfa.adapt.prototype import Alignment, Array, nearest
from pgfa.config import AdaptSettings

MIN_CLIPS = 10
MIN_PER_SENTENCE = 3.0
"""Clips per sentence, on average."""
MAX_SHARE = 0.9
"""Of the clips with one label after alignment."""
MIN_AGREEMENT = 0.5
HALVINGS = 4
MAX_HALF = 2000
"""Clips of a half at most, which limits the cost; agreement of larger halves would be higher."""


@dataclass(frozen=True)
class Evidence:
    """What clips say about an alignment, without labels.

    Attributes:
        clips: number of clips with a person.
        sentences: number of candidates.
        largest: index of the sentence with most clips after alignment.
        share: of the clips with that label, 0 to 1; 0 without a clip.
        agreement: of the labels by prototypes of one random half of the clips with those by the other half, as
            Cohen's kappa: 1 is equal, 0 as by chance; mean over `HALVINGS`. 0 below two clips.
    """

    clips: int
    sentences: int
    largest: int
    share: float
    agreement: float

    def reason_to_decline(self) -> str:
        """Why alignment would be a gamble, "" if it would not: the first rule that is not met."""
        if self.sentences < 2:
            return "there is only one sentence"
        if self.clips < MIN_CLIPS:
            return f"{self.clips} clips; alignment needs at least {MIN_CLIPS}"
        if self.clips < MIN_PER_SENTENCE * self.sentences:
            return (
                f"{self.clips} clips for {self.sentences} sentences; "
                f"alignment needs at least {MIN_PER_SENTENCE:g} per sentence"
            )
        if self.share > MAX_SHARE:
            return f"one sentence would get {100 * self.share:.0f} % of the clips"
        if self.agreement < MIN_AGREEMENT:
            return (
                "the labels depend on which clips are used: agreement of random halves "
                f"{self.agreement:.2f}, below {MIN_AGREEMENT:g}"
            )
        return ""


def collect_evidence(
    features: Array, anchors: Array, method: AlignmentMethod, settings: AdaptSettings, aligned: Alignment
) -> Evidence:
    """Evidence for or against an alignment.

    Args:
        features: (N, d) clips in the space in which `aligned` was computed; those of length 0 are left out.
        anchors: (K, d) of that space, K at least 1.
        method: and `settings`: of the alignment.
        aligned: of all these clips.
    """
    present = features[features.any(axis=1)]
    count = np.bincount(nearest(present, aligned.prototypes), minlength=len(anchors))
    return Evidence(
        clips=len(present),
        sentences=len(anchors),
        largest=int(count.argmax()),
        share=float(count.max() / max(len(present), 1)),
        agreement=half_agreement(present, anchors, method, settings),
    )


def half_agreement(
    features: Array, anchors: Array, method: AlignmentMethod, settings: AdaptSettings
) -> float:
    """Mean Cohen's kappa of the labels of all clips by prototypes of two random halves, always the same halves.

    Args:
        features: (N, d) clips, none of length 0; 0 is returned for N below 2.
        anchors: (K, d).
        method: and `settings`: of the alignment of each half.
    """
    if len(features) < 2:
        return 0.0
    random, kappas = np.random.default_rng(0), []
    size = min(len(features) // 2, MAX_HALF)
    for _ in range(HALVINGS):
        order = random.permutation(len(features))
        one, other = (
            nearest(features, method.align(features[half], anchors, settings).prototypes)
            for half in (order[:size], order[size : 2 * size])
        )
        kappas.append(cohens_kappa(one, other, len(anchors)))
    return float(np.mean(kappas))


def cohens_kappa(one: NDArray[np.int64], other: NDArray[np.int64], classes: int) -> float:
    """Agreement of two labellings (N,) beyond chance, N at least 1; 1 where both give all clips the same one label."""
    share = [np.bincount(labels, minlength=classes) / len(labels) for labels in (one, other)]
    chance = float(share[0] @ share[1])
    observed = float((one == other).mean())
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)
