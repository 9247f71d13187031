"""PGFA itself: encoder and projection trained end to end against the sentence vectors (method.md sections 2, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pgfa.adapt import cosines
from pgfa.config import BaselineSettings, RunSettings
from pgfa.model.encoder import MotionEncoder
from pgfa.progress import Progress
from pgfa.research.baselines.base import Array
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
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

    def scores(self, features: Array, sentences: Array) -> Array:
        """(N, K) cosines."""
        return cosines(features, sentences)

    def space(self, features: Array, sentences: Array) -> tuple[Array, Array]:
        """Features and sentences as they are."""
        return features, sentences


def pgfa(
    settings: RunSettings,
    corpus: Corpus,
    folder: Path,
    *,
    options: BaselineSettings | None = None,
    device: str = "auto",
    bar: Progress | None = None,
) -> EndToEnd:
    """Train, go on, or load (a `Method`); the run lies in ``folder/pgfa`` and `pgfa evaluate` opens it."""
    return EndToEnd(train(settings, corpus, folder / FOLDER, device=device, bar=bar))
