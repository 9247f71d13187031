"""A body that stands and waves a little, as landmarks: for the samples of the formats with named points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pgfa.read.parsing.markers.names import STANDARD, Markers

# Metres, y up, the body looks along z: its left side is at +x.
_MIDDLE = {
    "head": (0, 1.62, 0.02), "nose": (0, 1.6, 0.11), "neck": (0, 1.43, 0), "neck_base": (0, 1.45, -0.02),
    "head_base": (0, 1.55, 0), "c7": (0, 1.48, -0.07), "clavicle": (0, 1.4, 0.06), "pelvis": (0, 0.96, 0),
    "spine": (0, 1.15, -0.02), "sternum": (0, 1.22, 0.1), "t10": (0, 1.22, -0.09),
}  # fmt: skip
_LEFT = {
    "head_front": (0.07, 1.66, 0.09), "head_back": (0.07, 1.66, -0.07), "ear": (0.08, 1.62, 0),
    "eye": (0.03, 1.65, 0.1),
    "acromion": (0.18, 1.46, 0), "shoulder": (0.18, 1.41, 0), "elbow": (0.24, 1.13, -0.02),
    "elbow_lateral": (0.28, 1.13, -0.02), "elbow_medial": (0.2, 1.13, -0.02), "wrist": (0.25, 0.88, 0.04),
    "wrist_radial": (0.25, 0.88, 0.07), "wrist_ulnar": (0.25, 0.88, 0.01), "finger": (0.25, 0.8, 0.05),
    "asis": (0.12, 1.02, 0.1), "psis": (0.05, 1.02, -0.1), "hip": (0.09, 0.93, 0), "knee": (0.1, 0.51, 0.01),
    "knee_lateral": (0.15, 0.51, 0.01), "knee_medial": (0.05, 0.51, 0.01), "ankle": (0.1, 0.09, -0.02),
    "ankle_lateral": (0.14, 0.09, -0.02), "ankle_medial": (0.06, 0.09, -0.02), "heel": (0.1, 0.04, -0.08),
    "toe": (0.11, 0.03, 0.14), "toe_big": (0.08, 0.03, 0.15), "toe_small": (0.15, 0.03, 0.12),
}  # fmt: skip


def standing(labels: Sequence[str], frames: int = 3, markers: Markers = STANDARD) -> NDArray[np.float64]:
    """(frames, labels, 3) metres, y up: each label at its landmark, the left arm moving.

    Args:
        labels: names with a landmark of this module.
        frames: number of frames.
        markers: how names become landmarks.
    """
    body = {name: np.array(point, dtype=np.float64) for name, point in _MIDDLE.items()}
    for name, point in _LEFT.items():
        body[f"{name}_left"] = np.array(point, dtype=np.float64)
        body[f"{name}_right"] = np.array(point, dtype=np.float64) * (-1, 1, 1)
    out = np.empty((frames, len(labels), 3))
    for column, label in enumerate(labels):
        landmark = markers.landmark(label.rpartition(":")[2])
        assert landmark is not None
        out[:, column] = body[landmark[0]]
        if landmark[0] in ("wrist_left", "wrist_radial_left", "wrist_ulnar_left", "finger_left"):
            out[:, column, 2] += 0.01 * np.arange(frames)
    return out.round(4)
