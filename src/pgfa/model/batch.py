"""The clips of a training step."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
