"""Orientation and place: one turn about the vertical and one origin a clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.robust import median_over_frames
from pgfa.skeleton.layouts import Layout

CLEAR = 0.5
"""Share of the summed lengths of the lines that their sum must reach; below it the body turns around."""


def facing_angle(
    body: NDArray[np.float32], inside: NDArray[np.bool_], rate: NDArray[np.float64], layout: Layout
) -> NDArray[np.float32]:
    """The angle that turns a body about the vertical to face the viewer, its right side at +x.

    The body's line is left to right over shoulders and hips together, dropped to the floor. Summing these
    vectors over frames weighs each frame by how well its line is defined. Where a body turns around in the
    clip, so that its lines cancel, the first half second decides.

    Args:
        body: (clips, frames, joints, 3), finite.
        inside: (clips, frames) False on padding.
        rate: (clips,) frames a second.

    Returns:
        (clips,) radians in (-pi, pi], for `turn`; 0 where no line is defined.
    """
    right = [layout.index(b) for a, b in layout.pairs if a in _LINES]
    left = [layout.index(a) for a, b in layout.pairs if a in _LINES]
    line = (body[:, :, right] - body[:, :, left])[..., ::2].sum(2) * inside[..., None]
    whole = line.sum(1)
    clear = np.hypot(*whole.T) >= CLEAR * np.hypot(line[..., 0], line[..., 1]).sum(1)
    if not clear.all():
        start = np.arange(body.shape[1]) < np.maximum(rate / 2, 1)[:, None]
        whole = np.where(clear[:, None], whole, (line * start[..., None]).sum(1))
    angle: NDArray[np.float32] = np.arctan2(whole[:, 1], whole[:, 0])
    return angle


_LINES = ("shoulder_left", "hip_left")


def turn(positions: NDArray[np.float32], angle: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn about the vertical (y), from z towards x.

    Args:
        positions: (..., joints, 3).
        angle: radians, (...) of as many leading axes as it has; the rest broadcast.
    """
    angle = angle.reshape(*angle.shape, *[1] * (positions.ndim - 1 - angle.ndim))
    cos, sin = np.cos(angle), np.sin(angle)
    out = np.empty_like(positions)
    out[..., 0] = cos * positions[..., 0] + sin * positions[..., 2]
    out[..., 1] = positions[..., 1]
    out[..., 2] = cos * positions[..., 2] - sin * positions[..., 0]
    return out


def origin(body: NDArray[np.float32], inside: NDArray[np.bool_], layout: Layout) -> NDArray[np.float32]:
    """(clips, 3) the median place of the pelvis: where the body is most of the time.

    One place for the whole clip, so that a walk, a jump and the distance between two people stay.
    """
    return median_over_frames(body[:, :, layout.index(layout.root)], inside)
