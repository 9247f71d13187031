"""Which joints of an array are absent: NaN, a value that marks them (0, -1, 9999), a low score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.marks import marked_joints
from pgfa.read.interpret.vectors import all_of, any_of, are_finite, norms
from pgfa.skeleton import Layout

MARKS = (-1.0, 999.0, -999.0, 9999.0, -9999.0, 99999.0, -99999.0)
"""Values that mark an absent joint by custom, in all its coordinates."""
FAR = 1e9
"""A coordinate beyond is no position."""
MIN_SCORE = 0.1
"""A joint with a lower score is absent."""
LEVELS = 3.0
"""Scores up to this are shares or levels."""
SURE = 0.3
"""Share of the highest score that a twentieth of the joints reaches."""
_REACH = 2.5
"""Trunks from the origin within which the neighbours of a joint at the origin lie, if it is the origin of the body."""

Floats = NDArray[np.float64]


def absent_joints(
    coordinates: Floats, layout: Layout | None, scores: Floats | None = None
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which joints are absent, and what was decided about it.

    A joint is absent if a coordinate is not a number or beyond FAR, if its score is below MIN_SCORE, or if all its
    coordinates have the same value and that is 0, one of MARKS, or a value that several joints have like this. A joint
    at 0 0 0 whenever there is a body is the origin of the body, and present, if it is the only one (or one that the
    layout repeats) and its neighbours are near. Or if it jumps to one place again and again (`marked_joints`), which is
    noted.

    Args:
        coordinates: (frames, bodies, joints, 2 or 3).
        layout: of the joints, if known.
        scores: (frames, bodies, joints).

    Returns:
        (frames, bodies, joints), decisions and notes.
    """
    decisions: list[str] = []
    with np.errstate(invalid="ignore", over="ignore"):
        absent = ~are_finite(coordinates) | any_of(np.abs(coordinates) > FAR)
        if scores is not None:
            whole, decision = _whole_score(scores[~absent])
            absent |= ~(scores >= MIN_SCORE * whole) if whole else np.isnan(scores)
            decisions += decision
        same = all_of(coordinates == coordinates[..., :1]) & ~absent
    absent = np.asarray(absent, dtype=np.bool_)
    first = coordinates[..., 0]
    values, counts = np.unique(first[same], return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        marked = same & (first == value)
        if value == 0:
            origin = _origin(coordinates, marked, absent, layout)
            if origin and layout is not None:
                marked[..., origin] &= marked.all(axis=-1, keepdims=True)
                decisions.append(
                    Decision("origin", layout.joints[origin[0]], "established", "always at 0 0 0")
                )
            absent |= marked
        elif value in MARKS or (count > 2 and marked.any(axis=(0, 1)).sum() > 1):
            absent |= marked
            decisions.append(
                Decision("missing", f"{value:g}", "established", f"the mark of {count:,} absent joints")
            )
    if coordinates.shape[-1] in (2, 3):
        joints = layout.joints if layout is not None else None
        marked, notes = marked_joints(coordinates, absent, joints)
        absent |= marked
        return absent, (*decisions, *notes)
    return absent, tuple(decisions)


def _whole_score(scores: Floats) -> tuple[float, list[str]]:
    """The score of a joint that is certainly there: 1, 100 or 255; 0 where the scores do not show it. And what was
    decided, or noticed, about it.
    """
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return 1.0, []
    low, high = float(scores.min()), float(scores.max())
    most = high if high <= LEVELS else float(np.percentile(scores, 95))
    # A few may be above 1; levels are 0, 1, 2 of COCO, and up to 3 of depth cameras.
    if most <= LEVELS and (scores < 0).mean() < 0.5:
        return 1.0, []
    for whole, name in ((100.0, "per cent"), (255.0, "bytes")):
        if low >= 0 and high <= whole and most >= SURE * whole:
            return whole, [Decision("scores", f"in {name}", "established", f"from {low:.4g} to {high:.4g}")]
    return 0.0, [f"scores from {low:.4g} to {high:.4g}, of no known scale: not used"]


def _origin(
    coordinates: Floats, zero: NDArray[np.bool_], absent: NDArray[np.bool_], layout: Layout | None
) -> list[int]:
    """The joint that is at the origin whenever a body is there, with its neighbours near it; or two at the ends of one
    bone, as a layout has them that repeats the pelvis. Empty if there is none.
    """
    visible = ~(zero | absent).all(axis=-1)
    if layout is None or not visible.any():
        return []
    always = np.flatnonzero(zero[visible].all(axis=0)).tolist()
    if not always or len(always) > 2 or (len(always) == 2 and always not in layout.bone_indices.tolist()):
        return []
    joint = always[0]
    bodies = np.where((zero | absent)[visible][..., None], np.nan, coordinates[visible])
    neighbours = [
        other
        for bone in layout.bone_indices.tolist()
        for other in bone
        if joint in bone and other != joint and other < bodies.shape[1]
    ]
    with np.errstate(invalid="ignore"):
        size = np.ptp(bodies[are_finite(bodies)], axis=0).max(initial=0)
        distances = norms(bodies[:, neighbours])
    distances = distances[np.isfinite(distances)]
    centre = bodies[are_finite(bodies)].mean(axis=0) if size else np.zeros(1)
    limit = size / _REACH
    at_its_place = len(distances) and np.median(distances) < limit and np.linalg.norm(centre) < limit
    return always if at_its_place else []
