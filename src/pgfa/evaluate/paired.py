"""Two sets of predictions of the same clips: the difference of their accuracies, and whether it is more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.bootstrap import bootstrap_interval


@dataclass(frozen=True)
class StageComparison:
    """The clips that each of two sets of predictions gets right.

    Attributes:
        first, second: (clips,) whether the prediction is correct.
    """

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]

    def of(self, clips: NDArray[np.bool_]) -> StageComparison:
        """The comparison on some of the clips; `clips` is (clips,)."""
        return StageComparison(self.first[clips], self.second[clips])

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return float(self.second.mean()) - float(self.first.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of the difference over clips."""
        return bootstrap_interval(self.second.astype(np.float64) - self.first)

    @property
    def only(self) -> tuple[int, int]:
        """Clips that only the first and only the second gets right."""
        return int((self.first & ~self.second).sum()), int((self.second & ~self.first).sum())

    @property
    def p(self) -> float:
        """Two-sided p-value of McNemar's exact test: each clip that only one gets right falls to either by half."""
        fewer, total = min(self.only), sum(self.only)
        tail = sum(math.comb(total, k) for k in range(fewer + 1))
        return min(1.0, float(2 * tail / 2**total))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        low, high = self.interval
        return {
            "first": float(self.first.mean()),
            "second": float(self.second.mean()),
            "difference": self.difference,
            "low": low,
            "high": high,
            "only_first": self.only[0],
            "only_second": self.only[1],
            "p": self.p,
        }
