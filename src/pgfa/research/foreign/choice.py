"""The weights of the parts chosen without the set that is judged: what the fixed ones owe to having seen all sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import unit_rows
from pgfa.research.foreign.leave_out import LeftOut
from pgfa.research.foreign.run import PARTS
from pgfa.words.model import SHARES

Array = NDArray[np.float32]

LEVELS = (0.5, 1.0, 1.5)
"""Weights that are tried, in units of `SHARES`."""
GRID = tuple(product(LEVELS, repeat=len(SHARES)))
STYLE = "plain"
WEIGHTS = "weights.csv"
"""The file of `weight_rows`."""


@dataclass(frozen=True)
class PartCosines:
    """What each part of a model contributes to the cosines of a set.

    Attributes:
        dots: (sides, parts, N, K) products of clips and sentences, part by part, as they are weighted in `SHARES`.
        squares: (sides, parts, N) squared lengths of the clips' vectors.
        still: (sides, N, K) what is added for bodies that stay still.
        labels: (N,).
    """

    dots: Array
    squares: Array
    still: Array
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, part: LeftOut, style: str = STYLE) -> PartCosines:
        """Of a set; a part without columns contributes nothing."""
        sides = part.features.shape[1] // part.columns[-1].stop
        clips = np.split(unit_rows(part.features), sides, axis=1)
        sentences = np.split(unit_rows(part.anchors[style]), sides, axis=1)
        *parts, stillness = part.columns
        dots = [[f[:, c] @ s[:, c].T for c in parts] for f, s in zip(clips, sentences, strict=True)]
        squares = [[(f[:, c] ** 2).sum(axis=1) for c in parts] for f in clips]
        lengths = [np.linalg.norm(f[:, : stillness.start], axis=1, keepdims=True) for f in clips]
        still = [
            (f[:, stillness] / np.maximum(length, 1e-9)) @ s[:, stillness].T
            for f, s, length in zip(clips, sentences, lengths, strict=True)
        ]
        return cls(np.array(dots), np.array(squares), np.array(still), part.labels)

    def accuracy(self, factors: Sequence[float]) -> float:
        """With the weight of each part multiplied by a factor."""
        times = np.array(factors, dtype=np.float32)
        length = np.sqrt(np.tensordot(self.squares, times**2, axes=(1, 0)))
        scores = (
            np.tensordot(self.dots, times, axes=(1, 0)) / np.maximum(length, 1e-9)[..., None] + self.still
        )
        return float((scores.sum(axis=0).argmax(axis=1) == self.labels).mean())


def weight_rows(parts: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """A row per set: accuracy alone with the fixed weights and with those best on the mean of the others, and these.

    Args:
        parts: every set, seen by a model that was not trained on it; all parts of the model compared.
    """
    cosines = [PartCosines.of(part) for part in parts]
    table = np.array([[of_set.accuracy(factors) for of_set in cosines] for factors in GRID])
    rows = []
    for number, part in enumerate(parts):
        others = np.delete(table, number, axis=1).mean(axis=1)
        best = int(others.argmax())
        chosen = {
            name: round(f * share, 3) for name, f, share in zip(PARTS, GRID[best], SHARES, strict=False)
        }
        fixed = float(table[GRID.index((1.0,) * len(SHARES)), number])
        rows.append({"set": part.name, "fixed": fixed, "chosen": float(table[best, number]), **chosen})
    return rows
