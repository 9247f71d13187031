"""Joints that are where no part of the body can be: farther from its middle than it is tall.

A program that subtracts the pelvis from all joints also subtracts it from those that were 0 0 0, not seen. They are
then at minus the pelvis, which moves, so that no place marks them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.vectors import known_median_of, median_of, norms

MAX_SHARE = 0.5
"""A joint that is far away in a larger share of its frames is no joint of the body: nothing is decided about it."""
CENTRED = 1 / 3
"""Share of the body's height within which its middle stays around the origin if positions are relative to the body."""

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def stray_joints(points: Floats, size: float) -> Booleans:
    """Joints farther from the middle of the body than it is tall, in at most half of their frames.

    The height is twice the distance from the middle at which the farthest joint usually is, or `size` where that is
    more. In a frame in which all joints are farther from the middle than usual, as those of a person who comes near to
    a camera are in its picture, it is as much more.

    Args:
        points: (frames, joints, 2 or 3) of one body, NaN where absent.
        size: about its height.

    Returns:
        (frames, joints).
    """
    distances = norms(points - _middles(points)[:, None])
    known = np.isfinite(distances)
    if not known.any():
        return np.zeros(known.shape, dtype=np.bool_)
    height = max(size, 2 * float(np.nanmax(_median(distances, axis=0))))
    spread = _median(distances, axis=1)
    usual = float(np.nanmedian(spread))
    larger = np.maximum(spread / usual, 1.0) if usual > 0 else np.ones(len(points))
    with np.errstate(invalid="ignore"):
        far: Booleans = np.asarray(distances > height * larger[:, None])
    far[:, far.sum(axis=0) > MAX_SHARE * known.sum(axis=0)] = False
    return far


def is_centred(points: Floats, size: float) -> bool:
    """Whether positions are relative to the body: its middle is at the origin in all frames.

    Args:
        points: (frames, joints, 2 or 3) of one body, NaN where absent.
        size: about its height.
    """
    middles = norms(_middles(points))
    middles = middles[np.isfinite(middles)]
    return bool(len(middles) and middles.max() < CENTRED * size)


def _middles(points: Floats) -> Floats:
    """(frames, columns) medians of the joints."""
    return _median(points, axis=1)


def _median(values: Floats, axis: int) -> Floats:
    return median_of(values, axis=axis) if np.isfinite(values).all() else known_median_of(values, axis=axis)
