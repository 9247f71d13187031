"""Numbers for the samples of the formats (`Format.sample`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def coordinates(*shape: int, low: float = 0.1, high: float = 2.0, seed: int = 0) -> NDArray[np.float64]:
    """Random coordinates, the same on every call, with three digits after the point."""
    return np.random.default_rng(seed).uniform(low, high, shape).round(3)


def rows(table: NDArray[np.float64], separator: str = " ") -> list[str]:
    """The rows of a two-dimensional array as text."""
    return [separator.join(f"{number:.10g}" for number in row) for row in table.tolist()]
