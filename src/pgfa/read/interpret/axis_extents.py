"""What one axis by itself shows: that a body has no extent along it, that it was scaled to a range, or cut off."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

THIN = 0.04
"""Extent of a body along an axis as a share of the largest, at least: somebody who faces the camera has more depth."""
MOST_JOINTS = 0.5
"""Share of the joints that are seen of a body whose extent tells something."""
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 1000.0), (-1000.0, 1000.0))
"""Ranges to which axes are scaled by custom."""
EXACT = 1e-4
"""Difference from such an end up to which a coordinate is there on purpose; of coordinates with four decimals."""
BEYOND = 0.05
"""By how much coordinates of other axes exceed the range, if not all axes were scaled to it by one factor."""
MIN_FRAMES = 5
CROWD, OFTEN = 0.25, 0.1
"""Share of the joints that are exactly at the end of an axis, in which share of the frames, if it was cut off there."""

Floats = NDArray[np.float64]


def extents_of(bodies: Floats) -> Floats:
    """(axes,) median extent of bodies (bodies, joints, axes), NaN where absent; NaN if there is no body."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of bodies that are absent
        extent = np.nanmax(bodies, axis=1) - np.nanmin(bodies, axis=1)
        out: Floats = np.nanmedian(extent, axis=0)
        return out


def is_thin(bodies: Floats) -> bool:
    """Whether the third coordinate extends so little that it is no depth of these bodies, in the unit of the others.

    Args:
        bodies: (bodies, joints, 3), NaN where absent.
    """
    extents = extents_of(bodies)
    return bool(extents[2] < THIN * extents[:2].max())


def odd_axis(points: Floats, *, constant: bool = False) -> str:
    """What shows that an axis has not the coordinates of a body, in plain words; "" if nothing does.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent, in the unit of the file.
        constant: whether only an axis that is the same in all frames has no extent, as of markers.
    """
    finite = points[np.isfinite(points).all(axis=-1)]
    if len(points) < MIN_FRAMES or not len(finite):
        return ""
    bodies = points.reshape(-1, *points.shape[2:])
    # A single arm may be thin.
    whole = bodies[np.isfinite(bodies).all(axis=-1).mean(axis=1) >= MOST_JOINTS]
    extents, thin = (np.ptp(finite, axis=0), 0.0) if constant else (extents_of(whole), THIN)
    for axis, name in enumerate("xyz"):
        if extents[axis] <= thin * extents.max():
            return f"a body that has next to no extent along {name}"
        others = np.delete(finite, axis, axis=1)
        for low, high in RANGES:
            ends = finite[:, axis].min() - low, finite[:, axis].max() - high
            beyond = BEYOND * (high - low)
            if np.abs(ends).max() <= EXACT and (others.min() < low - beyond or others.max() > high + beyond):
                return f"{name} from exactly {low:g} to {high:g}, and the other axes not: scaled on its own"
    return ""


def cut_off(points: Floats) -> list[str]:
    """A note for each end of an axis at which many joints are at once, each in another place: cut off there.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
    """
    bodies = points.reshape(-1, *points.shape[2:])
    seen = np.asarray(np.isfinite(bodies).all(axis=-1))
    if len(points) < MIN_FRAMES or not seen.any():
        return []
    notes = []
    for axis, name in enumerate("xyz"):
        values = np.where(seen, bodies[..., axis], np.nan)
        for end in (np.nanmin(values), np.nanmax(values)):
            at_end = values == end
            crowded = np.flatnonzero(at_end.sum(axis=1) > CROWD * bodies.shape[1])
            places = [len(np.unique(bodies[n][at_end[n]], axis=0)) for n in crowded]
            many = np.count_nonzero(np.array(places) > CROWD * bodies.shape[1])
            if many > OFTEN * np.count_nonzero(seen.any(axis=1)):
                notes.append(f"many joints are exactly at {name} = {end:.6g}: perhaps cut off there")
    return notes
