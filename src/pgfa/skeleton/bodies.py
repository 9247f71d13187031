"""Bodies of a clip: which look like people, and which move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPREAD = (0.5, 3.0)
"""Plausible diagonal of the box round a person's joints, metres: a crouching child; arms and legs
stretched."""
STILL = 0.0005
"""A tracked person trembles by more than this (a joint's standard deviation over time, metres)."""
WIDE = 0.8
"""A ghost is wider than this times its height..."""
WIDE_SHARE = 0.7
"""...in more than this share of its frames."""
BRIEF = 12
"""A body seen in fewer frames than this, beside one seen longer, is a flicker of the tracker."""


def presence(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(..., bodies): whether a body has any joint in a frame; `positions` is (..., bodies, joints, 3)."""
    # einsum's sum over xyz is NaN or infinite where a coordinate is, and several times as fast as `all`.
    known = np.isfinite(np.einsum("...k->...", positions))
    there: NDArray[np.bool_] = known.max(axis=-1)
    return there


def motion(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """(bodies,) how much each body moves: joint variance over time, m2, summed over xyz, meaned over joints.

    Args:
        positions: (frames, bodies, joints, 3) metres, NaN where absent. A body never seen has motion 0.
    """
    return np.array([_motion(rows) for rows in _seen(positions)])


def ghosts(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which bodies have no plausible human spread or motion: furniture, reflections, flickers of the tracker.

    A body is a ghost where the box round its joints is (median over frames) too small or too large for a
    person,
    or where it does not move at all. Beside another body that is none, it is one too where it is mostly
    wider than
    high, or seen in under 12 frames. A body never seen is none.

    Args:
        positions: (frames, bodies, joints, 3) metres, y up, NaN where absent.

    Returns:
        (bodies,) bool.
    """
    implausible, doubtful = np.array([_judge(rows) for rows in _seen(positions)]).reshape(-1, 2).T
    sure = ~implausible & ~doubtful & presence(positions).any(axis=0)
    ghost: NDArray[np.bool_] = implausible | (doubtful & sure.any())
    return ghost


def _seen(positions: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """For each body, (frames it is seen in, joints, 3); what it lacks there is put at the mean of what it
    has."""
    bodies = []
    for body, there in enumerate(presence(positions).T):
        rows = positions[there, body]
        gap = ~np.isfinite(rows).all(axis=-1)
        if gap.any():
            known = np.where(gap[..., None], 0, rows)
            rows = np.where(gap[..., None], known.sum(1, keepdims=True) / (~gap).sum(1)[:, None, None], rows)
        bodies.append(rows)
    return bodies


def _motion(rows: NDArray[np.float32]) -> float:
    return float(rows.var(axis=0, dtype=np.float64).sum(axis=1).mean()) if len(rows) else 0.0


def _judge(rows: NDArray[np.float32]) -> tuple[bool, bool]:
    """Whether a body can be no person at all, and whether it is doubtful beside another."""
    if not len(rows):
        return False, False
    by_joint = np.ascontiguousarray(rows.transpose(1, 2, 0))
    extent = by_joint.max(axis=0) - by_joint.min(axis=0)
    spread = float(np.sqrt(np.median(np.square(extent).sum(axis=0))))
    wide = float((extent[0] > WIDE * extent[1]).mean()) > WIDE_SHARE
    still = len(rows) > 1 and _motion(rows) < STILL**2
    return not SPREAD[0] <= spread <= SPREAD[1] or still, wide or len(rows) < BRIEF


def close_up(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move the bodies present in a frame to its first slots, in slot order.

    A slot of an NTU clip is one person; this gives back the order of the file itself, frame by frame, where
    the
    second body stands first as soon as the first is lost. That is what the authors' code saw (method.md
    section 5).

    Args:
        positions: (..., frames, bodies, joints, 3), NaN where absent.

    Returns:
        The same shape; absent bodies last.
    """
    order = np.argsort(~presence(positions), axis=-1, kind="stable")
    return np.take_along_axis(positions, order[..., None, None], axis=-3)
