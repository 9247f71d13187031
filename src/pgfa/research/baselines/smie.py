"""`smie`: mutual information between motion and language, estimated and maximised (ACM MM 2023; method.md section 7).

A critic learns which clip belongs to which sentence. A clip without its most moving frames must be less informative
of the sentence than the whole clip: the temporal term. The score of a class is the critic's, so there is no space in
which clips and classes are points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import layer_norm, softplus

from pgfa.config import TrainSettings
from pgfa.research.baselines.base import Array, Baseline
from pgfa.research.baselines.encoded import Encoded, FeatureBatch, on_encoder, train_on_features
from pgfa.train.clip_set import ClipSet
from pgfa.train.features import BATCH, features_of
from pgfa.train.schedule import sample_order, whole_order

DROPPED = 0.3  # of the frames: the most moving 15 of 50, then as many again at random
MARGIN, WEIGHT = 0.1, 0.5  # of the temporal term
WARM_UP = 0.15  # of the epochs
HIDDEN = (1024, 512)
PAIRS = 8192  # clips times classes scored at once


class Critic(nn.Module):
    """D(v, t): how well a clip's features and a sentence match, an unbounded number."""

    def __init__(self, features: int, sentence: int) -> None:
        super().__init__()
        wide, narrow = HIDDEN
        self.of_both = nn.Sequential(  # the name is in stored weights
            nn.Linear(features + sentence, wide),
            nn.ReLU(),
            nn.Linear(wide, narrow),
            nn.ReLU(),
            nn.Linear(narrow, 1),
        )

    def forward(self, features: Tensor, anchors: Tensor) -> Tensor:
        """(B, D) features and (B, d) unit sentence vectors -> (B,)."""
        value: Tensor = self.of_both(torch.cat([features, anchors], dim=1)).squeeze(1)
        return value


def layer_normalised(features: Tensor) -> Tensor:
    """LayerNorm without weights: each clip's features less their mean, over their standard deviation."""
    return layer_norm(features, features.shape[1:])


def information(critic: nn.Module, clips: Tensor, others: Tensor, anchors: Tensor) -> Tensor:
    """-mean softplus(-D(v, t)) - mean softplus(D(v', t)), v' of other clips: a lower bound of the information."""
    return -softplus(-critic(clips, anchors)).mean() - softplus(critic(others, anchors)).mean()


def smie_loss(critic: nn.Module, whole: Tensor, part: Tensor, anchors: Tensor) -> Tensor:
    """-I0 + 0.5 max(0, 0.1 - (I0 - I1)).

    Args:
        critic: D.
        whole: (B, D) layer-normalised features of the clips; rolled by one they are the negatives.
        part: (B, D) those of the clips without their most moving frames.
        anchors: (B, d) unit sentence vectors.
    """
    others = whole.roll(-1, dims=0)
    of_whole = information(critic, whole, others, anchors)
    of_part = information(critic, part, others, anchors)
    return -of_whole + WEIGHT * (MARGIN - (of_whole - of_part)).clamp(min=0)


