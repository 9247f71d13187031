"""The left and the right of a limb that change places from one frame to the next, as where labels were exchanged."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.vectors import norms
from pgfa.skeleton import Layout

JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
APART, LEFT_OVER, SUDDEN = 0.25, 0.3, 5.0
"""Metres that both joints of a pair move at once, at least, to be seen in each other's place; the share of these that
is left if the one is compared with the other; and how many times as far as usual they move."""


def exchanged_sides(positions: NDArray[np.float32], layout: Layout) -> list[str]:
    """A note per body whose left and right joints are, from one frame to the next, where the others of their pair were.

    Args:
        positions: (frames, bodies, joints, 3) metres, NaN where absent.
        layout: of the joints.
    """
    names, left, right = _pairs(layout)
    if len(positions) < 2 or not names:
        return []
    one, other = positions[:, :, left].astype(np.float64), positions[:, :, right].astype(np.float64)
    steps = norms(np.diff(one, axis=0)), norms(np.diff(other, axis=0))
    stays = steps[0] + steps[1]  # (frames - 1, bodies, pairs)
    if not (stays > APART).any():  # of nearly all recordings
        return []
    changes = norms(one[1:] - other[:-1]) + norms(other[1:] - one[:-1])
    notes = []
    for body in range(positions.shape[1]):
        usual = np.array([typical(pair) for pair in stays[:, body].T])
        sudden = (stays[:, body] > np.maximum(APART, SUDDEN * usual)) & (
            changes[:, body] < LEFT_OVER * stays[:, body]
        )
        frames = np.flatnonzero(sudden.any(axis=1))
        if len(frames):
            joints = ", ".join(name for name, seen in zip(names, sudden.any(axis=0), strict=True) if seen)
            times = "once" if len(frames) == 1 else f"{len(frames)} times"
            notes.append(
                f"left and right {joints} of body {body + 1} change places {times}, first after frame "
                f"{frames[0] + 1}: perhaps they were exchanged"
            )
    return notes


@cache
def _pairs(layout: Layout) -> tuple[tuple[str, ...], list[int], list[int]]:
    """Joints that a layout has on both sides, and their indices."""
    names = tuple(name for name in JOINTS if {f"{name}_left", f"{name}_right"} <= set(layout.joints))
    left, right = ([layout.index(f"{name}_{side}") for name in names] for side in ("left", "right"))
    return names, left, right
