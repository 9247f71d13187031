"""Training, read from top to bottom: batch, forward, loss, backward, step, log, save."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pgfa.config import RunSettings
from pgfa.errors import BadCheckpoint, BadConfig, BadFile
from pgfa.files import digest, file_sha256, read_json, write_atomic, write_json
from pgfa.learn.augment import augment
from pgfa.learn.corpus import Corpus
from pgfa.learn.schedule import order_of, rate_at, seed_of
from pgfa.learn.sentences import Sentences, seen_sentences
from pgfa.learn.state import load_state, save_state
from pgfa.learn.watch import WATCHED, watch_test
from pgfa.model.encoder import MotionEncoder
from pgfa.model.loss import contrastive_loss
from pgfa.pack.progress import Progress
from pgfa.skeleton import Layout

SETTINGS, CORPUS, METRICS = "run.toml", "corpus.json", "metrics.jsonl"
CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "model.safetensors"

Report = Callable[[dict[str, Any]], None]


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
    identity = _claim(out, settings, corpus, sentences)
    torch.manual_seed(settings.train.seed)
    model = build_model(settings, corpus.layout, sentences.vectors.shape[2]).to(where)
    optimiser = _optimiser(settings, model)
    first = 0
    if (out / CHECKPOINT).exists():
        about = load_state(out / CHECKPOINT, model, optimiser)
        if about.get("identity") != identity:
            raise BadCheckpoint(f"{out / CHECKPOINT}: belongs to a run of other settings, sentences or clips")
        first = int(about["epoch"])
    for log in (METRICS, WATCHED) if settings.train.watch_test else (METRICS,):
        _keep_epochs(out / log, first)

    data = _on_device(corpus, sentences, where)
    epochs, clips = settings.train.epochs, order_of(settings.train, corpus.train.labels, 0).size
    own = Progress("train", epochs * clips, first * clips, "clips", show)
    with nullcontext(bar) if bar else own as bar:
        for epoch in range(first, epochs):
            started, losses = time.perf_counter(), []
            order = order_of(settings.train, corpus.train.labels, epoch)
            model.train()
            for step, chosen in enumerate(order):
                torch.manual_seed(seed_of(settings.train, epoch, step))
                rate = rate_at(settings.train, epoch, step, len(order))
                for group in optimiser.param_groups:
                    group["lr"] = rate
                positions, present, text, same = batch_of(data, torch.from_numpy(chosen).to(where), settings)
                loss = contrastive_loss(model(positions, present), text, same, model.log_scale.exp())
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                losses.append(loss.detach())
                bar.advance(len(chosen))
            mean = float(torch.stack(losses).mean())
            seconds = time.perf_counter() - started
            if not math.isfinite(mean):
                raise BadConfig(
                    f"training has diverged: the loss of epoch {epoch} is {mean}; "
                    f"take a rate below {settings.train.rate:g}"
                )
            line = {
                "epoch": epoch,
                "loss": round(mean, 6),
                "rate": rate,
                "scale": round(float(model.log_scale.exp()), 4),
                "clips_per_second": round(order.size / seconds, 1),
                "seconds": round(seconds, 3),
            }
            _append(out / METRICS, line)
            if settings.train.watch_test:
                _append(
                    out / WATCHED, {"epoch": epoch, **watch_test(model, corpus, settings, sentences.centre)}
                )
            save_state(out / CHECKPOINT, model, optimiser, epoch=epoch + 1, identity=identity)
            if progress is not None:
                progress(line)
    if first < epochs or not (out / WEIGHTS).exists():
        save_state(out / WEIGHTS, model, epoch=settings.train.epochs, identity=identity)
    return model.eval()


def batch_of(data: dict[str, Tensor], chosen: Tensor, settings: RunSettings) -> tuple[Tensor, ...]:
    """One gather: prepared clips, who is present, a sentence vector each, and which clips show the same."""
    positions, present, label = data["positions"][chosen], data["present"][chosen], data["labels"][chosen]
    if settings.train.augment:
        image = data["mirror"][label]
        share = 0.5 if settings.train.mirror else 0.0
        flip = (torch.rand(len(chosen), device=chosen.device) < share) & (image >= 0)
        positions = augment(positions, data["mirror_joints"], flip)
        label = torch.where(flip, image, label)
    vectors = data["vectors"][label]  # (B, variants, d)
    variant = torch.randint(vectors.shape[1], (len(chosen),), device=chosen.device)
    text = vectors[torch.arange(len(chosen), device=chosen.device), variant]
    return positions, present, text, data["same"][label][:, label]


def build_model(settings: RunSettings, layout: Layout, text_size: int) -> MotionEncoder:
    """A fresh model for a run's settings; `text_size` is d of the sentence vectors."""
    train = settings.train
    bodies = settings.prepare.bodies
    return MotionEncoder(settings.model, layout, text_size, train.scale, train.learn_scale, bodies)


