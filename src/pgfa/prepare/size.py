"""Size: one factor per clip that scales its main body to standard size."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.lengths import squared_length
from pgfa.prepare.robust import median_over_frames
from pgfa.skeleton.layouts import Layout

STANDARD_LENGTHS = {
    ("pelvis", "chest"): 0.45,
    ("shoulder_left", "elbow_left"): 0.26, ("shoulder_right", "elbow_right"): 0.26,
    ("elbow_left", "wrist_left"): 0.23, ("elbow_right", "wrist_right"): 0.23,
    ("hip_left", "knee_left"): 0.44, ("hip_right", "knee_right"): 0.44,
    ("knee_left", "ankle_left"): 0.37, ("knee_right", "ankle_right"): 0.37,
}  # fmt: skip
"""Lengths in metres of an adult's torso and limbs as measured by a Kinect. Hands, feet and head are left out: they
jitter, and layouts place them differently."""


def scale_to_standard(
    body: NDArray[np.float32], visible: NDArray[np.bool_], layout: Layout
) -> NDArray[np.float32]:
    """The factor that scales a body to standard size.

    The sum of the standard lengths divided by the sum of the body's, over the parts with both ends visible in some
    frame. Each length is its median over frames, so that occlusion and spikes have no effect.

    Args:
        body: (clips, frames, joints, 3), NaN where absent.
        visible: (clips, frames).

    Returns:
        (clips,) float32 above 0; 1 if nothing can be measured.
    """
    ends, lengths = _parts(layout)
    if not len(ends):
        return np.ones(len(body), dtype=np.float32)
    bone = body[:, :, ends[:, 0]] - body[:, :, ends[:, 1]]
    length = median_over_frames(np.sqrt(squared_length(bone)), visible)
    measured = np.isfinite(length)
    standard = (measured * lengths).sum(1)
    total = np.where(measured, length, 0).sum(1)
    usable = (total > 1e-6) & (total < 1e6)
    return np.where(usable, standard / np.where(usable, total, 1), 1).astype(np.float32)


@cache
def _parts(layout: Layout) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(parts, 2) joints at the ends of the parts that the layout has, and (parts,) their standard lengths."""
    parts = [part for part in STANDARD_LENGTHS if set(part) <= set(layout.joints)]
    ends = np.array([[layout.index(a), layout.index(b)] for a, b in parts], dtype=np.int64)
    return ends.reshape(-1, 2), np.array([STANDARD_LENGTHS[part] for part in parts])
