"""`smie`: mutual information between motion and language, estimated and maximised (ACM MM 2023; method.md section 7).

A critic learns which clip belongs to which sentence. A clip without its most moving frames must tell less of the
sentence than the whole clip: the temporal term. The score of a class is the critic's, so there is no space in which
clips and classes are points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import layer_norm, softplus

from pgfa.config import BaselineSettings, TrainSettings
from pgfa.research.baselines.base import Array
from pgfa.research.baselines.encoded import Encoded, FeatureBatch, on_encoder, train_on_features
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.features import BATCH, features_of

DROPPED = 0.3  # of the frames: the most moving 15 of 50, then as many at random
MARGIN, WEIGHT = 0.1, 0.5  # of the temporal term
WARM_UP = 0.15  # of the epochs
HIDDEN = (1024, 512)
PAIRS = 8192  # clips times classes scored at a time


class Critic(nn.Module):
    """D(v, t): how well a clip's features and a sentence go together, a number without bounds."""

    def __init__(self, features: int, sentence: int) -> None:
        super().__init__()
        wide, narrow = HIDDEN
        self.of_both = nn.Sequential(
            nn.Linear(features + sentence, wide),
            nn.ReLU(),
            nn.Linear(wide, narrow),
            nn.ReLU(),
            nn.Linear(narrow, 1),
        )

    def forward(self, features: Tensor, sentences: Tensor) -> Tensor:
        """(B, D) features as they are given and (B, d) unit sentences -> (B,)."""
        value: Tensor = self.of_both(torch.cat([features, sentences], dim=1)).squeeze(1)
        return value


def normal(features: Tensor) -> Tensor:
    """LayerNorm without weights: each clip's features less their mean, over their deviation."""
    return layer_norm(features, features.shape[1:])


def information(critic: nn.Module, clips: Tensor, others: Tensor, sentences: Tensor) -> Tensor:
    """-mean softplus(-D(v, t)) - mean softplus(D(v', t)), v' of other clips: a lower bound on what v tells of t."""
    return -softplus(-critic(clips, sentences)).mean() - softplus(critic(others, sentences)).mean()


def smie_loss(critic: nn.Module, whole: Tensor, part: Tensor, sentences: Tensor) -> Tensor:
    """-I0 + 0.5 max(0, 0.1 - (I0 - I1)).

    Args:
        critic: D.
        whole: (B, D) normal features of the clips; rolled by one they are the negatives.
        part: (B, D) those of the clips without their most moving frames.
        sentences: (B, d) unit vectors.
    """
    others = whole.roll(-1, dims=0)
    of_whole = information(critic, whole, others, sentences)
    of_part = information(critic, part, others, sentences)
    return -of_whole + WEIGHT * (MARGIN - (of_whole - of_part)).clamp(min=0)


def motion(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, T) of (N, T, M, V, 3): squared step to the next frame and from the last one, meaned over all the rest."""
    step = (positions[:, 1:] - positions[:, :-1]) ** 2
    of_step = step.mean(axis=(2, 3, 4), dtype=np.float64)
    total = np.zeros(positions.shape[:2], dtype=np.float32)
    total[:, :-1] += of_step
    total[:, 1:] += of_step
    return total


def calm_frames(positions: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.int64]:
    """(N, left) frames in order: without the 3/10 that move most, then without as many of the rest, at random.

    Of 50 frames 20 are left; at least one always is.
    """
    frames = positions.shape[1]
    dropped = round(DROPPED * frames)
    calm = np.argsort(motion(positions), axis=1, kind="stable")[:, : frames - dropped]
    left = max(1, frames - 2 * dropped)
    chosen = random.random(calm.shape).argsort(axis=1)[:, :left]
    return np.sort(np.take_along_axis(calm, chosen, axis=1), axis=1)


def calm_features(encoded: Encoded, clips: ClipSet, draws: int) -> Array:
    """(draws, N, D) features of the clips' calm frames, each draw with other random ones."""
    random = np.random.default_rng([encoded.settings.train.seed, draws])
    made = np.empty((draws, *encoded.train.shape), dtype=np.float32)
    for draw in range(draws):
        for first in range(0, len(clips), BATCH):
            part = slice(first, first + BATCH)
            whole = clips.positions[part]
            frames = calm_frames(whole, random)[:, :, None, None, None]
            calm = np.take_along_axis(whole, frames, axis=1)
            made[draw, part] = features_of(encoded.model, calm, clips.present[part], projected=False)
    return made


def smie_schedule(settings: TrainSettings, epoch: int, step: int, steps: int) -> float:
    """Linear from 0 over the first 15 of 100 epochs, then a cosine to 0; constant within an epoch."""
    warm = round(WARM_UP * settings.epochs)
    if epoch < warm:
        return settings.learning_rate * epoch / warm
    return (
        settings.learning_rate
        * 0.5
        * (1 + math.cos(math.pi * (epoch - warm) / max(settings.epochs - warm, 1)))
    )


@dataclass(frozen=True)
class Informed:
    """The frozen encoder and a trained critic.

    Attributes:
        encoded: the encoder.
        critic: D.
        forgets: predict without the LayerNorm that the critic was trained with, as the authors' code does.
    """

    encoded: Encoded
    critic: Critic
    forgets: bool

    def features(self, clips: ClipSet) -> Array:
        """(N, D) of the frozen encoder, before the LayerNorm."""
        return self.encoded.features(clips)

    def scores(self, features: Array, sentences: Array) -> Array:
        """(N, K) -softplus(-D), the log of the critic's belief that they belong together."""
        rows, classes = len(features), len(sentences)
        made = np.empty((rows, classes), dtype=np.float32)
        text = self.encoded.tensor(sentences)
        size = max(1, PAIRS // max(classes, 1))
        with torch.inference_mode():
            for first in range(0, rows, size):
                clips = self.encoded.tensor(features[first : first + size])
                clips = clips if self.forgets else normal(clips)
                pairs = self.critic(clips.repeat_interleave(classes, dim=0), text.repeat(len(clips), 1))
                made[first : first + size] = -softplus(-pairs).view(-1, classes).cpu().numpy()
        return made

    def space(self, features: Array, sentences: Array) -> None:
        """None: a critic's scores are no cosines."""
        return None


@on_encoder
def smie(encoded: Encoded, corpus: Corpus, options: BaselineSettings) -> Informed:
    """Fit or load. The encoder being fixed, the calm frames' features are drawn from a few made before."""
    torch.manual_seed(encoded.settings.train.seed)
    critic = Critic(encoded.train.shape[1], encoded.sentences.shape[1]).to(encoded.device)
    whole = normal(encoded.tensor(encoded.train))
    sentences = encoded.tensor(encoded.sentences)
    calm: list[Tensor] = []  # computed at the first step: a critic that is only loaded needs none

    def loss(critic: Critic, batch: FeatureBatch) -> Tensor:
        if not calm:
            calm.append(encoded.tensor(calm_features(encoded, corpus.train, options.smie_samples)))
        draw = torch.randint(options.smie_samples, batch.index.shape, device=batch.index.device)
        part = normal(calm[0][draw, batch.index])
        return smie_loss(critic, batch.features, part, sentences[batch.labels])

    train_on_features(
        critic, "smie", loss, encoded, options, {"smie_learning_rate", "smie_samples"},
        learning_rate=options.smie_learning_rate, schedule=smie_schedule, features=whole,
    )  # fmt: skip
    return Informed(encoded, critic, forgets=options.recipe == "paper")
