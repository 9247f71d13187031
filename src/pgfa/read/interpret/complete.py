"""Recordings in which no joint is absent, found among many at once.

`missing` and `marks` look at each joint of a recording, for values and places that mark absent ones. Where all numbers
are finite, no joint is at a place that could be a mark, none is where another is, and none moves far from one frame to
the next, they find nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.marks import JUMP, LOOKED_AT, WEIGHTS
from pgfa.read.interpret.missing import FAR, LEVELS, MIN_SCORE
from pgfa.read.interpret.vectors import all_of, are_finite, median_of, norms

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def are_complete(coordinates: Floats, scores: Floats | None = None) -> Booleans:
    """(clips,) whether `absent_joints` finds nothing absent and has no note; False also where it may have.

    Args:
        coordinates: (clips, frames, bodies, joints, 2 or 3).
        scores: (clips, frames, bodies, joints).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        known = are_finite(coordinates) & all_of(np.abs(coordinates) <= FAR)
        known &= ~all_of(coordinates == coordinates[..., :1])
        if scores is not None:
            known &= (scores >= MIN_SCORE) & (scores <= LEVELS)
        out = known.all(axis=(1, 2, 3)) & ~_may_have_marks(coordinates)
    return np.asarray(out, dtype=np.bool_)


def _may_have_marks(points: Floats) -> Booleans:
    """(clips,) whether `marked_joints` may find a place that marks absent joints, or joints that jump."""
    keys = np.sort(points @ WEIGHTS[: points.shape[-1]], axis=3)
    together = (keys[..., 1:] == keys[..., :-1]).any(axis=(1, 2, 3))
    steps = norms(np.diff(points, axis=1)).max(axis=(1, 3), initial=0.0)
    if points.shape[1] > LOOKED_AT:
        points = points[:, np.linspace(0, points.shape[1] - 1, LOOKED_AT).astype(np.int64)]
    middles = median_of(points, axis=3)[:, :, :, None]
    distances = norms(points - middles).swapaxes(1, 2)
    sizes = 4 * median_of(distances.reshape(*distances.shape[:2], -1), axis=2)
    return np.asarray(together | ~(steps < JUMP * sizes).all(axis=1))