def frame_motion(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, T) of (N, T, M, V, 3): squared step to the next frame plus that from the last one, means over the rest."""
    step = (positions[:, 1:] - positions[:, :-1]) ** 2
    of_step = step.mean(axis=(2, 3, 4), dtype=np.float64)
    total = np.zeros(positions.shape[:2], dtype=np.float32)
    total[:, :-1] += of_step
    total[:, 1:] += of_step
    return total


def calm_frames(positions: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.int64]:
    """(N, T') frames in order: without the 3/10 that move most, then without as many of the others, at random.

    Of 50 frames 20 remain; at least one always does.
    """
    frames = positions.shape[1]
    dropped = round(DROPPED * frames)
    calm = np.argsort(frame_motion(positions), axis=1, kind="stable")[:, : frames - dropped]
    remaining = max(1, frames - 2 * dropped)
    index = random.random(calm.shape).argsort(axis=1)[:, :remaining]
    return np.sort(np.take_along_axis(calm, index, axis=1), axis=1)


def calm_features(encoded: Encoded, clips: ClipSet, samples: int) -> Array:
    """(samples, N, D) features of the clips' calm frames, each sample with a different random choice."""
    random = np.random.default_rng([encoded.settings.train.seed, samples])
    features = np.empty((samples, *encoded.train.shape), dtype=np.float32)
    for sample in range(samples):
        for first in range(0, len(clips), BATCH):
            batch = clips.take(slice(first, first + BATCH))
            frames = calm_frames(batch.positions, random)[:, :, None, None, None]
            calm = np.take_along_axis(batch.positions, frames, axis=1)
            features[sample, first : first + BATCH] = features_of(
                encoded.model, calm, batch.present, projected=False
            )
    return features


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
class CriticScores:
    """The frozen encoder and a trained critic.

    Attributes:
        encoded: the encoder.
        critic: D.
        skip_norm: predict without the LayerNorm that the critic was trained with, as the authors' code does.
    """

    encoded: Encoded
    critic: Critic
    skip_norm: bool

    def features(self, clips: ClipSet) -> Array:
        """(N, D) of the frozen encoder, before the LayerNorm."""
        return self.encoded.features(clips)

    def scores(self, features: Array, anchors: Array) -> Array:
        """(N, K) -softplus(-D), the log of the critic's probability that they match."""
        rows, classes = len(features), len(anchors)
        scores = np.empty((rows, classes), dtype=np.float32)
        text = self.encoded.tensor(anchors)
        size = max(1, PAIRS // max(classes, 1))
        with torch.inference_mode():
            for first in range(0, rows, size):
                clips = self.encoded.tensor(features[first : first + size])
                clips = clips if self.skip_norm else layer_normalised(clips)
                pairs = self.critic(clips.repeat_interleave(classes, dim=0), text.repeat(len(clips), 1))
                scores[first : first + size] = -softplus(-pairs).view(-1, classes).cpu().numpy()
        return scores

    def space(self, features: Array, anchors: Array) -> None:
        """None: a critic's scores are not cosines."""
        return None


def fit(encoded: Encoded) -> CriticScores:
    """Train the critic, resume, or load it. As the encoder is frozen, calm features are computed in advance.

    Under `paper` every epoch ends with the partial batch, as in the authors' code; else it is dropped.
    """
    options = encoded.options
    torch.manual_seed(encoded.settings.train.seed)
    critic = Critic(encoded.train.shape[1], encoded.anchors.shape[1]).to(encoded.device)
    whole = layer_normalised(encoded.tensor(encoded.train))
    anchors = encoded.tensor(encoded.anchors)
    calm: list[Tensor] = []  # computed at the first step: a critic that is only loaded needs none

    def loss(critic: Critic, batch: FeatureBatch) -> Tensor:
        if not calm:
            clips = encoded.context.corpus.train
            calm.append(encoded.tensor(calm_features(encoded, clips, options.smie_samples)))
        sample = torch.randint(options.smie_samples, batch.index.shape, device=batch.index.device)
        part = layer_normalised(calm[0][sample, batch.index])
        return smie_loss(critic, batch.features, part, anchors[batch.labels])

    paper = options.recipe == "paper"
    train_on_features(
        critic, "smie", loss, encoded, {"smie_learning_rate", "smie_samples"},
        constants={"last_batch": "partial"} if paper else None,
        learning_rate=options.smie_learning_rate, schedule=smie_schedule,
        order=whole_order if paper else sample_order, features=whole,
    )  # fmt: skip
    return CriticScores(encoded, critic, skip_norm=paper)


BASELINE = Baseline(
    on_encoder(fit),
    title="frozen encoder, then a critic that estimates mutual information of motion and language, "
    "with a temporal term",
    assumes="as above; clips of a batch rarely share a class",
    source="ACM MM 2023; method.md section 7",
)
