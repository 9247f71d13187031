"""Keypoint arrays of pose estimators -> clips: layout, scores, pixels or metres. Knows no file format.

The number of joints gives the layout: 17 are COCO, 18 and 25 OpenPose, 33 MediaPipe, 24 (or 22, without hands) SMPL,
20 and 25 Kinect. A clip with x, y and z in metres has depth; pixels, and image coordinates from 0 to 1, have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, check_frames, counted
from pgfa.read.format import A_PERSON
from pgfa.read.parsing.tracking import MAX_BODIES, link_tracks
from pgfa.read.parsing.units import flat_to_metres, upright_to_metres
from pgfa.read.source import FileRef
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
MIN_SCORE = 0.1
"""A joint with a lower score is absent."""
MAX_CELLS = 64_000_000
"""Numbers in one recording."""
LAYOUTS_2D = {17: COCO17, 18: OPENPOSE18, 25: OPENPOSE25, 33: MEDIAPIPE33}
LAYOUTS_3D = {20: KINECT20, 22: SMPL24, 24: SMPL24, 25: NTU25}
JOINTS = tuple(sorted(LAYOUTS_2D | LAYOUTS_3D))
SHAPES = "frames x joints x 2, 3 or 4, or frames x bodies x joints x 2, 3 or 4 numbers"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class KeypointInfo:
    """The content of a file besides the keypoints; None for what is missing.

    Attributes:
        layout: the joints.
        rate: frames per second.
        size: width and height of the image in pixels; scales x and y from 0..1.
        up: the axis that points up, of points with depth (``"y"``, ``"-y"``, ``"z"``).
        scored: whether the last column is the estimator's score (else a coordinate).
        source: as in a clip.
        problems: defects the reader noticed.
    """

    layout: Layout | None = None
    rate: float | None = None
    size: tuple[float, float] | None = None
    up: str | None = None
    scored: bool | None = None
    source: Source | None = None
    problems: tuple[str, ...] = ()


def from_people(ref: FileRef, raw: bytes, people: Sequence[Sequence[Floats]], info: KeypointInfo) -> Clip:
    """A clip from people detected frame by frame, in any order: they are tracked over time.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        people: frames -> people -> (joints, 2, 3 or 4).
        info: what else the file holds.

    Raises:
        BadFile, LimitExceeded.
    """
    check_frames(ref, len(people))
    shapes = {person.shape for frame in people for person in frame}
    if not shapes:
        raise BadFile(str(ref), expected=A_PERSON, found=f"no person in {counted(len(people), 'frame')}")
    if len(shapes) > 1:
        actual = " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes)[:3])
        raise BadFile(str(ref), expected="the same number of joints and columns for all people", found=actual)
    (shape,) = shapes
    _check_cells(ref, sum(len(frame) for frame in people) * int(np.prod(shape)))
    info = _completed(ref, np.concatenate([np.stack(frame) for frame in people if frame]), info)
    masked = [[_masked(person, info) for person in frame] for frame in people]
    try:
        points, problems = link_tracks(masked, shape[0])
    except LimitExceeded as error:
        raise LimitExceeded(f"{ref}: {error}") from None
    return _clip(ref, raw, points, replace(info, problems=info.problems + problems))


def from_array(ref: FileRef, raw: bytes, array: NDArray[np.generic], info: KeypointInfo) -> Clip:
    """A clip from an array in which each body keeps its slot.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        array: (frames, joints, 2, 3 or 4) or (frames, bodies, joints, 2, 3 or 4).
        info: what else the file holds.

    Raises:
        BadFile, LimitExceeded.
    """
    joints = (len(info.layout.joints),) if info.layout else JOINTS
    if array.ndim == 3:
        array = array[:, None]
    if (
        array.ndim != 4
        or array.shape[3] not in (2, 3, 4)
        or array.shape[2] not in joints
        or not array.shape[1]
    ):
        actual = " x ".join(map(str, array.shape)) or "one number"
        expected = f"{SHAPES}, {' or '.join(map(str, joints))} joints"
        raise BadFile(str(ref), where="keypoints", expected=expected, found=actual)
    check_frames(ref, array.shape[0])
    _check_cells(ref, array.size)
    if array.shape[1] > 4 * MAX_BODIES:
        raise LimitExceeded(f"{ref}: {array.shape[1]} bodies, more than the limit of {4 * MAX_BODIES}")
    points = array.astype(np.float64)
    info = _completed(ref, points.reshape(-1, *points.shape[2:]), info)
    points = _masked(points, info)
    present = np.flatnonzero(np.isfinite(points).any(axis=(0, 2, 3)))
    return _clip(ref, raw, points[:, present if len(present) else [0]], info)


def _completed(ref: FileRef, bodies: Floats, info: KeypointInfo) -> KeypointInfo:
    """Fill in layout and scores from the numbers, (bodies, joints, columns)."""
    joints, width = bodies.shape[1:]
    if width not in (2, 3, 4) or (info.layout is None and joints not in JOINTS):
        expected = f"bodies of {' or '.join(map(str, JOINTS))} joints of 2, 3 or 4 numbers"
        raise BadFile(str(ref), expected=expected, found=f"{joints} x {width}")
    with np.errstate(invalid="ignore"):
        out_of_range = ~np.isfinite(bodies) | (np.abs(bodies) > 1e9)
    plausible = np.where(out_of_range, np.nan, bodies)
    present = np.isfinite(plausible).all(axis=-1) & (plausible[..., :2] != 0).any(axis=-1)
    values = plausible[present]
    scored = info.scored
    if scored is None:
        scored = width == 4 or (width == 3 and _look_like_scores(values, joints))
    layout = info.layout or layout_of(joints, depth=width - int(scored) == 3)
    assert layout is not None
    return replace(info, scored=scored, layout=layout)


def layout_of(joints: int, *, depth: bool) -> Layout | None:
    """The layout of that many joints; None if there is none."""
    tables = (LAYOUTS_3D, LAYOUTS_2D) if depth else (LAYOUTS_2D, LAYOUTS_3D)
    return next((table[joints] for table in tables if joints in table), None)


def _look_like_scores(values: Floats, joints: int) -> bool:
    """Whether third columns are scores: from 0 to 1 (or COCO's 0, 1, 2) with pixels or coordinates from 0 to 1."""
    if not len(values) or joints == 33:
        return False
    x_y, last = values[:, :2], values[:, 2]
    flags = bool(np.isin(last, (0, 1, 2)).all())
    return bool(
        (last >= 0).all() and ((last <= 1.5).all() or flags) and ((x_y >= 0).all() or np.ptp(x_y) > 20)
    )


def _masked(points: Floats, info: KeypointInfo) -> Floats:
    """Coordinates only, NaN where a joint is absent."""
    coordinates = points[..., :-1] if info.scored else points
    with np.errstate(invalid="ignore"):
        absent = ~np.isfinite(coordinates).all(axis=-1) | (coordinates == 0).all(axis=-1)
        absent |= (np.abs(coordinates) > 1e9).any(axis=-1)
        if info.scored:
            absent |= ~(points[..., -1] >= MIN_SCORE)
    return np.where(absent[..., None], np.nan, coordinates)


def _clip(ref: FileRef, raw: bytes, points: Floats, info: KeypointInfo) -> Clip:
    """(frames, bodies, joints, 2 or 3), NaN where absent, to a clip."""
    layout = info.layout
    assert layout is not None
    points = _padded(points, layout)
    problems = list(info.problems)
    if points.shape[3] == 3 and _in_image(points, layout):
        points = points[..., :2]
    if points.shape[3] == 2:
        if info.size is not None:
            points = points * np.array(info.size)
        elif _normalised(points):
            problems.append("image size missing, assumed square")
        points, assumptions = flat_to_metres(points, layout)
        problems += [NO_DEPTH, *assumptions]
    else:
        # MediaPipe counts y downwards, as in images; z then grows away from the camera.
        up = info.up or ("-y" if layout is MEDIAPIPE33 else None)
        points, assumptions = upright_to_metres(points, layout, up=up)
        problems += assumptions
    rate = info.rate
    if rate is None:
        rate = RATE
        problems.append(f"frame rate missing, assumed {RATE:g} fps")
    source = info.source or Source(id=ref.stem)
    return assemble(
        ref, raw, points, rate=rate, layout=layout, source=source, problems=tuple(problems), absent="nan"
    )


def _padded(points: Floats, layout: Layout) -> Floats:
    """All joints of the layout: SMPL with 22 joints has no hands."""
    missing = max(0, len(layout.joints) - points.shape[2])
    return np.pad(points, ((0, 0), (0, 0), (0, missing), (0, 0)), constant_values=np.nan)


def _in_image(points: Floats, layout: Layout) -> bool:
    """Whether points of MediaPipe are image landmarks: of world landmarks, the hips are at the origin."""
    if layout is not MEDIAPIPE33:
        return False
    hips = points[..., [layout.index("hip_left"), layout.index("hip_right")], :].mean(axis=-2)
    hips = hips[np.isfinite(hips).all(axis=-1)]
    return bool(len(hips) and np.median(np.linalg.norm(hips[:, :2], axis=-1)) > 0.1)


def _normalised(points: Floats) -> bool:
    """Whether x and y are from 0 to 1 of the image (a body may extend a little beyond the image)."""
    finite = points[np.isfinite(points)]
    return bool(len(finite) and np.abs(finite).max() <= 4)


def layout_named(ref: FileRef, name: object) -> Layout:
    """The layout that a file names. Raises BadFile for an unknown one."""
    layout = LAYOUTS.get(name) if isinstance(name, str) else None
    if layout is None:
        expected = f"one of {', '.join(sorted(LAYOUTS))}"
        raise BadFile(str(ref), where="field layout", expected=expected, found=repr(name)[:80])
    return layout


def _check_cells(ref: FileRef, cells: int) -> None:
    if cells > MAX_CELLS:
        raise LimitExceeded(f"{ref}: {cells:,} numbers, more than the limit of {MAX_CELLS:,}")
