"""The frozen cross-entropy encoder that all baselines but PGFA start from, and how they learn on its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgfa.adapt import cosines
from pgfa.config import BaselineSettings, RunSettings, TrainSettings
from pgfa.errors import BadCheckpoint
from pgfa.files import digest, read_json
from pgfa.model.encoder import MotionEncoder
from pgfa.research.baselines.base import Array, FitContext, Fitted, candidate_anchors
from pgfa.train.checkpoint import load_checkpoint, save_checkpoint
from pgfa.train.classifier import train_classifier
from pgfa.train.clip_set import ClipSet
from pgfa.train.features import features_of
from pgfa.train.identity import Identity
from pgfa.train.loop import Order, Schedule, train_epochs
from pgfa.train.run import CORPUS, open_or_create_run
from pgfa.train.schedule import learning_rate_at, sample_order
from pgfa.train.sentences import class_sentences

M = TypeVar("M", bound=nn.Module)

ENCODER = "classifier"
FEATURES = "features.safetensors"
SAVE_EVERY = 25
SPREAD_FLOOR = 1e-6


@dataclass(frozen=True)
class Encoded:
    """What a baseline that starts from the frozen encoder learns on.

    Attributes:
        context: of the fit; only training clips may be used.
        identity: of encoder and training clips.
        model: the encoder; its projection is the classifier and is not used.
        train: (N, D) features of the training clips, without augmentation.
        labels: (N,) their classes.
        anchors: (C, d) unit sentence vectors of the seen classes.
        same: (C, C) bool, classes that mean the same and are no negatives of each other.
    """

    context: FitContext
    identity: str
    model: MotionEncoder
    train: Array
    labels: NDArray[np.int64]
    anchors: Array
    same: NDArray[np.bool_]

    @property
    def settings(self) -> RunSettings:
        """Settings of the run."""
        return self.context.settings

    @property
    def options(self) -> BaselineSettings:
        """Options of the baselines."""
        return self.context.options

    @property
    def device(self) -> torch.device:
        """The device of the encoder, and of what learns on its features."""
        return next(self.model.parameters()).device

    def features(self, clips: ClipSet) -> Array:
        """(N, D) features of prepared clips."""
        return features_of(self.model, clips.positions, clips.present, projected=False)

    def tensor(self, values: NDArray[Any]) -> Tensor:
        """`values` on the device."""
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)


def encode(context: FitContext) -> Encoded:
    """Train the shared encoder, resume, or load it; features of the training clips are computed once and stored."""
    settings, corpus, folder = context.settings, context.corpus, context.folder / ENCODER
    model = train_classifier(settings, corpus, folder, device=context.device, bar=context.bar)
    identity = str(read_json(folder / CORPUS)["identity"])
    clips = corpus.train
    stored = _StoredArray((len(clips), model.projection.in_features))
    if not _load_stored(stored, folder / FEATURES, identity):
        features = features_of(model, clips.positions, clips.present, projected=False)
        stored.values.copy_(torch.from_numpy(features))
        save_checkpoint(folder / FEATURES, stored, identity=identity)
    classes = len(corpus.seen)
    return Encoded(
        context=context,
        identity=identity,
        model=model,
        train=stored.values.numpy(),
        labels=clips.labels,
        anchors=candidate_anchors(corpus.seen, settings, corpus),
        same=class_sentences(corpus, settings).same[:classes, :classes],
    )


def on_encoder(fit: Callable[[Encoded], Fitted]) -> Callable[[FitContext], Fitted]:
    """`Baseline.fit` of a baseline that starts from the shared encoder."""

    def fit_encoded(context: FitContext) -> Fitted:
        return fit(encode(context))

    return fit_encoded


class Standard(nn.Module):
    """Features less the training clips' mean, over their standard deviation; one that never varies stays 0."""

    mean: Tensor
    spread: Tensor

    def __init__(self, train: Array) -> None:
        super().__init__()
        wide = train.astype(np.float64)
        spread = wide.std(axis=0)
        self.register_buffer("mean", torch.from_numpy(wide.mean(axis=0).astype(np.float32)))
        spread = np.where(spread > SPREAD_FLOOR, spread, np.inf)
        self.register_buffer("spread", torch.from_numpy(spread.astype(np.float32)))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.spread


