"""The training loop: batch, forward, loss, backward, step, log, save. The one loop of everything that is trained."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgfa.config import TrainSettings
from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.files import write_atomic
from pgfa.model.ranks import ALONE, Ranks
from pgfa.progress import Progress
from pgfa.train.checkpoint import load_checkpoint, save_checkpoint
from pgfa.train.launch import file_of_writer
from pgfa.train.run import CHECKPOINT, METRICS, TEST_LOG, WEIGHTS, append_line
from pgfa.train.schedule import learning_rate_at, sample_order, step_seed
from pgfa.train.steps import Data, Steps, make_optimiser
from pgfa.train.utilisation import utilisation_text

M = TypeVar("M", bound=nn.Module)
B = TypeVar("B")

Schedule = Callable[[TrainSettings, int, int, int], float]
"""(settings, epoch, step, steps per epoch) -> learning rate."""

Order = Callable[[TrainSettings, NDArray[np.int64], int], NDArray[np.int64] | list[NDArray[np.int64]]]
"""(settings, labels, epoch) -> indices of the samples of each step."""


def train_epochs(
    model: M,
    objective: Callable[[M, B], Tensor],
    data: Data[B],
    settings: TrainSettings,
    out: Path,
    identity: str,
    *,
    title: str = "train",
    show: bool = False,
    bar: Progress | None = None,
    schedule: Schedule = learning_rate_at,
    order: Order = sample_order,
    save_every: int = 1,
    ranks: Ranks = ALONE,
    bodies: NDArray[np.int64] | None = None,
) -> Iterator[dict[str, Any]]:
    """Train `model` in place, or resume in `out`; yields the metrics of each epoch before they are logged.

    The caller may add to the metrics while iterating. Stopped at any moment and started again, training ends with the
    very same weights (on the CPU, with the same number of threads): everything random is a function of seed, epoch and
    step, the rest is in the checkpoint. After the last epoch the model is in evaluation mode.

    Args:
        model: as its seed made it, on its device.
        objective: (model, batch) -> scalar loss.
        data: on the same device.
        settings: seed, epochs, batch size, optimiser, schedule, learning rate.
        out: folder of checkpoint, log and weights.
        identity: digest of everything that decides the weights.
        title: of the progress line.
        show: report progress, speed and time left on stderr.
        bar: the progress of a longer job, advanced instead of a bar of its own.
        schedule: learning rate over time.
        order: samples of each step.
        save_every: epochs between two checkpoints, for models that train in seconds.
        ranks: processes that train together (`pgfa.model.ranks`); all take every step, rank 0 writes the files.
        bodies: of each sample, where steps may be captured (`pgfa.train.steps.Steps`).

    Raises:
        BadConfig: the loss is no longer finite; a step has fewer samples than there are ranks.
        BadCheckpoint: `out` holds a damaged checkpoint, or that of another run.
    """
    device = next(model.parameters()).device
    labels = data.labels.cpu().numpy()
    optimiser = make_optimiser(settings, model)
    first_epoch = _resume(out, model, optimiser, identity, ranks, device)
    steps = Steps(model, objective, data, optimiser, ranks, bodies)
    clips_per_epoch = sum(map(len, order(settings, labels, 0)))
    own_bar = Progress(
        title,
        settings.epochs * clips_per_epoch,
        first_epoch * clips_per_epoch,
        "clips",
        show and ranks.writes,
    )
    # Of a captured or compiled step, operations are not counted; nor for the bar of a longer job.
    plain = device.type == "cpu" and ranks.count == 1 and not settings.compile
    counted = show and bar is None and plain
    with nullcontext(bar) if bar else own_bar as bar:
        for epoch in range(first_epoch, settings.epochs):
            started, losses = time.perf_counter(), []
            samples = order(settings, labels, epoch)
            if (smallest := min(map(len, samples))) < ranks.count:
                raise BadConfig(f"{ranks.count} ranks for {smallest} clips in a step; use fewer devices")
            model.train()
            indices = steps.indices(samples)
            if counted and bar.detail is None:
                precision = getattr(model, "precision", torch.float32)
                bar.detail = utilisation_text(model, objective, data, indices[0].samples, precision)
            for step, index in enumerate(indices):
                seed = step_seed(settings, epoch, step)  # augmentation and dropout
                learning_rate = schedule(settings, epoch, step, len(samples))
                # Losses are read once per epoch: reading them here would wait for the device.
                losses.append(steps.take(index, epoch, seed, learning_rate))
                bar.advance(len(index.samples))
            mean_loss = float(torch.stack(losses).mean())
            if not math.isfinite(mean_loss):
                raise BadConfig(
                    f"training diverged: the loss of epoch {epoch} is {mean_loss}; "
                    f"use a learning rate below {settings.learning_rate:g}"
                )
            seconds = time.perf_counter() - started
            metrics = {
                "epoch": epoch,
                "loss": round(mean_loss, 6),
                "learning_rate": learning_rate,
                "clips_per_second": round(clips_per_epoch / seconds, 1),
                "seconds": round(seconds, 3),
            }
            yield metrics
            if not ranks.writes:
                continue
            append_line(out / METRICS, metrics)
            if (epoch + 1) % save_every == 0 or epoch + 1 == settings.epochs:
                save_checkpoint(out / CHECKPOINT, model, optimiser, epoch=epoch + 1, identity=identity)
    if ranks.writes and (first_epoch < settings.epochs or not (out / WEIGHTS).exists()):
        save_checkpoint(out / WEIGHTS, model, epoch=settings.epochs, identity=identity)
    model.eval()


def _resume(
    out: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    identity: str,
    ranks: Ranks,
    device: torch.device,
) -> int:
    """Load the checkpoint if there is one; the first epoch to train. Lines of later epochs leave the logs."""
    first_epoch, path = 0, out / CHECKPOINT
    with nullcontext(path) if ranks.count == 1 else file_of_writer(path, ranks, device) as file:
        if file.exists():
            about = load_checkpoint(file, model, optimiser)
            if about.get("identity") != identity:
                raise BadCheckpoint(f"{path}: belongs to a run with other settings, sentences or clips")
            first_epoch = int(about["epoch"])
    for log in (out / METRICS, out / TEST_LOG):
        if ranks.writes and log.exists():
            lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
            write_atomic(log, "".join(lines[:first_epoch]))
    return first_epoch
