"""Gaps: frames and joints that were not seen, and single-frame spikes that should not have been."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton.layouts import Layout

SPIKE = 1.0
"""No person moves this far (metres on a standard body) from one frame to the next and back."""


def without_spikes(positions: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take out single-frame spikes of single joints.

    A joint is taken out of a frame where it is more than SPIKE from its place both before and after, while
    these two places lie less than half as far from one another.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent.
        scale: (clips,) factor that makes the clip's body a standard one.

    Returns:
        positions with NaN in place of spikes; the same array where there are none.
    """
    if positions.shape[1] < 3:
        return positions
    with np.errstate(invalid="ignore"):
        step = np.diff(positions, axis=1)
        square = np.einsum("...k,...k->...", step, step)
        far = square > ((SPIKE / scale) ** 2)[:, None, None, None]
        spike = far[:, 1:] & far[:, :-1]
        if not spike.any():
            return positions
        across = positions[:, 2:] - positions[:, :-2]
        spike &= np.einsum("...k,...k->...", across, across) < 0.25 * np.minimum(
            square[:, 1:], square[:, :-1]
        )
    mended = positions.copy()
    mended[:, 1:-1][spike] = np.nan
    return mended


def fill(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """Fill what is absent, joint by joint: linear in time between frames, the nearest frame at the ends.

    A joint never seen is put where its parent bone begins (its parent, or else any neighbour that is known).
    A body never seen stays NaN.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent; padding repeats the last frame.
        layout: of the joints.

    Returns:
        positions filled; the same array where nothing was absent.
    """
    absent = np.isnan(positions[..., 0])
    broken = absent.any((1, 2, 3))
    if not broken.any():
        return positions
    filled = positions.copy()
    filled[broken] = _never_seen(_in_time(positions[broken], ~absent[broken]), layout)
    return filled


def _in_time(positions: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    frames = positions.shape[1]
    frame = np.arange(frames, dtype=np.int32).reshape(1, frames, 1, 1)
    before = np.maximum.accumulate(np.where(known, frame, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, frame, frames)[:, ::-1], axis=1)[:, ::-1]
    before, after = np.where(before < 0, after, before), np.where(after >= frames, before, after)
    before, after = np.minimum(before, frames - 1), np.maximum(after, 0)  # never seen: any frame, all NaN
    share = (frame - before) / np.maximum(after - before, 1)
    low = np.take_along_axis(positions, before[..., None], axis=1)
    high = np.take_along_axis(positions, after[..., None], axis=1)
    out: NDArray[np.float32] = low + (high - low) * share[..., None].astype(np.float32)
    return out


def _never_seen(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    def borrow(into: NDArray[np.float32], to: int, source: int) -> None:
        into[..., to, :] = np.where(np.isnan(into[..., to, :]), into[..., source, :], into[..., to, :])

    # The centre is lent by whatever is known nearest to it; from there all else is reached outwards.
    bones, centre = layout.outwards, layout.index(layout.centre)
    inwards = positions.copy()
    for child, parent in reversed(bones):
        borrow(inwards, parent, child)
    positions[..., centre, :] = inwards[..., centre, :]
    for child, parent in bones:
        borrow(positions, child, parent)
    return positions
