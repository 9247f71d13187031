"""Gaps: frames and joints without a measurement, and single-frame spikes, which are measurement errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.lengths import squared_length
from pgfa.skeleton.layouts import Layout

SPIKE = 1.0
"""Distance (metres on a standard body) that no joint moves from one frame to the next and back."""


def remove_spikes(positions: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove single-frame spikes of single joints.

    A joint is removed from a frame if it is more than SPIKE away from its positions in the frames before and after,
    while these two are less than half as far apart.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent.
        scale: (clips,) factor that scales the clip's body to standard size.

    Returns:
        Positions with NaN in place of spikes; the same array if there are none.
    """
    if positions.shape[1] < 3:
        return positions
    with np.errstate(invalid="ignore"):
        step = np.diff(positions, axis=1)
        square = squared_length(step)
        jump = square > ((SPIKE / scale) ** 2)[:, None, None, None]
        spike = jump[:, 1:] & jump[:, :-1]
        if not spike.any():
            return positions
        two_steps = positions[:, 2:] - positions[:, :-2]
        spike &= squared_length(two_steps) < 0.25 * np.minimum(square[:, 1:], square[:, :-1])
    cleaned = positions.copy()
    cleaned[:, 1:-1][spike] = np.nan
    return cleaned


def fill_gaps(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """Fill absent joints: linear in time between frames, the nearest frame at the ends.

    A joint that is never visible gets the position of its parent, or else of the nearest joint that has one. A body
    that is never visible stays NaN.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent; padding repeats the last frame.
        layout: of the joints.

    Returns:
        Positions without gaps; the same array if there were none.
    """
    absent = np.isnan(positions[..., 0])
    incomplete = absent.any((1, 2, 3))
    if not incomplete.any():
        return positions
    filled = positions.copy()
    filled[incomplete] = _from_neighbours(_in_time(positions[incomplete], ~absent[incomplete]), layout)
    return filled


def _in_time(positions: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    frames = positions.shape[1]
    frame = np.arange(frames, dtype=np.int32).reshape(1, frames, 1, 1)
    before = np.maximum.accumulate(np.where(valid, frame, -1), axis=1)
    after = np.minimum.accumulate(np.where(valid, frame, frames)[:, ::-1], axis=1)[:, ::-1]
    before, after = np.where(before < 0, after, before), np.where(after >= frames, before, after)
    before, after = (
        np.minimum(before, frames - 1),
        np.maximum(after, 0),
    )  # never visible: any frame, all are NaN
    fraction = (frame - before) / np.maximum(after - before, 1)
    low = np.take_along_axis(positions, before[..., None], axis=1)
    high = np.take_along_axis(positions, after[..., None], axis=1)
    out: NDArray[np.float32] = low + (high - low) * fraction[..., None].astype(np.float32)
    return out


def _from_neighbours(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    def copy_missing(joints: NDArray[np.float32], target: int, source: int) -> None:
        joints[..., target, :] = np.where(
            np.isnan(joints[..., target, :]), joints[..., source, :], joints[..., target, :]
        )

    # First the centre gets the position of its nearest visible joint, then all others those of their parents.
    bones, centre = layout.outwards, layout.index(layout.centre)
    inwards = positions.copy()
    for child, parent in reversed(bones):
        copy_missing(inwards, parent, child)
    positions[..., centre, :] = inwards[..., centre, :]
    for child, parent in bones:
        copy_missing(positions, child, parent)
    return positions
