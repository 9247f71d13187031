"""Numbers for the samples of the formats (`Format.sample`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout

_JOINTS = {
    "pelvis": (0, 0.95, 0), "spine": (0, 1.2, 0), "spine_low": (0, 1.1, 0), "spine_high": (0, 1.28, 0),
    "spine_1": (0, 1.05, 0), "spine_2": (0, 1.2, 0), "spine_3": (0, 1.3, 0), "chest": (0, 1.45, 0),
    "neck": (0, 1.53, 0.01), "neck_high": (0, 1.57, 0.02), "head": (0, 1.62, 0.03), "crown": (0, 1.74, 0.02),
    "chin": (0, 1.56, 0.06), "nose": (0, 1.62, 0.12), "eye": (0.03, 1.65, 0.1), "eye_inner": (0.02, 1.65, 0.1),
    "eye_outer": (0.04, 1.65, 0.09), "ear": (0.075, 1.63, 0.02), "mouth": (0.02, 1.58, 0.1),
    "shoulder": (0.18, 1.43, 0), "collar": (0.07, 1.42, 0), "elbow": (0.22, 1.16, -0.04),
    "forearm": (0.23, 1.02, 0), "wrist": (0.24, 0.92, 0.04), "hand": (0.25, 0.85, 0.06),
    "handtip": (0.25, 0.78, 0.07), "thumb": (0.22, 0.86, 0.09), "index": (0.24, 0.82, 0.08),
    "pinky": (0.26, 0.82, 0.05), "hip": (0.1, 0.93, 0), "knee": (0.11, 0.5, 0.06), "ankle": (0.11, 0.09, 0),
    "foot": (0.12, 0.03, 0.12), "toe": (0.12, 0.02, 0.18), "small_toe": (0.16, 0.02, 0.15),
    "heel": (0.1, 0.04, -0.05),
}  # fmt: skip
"""Joint -> metres from the middle to the side, up, and forward, of somebody who stands."""
_ARM = {"elbow", "forearm", "wrist", "hand", "handtip", "thumb", "index", "pinky"}


def coordinates(*shape: int, low: float = 0.1, high: float = 2.0, seed: int = 0) -> NDArray[np.float64]:
    """Random coordinates, the same on every call, with three digits after the point."""
    return np.random.default_rng(seed).uniform(low, high, shape).round(3)


def rows(table: NDArray[np.float64], separator: str = " ") -> list[str]:
    """The rows of a two-dimensional array as text."""
    return [separator.join(f"{number:.10g}" for number in row) for row in table.tolist()]


def person(layout: Layout, frames: int = 4) -> NDArray[np.float64]:
    """(frames, joints, 3) somebody 1.7 m tall who stands before a Kinect and raises the right arm to the side.

    Metres, y up, x to the camera's left, z away from it. A joint that `_JOINTS` lacks is at its neighbour towards the
    centre.
    """
    out = np.full((frames, len(layout.joints), 3), np.nan)
    angles = np.linspace(0, 1.5, frames)
    for index, joint in enumerate(layout.joints):
        name = joint.removesuffix("_left").removesuffix("_right")
        if name not in _JOINTS:
            continue
        side, up, forward = _JOINTS[name]
        if joint.endswith("_right") and name in _ARM:
            side, up = side - _JOINTS["shoulder"][0], up - _JOINTS["shoulder"][1]
            sides = side * np.cos(angles) - up * np.sin(angles) + _JOINTS["shoulder"][0]
            ups = side * np.sin(angles) + up * np.cos(angles) + _JOINTS["shoulder"][1]
        else:
            sides, ups = np.full(frames, side), np.full(frames, up)
        out[:, index] = np.stack(
            [sides * (-1 if joint.endswith("_left") else 1), ups, 2 - forward + 0 * ups], -1
        )
    for child, parent in layout.outwards:
        missing = np.isnan(out[:, child, 0])
        out[missing, child] = out[missing, parent]
    return out


def picture(layout: Layout, frames: int = 4) -> NDArray[np.float64]:
    """(frames, joints, 2) `person` in pixels of a picture of 640 by 480: x to the right, y down."""
    body = person(layout, frames)
    return np.stack([320 - 220 * body[..., 0], 440 - 220 * body[..., 1]], axis=-1).round(2)
