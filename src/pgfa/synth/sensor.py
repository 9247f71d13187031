"""A simulated Kinect: point of view, noise that grows with depth, lag, lost joints and outliers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout
from pgfa.synth.body import Array

MAX_ANGLE, NEAREST, FARTHEST = 45.0, 2.0, 4.0
"""Range of views: degrees to either side, metres of distance."""

_LOST_PER_FRAME: Final = 0.0006
_OUTLIERS_PER_FRAME: Final = 0.0008


@dataclass(frozen=True)
class View:
    """Position of the camera.

    Attributes:
        angle: degrees by which the person is turned away from the camera, to their left.
        distance, offset: metres from the camera to the person, forwards and sideways.
        height: of the camera above the floor, metres.
        tilt: degrees by which the camera looks down.
    """

    angle: float = 0.0
    distance: float = 3.0
    offset: float = 0.0
    height: float = 1.0
    tilt: float = 0.0


def draw_view(random: np.random.Generator) -> View:
    """A random point of view as in living rooms and laboratories."""
    return View(
        angle=float(random.uniform(-MAX_ANGLE, MAX_ANGLE)),
        distance=float(random.uniform(NEAREST, FARTHEST)),
        offset=float(random.normal(0, 0.15)),
        height=float(random.uniform(0.6, 1.4)),
        tilt=float(random.uniform(-4, 10)),
    )


def to_camera(joints: Array, view: View) -> Array:
    """Joint positions (..., 3) from the axes of the floor to those of the camera, exactly, without noise.

    Axes of the camera: x to the right of a person who faces it, y up, z away from the camera.
    """
    a, t = np.radians([view.angle, view.tilt])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(t), np.sin(t)], [0, -np.sin(t), np.cos(t)]])
    observed: Array = (joints @ turn.T + [view.offset, -view.height, view.distance]) @ nod.T
    return observed


def observe(joints: Array, layout: Layout, view: View, random: np.random.Generator) -> NDArray[np.float32]:
    """A recording of a moving body.

    Args:
        joints: (frames, joints, 3) metres in the axes of the floor, at 30 frames per second.
        layout: their layout.
        view: position of the camera.
        random: random numbers for the noise.

    Returns:
        (frames, joints, 3) float32 metres in the axes of the camera.
    """
    from scipy.signal import lfilter

    observed = to_camera(joints, view)
    tracking_error = _tracking_error(layout)
    depth = np.clip(observed[:, layout.index(layout.root), 2], 0.5, 8.0)[:, None, None]

    observed = _occlude(observed, layout, tracking_error, view, random)
    # The sensor smooths over time: joints lag by up to a frame and a half.
    weight = random.uniform(0.45, 0.9)
    observed = lfilter([weight], [1, weight - 1], observed, axis=0, zi=(1 - weight) * observed[:1])[0]

    # The error grows with the square of the distance and is correlated between neighbouring frames.
    size = 0.0035 * tracking_error[:, None] * np.array([1.0, 1.0, 1.6])
    white = random.standard_normal((2, *observed.shape))
    slow = lfilter([0.6], [1, -0.8], white[0], axis=0)
    noise = (0.8 * slow + 0.6 * white[1]) * size * (depth / 2.5) ** 2
    # A constant offset of each joint within a clip.
    fixed = 2.5 * size * random.standard_normal(observed.shape[1:])

    is_outlier = random.random(observed.shape[:2]) < _OUTLIERS_PER_FRAME * tracking_error**2
    jumps = np.zeros_like(observed)
    jumps[is_outlier] = 0.09 * random.standard_normal((int(is_outlier.sum()), 3))
    return np.asarray(observed + noise + fixed + jumps, dtype=np.float32)


def _occlude(
    observed: Array, layout: Layout, tracking_error: Array, view: View, random: np.random.Generator
) -> Array:
    """Occluded joints: for 3 to 14 frames the sensor extrapolates from their last position on the limb."""
    frames = len(observed)
    parents = _parents(layout)
    hidden = np.array(
        [j.endswith("_left") == (view.angle > 0) and j.endswith(("_left", "_right")) for j in layout.joints]
    )
    risk = _LOST_PER_FRAME * tracking_error * (1 + 3 * hidden * abs(view.angle) / MAX_ANGLE)
    out = observed.copy()
    for joint, first in np.argwhere(random.random((len(layout.joints), frames)) < risk[:, None]):
        last = min(frames, first + int(random.integers(3, 15)))
        offset = out[max(first - 1, 0), joint] - observed[max(first - 1, 0), parents[joint]]
        out[first:last, joint] = (
            0.3 * observed[first:last, joint] + 0.7 * (observed[first:last, parents[joint]] + offset)
            + 0.008 * np.cumsum(random.standard_normal((last - first, 3)), axis=0)
        )  # fmt: skip
    return out


@lru_cache
def _tracking_error(layout: Layout) -> Array:
    """(joints,) relative tracking error: 1 for the trunk, more towards hands and feet."""
    factors = {
        "elbow": 1.4,
        "wrist": 1.9,
        "hand": 2.3,
        "handtip": 2.8,
        "thumb": 2.8,
        "knee": 1.3,
        "ankle": 1.6,
        "foot": 2.2,
    }
    return np.array([factors.get(joint.split("_")[0], 1.0) for joint in layout.joints])


@lru_cache
def _parents(layout: Layout) -> NDArray[np.int64]:
    parents = np.full(len(layout.joints), layout.index(layout.centre), dtype=np.int64)
    parents[layout.bone_indices[:, 0]] = layout.bone_indices[:, 1]
    return parents
