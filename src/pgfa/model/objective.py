"""What a training objective is to the training loop, and how it is looked up by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from torch import Tensor

from pgfa.model.encoder import MotionEncoder


@dataclass(frozen=True)
class Batch:
    """B clips of a step, augmented, on the device of the model.

    Attributes:
        positions: (B, T, M, V, 3) prepared, 0 where a body is absent.
        present: (B, M) bool.
        labels: (B,) rows of `pgfa.train.sentences.ClassSentences`: classes, then their mirror images.
        vectors: (B, d) the sentence vector of each clip.
        same: (B, B) bool, whether two clips show the same (Y of the paper).
    """

    positions: Tensor
    present: Tensor
    labels: Tensor
    vectors: Tensor
    same: Tensor


Objective = Callable[[MotionEncoder, Batch], Tensor]
"""(model, batch) -> scalar loss."""


def objective(name: str) -> Objective:
    """The objective of that name in `pgfa.config.OBJECTIVES`: the function ``loss`` of that module."""
    loss: Objective = import_module(f"pgfa.model.{name}").loss
    return loss
