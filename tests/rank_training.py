"""Run under torchrun by tests/unit/test_ranks.py: train a tiny run; a rank may be told to end.

Arguments: folder of the run, file of sentence vectors, and optionally the rank that is killed in its fifth step.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch

from builders import make_corpus
from pgfa.config import RunSettings
from pgfa.model import contrastive
from pgfa.train.launch import joined
from pgfa.train.train import train


def settings_of(vectors: Path) -> RunSettings:
    """Three epochs of three steps on a tiny model, with augmentation and dropout.

    With `sgd`, as `adamw` moves the biases in front of a batch norm, which have no effect, by rounding errors alone.
    """
    return RunSettings(
        split="utd-mhad/tiny",
        text={"encoder": "file", "source": str(vectors), "variants": ("plain",)},
        model={"channels": (4, 8), "strides": (2, 1), "kernel": 3, "dropout": 0.3},
        train={"epochs": 3, "batch_size": 8, "seed": 5, "optimiser": "sgd"},
    )


def main() -> None:
    """Train on the clips of `make_corpus`."""
    out, vectors, *killed = sys.argv[1:]
    torch.set_num_threads(1)
    with joined("cpu") as (ranks, device):
        steps, loss = [0], contrastive.contrastive_loss

        def kill_or_compute(*values: torch.Tensor) -> torch.Tensor:
            steps[0] += 1
            if steps[0] == 5 and killed == [str(ranks.rank)]:
                os.kill(os.getpid(), signal.SIGKILL)
            return loss(*values)

        contrastive.contrastive_loss = kill_or_compute
        train(settings_of(Path(vectors)), make_corpus(), Path(out), device=device, ranks=ranks)


if __name__ == "__main__":
    main()
