"""PGFA's training: encoder and projection end to end against sentence vectors, by the loop of train/loop.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pgfa.config import RunSettings
from pgfa.files import digest, file_sha256
from pgfa.model.encoder import MotionEncoder
from pgfa.model.loss import contrastive_loss
from pgfa.progress import Progress
from pgfa.skeleton import Layout
from pgfa.text.catalogue import own_catalogues
from pgfa.train.augment import augment
from pgfa.train.corpus import ClipSet, Corpus
from pgfa.train.degrade import spoil
from pgfa.train.loop import (
    CHECKPOINT,
    CORPUS,
    METRICS,
    SETTINGS,
    WEIGHTS,
    Report,
    claim,
    learn,
    pick_device,
    read_metrics,
)
from pgfa.train.sentences import Sentences, seen_sentences
from pgfa.train.watch import WATCHED, watch_test

__all__ = [
    "CHECKPOINT",
    "CORPUS",
    "METRICS",
    "SETTINGS",
    "WEIGHTS",
    "batch_of",
    "build_model",
    "pick_device",
    "read_metrics",
    "train",
]


def train(
    settings: RunSettings,
    corpus: Corpus,
    out: Path,
    *,
    device: str = "auto",
    show: bool = False,
    bar: Progress | None = None,
    progress: Report | None = None,
) -> MotionEncoder:
    """Learn the shared space of motion and language, or go on where a run in `out` stopped.

    Stopped at any moment and started again, a run ends with the very same weights (on the CPU, with the same number
    of threads): each epoch ends in a checkpoint, and everything random is a function of seed, epoch and step.

    Args:
        settings: of the run; kept as ``run.toml`` in `out`.
        corpus: prepared clips; all of them are put on the device once, a batch is one gather.
        out: the run's folder.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto`` (the GPU where there is one).
        show: say on stderr how far it is, how fast, and the time left.
        bar: that of a longer job, to advance in place of one of its own.
        progress: called after every epoch with its line of metrics.

    Returns:
        The trained model, in evaluation mode.

    Raises:
        BadConfig: `out` holds a run of other settings or other clips; the loss has become no number.
        BadCheckpoint: `out` holds a damaged checkpoint, or that of another run.
    """
    where = pick_device(device)
    sentences = seen_sentences(
        corpus.seen, corpus.unseen, corpus.books, settings.text, merge=settings.train.recipe != "paper"
    )
    identity = _identity(settings, corpus)
    claim(out, settings, identity, _facts(corpus, sentences))
    torch.manual_seed(settings.train.seed)
    model = build_model(settings, corpus.layout, sentences.vectors.shape[1]).to(where)
    data = _on_device(corpus, sentences, where)

    def loss_of(chosen: Tensor, epoch: int) -> Tensor:
        positions, present, text, same = batch_of(data, chosen, settings)
        return contrastive_loss(model(positions, present), text, same, model.log_scale.exp())

    def watch() -> dict[str, float]:
        return watch_test(model, corpus, settings, sentences.centre)

    learn(
        model,
        loss_of,
        settings.train,
        corpus.train.labels,
        out,
        identity,
        show=show,
        bar=bar,
        progress=progress,
        facts=lambda: {"scale": round(float(model.log_scale.exp()), 4)},
        watch=(WATCHED, watch) if settings.train.watch_test else None,
    )
    return model


def batch_of(data: dict[str, Tensor], chosen: Tensor, settings: RunSettings) -> tuple[Tensor, ...]:
    """One gather: prepared clips, who is present, a sentence vector each, and which clips show the same."""
    positions, present, label = clips_of(data, chosen, settings)
    return positions, present, data["vectors"][label], data["same"][label][:, label]


def clips_of(data: dict[str, Tensor], chosen: Tensor, settings: RunSettings) -> tuple[Tensor, Tensor, Tensor]:
    """Clips (B, T, M, V, 3) as the settings change them, who is there (B, M), the row of `Sentences` of each (B,)."""
    positions, present, label = data["positions"][chosen], data["present"][chosen], data["labels"][chosen]
    if settings.train.augment:
        image = data["mirror"][label]
        share = 0.5 if settings.train.mirror else 0.0
        flip = (torch.rand(len(chosen), device=chosen.device) < share) & (image >= 0)
        positions = augment(positions, data["mirror_joints"], flip)
        label = torch.where(flip, image, label)
        if settings.train.spoil:
            positions = spoil(positions, settings.prepare.layout)
    return positions, present, label


def build_model(settings: RunSettings, layout: Layout, text_size: int) -> MotionEncoder:
    """A fresh model for a run's settings; `text_size` is d of the sentence vectors."""
    train = settings.train
    bodies = settings.prepare.bodies
    return MotionEncoder(settings.model, layout, text_size, train.scale, train.learn_scale, bodies)


def clips_digest(*sets: ClipSet) -> list[Any]:
    """What a digest takes of clips and their classes: positions as a view (a copy would double the memory), labels."""
    return [
        *(np.ascontiguousarray(c.positions).reshape(-1).view(np.uint8).data for c in sets),
        *(c.labels.tobytes() for c in sets),
    ]


def _identity(settings: RunSettings, corpus: Corpus) -> str:
    clips = [corpus.train, corpus.test, *([corpus.exemplars] if corpus.exemplars else [])]
    own = settings.text.source if settings.text.encoder == "file" else None
    return digest(
        _decisive(settings),
        *([file_sha256(Path(own))] if own else []),  # the same name may hold other vectors by now
        [a.model_dump(mode="json") for a in (*corpus.seen, *corpus.unseen)],
        *clips_digest(*clips),
    )


def _facts(corpus: Corpus, sentences: Sentences) -> dict[str, Any]:
    return {
        "seen": [a.key for a in corpus.seen],
        "unseen": [a.key for a in corpus.unseen],
        "train_clips": len(corpus.train),
        "test_clips": len(corpus.test),
        "removed": [
            {"class": f"{r.dataset}/{r.name}", "because_of": r.because_of, "rule": r.rule}
            for r in corpus.removals
        ],
        "catalogues": own_catalogues(corpus.books.values()),
        "text_size": sentences.vectors.shape[1],
        "text_centre": [float(x) for x in sentences.centre],
    }


def _decisive(settings: RunSettings) -> dict[str, Any]:
    """The settings that make a run what it is."""
    stated = settings.stated(exclude={"adapt", "packs"})
    if settings.protocol == "all":
        del stated["protocol"]
    if not settings.train.watch_test:
        del stated["train"]["watch_test"]
    return stated


def _on_device(corpus: Corpus, sentences: Sentences, device: torch.device) -> dict[str, Tensor]:
    arrays = {
        "positions": corpus.train.positions,
        "present": corpus.train.present,
        "labels": corpus.train.labels,
        "vectors": sentences.vectors - sentences.centre,
        "mirror": sentences.mirror,
        "same": sentences.same,
        "mirror_joints": corpus.layout.mirror,
    }
    return {name: torch.from_numpy(np.ascontiguousarray(value)).to(device) for name, value in arrays.items()}
