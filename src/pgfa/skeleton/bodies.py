"""Bodies of a clip: which look like people, and which move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPREAD = (0.5, 3.0)
"""Plausible diagonal of a person's bounding box, metres: from a crouching child to arms and legs stretched out."""
STILL = 0.0005
"""A tracked person moves by more than this (a joint's standard deviation over time, metres)."""
WIDE = 0.8
"""A ghost is wider than this times its height, in more than `WIDE_SHARE` of its frames."""
WIDE_SHARE = 0.7
"""Share of its frames in which a ghost is wide (see `WIDE`)."""
BRIEF = 12
"""A body present in fewer frames than this, next to one present longer, is a tracking error."""


def presence(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(..., bodies): whether a body has any joint in a frame; `positions` is (..., bodies, joints, 3)."""
    # einsum's sum over xyz is NaN or infinite where a coordinate is, and several times as fast as `all`.
    finite = np.isfinite(np.einsum("...k->...", positions))
    present: NDArray[np.bool_] = finite.max(axis=-1)
    return present


def motion_variance(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """(bodies,) how much each body moves: variance of a joint over time, m2, summed over xyz, mean over joints.

    Args:
        positions: (frames, bodies, joints, 3) metres, NaN where absent. A body that is never present has 0.
    """
    return np.array([_variance(rows) for rows in _rows_of_bodies(positions)])


def ghosts(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which bodies have no plausible human size or motion: furniture, reflections, tracking errors.

    A body is a ghost if its bounding box is (median over frames) too small or too large for a person, or if it does
    not move at all. Next to a plausible body, it is also a ghost if it is mostly wider than high, or present in fewer
    than 12 frames. A body that is never present is not a ghost.

    Args:
        positions: (frames, bodies, joints, 3) metres, y up, NaN where absent.

    Returns:
        (bodies,) bool.
    """
    implausible, doubtful = (
        np.array([_plausibility(rows) for rows in _rows_of_bodies(positions)]).reshape(-1, 2).T
    )
    plausible = ~implausible & ~doubtful & presence(positions).any(axis=0)
    ghost: NDArray[np.bool_] = implausible | (doubtful & plausible.any())
    return ghost


def _rows_of_bodies(positions: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """For each body, (frames in which it is present, joints, 3); absent joints moved to the mean of the others."""
    bodies = []
    for body, present in enumerate(presence(positions).T):
        rows = positions[present, body]
        absent = ~np.isfinite(rows).all(axis=-1)
        if absent.any():
            total = np.where(absent[..., None], 0, rows).sum(1, keepdims=True)
            rows = np.where(absent[..., None], total / (~absent).sum(1)[:, None, None], rows)
        bodies.append(rows)
    return bodies


def _variance(rows: NDArray[np.float32]) -> float:
    return float(rows.var(axis=0, dtype=np.float64).sum(axis=1).mean()) if len(rows) else 0.0


def _plausibility(rows: NDArray[np.float32]) -> tuple[bool, bool]:
    """Whether a body cannot be a person, and whether it is doubtful next to a plausible one."""
    if not len(rows):
        return False, False
    by_joint = np.ascontiguousarray(rows.transpose(1, 2, 0))
    extent = by_joint.max(axis=0) - by_joint.min(axis=0)
    spread = float(np.sqrt(np.median(np.square(extent).sum(axis=0))))
    wide = float((extent[0] > WIDE * extent[1]).mean()) > WIDE_SHARE
    still = len(rows) > 1 and _variance(rows) < STILL**2
    return not SPREAD[0] <= spread <= SPREAD[1] or still, wide or len(rows) < BRIEF


def close_up(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move the bodies present in a frame to its first slots, in slot order.

    For clips whose slots are people, and of which the order in the file is not stored (packs of version 1): an NTU
    file lists the second person first as soon as the first one is lost.

    Args:
        positions: (..., frames, bodies, joints, 3), NaN where absent.

    Returns:
        The same shape; absent bodies last.
    """
    order = np.argsort(~presence(positions), axis=-1, kind="stable")
    return np.take_along_axis(positions, order[..., None, None], axis=-3)
