"""Rotations about axes in a given order, for Acclaim and BVH motion.

`scipy.spatial.transform.Rotation` does the same; scipy is not imported here because its import is slow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrices = NDArray[np.float64]


def rotation(
    order: Sequence[str], angles: NDArray[np.float64], degrees: bool, *, first: str = "inner"
) -> Matrices:
    """Rotation matrices of angles about axes.

    Args:
        order: names that end in the axis (``"rx"``, ``"x"``), one per angle.
        angles: (..., len(order)).
        degrees: whether angles are in degrees.
        first: ``"inner"``: the first name is applied first, about fixed axes (Acclaim): R = ... R2 R1;
            ``"outer"``: R = R1 R2 ... (BVH).

    Returns:
        (..., 3, 3).
    """
    angles = np.deg2rad(angles) if degrees else angles
    cosine, sine = np.cos(angles), np.sin(angles)
    out: Matrices = np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3))
    for column, name in enumerate(order):
        single = np.zeros((*angles.shape[:-1], 3, 3))
        axis = "xyz".index(name[-1].lower())
        a, b = (axis + 1) % 3, (axis + 2) % 3
        single[..., axis, axis] = 1
        single[..., a, a] = single[..., b, b] = cosine[..., column]
        single[..., b, a] = sine[..., column]
        single[..., a, b] = -sine[..., column]
        out = out @ single if first == "outer" else single @ out
    return out
