"""Bodies that lie, crawl or turn over: the upright body tipped as a whole and put on the floor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout

Array = NDArray[np.float64]

LYING: Final = 0.05
"""Height of the lowest joint of a tipped body above the floor, metres: half of the thickness of a limb."""
FULLY: Final = 0.3
"""Radians from which a tipped body rests on its lowest joint; below, it comes down in proportion."""


def tipped(joints: Array, layout: Layout, channels: Mapping[str, Array], height: Array) -> Array:
    """Turn bodies about their pelvis by the channels `roll` (to its right, about its long axis) and `tip` (forward).

    Args:
        joints: (frames, joints, 3) upright, in the axes of `pgfa.synth.body`.
        layout: their layout.
        channels: (frames,) each, in degrees; `yaw` is the direction that the body faces.
        height: (frames,) of the lowest joint above `LYING`, metres: of a jump.

    Returns:
        Positions with the lowest joint on the floor; those of upright frames are unchanged.
    """
    tip, roll, yaw = (np.radians(channels[name]) for name in ("tip", "roll", "yaw"))
    if not tip.any() and not roll.any():
        return joints
    root = joints[:, layout.index(layout.root), None]
    ahead = _turned(joints - root, yaw, 0, 2)
    turned = _turned(_turned(_turned(ahead, -roll, 0, 2), tip, 2, 1), -yaw, 0, 2) + root
    above = turned[..., 1].min(axis=1) - LYING - height
    turned[..., 1] -= (np.clip(np.abs(tip) / FULLY, 0, 1) * above)[:, None]
    return turned


def _turned(points: Array, angle: Array, first: int, second: int) -> Array:
    """Points (frames, joints, 3) turned by (frames,) radians in the plane of two axes, the first towards the second."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    out = points.copy()
    out[..., first] = cos * points[..., first] - sin * points[..., second]
    out[..., second] = sin * points[..., first] + cos * points[..., second]
    return out
