"""The motion of one body per clip, smoothed, with what all measures share: heading, floor, time between frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton.layouts import KINECT20
from pgfa.words.series import Flags, Floats, gradient, length, quantiles, smooth

SMOOTHED_FRAMES = 3
"""Frames over which positions are averaged: less jitter, hardly less motion."""
MIN_INTERVAL = 0.005
"""Shortest seconds between frames, so that a clip of no length has finite speeds."""
FLOOR_QUANTILE = 0.1
"""Quantile over frames of the height of the lower ankle that counts as the floor, jumps and single errors aside."""

STAND_INS = {
    "spine": "pelvis",
    "head": "chest",
    "hand_left": "wrist_left",
    "hand_right": "wrist_right",
    "foot_left": "ankle_left",
    "foot_right": "ankle_right",
}
"""Joints that many sensors do not have, and the joint that replaces each where it was never seen."""

_LEFT = {name.removesuffix("_left"): i for i, name in enumerate(KINECT20.joints) if name.endswith("_left")}
_RIGHT = {name.removesuffix("_right"): i for i, name in enumerate(KINECT20.joints) if name.endswith("_right")}
SIDES = ("left", "right")
OUTWARDS = np.array([[-1], [1]], dtype=np.float32)
"""(sides, 1): sign of the direction to the right that is outwards."""


@dataclass(frozen=True)
class Motion:
    """One body per clip. Axes: clips, then (sides or joints), space, frames.

    Attributes:
        joints: (N, 20, 3, T) positions in metres, y up.
        right: (N, 2, T) x and z of the horizontal unit vector to the body's right in each frame.
        floor: (N, 1) height of an ankle that stands on the floor.
        seconds: (N, 1) length of the clip.
        interval: (N, 1) seconds between frames.
    """

    joints: Floats
    right: Floats
    floor: Floats
    seconds: Floats
    interval: Floats

    def joint(self, name: str) -> Floats:
        """(N, 3, T) a joint in the middle of the body."""
        return self.joints[:, KINECT20.joints.index(name)]

    def sides(self, name: str) -> Floats:
        """(N, 2, 3, T) the left and the right joint of that name."""
        left, right = _LEFT[name], _RIGHT[name]
        return self.joints[:, left : right + 1 : right - left]

    @cached_property
    def arms(self) -> Floats:
        """(N, 2, 3, T) each hand from its shoulder: outwards, up, forward."""
        return self._outwards(self.sides("hand") - self.sides("shoulder"))

    @cached_property
    def feet(self) -> Floats:
        """(N, 2, 3, T) each ankle from the pelvis: outwards, up, forward."""
        return self._outwards(self.sides("ankle") - self.joint("pelvis")[:, None])

    @cached_property
    def gradient(self) -> Floats:
        """(N, T, T - 1) weights of speeds, see `pgfa.words.series.rates`."""
        return gradient(self.interval, self.joints.shape[-1])

    def _outwards(self, vectors: Floats) -> Floats:
        local = self.local(vectors)
        local[..., 0, :] *= OUTWARDS
        return local

    def local(self, vectors: Floats) -> Floats:
        """World vectors (N, ..., 3, T) as seen by the body: to its right, up, forward."""
        axes = (len(vectors), *[1] * (vectors.ndim - 3), self.right.shape[-1])
        x, z = self.right[:, 0].reshape(axes), self.right[:, 1].reshape(axes)
        out = np.empty_like(vectors)
        out[..., 0, :] = vectors[..., 0, :] * x + vectors[..., 2, :] * z
        out[..., 1, :] = vectors[..., 1, :]
        out[..., 2, :] = vectors[..., 0, :] * z - vectors[..., 2, :] * x
        return out


def motion_of(positions: Floats, measured: Flags, seconds: NDArray[np.float64]) -> Motion:
    """Smooth a body, replace joints never seen where there is a stand-in, find its heading and the floor.

    Args:
        positions: (N, T, 20, 3) in `kinect20`.
        measured: (N, 20).
        seconds: (N,).
    """
    frames = positions.shape[1]
    joints = smooth(np.ascontiguousarray(positions.transpose(0, 2, 3, 1), dtype=np.float32), SMOOTHED_FRAMES)
    if not measured.all():
        for name, source in STAND_INS.items():
            joint, other = KINECT20.joints.index(name), KINECT20.joints.index(source)
            joints[:, joint] = np.where(measured[:, joint, None, None], joints[:, joint], joints[:, other])
    lower_ankle = np.minimum(joints[:, _LEFT["ankle"], 1], joints[:, _RIGHT["ankle"], 1])
    (floor,) = quantiles(lower_ankle, FLOOR_QUANTILE)
    time = np.asarray(seconds, dtype=np.float32)[:, None]
    return Motion(
        joints, _heading(joints, measured), floor[:, None], time, np.maximum(time / frames, MIN_INTERVAL)
    )


def lines_measured(measured: Flags) -> Flags:
    """(N, 20) -> (N, 2): whether both shoulders, and whether both hips, were seen. Either gives the heading."""
    ends = [[_LEFT[name], _RIGHT[name]] for name in ("shoulder", "hip")]
    out: Flags = np.logical_and.reduce(measured[:, ends], axis=-1)
    return out


def _heading(joints: Floats, measured: Flags) -> Floats:
    """(N, 2, T) x and z of the direction from left to right over shoulders and hips, those measured."""
    shoulders, hips = (
        joints[:, _RIGHT[name], ::2] - joints[:, _LEFT[name], ::2] for name in ("shoulder", "hip")
    )
    lines = lines_measured(measured)[:, :, None, None]
    nothing = np.float32(0)
    across: Floats = np.where(lines[:, 0], shoulders, nothing) + np.where(lines[:, 1], hips, nothing)
    across /= np.maximum(length(across), np.float32(1e-3))[:, None]
    return across
