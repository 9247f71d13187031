"""PGFA's training: encoder and projection end to end against sentence vectors (method.md section 3)."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from pgfa.config import RunSettings
from pgfa.errors import BadConfig
from pgfa.files import digest, file_sha256
from pgfa.files.lock import folder_lock
from pgfa.model.device import pick_device, precision_note
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.model.objective import objective
from pgfa.model.ranks import ALONE, Ranks, share_model
from pgfa.progress import Progress
from pgfa.text.catalogue import custom_catalogues
from pgfa.train.anchors import evaluate_epoch
from pgfa.train.batches import TrainingClips
from pgfa.train.corpus import Corpus
from pgfa.train.identity import Identity
from pgfa.train.launch import same_on_all, text_of_writer
from pgfa.train.loop import train_epochs
from pgfa.train.run import TEST_LOG, append_line, open_or_create_run
from pgfa.train.sentences import ClassSentences, class_sentences


def train(
    settings: RunSettings,
    corpus: Corpus,
    out: Path,
    *,
    device: str = "auto",
    show: bool = False,
    bar: Progress | None = None,
    ranks: Ranks = ALONE,
) -> MotionEncoder:
    """Learn the shared space of motion and language, or resume the run in `out`.

    Stopped at any moment and started again, a run ends with the very same weights (on the CPU, with the same number
    of threads): each epoch ends in a checkpoint, and everything random is a function of seed, epoch and step.

    Args:
        settings: of the run; stored as ``run.toml`` in `out`.
        corpus: prepared clips; all of them are copied to the device once, a batch is one gather.
        out: the run's folder.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto`` (the GPU if there is one).
        show: report progress, speed and time left on stderr.
        bar: the progress of a longer job, advanced instead of a bar of its own.
        ranks: processes that share the clips (`pgfa.train.launch.joined`); each calls this function. The number of
            ranks changes the weights by rounding only, and may change when a run is resumed.

    Returns:
        The trained model, in evaluation mode.

    Raises:
        BadConfig: `out` holds a run with other settings or other clips; the loss is no longer finite; a rank has
            other clips or settings.
        BadCheckpoint: `out` holds a damaged checkpoint, or that of another run.
        FolderInUse: another process trains the run in `out`.
    """
    target = pick_device(device)  # refused before anything is written
    sentences = class_sentences(corpus, settings)
    identity = _identity(settings, corpus)
    if not same_on_all(_comparable(identity, corpus), ranks, target):
        raise BadConfig(f"rank {ranks.rank} of {ranks.count}: not all ranks have the same clips and settings")
    with folder_lock(out) if ranks.writes else nullcontext():
        if show and ranks.writes and (note := precision_note(settings.train.precision, target)):
            print(note, file=sys.stderr)
        name = identity.exact
        if ranks.writes:
            name = open_or_create_run(out, settings, identity, _facts(corpus, sentences))
        name = text_of_writer(name, ranks, target)
        model = _fresh_model(settings, corpus, sentences, target, ranks)
        data = TrainingClips.of(corpus, sentences, settings, target)
        loss = objective(settings.train.objective)
        for metrics in train_epochs(
            model, loss, data, settings.train, out, name,
            show=show, bar=bar, ranks=ranks, bodies=data.bodies,
        ):  # fmt: skip
            metrics["logit_scale"] = round(float(model.log_scale.detach().exp()), 4)
            if settings.train.test_each_epoch and ranks.writes:
                accuracy = evaluate_epoch(model, corpus, settings, sentences.centre)
                append_line(out / TEST_LOG, {"epoch": metrics["epoch"], **accuracy})
    return model


def _fresh_model(
    settings: RunSettings, corpus: Corpus, sentences: ClassSentences, device: torch.device, ranks: Ranks
) -> MotionEncoder:
    torch.manual_seed(settings.train.seed)
    model = build_model(settings, corpus.layout, sentences.vectors.shape[1]).to(device)
    if settings.train.compile:
        model.compile_encoder()
    share_model(model, ranks)
    return model


def _identity(settings: RunSettings, corpus: Corpus) -> Identity:
    clips = [corpus.train, corpus.test, *([corpus.exemplars] if corpus.exemplars else [])]
    own = settings.text.source if settings.text.encoder == "file" else None
    parts = [
        _identity_settings(settings),
        *([file_sha256(Path(own))] if own else []),  # a file of the same name may hold other vectors by now
        [a.model_dump(mode="json") for a in (*corpus.seen, *corpus.unseen)],
    ]
    return Identity.of(parts, clips)


def _comparable(identity: Identity, corpus: Corpus) -> str:
    """What all ranks must have in common; sums of clips differ in the last digits where processors do."""
    return digest(identity.settings, [pack.digest for pack in corpus.packs])


def _identity_settings(settings: RunSettings) -> dict[str, Any]:
    """The settings that make a run what it is."""
    decisive = settings.canonical(exclude={"adapt", "packs"})
    if settings.protocol == "all":
        del decisive["protocol"]
    if not settings.train.test_each_epoch:
        del decisive["train"]["watch_test"]
    return decisive


def _facts(corpus: Corpus, sentences: ClassSentences) -> dict[str, Any]:
    return {
        "seen": [a.key for a in corpus.seen],
        "unseen": [a.key for a in corpus.unseen],
        "train_clips": len(corpus.train),
        "test_clips": len(corpus.test),
        "removed": [
            {"class": f"{r.dataset}/{r.name}", "because_of": r.because_of, "rule": r.rule}
            for r in corpus.removals
        ],
        "catalogues": custom_catalogues(corpus.catalogues.values()),
        "text_size": sentences.vectors.shape[1],
        "text_centre": [float(x) for x in sentences.centre],
    }
