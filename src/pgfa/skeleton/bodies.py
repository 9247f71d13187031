"""Bodies of a clip: which look like people, and which move."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

SPREAD = (0.5, 3.0)
"""Plausible diagonal of the box round all joints of a person, metres (a crouching child; arms and legs stretched)."""
STILL = 0.0005
"""A tracked person trembles by more than this (standard deviation of a joint over time, metres); furniture does not."""
WIDE = 0.8
"""A ghost lies in the image wider than this times its height..."""
WIDE_SHARE = 0.7
"""...in more than this share of its frames."""
BRIEF = 12
"""A body seen in fewer frames than this, beside one seen longer, is a flicker of the tracker."""


def presence(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(frames, bodies): whether a body has any joint in a frame. `positions` is (frames, bodies, joints, 3)."""
    return np.isfinite(positions).all(axis=3).any(axis=2)


def motion(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """(bodies,) how much each body moves: joint variance over time in m2, summed over xyz, meaned over joints.

    Args:
        positions: (frames, bodies, joints, 3) metres, NaN where absent. A body never seen has motion 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        variance = np.nanvar(positions.astype(np.float64), axis=0)
        mean = np.nanmean(variance.sum(axis=2), axis=1)
    return np.nan_to_num(mean)


def ghosts(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which bodies have no plausible human spread or motion: furniture, reflections, flickers of the tracker.

    A body is a ghost where the box round its joints is (median over frames) too small or too large for a person, or
    where it does not move at all. Beside another body that is none, it is one too where it is mostly wider than high,
    or seen in under 12 frames. A body never seen is none.

    Args:
        positions: (frames, bodies, joints, 3) metres, y up, NaN where absent.

    Returns:
        (bodies,) bool.
    """
    seen = presence(positions)
    present = seen.sum(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        extent = np.nanmax(positions, axis=2) - np.nanmin(positions, axis=2)
        spread = np.nanmedian(np.linalg.norm(extent, axis=2), axis=0)
    wide = (extent[..., 0] > WIDE * extent[..., 1]).sum(axis=0) > WIDE_SHARE * present
    implausible = (
        (spread < SPREAD[0]) | (spread > SPREAD[1]) | ((present > 1) & (motion(positions) < STILL**2))
    )
    doubtful = wide | (present < BRIEF)
    sure = (present >= BRIEF) & ~implausible & ~wide
    ghost: NDArray[np.bool_] = (present > 0) & (implausible | (doubtful & sure.any()))
    return ghost


def close_up(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move the bodies present in a frame to its first slots, in slot order.

    A slot of an NTU clip is one person; this gives back the order of the file itself, frame by frame, where the second
    body stands first as soon as the first is lost. That is what the authors' code saw (method.md section 5).

    Args:
        positions: (..., frames, bodies, joints, 3), NaN where absent.

    Returns:
        The same shape; absent bodies last.
    """
    absent = ~np.isfinite(positions).all(axis=-1).any(axis=-1)
    order = np.argsort(absent, axis=-1, kind="stable")
    return np.take_along_axis(positions, order[..., None, None], axis=-3)
