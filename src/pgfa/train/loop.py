"""The loop that every training shares, read from top to bottom: batch, loss, backward, step, log, save."""

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
from numpy.typing import NDArray
from torch import Tensor, nn

from pgfa.config import Settings, TrainSettings
from pgfa.errors import BadCheckpoint, BadConfig, BadFile
from pgfa.files import read_json, write_atomic, write_json
from pgfa.progress import Progress
from pgfa.train.checkpoint import load_state, save_state
from pgfa.train.schedule import order_of, rate_at, seed_of

SETTINGS, CORPUS, METRICS = "run.toml", "corpus.json", "metrics.jsonl"
CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "model.safetensors"

Report = Callable[[dict[str, Any]], None]
Rate = Callable[[TrainSettings, int, int, int], float]


def learn(
    model: nn.Module,
    loss_of: Callable[[Tensor, int], Tensor],
    made: TrainSettings,
    labels: NDArray[np.int64],
    out: Path,
    identity: str,
    *,
    what: str = "train",
    show: bool = False,
    bar: Progress | None = None,
    progress: Report | None = None,
    rate_of: Rate = rate_at,
    save_every: int = 1,
    facts: Callable[[], dict[str, float]] = dict,
    watch: tuple[str, Callable[[], dict[str, float]]] | None = None,
) -> None:
    """Train `model` in place, or go on where a training in `out` stopped; it ends in evaluation mode.

    Stopped at any moment and started again, a run ends with the very same weights (on the CPU, with the same number
    of threads): everything random is a function of seed, epoch and step, the rest is in the checkpoint.

    Args:
        model: as its seed made it, on its device.
        loss_of: (clips of a batch, epoch) -> scalar loss.
        made: seed, epochs, batch, optimiser, schedule and rate.
        labels: (clips,) the classes of the training clips.
        out: folder of the checkpoint, the log and the weights.
        identity: of all that decides the weights.
        what: what is said to be done.
        show: say on stderr how far it is, how fast, and the time left.
        bar: that of a longer job, to advance in place of one of its own.
        progress: called after every epoch with its line of metrics.
        rate_of: learning rate of (settings, epoch, step, steps).
        save_every: epochs between two checkpoints, for what trains in seconds.
        facts: more to log of an epoch.
        watch: a log file, and what makes its line after every epoch.

    Raises:
        BadConfig: the loss has become no number.
        BadCheckpoint: `out` holds a damaged checkpoint, or that of another run.
    """
    device = next(model.parameters()).device
    optimiser = _optimiser(made, model)
    first = 0
    if (out / CHECKPOINT).exists():
        about = load_state(out / CHECKPOINT, model, optimiser)
        if about.get("identity") != identity:
            raise BadCheckpoint(f"{out / CHECKPOINT}: belongs to a run of other settings, sentences or clips")
        first = int(about["epoch"])
    for log in (METRICS, watch[0]) if watch else (METRICS,):
        _keep_epochs(out / log, first)

    clips = order_of(made, labels, 0).size
    own = Progress(what, made.epochs * clips, first * clips, "clips", show)
    with nullcontext(bar) if bar else own as bar:
        for epoch in range(first, made.epochs):
            started, losses = time.perf_counter(), []
            order = order_of(made, labels, epoch)
            model.train()
            for step, chosen in enumerate(order):
                torch.manual_seed(seed_of(made, epoch, step))
                rate = rate_of(made, epoch, step, len(order))
                for group in optimiser.param_groups:
                    group["lr"] = rate
                loss = loss_of(torch.from_numpy(chosen).to(device), epoch)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                losses.append(loss.detach())
                bar.advance(len(chosen))
            mean = float(torch.stack(losses).mean())
            seconds = time.perf_counter() - started
            if not math.isfinite(mean):
                raise BadConfig(
                    f"training has diverged: the loss of epoch {epoch} is {mean}; take a rate below {made.rate:g}"
                )
            line = {
                "epoch": epoch,
                "loss": round(mean, 6),
                "rate": rate,
                **facts(),
                "clips_per_second": round(order.size / seconds, 1),
                "seconds": round(seconds, 3),
            }
            _append(out / METRICS, line)
            if watch:
                _append(out / watch[0], {"epoch": epoch, **watch[1]()})
            if (epoch + 1) % save_every == 0 or epoch + 1 == made.epochs:
                save_state(out / CHECKPOINT, model, optimiser, epoch=epoch + 1, identity=identity)
            if progress is not None:
                progress(line)
    if first < made.epochs or not (out / WEIGHTS).exists():
        save_state(out / WEIGHTS, model, epoch=made.epochs, identity=identity)
    model.eval()


def claim(out: Path, settings: Settings, identity: str, facts: dict[str, Any]) -> None:
    """Write what the run is, or check that the run that lies there is the same one.

    Raises:
        BadConfig: `out` holds another run.
    """
    if (out / CORPUS).exists():
        known = read_json(out / CORPUS)
        if not isinstance(known, dict) or known.get("identity") != identity:
            raise BadConfig(
                f"{out} holds a run of other settings, sentences or clips; "
                "choose another folder, or delete it to start anew"
            )
        return
    settings.save(out / SETTINGS)
    write_json(out / CORPUS, {"identity": identity, **facts})


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


def _append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _keep_epochs(path: Path, epochs: int) -> None:
    """Drop lines of epochs that the checkpoint does not hold: they will be trained again."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    write_atomic(path, "".join(lines[:epochs]))


def _optimiser(made: TrainSettings, model: nn.Module) -> torch.optim.Optimizer:
    weights = [p for p in model.parameters() if p.requires_grad]
    if made.optimiser == "sgd":
        return torch.optim.SGD(weights, lr=made.rate, momentum=0.9, weight_decay=made.weight_decay)
    return torch.optim.AdamW(weights, lr=made.rate, weight_decay=made.weight_decay)
