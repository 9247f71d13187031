"""Orientation and position: one turn about the vertical and one origin per clip."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.robust import median_over_frames
from pgfa.skeleton.layouts import Layout

CLEAR_SHARE = 0.5
"""The left-to-right lines must add up to this share of their summed lengths; below it the body turns around."""


def facing_angle(
    body: NDArray[np.float32], valid: NDArray[np.bool_], rate: NDArray[np.float64], layout: Layout
) -> NDArray[np.float32]:
    """The angle that turns a body about the vertical to face the viewer, its right side at +x.

    The body's line runs from left to right over shoulders and hips, projected to the floor. The sum of these vectors
    over frames weights each frame by how well its line is defined. If the body turns around in the clip, so that its
    lines cancel, only the first half second counts.

    Args:
        body: (clips, frames, joints, 3), finite.
        valid: (clips, frames) False on padding.
        rate: (clips,) frames per second.

    Returns:
        (clips,) radians in (-pi, pi], for `turn`; 0 if no line is defined.
    """
    left, right = _line_ends(layout)
    line = (body[:, :, right] - body[:, :, left])[..., ::2].sum(2) * valid[..., None]
    direction = line.sum(1)
    is_clear = np.hypot(*direction.T) >= CLEAR_SHARE * np.hypot(line[..., 0], line[..., 1]).sum(1)
    if not is_clear.all():
        start = np.arange(body.shape[1]) < np.maximum(rate / 2, 1)[:, None]
        direction = np.where(is_clear[:, None], direction, (line * start[..., None]).sum(1))
    angle: NDArray[np.float32] = np.arctan2(direction[:, 1], direction[:, 0])
    return angle


@cache
def _line_ends(layout: Layout) -> tuple[list[int], list[int]]:
    """Left and right joints of the body's lines: shoulders and hips, where the layout has them."""
    lines = [(a, b) for a, b in layout.pairs if a in ("shoulder_left", "hip_left")]
    return [layout.index(a) for a, _ in lines], [layout.index(b) for _, b in lines]


def turn(positions: NDArray[np.float32], angle: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn about the vertical (y), from z towards x.

    Args:
        positions: (..., joints, 3).
        angle: radians, (...) the leading axes of positions, or fewer: the others broadcast.
    """
    angle = angle.reshape(*angle.shape, *[1] * (positions.ndim - 1 - angle.ndim))
    cos, sin = np.cos(angle), np.sin(angle)
    out = np.empty_like(positions)
    out[..., 0] = cos * positions[..., 0] + sin * positions[..., 2]
    out[..., 1] = positions[..., 1]
    out[..., 2] = cos * positions[..., 2] - sin * positions[..., 0]
    return out


def root_position(body: NDArray[np.float32], valid: NDArray[np.bool_], layout: Layout) -> NDArray[np.float32]:
    """(clips, 3) the median position of the pelvis.

    One position for the whole clip, so that a walk, a jump and the distance between two people are preserved.
    """
    return median_over_frames(body[:, :, layout.index(layout.root)], valid)
