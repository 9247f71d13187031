"""PGFA itself: encoder and projection trained end to end against the sentence vectors (method.md sections 2, 3)."""

from __future__ import annotations

from dataclasses import dataclass

from pgfa.adapt import cosines
from pgfa.model.encoder import MotionEncoder
from pgfa.research.baselines.base import Array, Baseline, FitContext
from pgfa.train.clip_set import ClipSet
from pgfa.train.features import features_of
from pgfa.train.train import train

FOLDER = "pgfa"


@dataclass(frozen=True)
class EndToEnd:
    """A trained model: its features lie in sentence space."""

    model: MotionEncoder

    def features(self, clips: ClipSet) -> Array:
        """(N, d) in sentence space."""
        return features_of(self.model, clips.positions, clips.present)

    def scores(self, features: Array, anchors: Array) -> Array:
        """(N, K) cosines."""
        return cosines(features, anchors)

    def space(self, features: Array, anchors: Array) -> tuple[Array, Array]:
        """Features and anchors as they are."""
        return features, anchors


def fit(context: FitContext) -> EndToEnd:
    """Train, resume or load the run in ``folder/pgfa``, which `pgfa evaluate` opens too."""
    folder = context.folder / FOLDER
    return EndToEnd(train(context.settings, context.corpus, folder, device=context.device, bar=context.bar))


BASELINE = Baseline(
    fit,
    title="encoder and linear projection, trained end to end against sentence vectors",
    assumes="classes with similar sentences have similar motions",
    source="IEEE TIP 2025; method.md sections 2, 3",
    trains_encoder=True,
)
