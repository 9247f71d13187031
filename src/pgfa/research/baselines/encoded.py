"""The frozen cross-entropy encoder that every method but PGFA starts from, and how they learn on its features."""

from __future__ import annotations

from collections.abc import Callable
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
from pgfa.progress import Progress
from pgfa.research.baselines.base import Array, Fitted, Method, sentence_vectors
from pgfa.train.checkpoint import load_checkpoint, save_checkpoint
from pgfa.train.classifier import train_classifier
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of
from pgfa.train.loop import Schedule, train_epochs
from pgfa.train.run import CORPUS, open_or_create_run
from pgfa.train.schedule import learning_rate_at
from pgfa.train.sentences import class_sentences

M = TypeVar("M", bound=nn.Module)

ENCODER = "classifier"
FEATURES = "features.safetensors"
SAVE_EVERY = 25
SPREAD_FLOOR = 1e-6


@dataclass(frozen=True)
class Encoded:
    """What a method that starts from the frozen encoder learns on.

    Attributes:
        settings: of the run.
        folder: of the run; each method keeps what it trains in a part of its own.
        identity: of encoder and training clips.
        model: the encoder; its projection is the classifier and plays no part.
        train: (N, D) features of the training clips, without augmentation.
        labels: (N,) their classes.
        sentences: (C, d) unit vectors of the seen classes.
        same: (C, C) bool, classes that mean the same and are no negatives of each other.
    """

    settings: RunSettings
    folder: Path
    identity: str
    model: MotionEncoder
    train: Array
    labels: NDArray[np.int64]
    sentences: Array
    same: NDArray[np.bool_]

    @property
    def device(self) -> torch.device:
        """Where the encoder lies, and what learns on its features."""
        return next(self.model.parameters()).device

    def features(self, clips: ClipSet) -> Array:
        """(N, D) of prepared clips."""
        return features_of(self.model, clips.positions, clips.present, projected=False)

    def tensor(self, values: NDArray[Any]) -> Tensor:
        """`values` on the device."""
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)


def encode(
    settings: RunSettings, corpus: Corpus, folder: Path, *, device: str = "auto", bar: Progress | None = None
) -> Encoded:
    """Train the shared encoder, go on, or load it; the features of the training clips are computed once and kept."""
    place = folder / ENCODER
    model = train_classifier(settings, corpus, place, device=device, bar=bar)
    identity = str(read_json(place / CORPUS)["identity"])
    clips = corpus.train
    kept = _Kept((len(clips), model.projection.in_features))
    if not _loaded(place / FEATURES, kept, identity):
        made = features_of(model, clips.positions, clips.present, projected=False)
        kept.values.copy_(torch.from_numpy(made))
        save_checkpoint(place / FEATURES, kept, identity=identity)
    same = class_sentences(corpus, settings).same
    classes = len(corpus.seen)
    return Encoded(
        settings,
        folder,
        identity,
        model,
        kept.values.numpy(),
        clips.labels,
        sentence_vectors(corpus.seen, settings, corpus),
        same[:classes, :classes],
    )


OnEncoder = Callable[[Encoded, Corpus, BaselineSettings], Fitted]


def on_encoder(fit: OnEncoder) -> Method:
    """A method that starts from the shared encoder, as a `Method`; it may look at ``corpus.train`` alone."""

    def method(
        settings: RunSettings,
        corpus: Corpus,
        folder: Path,
        *,
        options: BaselineSettings | None = None,
        device: str = "auto",
        bar: Progress | None = None,
    ) -> Fitted:
        encoded = encode(settings, corpus, folder, device=device, bar=bar)
        return fit(encoded, corpus, options or BaselineSettings())

    return method


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
    options: BaselineSettings,
    used: set[str],
    *,
    learning_rate: float,
    schedule: Schedule = learning_rate_at,
    features: Tensor | None = None,
) -> None:
    """Train a method's own part on stored features, resume, or load it; it ends in evaluation mode.

    Args:
        module: as the run's seed made it, on the encoder's device.
        name: of the method; what is trained is stored in ``NAME-IDENTITY`` beside the encoder.
        objective: (module, batch) -> scalar loss.
        options: of all methods.
        used: names of the options that decide this method's weights, beside epochs and batch size.
        learning_rate, schedule: peak learning rate, and its course over time.
        features: (N, D') what batches hold instead of the encoder's features.
    """
    train = encoded.settings.train
    decisive = options.canonical(include={"epochs", "batch_size", *used})
    identity = digest(
        [name, encoded.identity, decisive, train.seed, train.logit_scale],
        encoded.sentences.tobytes(),
        encoded.same.tobytes(),
    )
    out = encoded.folder / f"{name}-{identity}"
    open_or_create_run(out, options, identity, {"method": name, "encoder": encoded.identity})
    settings = TrainSettings(
        seed=train.seed,
        epochs=options.epochs,
        batch_size=options.batch_size,
        optimiser="adamw",
        learning_rate=learning_rate,
        weight_decay=0.0,
    )
    data = TrainingFeatures(
        encoded.tensor(encoded.train) if features is None else features, encoded.tensor(encoded.labels)
    )
    for _ in train_epochs(
        module, objective, data, settings, out, identity, title=name, schedule=schedule, save_every=SAVE_EVERY
    ):
        pass


@dataclass(frozen=True)
class Mapped:
    """A method that carries features to a space in which the cosine to a class's anchor is its score.

    Attributes:
        encoded: the encoder.
        clips: (N, D) features -> (N, e).
        anchors: (K, d) sentences -> (K, e).
    """

    encoded: Encoded
    clips: Callable[[Tensor], Tensor]
    anchors: Callable[[Tensor], Tensor]

    def features(self, clips: ClipSet) -> Array:
        """(N, D) of the frozen encoder."""
        return self.encoded.features(clips)

    def scores(self, features: Array, sentences: Array) -> Array:
        """(N, K) cosines in the common space."""
        return cosines(*self.space(features, sentences))

    def space(self, features: Array, sentences: Array) -> tuple[Array, Array]:
        """Clips (N, e) and anchors (K, e)."""
        with torch.inference_mode():
            clips = self.clips(self.encoded.tensor(features)).cpu().numpy()
            anchors = self.anchors(self.encoded.tensor(sentences)).cpu().numpy()
        return clips, anchors


class _Kept(nn.Module):
    """An array in the form of a module, so that it is kept and checked as weights are."""

    values: Tensor

    def __init__(self, shape: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(shape))


def _loaded(path: Path, kept: _Kept, identity: str) -> bool:
    """Whether the file is there, whole and of this encoder; one that is not is made anew."""
    try:
        return path.exists() and load_checkpoint(path, kept).get("identity") == identity
    except BadCheckpoint:
        return False