@dataclass(frozen=True)
class FeatureBatch:
    """B training clips of a step.

    Attributes:
        index: (B,) rows of the training set.
        features: (B, D) of the frozen encoder.
        labels: (B,) classes.
        epoch: of the step.
    """

    index: Tensor
    features: Tensor
    labels: Tensor
    epoch: int


@dataclass(frozen=True)
class TrainingFeatures:
    """The stored features of all training clips, and their classes, on the device of the encoder."""

    features: Tensor
    labels: Tensor

    def batch(self, index: Tensor, epoch: int) -> FeatureBatch:
        """The rows of an index (B,)."""
        return FeatureBatch(index, self.features[index], self.labels[index], epoch)


def train_on_features(
    module: M,
    name: str,
    objective: Callable[[M, FeatureBatch], Tensor],
    encoded: Encoded,
    used: set[str],
    *,
    constants: Mapping[str, Any] | None = None,
    learning_rate: float | None = None,
    schedule: Schedule = learning_rate_at,
    order: Order = sample_order,
    features: Tensor | None = None,
) -> None:
    """Train a baseline's own module on stored features, resume, or load it; it ends in evaluation mode.

    Args:
        module: as the run's seed made it, on the encoder's device.
        name: of the baseline; the module is stored in ``NAME-IDENTITY`` next to the encoder.
        objective: (module, batch) -> scalar loss.
        used: names of the options that determine this module's weights, in addition to epochs and batch size.
        constants: other values that decide them, as JSON: constants of the baseline's file.
        learning_rate: peak learning rate, that of the options if None.
        schedule: learning rate over time.
        order: clips of each step; one that is not the default must be named in `constants`.
        features: (N, D') for the batches, instead of the encoder's features.
    """
    train, options = encoded.settings.train, encoded.options
    identity = digest(
        [
            name,
            encoded.identity,
            options.canonical(include={"epochs", "batch_size", *used}),
            train.seed,
            train.logit_scale,
        ],
        encoded.anchors.tobytes(),
        encoded.same.tobytes(),
        *([dict(constants)] if constants else []),
    )
    out = encoded.context.folder / f"{name}-{identity}"
    open_or_create_run(
        out, options, Identity(identity, identity, (), 0), {"method": name, "encoder": encoded.identity}
    )
    settings = TrainSettings(
        seed=train.seed,
        epochs=options.epochs,
        batch_size=options.batch_size,
        optimiser="adamw",
        learning_rate=options.learning_rate if learning_rate is None else learning_rate,
        weight_decay=0.0,
    )
    data = TrainingFeatures(
        encoded.tensor(encoded.train) if features is None else features, encoded.tensor(encoded.labels)
    )
    for _ in train_epochs(
        module, objective, data, settings, out, identity,
        title=name, schedule=schedule, order=order, save_every=SAVE_EVERY,
    ):  # fmt: skip
        pass


@dataclass(frozen=True)
class Mapped:
    """A baseline that maps clips, and perhaps sentences, to a space in which the cosine is the score.

    Attributes:
        encoded: the encoder.
        map_clips: (N, D) features -> (N, e).
        map_anchors: (K, d) sentence vectors -> (K, e).
    """

    encoded: Encoded
    map_clips: Callable[[Tensor], Tensor]
    map_anchors: Callable[[Tensor], Tensor] = lambda anchors: anchors

    def features(self, clips: ClipSet) -> Array:
        """(N, D) of the frozen encoder."""
        return self.encoded.features(clips)

    def scores(self, features: Array, anchors: Array) -> Array:
        """(N, K) cosines in the common space."""
        return cosines(*self.space(features, anchors))

    def space(self, features: Array, anchors: Array) -> tuple[Array, Array]:
        """Clips (N, e) and classes (K, e)."""
        with torch.inference_mode():
            points = self.map_clips(self.encoded.tensor(features)).cpu().numpy()
            mapped = self.map_anchors(self.encoded.tensor(anchors)).cpu().numpy()
        return points, mapped


class _StoredArray(nn.Module):
    """An array in the form of a module, so that it is stored and checked as weights are."""

    values: Tensor

    def __init__(self, shape: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(shape))


def _load_stored(stored: _StoredArray, path: Path, identity: str) -> bool:
    """Load the file if it is intact and of this encoder; if not, it is to be computed again."""
    try:
        return path.exists() and load_checkpoint(path, stored).get("identity") == identity
    except BadCheckpoint:
        return False
