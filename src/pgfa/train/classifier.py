"""An encoder trained by cross-entropy on the seen classes: same loop, clips, augmentation and epochs as PGFA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pgfa.config import RunSettings
from pgfa.model.batch import Batch
from pgfa.model.device import pick_device
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.progress import Progress
from pgfa.train.batches import TrainingClips
from pgfa.train.corpus import Corpus
from pgfa.train.identity import Identity
from pgfa.train.loop import train_epochs
from pgfa.train.run import open_or_create_run
from pgfa.train.sentences import ClassSentences, class_sentences


def train_classifier(
    settings: RunSettings,
    corpus: Corpus,
    out: Path,
    *,
    device: str = "auto",
    show: bool = False,
    bar: Progress | None = None,
) -> MotionEncoder:
    """Train a classifier of the seen classes, or resume the one in `out`.

    The model is that of `pgfa.train.train.train` with one difference: its projection is a linear layer onto the
    seen classes (and, with mirroring, onto what their mirror images show). All other settings count as they do there,
    except those of the contrastive loss. Test clips are not used.

    Args:
        settings, corpus, out, device, show, bar: as for `pgfa.train.train.train`.

    Returns:
        The trained model, in evaluation mode; ``encode`` gives its features, calling it the logits.

    Raises:
        BadConfig, BadCheckpoint: as `pgfa.train.train.train`.
    """
    target = pick_device(device)  # refused before anything is written
    settings = _without_scale(settings)
    sentences = class_sentences(corpus, settings)
    outputs = _outputs(sentences, len(corpus.seen), settings)
    identity = classifier_identity(settings, corpus, sentences)
    facts = {"seen": [a.key for a in corpus.seen], "train_clips": len(corpus.train)}
    name = open_or_create_run(out, settings, identity, facts)
    torch.manual_seed(settings.train.seed)
    model = build_model(settings, corpus.layout, len(outputs)).to(target)
    if settings.train.compile:
        model.compile_encoder()
    data = TrainingClips.of(corpus, sentences, settings, target)
    correct = torch.from_numpy(outputs).to(target)

    def loss(model: MotionEncoder, batch: Batch) -> Tensor:
        return class_loss(model(batch.positions, batch.present), correct[batch.labels])

    for _ in train_epochs(
        model,
        loss,
        data,
        settings.train,
        out,
        name,
        title="classify",
        show=show,
        bar=bar,
        bodies=data.bodies,
    ):
        pass
    return model


def class_loss(logits: Tensor, correct: Tensor) -> Tensor:
    """Cross-entropy where several outputs may be correct: -log of the probability of any of them, mean over clips.

    With one correct output per clip it is the usual cross-entropy. Classes of different data sets that mean the same
    are all correct, so that the encoder is not taught to distinguish the data sets.

    Args:
        logits: (B, outputs).
        correct: (B, outputs) bool, at least one true per row.
    """
    hit = logits.masked_fill(~correct, -torch.inf).logsumexp(dim=1)
    return (logits.logsumexp(dim=1) - hit).mean()


def classifier_identity(settings: RunSettings, corpus: Corpus, sentences: ClassSentences) -> Identity:
    """Of everything that determines the weights; the sentences and the test clips do not."""
    decisive = _without_scale(settings)
    unused = {"logit_scale", "learn_logit_scale", "test_each_epoch", "objective"}
    parts = [
        "cross-entropy",
        decisive.prepare.canonical(omit_since=2),
        decisive.model.canonical(),
        decisive.train.canonical(exclude=unused, omit_since=2),
        [a.key for a in corpus.seen],
        _outputs(sentences, len(corpus.seen), settings).tobytes(),
        sentences.mirror.tobytes() if settings.train.mirror else "",
    ]
    return Identity.of(parts, [corpus.train])


def _without_scale(settings: RunSettings) -> RunSettings:
    """The settings without a trained scale: cross-entropy has none, and the optimiser keeps no state for unused
    weights."""
    train = settings.train.model_copy(update={"learn_logit_scale": False})
    return settings.model_copy(update={"train": train})


def _outputs(sentences: ClassSentences, classes: int, settings: RunSettings) -> NDArray[np.bool_]:
    """(outputs, outputs) bool, which of them mean the same; mirror images have outputs only where they occur."""
    outputs = len(sentences.same) if settings.train.augment and settings.train.mirror else classes
    return np.ascontiguousarray(sentences.same[:outputs, :outputs])
