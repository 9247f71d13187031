"""Coordinates that were scaled so that the body is lost: each axis, or each frame, to an extent of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.breadth import excessive_breadth
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.frame_scales import scale_of_frames
from pgfa.read.interpret.stretched import LIMBS, limbs_over_time
from pgfa.read.interpret.vectors import are_finite
from pgfa.skeleton import Layout

EQUAL = 1e-4
"""Difference of two extents, as a share of them, up to which they are equal on purpose."""
MOST_AT_END = 2
"""Points of a frame at the end of an axis, at most: more are cut off at the edge of a picture."""
EACH = "each was scaled on its own, so lengths cannot be compared"
MIN_FRAMES = 5
"""Fewer frames do not show a scale."""
UNEVEN, CONSTANT, VARIED = (1.4, 4.0), 2.0, 0.08
"""Ratio of the units of two axes; how much less limbs change their lengths with these units; and by how much, as a
share of their length, they change without. Of 1,120 real recordings six reach all three, and a quarter to a half of
those in which one axis was stretched (scripts/measure_readings.py has the recordings)."""
MIN_CORRELATION, SLOPES = 0.4, (0.3, 1.5)
"""How what a limb gains along z and loses in the picture are related, of a depth in the unit of x and y."""
MIN_BODIES = 12
"""Frames in which a limb has to be seen for that."""
OTHER_UNIT, WORSE = 1.5, 1.15
"""The unit of an axis is that of the others if limbs vary more by this factor with one that is so much larger or
smaller."""
Floats = NDArray[np.float64]


def check_scales(file: str, points: Floats, layout: Layout, markers: Floats | None = None) -> None:
    """Raise BadFile if each axis, or each frame, has a scale of its own.

    Args:
        file: for the error.
        points, layout, markers: as `own_scales` takes them.
    """
    if scales := own_scales(points, layout, markers):
        raise scaled(file, scales, "keypoints" if markers is None else "markers")


def scaled(file: str, scales: str, where: str = "keypoints") -> BadFile:
    """The error for coordinates that have scales of their own, in words as of `own_scales`."""
    expected = "coordinates with one scale on all axes and in all frames: save them before they are scaled"
    return BadFile(file, where=where, expected=expected, found=scales)


def own_scales(points: Floats, layout: Layout, markers: Floats | None = None) -> str:
    """What has a scale of its own, in plain words; "" if nothing shows that.

    Args:
        points: (frames, bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints.
        markers: (frames, markers, 3) what the file has in place of joints.
    """
    if are_finite(points).sum() < MIN_FRAMES * 3:
        return ""
    if extent := extent_of_axes(points if markers is None else markers[:, None]):
        return f"every axis {extent}"
    if size := scale_of_frames(points, layout, markers):
        return f"every frame {size}: each was scaled on its own, so the body changes its size"
    return ""


def uneven_units(points: Floats, layout: Layout) -> list[str]:
    """A note if limbs keep their lengths only where the axes have different units: an axis that was stretched. Or the
    assumption that an axis has the unit of the others, if limbs do not show it.

    The square of a limb's length is a sum of the squares along the axes, each with the square of the axis' unit. The
    units are those with which the lengths vary least.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
    """
    of_limbs, shares_of_limbs = limbs_over_time(points.reshape(-1, *points.shape[2:]), layout)
    if not len(shares_of_limbs):
        return []
    variation, shares = of_limbs.mean(axis=0), shares_of_limbs.mean(axis=0)
    weights = np.linalg.solve(variation + 1e-5 * np.eye(3), np.ones(3))
    weights *= 3 / weights.sum()
    units = np.sqrt(np.maximum(weights, 0) / weights.max())
    equal, best = (
        np.sqrt(max(float(square @ variation @ square), 0)) / 2 for square in (np.ones(3), weights)
    )
    uneven = weights.min() > 0 and UNEVEN[0] <= 1 / units.min() <= UNEVEN[1]
    if uneven and equal >= max(VARIED, CONSTANT * best):
        named = ", ".join(f"{unit:.2g}" for unit in units)
        return [
            f"limbs change their lengths as if the units of x, y, z were {named}: perhaps scaled axis by axis"
        ]
    if open_axes := _open_axes(variation, shares):
        why = f"limbs do not show it for {', '.join(open_axes)}"
        assumed = Decision("scale", "the same on all axes", "assumed", why)
        wide = excessive_breadth(points.reshape(-1, *points.shape[2:]), layout)
        note = f"shoulders and hips {wide} wide: perhaps an axis has another unit than the others"
        return [note, assumed] if wide else [assumed]
    return []


def _open_axes(variation: Floats, shares: Floats) -> list[str]:
    """The axes that may have another unit: limbs keep their lengths nearly as well if they have."""

    def change(weights: Floats) -> float:
        return float(np.sqrt(max(float(weights @ variation @ weights), 0.0)) / float(weights @ shares))

    equal = change(np.ones(3))
    out = []
    for axis, name in enumerate("xyz"):
        at_axis = np.arange(3) == axis
        larger, smaller = (change(np.where(at_axis, unit**2, 1.0)) for unit in (OTHER_UNIT, 1 / OTHER_UNIT))
        if min(larger, smaller) < WORSE * equal:
            out.append(name)
    return out


def depth_keeps_lengths(bodies: Floats, layout: Layout, least: float = MIN_CORRELATION) -> bool:
    """Whether limbs look shorter in x and y as much as they extend along z: so does a depth, and no score.

    The squares of a limb's extent in the picture and along z have one sum; so where the limb moves, the one falls by
    what the other rises. Made up scores beside 155 real recordings correlate by 0.2 at most.

    Args:
        bodies: (frames, joints, 3), NaN where absent.
        layout: of the joints.
        least: correlation of the two, at least.
    """
    flat, deep, both = 0.0, 0.0, 0.0
    for top, end in LIMBS:
        for side in ("left", "right"):
            one, other = (bodies[:, layout.index(f"{joint}_{side}")] for joint in (top, end))
            squares = (one - other)[are_finite(one - other)] ** 2
            if len(squares) < MIN_BODIES or not (length := float(np.median(squares.sum(axis=-1)))) > 0:
                continue
            seen = np.stack([squares[:, :2].sum(axis=-1), squares[:, 2]]) / length
            seen = np.clip(seen - np.median(seen, axis=1, keepdims=True), -1, 1)
            flat += float((seen[0] ** 2).mean())
            deep += float((seen[1] ** 2).mean())
            both += float((seen[0] * seen[1]).mean())
    if not (flat > 0 and deep > 0):
        return False
    return -both / np.sqrt(flat * deep) >= least and SLOPES[0] <= -both / deep <= SLOPES[1]


def extent_of_axes(points: Floats) -> str:
    """The range, or the spread, that all axes share; "" if they differ."""
    finite = points[are_finite(points)]
    low, high = finite.min(axis=0), finite.max(axis=0)
    extent = high - low
    if not (extent > 0).all():
        return ""
    ends = [np.ptp(low), np.ptp(high)]
    if max(ends) <= EQUAL * extent.min() and _points_at(points, np.stack([low, high])) <= MOST_AT_END:
        return f"from {low[0]:.4g} to {high[0]:.4g}: {EACH}"
    spread, middle = finite.std(axis=0), finite.mean(axis=0)
    if np.ptp(spread) <= EQUAL * spread.min() and np.abs(middle).max() <= EQUAL * spread.min():
        return f"around 0 with a spread of {spread[0]:.4g}: {EACH}"
    return ""


def _points_at(points: Floats, ends: Floats) -> int:
    """How many points of a frame are at an end of an axis, at most; joints at one point count once.

    Args:
        points: (frames, bodies, joints, axes), NaN where absent.
        ends: (2, axes).
    """
    bodies = points.reshape(-1, *points.shape[2:])
    with np.errstate(invalid="ignore"):
        reached = np.abs(bodies[:, :, None] - ends) <= EQUAL * np.ptp(ends, axis=0)
    most = 0
    for end in range(2):
        for axis in range(points.shape[-1]):
            at_end = reached[:, :, end, axis]
            crowded = np.argsort(-at_end.sum(axis=1))[:MIN_FRAMES]
            most = max([most, *(len(np.unique(bodies[n][at_end[n]], axis=0)) for n in crowded)])
    return most
