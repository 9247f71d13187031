"""Size: one factor a clip that makes its main body a standard one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.robust import median_over_frames
from pgfa.skeleton.layouts import Layout

STANDARD = {
    ("pelvis", "chest"): 0.45,
    ("shoulder_left", "elbow_left"): 0.26, ("shoulder_right", "elbow_right"): 0.26,
    ("elbow_left", "wrist_left"): 0.23, ("elbow_right", "wrist_right"): 0.23,
    ("hip_left", "knee_left"): 0.44, ("hip_right", "knee_right"): 0.44,
    ("knee_left", "ankle_left"): 0.37, ("knee_right", "ankle_right"): 0.37,
}  # fmt: skip
"""Lengths in metres of an adult's torso and limbs as a Kinect sees them. Hands, feet and head are left out:
tips jitter, and layouts do not agree on them."""


def scale_to_standard(
    body: NDArray[np.float32], seen: NDArray[np.bool_], layout: Layout
) -> NDArray[np.float32]:
    """The factor that makes a body a standard one.

    Sum of the standard lengths over the sum of the body's, over those parts whose both ends are ever seen;
    each length is its median over frames, so that occlusion and spikes do not count.

    Args:
        body: (clips, frames, joints, 3), NaN where absent.
        seen: (clips, frames).

    Returns:
        (clips,) float32 above 0; 1 where nothing can be measured.
    """
    parts = [(a, b) for a, b in STANDARD if a in layout.joints and b in layout.joints]
    if not parts:
        return np.ones(len(body), dtype=np.float32)
    ends = np.array([[layout.index(a), layout.index(b)] for a, b in parts])
    bone = body[:, :, ends[:, 0]] - body[:, :, ends[:, 1]]
    length = median_over_frames(np.sqrt(np.einsum("cfbk,cfbk->cfb", bone, bone)), seen)
    known = np.isfinite(length)
    standard = (known * np.array([STANDARD[part] for part in parts])).sum(1)
    found = np.where(known, length, 0).sum(1)
    usable = (found > 1e-6) & (found < 1e6)
    return np.where(usable, standard / np.where(usable, found, 1), 1).astype(np.float32)
