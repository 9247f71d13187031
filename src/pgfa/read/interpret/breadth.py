"""Bodies that are broader than any person: the axis across them, or the width of a picture, is in another unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.vectors import norms
from pgfa.skeleton import Layout

WIDE = (1.25, 0.55, 0.58)
"""Breadth of shoulders and hips in trunks, and of shoulders in legs, of no person, at least. Of 1,640 real recordings
three reach all, of people who sit and are seen in part; of those whose axis across was doubled three quarters."""

Floats = NDArray[np.float64]


def excessive_breadth(bodies: Floats, layout: Layout) -> str:
    """How broad shoulders and hips are, in trunks, if that is more than those of any person; "" if not.

    Args:
        bodies: (bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints.
    """

    def length(one: Floats, other: Floats) -> float:
        distances = norms(one - other)
        finite = distances[np.isfinite(distances)]
        return float(np.median(finite)) if len(finite) else float("nan")

    left, right = (
        {joint: bodies[:, layout.index(f"{joint}_{side}")] for joint in ("shoulder", "hip", "knee", "ankle")}
        for side in ("left", "right")
    )
    shoulders, hips = (length(left[joint], right[joint]) for joint in ("shoulder", "hip"))
    trunk = length(left["shoulder"] + right["shoulder"], left["hip"] + right["hip"]) / 2
    leg = length(left["hip"], left["knee"]) + length(left["knee"], left["ankle"])
    if not (shoulders >= WIDE[0] * trunk and hips >= WIDE[1] * trunk and shoulders >= WIDE[2] * leg):
        return ""
    return f"{shoulders / trunk:.2g} and {hips / trunk:.2g} trunks"
