"""Keypoint arrays of pose estimators: which layout, pixels or metres, and so a clip. Knows no file format.

Joints tell the layout: 17 are COCO, 18 and 25 OpenPose, 33 MediaPipe, 24 (or 22, without hands) SMPL, 20 and 25
Kinect. Where x, y and z are given in metres a clip has depth; pixels, and a picture's shares from 0 to 1, have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import NOBODY, FileRef
from pgfa.read.parsing.tracking import MAX_BODIES, follow
from pgfa.read.parsing.units import flat_in_metres, upright_in_metres
from pgfa.skeleton import (
    COCO17,
    KINECT20,
    LAYOUTS,
    MEDIAPIPE33,
    NO_DEPTH,
    NTU25,
    OPENPOSE18,
    OPENPOSE25,
    SMPL24,
    Clip,
    Layout,
    Source,
)

RATE = 30.0
LEAST_SCORE = 0.1
"""A joint the estimator is less sure of than this is absent."""
MAX_CELLS = 64_000_000
"""Numbers in one recording."""
FLAT = {17: COCO17, 18: OPENPOSE18, 25: OPENPOSE25, 33: MEDIAPIPE33}
SOLID = {20: KINECT20, 22: SMPL24, 24: SMPL24, 25: NTU25}
JOINTS = tuple(sorted(FLAT | SOLID))
SHAPES = "frames x joints x 2, 3 or 4, or frames x bodies x joints x 2, 3 or 4 numbers"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Facts:
    """What a file says of its keypoints beside the numbers; None where it does not.

    Attributes:
        layout: the joints.
        rate: frames a second.
        size: width and height of the picture, pixels; where x and y are shares of them.
        up: the axis that is up, of points with depth (``"y"``, ``"-y"``, ``"z"``).
        scored: whether the last column is how sure the estimator is (else a coordinate).
        source: as in a clip.
        problems: what the reader found.
    """

    layout: Layout | None = None
    rate: float | None = None
    size: tuple[float, float] | None = None
    up: str | None = None
    scored: bool | None = None
    source: Source | None = None
    problems: tuple[str, ...] = ()


def from_people(ref: FileRef, raw: bytes, people: Sequence[Sequence[Floats]], facts: Facts) -> Clip:
    """A clip from people found frame by frame, in any order: they are followed over time.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        people: frames -> people -> (joints, 2, 3 or 4).
        facts: what else is known.

    Raises:
        BadFile, LimitExceeded.
    """
    check_frames(ref, len(people))
    shapes = {person.shape for frame in people for person in frame}
    if not shapes:
        raise BadFile(str(ref), expected=NOBODY, found=f"no body in {len(people)} frames")
    if len(shapes) > 1:
        several = " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes)[:3])
        raise BadFile(str(ref), expected="people of one number of joints and columns", found=several)
    (shape,) = shapes
    _check_cells(ref, sum(len(frame) for frame in people) * int(np.prod(shape)))
    facts = _understood(ref, np.concatenate([np.stack(frame) for frame in people if frame]), facts)
    seen = [[_masked(person, facts) for person in frame] for frame in people]
    followed, problems = follow(seen, shape[0])
    return _clip(ref, raw, followed, replace(facts, problems=facts.problems + problems))


def from_array(ref: FileRef, raw: bytes, array: NDArray[np.generic], facts: Facts) -> Clip:
    """A clip from an array in which each body keeps its place.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        array: (frames, joints, 2, 3 or 4) or (frames, bodies, joints, 2, 3 or 4).
        facts: what else is known.

    Raises:
        BadFile, LimitExceeded.
    """
    joints = (len(facts.layout.joints),) if facts.layout else JOINTS
    if array.ndim == 3:
        array = array[:, None]
    if (
        array.ndim != 4
        or array.shape[3] not in (2, 3, 4)
        or array.shape[2] not in joints
        or not array.shape[1]
    ):
        found = " x ".join(map(str, array.shape)) or "one number"
        listed = " or ".join(map(str, joints))
        raise BadFile(str(ref), where="keypoints", expected=f"{SHAPES}, {listed} joints", found=found)
    check_frames(ref, array.shape[0])
    _check_cells(ref, array.size)
    if array.shape[1] > 4 * MAX_BODIES:
        raise LimitExceeded(f"{ref}: {array.shape[1]} bodies, more than the limit of {4 * MAX_BODIES}")
    points = array.astype(np.float64)
    facts = _understood(ref, points.reshape(-1, *points.shape[2:]), facts)
    points = _masked(points, facts)
    seen = np.flatnonzero(np.isfinite(points).any(axis=(0, 2, 3)))
    return _clip(ref, raw, points[:, seen if len(seen) else [0]], facts)


def _understood(ref: FileRef, bodies: Floats, facts: Facts) -> Facts:
    """Settle layout, scores and whether the numbers have depth from (bodies, joints, columns)."""
    joints, width = bodies.shape[1:]
    known = joints if facts.layout is None else None
    if width not in (2, 3, 4) or (known is not None and known not in JOINTS):
        listed = " or ".join(map(str, JOINTS))
        found = f"{joints} x {width}"
        raise BadFile(str(ref), expected=f"bodies of {listed} joints of 2, 3 or 4 numbers", found=found)
    with np.errstate(invalid="ignore"):
        unlike = ~np.isfinite(bodies) | (np.abs(bodies) > 1e9)
    known_bodies = np.where(unlike, np.nan, bodies)
    seen = np.isfinite(known_bodies).all(axis=-1) & (known_bodies[..., :2] != 0).any(axis=-1)
    values = known_bodies[seen]
    scored = facts.scored
    if scored is None:
        scored = width == 4 or (width == 3 and _like_scores(values, joints))
    solid = width - int(scored) == 3
    layout = facts.layout or (
        SOLID.get(joints) or FLAT.get(joints) if solid else FLAT.get(joints) or SOLID.get(joints)
    )
    assert layout is not None
    return replace(facts, scored=scored, layout=layout)


def _like_scores(values: Floats, joints: int) -> bool:
    """Whether third columns are scores: shares of 1 (or COCO's 0, 1, 2) beside pixels or shares of a picture."""
    if not len(values) or joints == 33:
        return False
    x_y, last = values[:, :2], values[:, 2]
    flags = bool(np.isin(last, (0, 1, 2)).all())
    return bool(
        (last >= 0).all() and ((last <= 1.5).all() or flags) and ((x_y >= 0).all() or np.ptp(x_y) > 20)
    )


def _masked(points: Floats, facts: Facts) -> Floats:
    """Coordinates alone, NaN where the estimator saw nothing."""
    place = points[..., :-1] if facts.scored else points
    with np.errstate(invalid="ignore"):
        gone = (
            ~np.isfinite(place).all(axis=-1) | (place == 0).all(axis=-1) | (np.abs(place) > 1e9).any(axis=-1)
        )
        if facts.scored:
            gone |= ~(points[..., -1] >= LEAST_SCORE)
    return np.where(gone[..., None], np.nan, place)


def _clip(ref: FileRef, raw: bytes, points: Floats, facts: Facts) -> Clip:
    """(frames, bodies, joints, 2 or 3), NaN where absent, to a clip."""
    layout = facts.layout
    assert layout is not None
    points = _whole(points, layout)
    problems = list(facts.problems)
    if points.shape[3] == 3 and _in_picture(points, layout):
        points = points[..., :2]
    if points.shape[3] == 2:
        if facts.size is not None:
            points = points * np.array(facts.size)
        elif _shares(points):
            problems.append("size of the picture not told: width and height taken as equal")
        points, guessed = flat_in_metres(points, layout)
        problems += [NO_DEPTH, *guessed]
    else:
        # Estimators of three dimensions (MediaPipe) count y downwards, as pictures do; z then grows away.
        up = facts.up or ("-y" if layout is MEDIAPIPE33 else None)
        points, found = upright_in_metres(points, layout, up=up)
        problems += found
    rate = facts.rate
    if rate is None:
        rate = RATE
        problems.append(f"frames a second not told: {RATE:g} taken")
    source = facts.source or Source(id=ref.stem)
    return assemble(
        ref, raw, points, rate=rate, layout=layout, source=source, problems=tuple(problems), absent="nan"
    )


def _whole(points: Floats, layout: Layout) -> Floats:
    """All joints of the layout: SMPL's 22 lack the hands."""
    lack = len(layout.joints) - points.shape[2]
    return np.pad(points, ((0, 0), (0, 0), (0, lack), (0, 0)), constant_values=np.nan) if lack > 0 else points


def _in_picture(points: Floats, layout: Layout) -> bool:
    """Whether MediaPipe's points are those of the picture: in world points the hips are about the origin."""
    if layout is not MEDIAPIPE33:
        return False
    hips = points[..., [layout.index("hip_left"), layout.index("hip_right")], :].mean(axis=-2)
    hips = hips[np.isfinite(hips).all(axis=-1)]
    return bool(len(hips) and np.median(np.linalg.norm(hips[:, :2], axis=-1)) > 0.1)


def _shares(points: Floats) -> bool:
    """Whether x and y are shares of a picture's sides (a body may reach out of the picture somewhat)."""
    known = points[np.isfinite(points)]
    return bool(len(known) and np.abs(known).max() <= 4)


def layout_named(ref: FileRef, name: object) -> Layout:
    """The layout a file names. Raises BadFile where it is not known."""
    layout = LAYOUTS.get(name) if isinstance(name, str) else None
    if layout is None:
        known = ", ".join(sorted(LAYOUTS))
        raise BadFile(str(ref), where="field layout", expected=f"one of {known}", found=repr(name)[:80])
    return layout


def _check_cells(ref: FileRef, cells: int) -> None:
    if cells > MAX_CELLS:
        raise LimitExceeded(f"{ref}: {cells:,} numbers, more than the limit of {MAX_CELLS:,}")
