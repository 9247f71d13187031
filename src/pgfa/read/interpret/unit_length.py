"""Bodies that were divided by a length of their own: it is exactly 1 in all frames, so the file has no unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout

EXACT = 1e-3
"""Difference from 1 up to which a length is 1 on purpose; of coordinates with three decimals."""
NEARLY_ALL = 0.95
"""Share of the bodies in which it is."""
MIN_BODIES = 5
_JOINTS = ("hip", "shoulder", "ankle")
_MIDDLES = ("pelvis", "spine", "chest", "neck", "head", "crown", "nose")

Floats = NDArray[np.float64]


def unit_length(bodies: Floats, layout: Layout) -> str:
    """Which distance is 1 in nearly all bodies, in plain words; "" for none.

    Looked at are distances between the middles of hips, shoulders and ankles, their sides, and the joints between them.

    Args:
        bodies: (bodies, joints, 3), NaN where absent, in the unit of the file.
        layout: of the joints.
    """
    points = _points(bodies, layout)
    names = list(points)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            length = np.linalg.norm(points[one] - points[other], axis=-1)
            length = length[np.isfinite(length)]
            if len(length) >= MIN_BODIES and (np.abs(length - 1) <= EXACT).mean() >= NEARLY_ALL:
                return f"from {one} to {other}"
    return ""


def _points(bodies: Floats, layout: Layout) -> dict[str, Floats]:
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}
    points = {name: at[name] for name in _MIDDLES if name in at}
    for joint in _JOINTS:
        sides = {f"{joint}_left", f"{joint}_right"}
        if sides <= at.keys():
            points[f"{joint}s"] = (at[f"{joint}_left"] + at[f"{joint}_right"]) / 2
            points |= {f"{joint}_{side}": at[f"{joint}_{side}"] for side in ("left", "right")}
    return points
