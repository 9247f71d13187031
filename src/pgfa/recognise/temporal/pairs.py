"""Pairs of bodies in a live stream: their windows take turns, so that the time of an answer has a limit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
PairWindow = tuple[int, int, int]
"""Index of a window, and two bodies, the first index lower."""

PAIR_WINDOWS = 6
"""Windows of pairs that are encoded for one answer. With two window lengths, three bodies have six."""


class PairTurns:
    """The latest cosines of each pair of bodies in each window, up to date or from an answer shortly before.

    The number of pairs grows with the square of the bodies, and each pair costs as much as two bodies. So at most
    `PAIR_WINDOWS` are compared anew for an answer: first those that were never compared, shorter windows first, then
    those compared longest ago. Up to three bodies that is all of them; four bodies take two answers, eight ten.

    Args:
        windows: W, their number.
        sentences: those about two people.
    """

    def __init__(self, windows: int, sentences: int) -> None:
        self._windows, self._sentences = windows, sentences
        self._cosine: dict[PairWindow, Floats] = {}
        self._compared: dict[PairWindow, int] = {}
        self._answers = 0

    def due(self, enough: Flags) -> list[PairWindow]:
        """The windows to compare for the next answer; forgets pairs that are not present any more.

        Args:
            enough: (W, bodies) whether a body is present in a window.
        """
        present = [
            (w, a, b)
            for w in range(self._windows)
            for a, b in combinations(np.flatnonzero(enough[w]).tolist(), 2)
        ]
        self._cosine = {key: self._cosine[key] for key in present if key in self._cosine}
        return sorted(present, key=lambda key: self._compared[key] if key in self._cosine else -1)[
            :PAIR_WINDOWS
        ]

    def store(self, due: Sequence[PairWindow], cosine: Floats) -> None:
        """Cosines of what was due: (len(due), sentences)."""
        self._answers += 1
        for key, row in zip(due, cosine, strict=True):
            self._cosine[key], self._compared[key] = row, self._answers

    def best(self, bodies: int) -> Floats:
        """(W, bodies, sentences) each body's best pair, -inf without one.

        A window in which a pair was not compared yet has the cosines of its other windows.
        """
        best = np.full((self._windows, bodies, self._sentences), -np.inf, dtype=np.float32)
        for a, b in {(a, b) for _, a, b in self._cosine}:
            known = [self._cosine.get((w, a, b)) for w in range(self._windows)]
            mean = np.mean([row for row in known if row is not None], axis=0)
            for w, row in enumerate(known):
                for body in (a, b):
                    best[w, body] = np.maximum(best[w, body], mean if row is None else row)
        return best
