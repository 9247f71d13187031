"""Whether the frames of a recording are in the order of time.

A body goes on from frame to frame: two frames later it is about twice as far, and far later farther still. In frames of
another order it turns back at each frame, and neighbours differ as much as frames far apart. The noise of a sensor does
that too, but it moves the two ends of a bone each in its own way; the less a body moves, the clearer the rest has to
be. How many are found, and how many real recordings are taken for ones of mixed frames: scripts/faults_caught.py counts
it (docs/formats.md).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.body import typical
from pgfa.read.interpret.upright import trunk_of
from pgfa.read.interpret.vectors import are_finite, norms
from pgfa.read.stated import Stated
from pgfa.skeleton import Layout

MIN_FRAMES = 12
MAX_FRAMES = 300
"""Frames looked at, evenly spaced, with the two after each."""
SLOW = 10.0
"""Frames per second below which bodies may do that."""
EXPECTED = "frames in the order of time"
MIXED = "joints that turn back at each frame, and move as far as between frames far apart"

Floats = NDArray[np.float64]


class _Limits(NamedTuple):
    """What shows that frames are mixed.

    Attributes:
        step: trunks that joints move from frame to frame, at least.
        next, far: these steps as a share of those to the second next frame, and of those to frames far apart, at least.
        back: how much of a step of all joints the next one goes on with, at most.
        coherent: correlation of the steps of the two ends of bones, at least; of noise that each joint has for itself
            it is 0.
    """

    step: float
    next: float
    far: float
    back: float
    coherent: float


MIXED_FRAMES = (_Limits(0.05, 0.7, 0.6, -0.25, 0.3), _Limits(0.025, 0.85, 0.85, -0.4, 0.5))
"""Either suffices."""


def check_frame_order(
    file: str, positions: NDArray[Any], layout: Layout, rate: float, stated: Stated
) -> tuple[str, ...]:
    """Raise BadFile if all bodies are in frames of another order; a note if the user states the rate.

    Args:
        file: for the error.
        positions: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
        rate: frames per second.
        stated: by the user.
    """
    if rate < SLOW or not are_mixed(positions, layout):
        return ()
    if stated.rate is not None:
        return (f"expected {EXPECTED}, found {MIXED}",)
    expected = f"{EXPECTED} (to read them as they are: --rate {rate:g})"
    raise BadFile(file, where="frames", expected=expected, found=f"{MIXED}: sort them by frame or time")


def are_mixed(positions: NDArray[Any], layout: Layout) -> bool:
    """Whether the frames of every body that is seen in MIN_FRAMES of them are in another order than that of time.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
    """
    if len(positions) < MIN_FRAMES:
        return False
    first = np.unique(np.linspace(0, len(positions) - 3, MAX_FRAMES).astype(int))
    runs = [positions[first + later].astype(np.float64) for later in range(3)]
    seen = [np.asarray(are_finite(run).any(axis=-1)) for run in runs]
    bodies = [
        body
        for body in range(positions.shape[1])
        if (seen[0] & seen[1] & seen[2])[:, body].sum() >= MIN_FRAMES - 2
    ]
    return bool(bodies) and all(_turns_back([run[:, body] for run in runs], layout) for body in bodies)


def _turns_back(runs: list[Floats], layout: Layout) -> bool:
    """Whether a body turns back from each frame to the next: (frames, joints, 3) at a frame and the two after it."""
    here, following, second = runs
    trunk = typical(norms(trunk_of(here, layout)))
    steps = following - here
    step, double, distant = (
        _mean(norms(change))
        for change in (steps, second - here, np.roll(here, len(here) // 4, axis=0) - here)
    )
    if not trunk > 0:
        return False
    starts, ends = layout.bone_indices.T
    back = _correlation(steps, second - following)
    coherent = _correlation(steps[:, starts], steps[:, ends])
    return any(
        step > max(limits.step * trunk, limits.next * double, limits.far * distant)
        and back < limits.back
        and coherent > limits.coherent
        for limits in MIXED_FRAMES
    )


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _correlation(one: Floats, other: Floats) -> float:
    """That of vectors (..., 3) around 0; NaN does not count. NaN where one of them is 0 throughout."""
    both = np.isfinite(one + other)
    one, other = one[both], other[both]
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size > 0 else float("nan")
