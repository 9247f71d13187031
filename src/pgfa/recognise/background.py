"""Everyday actions that every recording is compared with, whatever is asked: what "none of these" is judged by.

A cosine alone says little about whether a sentence fits: clear motion has high cosines with many sentences, small
motion low ones with all. What tells is whether the sentence fits better than everyday actions do. So the closeness of
everyday actions to a recording is subtracted from the cosines of all sentences: their order stays, and "none of these"
gets more probable where something else fits well (docs/recognise.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Recentring, cosines
from pgfa.text.glossary import entries
from pgfa.text.mirror import mirror_sentence

Array = NDArray[np.float32]

EVERY: Final = 3
"""Every third entry of the glossary is an everyday action; more of them do not help."""
NEAREST: Final = 5
"""The closeness of everyday actions is the mean of this many highest cosines."""
SHARE: Final = 0.75
"""How much of it is subtracted. More finds more of what is not asked about, and hides more right answers to sentences
that describe a trained action without naming it."""
TYPICAL: Final = 0.1
"""Closeness of everyday actions to a recording of small motion: from there on cosines are lowered."""


def everyday_actions() -> list[str]:
    """Descriptions of everyday actions that name no side, so that they are the same in a mirror."""
    texts = [entry.motion for entry in entries()[::EVERY]]
    return [text for text in texts if mirror_sentence(text) == text]


@dataclass(frozen=True)
class Background:
    """Everyday actions in the space of a recogniser.

    Attributes:
        vectors: (B, d) of their sentences, B at least 1, recentred where features are.
        recentring: of the features before they are compared, or None.
    """

    vectors: Array
    recentring: Recentring | None = None

    @classmethod
    def of(cls, vectors: Array | None, recentring: Recentring | None) -> Background | None:
        """From vectors that are not recentred, and the recentring of an adapted recogniser; None without vectors."""
        if vectors is None:
            return None
        return cls(vectors if recentring is None else recentring.shift_sentences(vectors), recentring)

    def excess(self, features: Array) -> Array:
        """(N,) what everyday actions take from the cosines of sentences, 0 or more.

        A body that hardly moves is close to no action; this is no evidence for a sentence.

        Args:
            features: (N, d), not recentred.
        """
        points = features if self.recentring is None else self.recentring.shift_features(features)
        similarity = cosines(points, self.vectors)
        count = min(NEAREST, similarity.shape[1])
        highest = np.partition(similarity, -count, axis=1)[:, -count:]
        return np.asarray(SHARE * np.maximum(highest.mean(axis=1) - TYPICAL, 0), dtype=np.float32)
