"""What a Kinect makes of a body: a point of view, jitter that grows with depth, lag, lost and wild joints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout
from pgfa.synth.body import Array

MAX_ANGLE, NEAREST, FARTHEST = 45.0, 2.0, 4.0
"""Views: degrees to either side, metres of distance."""

_LOST_PER_FRAME: Final = 0.0006
_WILD_PER_FRAME: Final = 0.0008


@dataclass(frozen=True)
class View:
    """Where the camera stands.

    Attributes:
        angle: degrees the person is turned away from the camera, to their left.
        distance, offset: metres from the camera to where the person stands, forwards and sideways.
        height: of the camera above the floor, metres.
        tilt: degrees the camera looks down.
    """

    angle: float = 0.0
    distance: float = 3.0
    offset: float = 0.0
    height: float = 1.0
    tilt: float = 0.0


def draw_view(chance: np.random.Generator) -> View:
    """A point of view such as living rooms and laboratories have."""
    return View(
        angle=float(chance.uniform(-MAX_ANGLE, MAX_ANGLE)),
        distance=float(chance.uniform(NEAREST, FARTHEST)),
        offset=float(chance.normal(0, 0.15)),
        height=float(chance.uniform(0.6, 1.4)),
        tilt=float(chance.uniform(-4, 10)),
    )


def look(joints: Array, view: View) -> Array:
    """Joint positions (..., 3) on the floor's axes -> on the camera's: x as the person's right seen from the
    front, y up, z away from the camera. Exact, without noise."""
    a, t = np.radians([view.angle, view.tilt])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(t), np.sin(t)], [0, -np.sin(t), np.cos(t)]])
    seen: Array = (joints @ turn.T + [view.offset, -view.height, view.distance]) @ nod.T
    return seen


def observe(joints: Array, layout: Layout, view: View, chance: np.random.Generator) -> NDArray[np.float32]:
    """A recording of a moving body.

    Args:
        joints: (frames, joints, 3) metres on the floor's axes, at 30 frames a second.
        layout: their layout.
        view: where the camera stands.
        chance: the noise is drawn from here.

    Returns:
        (frames, joints, 3) float32 metres in the camera's axes.
    """
    from scipy.signal import lfilter

    seen = look(joints, view)
    loose = _looseness(layout)
    depth = np.clip(seen[:, layout.index(layout.root), 2], 0.5, 8.0)[:, None, None]

    seen = _lose(seen, layout, loose, view, chance)
    # The sensor's own smoothing: a joint is a fraction of a frame to a frame and a half late.
    fresh = chance.uniform(0.45, 0.9)
    seen = lfilter([fresh], [1, fresh - 1], seen, axis=0, zi=(1 - fresh) * seen[:1])[0]

    # Depth error grows with the square of the distance; errors of neighbouring frames are alike.
    size = 0.0035 * loose[:, None] * np.array([1.0, 1.0, 1.6])
    white = chance.standard_normal((2, *seen.shape))
    slow = lfilter([0.6], [1, -0.8], white[0], axis=0)
    noise = (0.8 * slow + 0.6 * white[1]) * size * (depth / 2.5) ** 2
    # Every clip sees the joints a little off their true place, always the same way.
    fixed = 2.5 * size * chance.standard_normal(seen.shape[1:])

    wild = chance.random(seen.shape[:2]) < _WILD_PER_FRAME * loose**2
    jumps = np.zeros_like(seen)
    jumps[wild] = 0.09 * chance.standard_normal((int(wild.sum()), 3))
    return np.asarray(seen + noise + fixed + jumps, dtype=np.float32)


def _lose(seen: Array, layout: Layout, loose: Array, view: View, chance: np.random.Generator) -> Array:
    """Joints out of sight: for 3 to 14 frames the sensor guesses from where they last were on the limb."""
    frames = len(seen)
    parents = _parents(layout)
    hidden = np.array(
        [j.endswith("_left") == (view.angle > 0) and j.endswith(("_left", "_right")) for j in layout.joints]
    )
    risk = _LOST_PER_FRAME * loose * (1 + 3 * hidden * abs(view.angle) / MAX_ANGLE)
    out = seen.copy()
    for joint, first in np.argwhere(chance.random((len(layout.joints), frames)) < risk[:, None]):
        last = min(frames, first + int(chance.integers(3, 15)))
        held = out[max(first - 1, 0), joint] - seen[max(first - 1, 0), parents[joint]]
        out[first:last, joint] = (
            0.3 * seen[first:last, joint] + 0.7 * (seen[first:last, parents[joint]] + held)
            + 0.008 * np.cumsum(chance.standard_normal((last - first, 3)), axis=0)
        )  # fmt: skip
    return out


@lru_cache
def _looseness(layout: Layout) -> Array:
    """(joints,) how badly a joint is tracked: 1 for the trunk, more towards hands and feet."""
    known = {
        "elbow": 1.4,
        "wrist": 1.9,
        "hand": 2.3,
        "handtip": 2.8,
        "thumb": 2.8,
        "knee": 1.3,
        "ankle": 1.6,
        "foot": 2.2,
    }
    return np.array([known.get(joint.split("_")[0], 1.0) for joint in layout.joints])


@lru_cache
def _parents(layout: Layout) -> NDArray[np.int64]:
    parents = np.full(len(layout.joints), layout.index(layout.centre), dtype=np.int64)
    parents[layout.bone_indices[:, 0]] = layout.bone_indices[:, 1]
    return parents