def pick_device(name: str) -> torch.device:
    """``auto`` is the GPU where there is one. Raises BadConfig for a device this machine does not have."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise BadConfig(f"device {name!r} cannot be used here: {str(error).splitlines()[0]}") from None


def read_metrics(out: Path) -> Iterator[dict[str, Any]]:
    """The lines of a run's metrics, an epoch each. Raises BadFile for a line that is cut short."""
    if (out / METRICS).exists():
        for number, line in enumerate((out / METRICS).read_text(encoding="utf-8").splitlines(), 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                where = f"line {number}"
                raise BadFile(out / METRICS, where=where, expected="JSON", found=str(error)) from None


def _claim(out: Path, settings: RunSettings, corpus: Corpus, sentences: Sentences) -> str:
    """Write what the run is, or check that the run that lies there is the same one."""
    clips = [corpus.train, corpus.test, *([corpus.exemplars] if corpus.exemplars else [])]
    own = settings.text.source if settings.text.encoder == "file" else None
    identity = digest(
        _decisive(settings),
        *([file_sha256(Path(own))] if own else []),  # the same name may hold other vectors by now
        [a.model_dump(mode="json") for a in (*corpus.seen, *corpus.unseen)],
        # As a view: a copy of all clips would double the memory.
        *(np.ascontiguousarray(c.positions).reshape(-1).view(np.uint8).data for c in clips),
        *(c.labels.tobytes() for c in clips),
    )
    if (out / CORPUS).exists():
        facts = read_json(out / CORPUS)
        if not isinstance(facts, dict) or facts.get("identity") != identity:
            raise BadConfig(
                f"{out} holds a run of other settings, sentences or clips; "
                "choose another folder, or delete it to start anew"
            )
        return identity
    settings.save(out / SETTINGS)
    write_json(
        out / CORPUS,
        {
            "identity": identity,
            "seen": [a.key for a in corpus.seen],
            "unseen": [a.key for a in corpus.unseen],
            "train_clips": len(corpus.train),
            "test_clips": len(corpus.test),
            "removed": [
                {"class": f"{r.dataset}/{r.name}", "because_of": r.because_of, "rule": r.rule}
                for r in corpus.removals
            ],
            "text_size": sentences.vectors.shape[2],
            "text_centre": [float(x) for x in sentences.centre],
        },
    )
    return identity


def _decisive(settings: RunSettings) -> dict[str, Any]:
    """The settings that make a run what it is; those that came later count where they are used: older runs go on."""
    stated = settings.model_dump(mode="json", exclude={"adapt", "packs"})
    if settings.protocol == "all":
        del stated["protocol"]
    if not settings.train.watch_test:
        del stated["train"]["watch_test"]
    return stated


def _append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _keep_epochs(path: Path, epochs: int) -> None:
    """Drop lines of epochs that the checkpoint does not hold: they will be trained again."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    write_atomic(path, "".join(lines[:epochs]))


def _optimiser(settings: RunSettings, model: MotionEncoder) -> torch.optim.Optimizer:
    made = settings.train
    weights = [p for p in model.parameters() if p.requires_grad]
    if made.optimiser == "sgd":
        return torch.optim.SGD(weights, lr=made.rate, momentum=0.9, weight_decay=made.weight_decay)
    return torch.optim.AdamW(weights, lr=made.rate, weight_decay=made.weight_decay)


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
