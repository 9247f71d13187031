"""The older way to an encoder: cross-entropy on the seen classes, by the same loop, clips, augmentation and epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pgfa.config import RunSettings
from pgfa.files import digest
from pgfa.model.encoder import MotionEncoder
from pgfa.progress import Progress
from pgfa.train.corpus import Corpus
from pgfa.train.loop import Report, claim, learn, pick_device
from pgfa.train.sentences import Sentences, seen_sentences
from pgfa.train.train import build_model, clips_digest, clips_of


def train_classifier(
    settings: RunSettings,
    corpus: Corpus,
    out: Path,
    *,
    device: str = "auto",
    show: bool = False,
    bar: Progress | None = None,
    progress: Report | None = None,
) -> MotionEncoder:
    """Learn to tell the seen classes apart, or go on where a training in `out` stopped.

    The model is that of `pgfa.train.train.train` with one difference: its projection is a linear layer onto the
    seen classes (and, with mirroring, onto what their mirror images show). Everything else of the settings counts as
    it does there, but for the scale of the contrastive loss, which has no part here. Test clips are not looked at.

    Args:
        settings, corpus, out, device, show, bar, progress: as for `pgfa.train.train.train`.

    Returns:
        The trained model, in evaluation mode; ``encode`` gives its features, calling it the logits.

    Raises:
        BadConfig, BadCheckpoint: as `pgfa.train.train.train`.
    """
    settings, where = _plain(settings), pick_device(device)
    sentences = seen_sentences(
        corpus.seen, corpus.unseen, corpus.books, settings.text, merge=settings.train.recipe != "paper"
    )
    same = _outputs(sentences, len(corpus.seen), settings)
    identity = classifier_identity(settings, corpus, sentences)
    claim(out, settings, identity, {"seen": [a.key for a in corpus.seen], "train_clips": len(corpus.train)})
    torch.manual_seed(settings.train.seed)
    model = build_model(settings, corpus.layout, len(same)).to(where)
    arrays = {
        "positions": corpus.train.positions,
        "present": corpus.train.present,
        "labels": corpus.train.labels,
        "mirror": sentences.mirror,
        "mirror_joints": corpus.layout.mirror,
        "same": same,
    }
    data = {name: torch.from_numpy(np.ascontiguousarray(value)).to(where) for name, value in arrays.items()}

    def loss_of(chosen: Tensor, epoch: int) -> Tensor:
        positions, present, label = clips_of(data, chosen, settings)
        return class_loss(model(positions, present), data["same"][label])

    learn(
        model,
        loss_of,
        settings.train,
        corpus.train.labels,
        out,
        identity,
        what="classify",
        show=show,
        bar=bar,
        progress=progress,
    )
    return model


def class_loss(logits: Tensor, right: Tensor) -> Tensor:
    """Cross-entropy where several outputs may be right: -log of the probability of any of them, averaged over clips.

    With one right output a clip it is the plain one. Classes of different data sets that mean the same are all
    right, so that the encoder is not taught to tell the data sets apart.

    Args:
        logits: (B, outputs).
        right: (B, outputs) bool, at least one true in a row.
    """
    hit = logits.masked_fill(~right, -torch.inf).logsumexp(dim=1)
    return (logits.logsumexp(dim=1) - hit).mean()


def classifier_identity(settings: RunSettings, corpus: Corpus, sentences: Sentences) -> str:
    """Of all that decides the weights: neither the words of the sentences nor the test clips are among it."""
    decisive = _plain(settings)
    return digest(
        "cross-entropy",
        decisive.prepare.model_dump(mode="json"),
        decisive.model.model_dump(mode="json"),
        decisive.train.model_dump(mode="json", exclude={"scale", "learn_scale", "watch_test"}),
        [a.key for a in corpus.seen],
        _outputs(sentences, len(corpus.seen), settings).tobytes(),
        sentences.mirror.tobytes() if settings.train.mirror else "",
        *clips_digest(corpus.train),
    )


def _plain(settings: RunSettings) -> RunSettings:
    """Without a scale to learn: cross-entropy has none, and no optimiser remembers what gets no gradient."""
    return settings.model_copy(update={"train": settings.train.model_copy(update={"learn_scale": False})})


def _outputs(sentences: Sentences, classes: int, settings: RunSettings) -> NDArray[np.bool_]:
    """(outputs, outputs) bool, which of them mean the same; mirror images have outputs only where they occur."""
    outputs = len(sentences.same) if settings.train.augment and settings.train.mirror else classes
    return np.ascontiguousarray(sentences.same[:outputs, :outputs])
