"""Keypoint arrays of pose estimators -> clips: layout, scores, pixels or metres. Knows no file format.

What the file does not give, `pgfa.read.interpret` decides. A clip with x, y and z has depth; pixels, and image
coordinates from 0 to 1, have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, Undecided
from pgfa.read.assemble import MAX_FRAMES, assemble, check_frames, counted
from pgfa.read.format import A_PERSON
from pgfa.read.formats.keypoints import checks
from pgfa.read.formats.keypoints.info import KeypointInfo as KeypointInfo
from pgfa.read.formats.keypoints.info import with_own_axes
from pgfa.read.formats.keypoints.picture import from_picture
from pgfa.read.interpret.arrays import (
    choose,
    coordinates_of,
    look_like_scores,
    overlap,
)
from pgfa.read.interpret.body import fit_of, thinned
from pgfa.read.interpret.decision import Basis, Decision
from pgfa.read.interpret.marks import marked_joints
from pgfa.read.interpret.missing import MIN_SCORE as MIN_SCORE
from pgfa.read.interpret.missing import absent_joints
from pgfa.read.interpret.orders import (
    in_order,
    joint_counts,
    joints_of,
    layouts_of,
    orders_of,
    size_of,
    why_not,
    without_spare_axes,
)
from pgfa.read.interpret.other_counts import rows_of_shape
from pgfa.read.interpret.other_orders import is_crossed
from pgfa.read.interpret.pictures import THIN_DEPTH, check_columns
from pgfa.read.interpret.plausible import check_body
from pgfa.read.interpret.scales import check_scales, uneven_units
from pgfa.read.interpret.upright import MAX_COST, upright
from pgfa.read.interpret.vectors import are_finite
from pgfa.read.limits import allowance
from pgfa.read.parsing.tracking import MAX_BODIES, MAX_SLOT_NUMBERS, link_tracks
from pgfa.read.source import FileRef
from pgfa.read.stated import Stated
from pgfa.skeleton import LAYOUTS, MEDIAPIPE33, Clip, Layout, Source

RATE = 30.0
MAX_CELLS = 64_000_000
"""Numbers in one recording."""
JOINTS = joint_counts()
SHAPES = "frames x joints x 2, 3 or 4 numbers, with bodies, or in another order of axes as in C,T,V,M"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Plan:
    """How the numbers of a file are read: its columns, its layout and the rest of what is known."""

    info: KeypointInfo
    layout: Layout
    columns: str
    axes: str = "TMVC"
    decisions: tuple[str, ...] = ()


def from_people(ref: FileRef, raw: bytes, people: Sequence[Sequence[Floats]], info: KeypointInfo) -> Clip:
    """A clip from people detected frame by frame, in any order: they are tracked over time.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        people: frames -> people -> (joints, 2, 3 or 4).
        info: what else the file holds.

    Raises:
        BadFile, Undecided, LimitExceeded.
    """
    ref, info = with_own_axes(ref, info)
    check_frames(ref, len(people))
    shapes = {person.shape for frame in people for person in frame}
    if not shapes:
        raise BadFile(str(ref), expected=A_PERSON, found=f"no person in {counted(len(people), 'frame')}")
    if len(shapes) > 1:
        actual = " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes)[:3])
        raise BadFile(str(ref), expected="the same number of joints and columns for all people", found=actual)
    (shape,) = shapes
    _check_cells(ref, sum(len(frame) for frame in people) * int(np.prod(shape)))
    # People of one frame are no time series, so all are looked at as if they were there at once.
    bodies = np.stack([person for frame in people for person in frame])[None]
    if bodies.ndim != 4 or shape[1] not in (2, 3, 4) or not _possible(shape[0], _layouts(ref, info)):
        raise _shape_error(ref, shape, _layouts(ref, info))
    plan = _plan(ref, bodies, ["TMVC"], info)
    points, missing = _coordinates(bodies, plan)
    missing += checks.assumptions(points, plan.layout, guessed=_layouts(ref, info) is None, timed=True)
    if max(map(len, people)) == 1:
        checks.check_steps(ref, points.swapaxes(0, 1), plan.layout, info)
    frame_of = np.repeat(np.arange(len(people)), [len(frame) for frame in people])
    try:
        tracks, problems = link_tracks(
            points[0], frame_of, len(people), allowance(len(raw), MAX_SLOT_NUMBERS)
        )
    except LimitExceeded as error:
        raise LimitExceeded(f"{ref}: {error}") from None
    info = replace(info, problems=(*info.problems, *problems))
    # Places that mark absent joints, and joints far from the body, show only over time.
    marked, marks = marked_joints(tracks, ~are_finite(tracks), plan.layout.joints)
    tracks, missing = np.where(marked[..., None], np.nan, tracks), missing + marks
    return _clip(ref, raw, tracks, replace(plan, info=info, decisions=plan.decisions + missing), named=True)


def from_array(ref: FileRef, raw: bytes, array: NDArray[np.generic], info: KeypointInfo) -> Clip:
    """A clip from an array in which each body keeps its slot.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        array: (frames, joints, 2, 3 or 4), (frames, bodies, joints, 2, 3 or 4), or in another order of axes.
        info: what else the file holds.

    Raises:
        BadFile, Undecided, LimitExceeded.
    """
    if array.ndim and 0 in array.shape[:1]:
        check_frames(ref, 0)
    if info.axes is not None:
        ref, info = with_own_axes(ref, info)
    array = without_spare_axes(array)
    layouts = _layouts(ref, info)
    by = ref.stated if info.axes is None else Stated(axes=info.axes)
    orders = list(orders_of(array.shape, layouts, by)) if array.size else []
    if not orders:
        raise _shape_error(ref, array.shape, layouts)
    _check_cells(ref, array.size)
    check_frames(ref, min(size_of(array.shape, order, "T") for order in orders))
    people = min(size_of(array.shape, order, "M") for order in orders)
    if people > 4 * MAX_BODIES:
        raise LimitExceeded(f"{ref}: {people} bodies, more than the limit of {4 * MAX_BODIES}")
    orders = [
        order
        for order in orders
        if size_of(array.shape, order, "M") <= 4 * MAX_BODIES
        and size_of(array.shape, order, "T") <= MAX_FRAMES
    ]
    # More people than frames, and many of them, are frames.
    orders = [order for order in orders if not _is_crowd(array.shape, order)] or orders
    plan = _plan(ref, array, orders, info)
    shown = info.shown
    points, missing = (shown.points, shown.notes) if shown else _coordinates(in_order(array, plan.axes), plan)
    if (
        info.habit is not None
        and info.habit.settled
        and not (shown.suits if shown else info.habit.suits(points))
    ):
        info.habit.alone += points.shape[3] == 3  # those of pictures often show a part of the body only
        plan = _plan(ref, array, orders, replace(info, habit=None))
        points, missing, shown = *_coordinates(in_order(array, plan.axes), plan), None
    missing += checks.assumptions(
        points, plan.layout, guessed=_layouts(ref, info) is None, timed=info.axes is not None
    )
    present = np.flatnonzero(are_finite(points).any(axis=(0, 2)))
    plan = _with_people(ref, points, plan, len(present))
    points = points[:, present if len(present) else [0]]
    if shown is None or shown.jumps:
        checks.check_steps(ref, points, plan.layout, info)
    return _clip(ref, raw, points, replace(plan, decisions=plan.decisions + missing), named=False)


def _is_crowd(shape: tuple[int, ...], order: str) -> bool:
    people = size_of(shape, order, "M")
    return people > MAX_BODIES and people > size_of(shape, order, "T")


def _with_people(ref: FileRef, points: Floats, plan: _Plan, people: int) -> _Plan:
    """Check that a first axis of bodies is people who were recorded together, not clips. Raises Undecided."""
    if plan.axes.startswith("T(M"):
        whose = f"{counted(people, 'person', 'people')} of {joints_of(plan.axes)} joints"
        note = f"numbers of a frame read as those of {whose}"
        return replace(plan, info=replace(plan.info, problems=(*plan.info.problems, note)))
    if people < 2 or plan.axes.replace("N", "")[0] != "M" or ref.stated.array_axes:
        return plan
    if overlap(points, plan.layout):
        actual = f"{people} bodies in one place along the first axis: clips (save each as a file of its own), or people"
        raise Undecided(str(ref), quantity="axes", found=actual, options=(plan.axes,))
    note = f"first axis read as {people} people recorded together"
    return replace(plan, info=replace(plan.info, problems=(*plan.info.problems, note)))


def _layouts(ref: FileRef, info: KeypointInfo) -> tuple[Layout, ...] | None:
    """The layout that the user or the file gives; None if neither does."""
    if ref.stated.layout is not None:
        return (LAYOUTS[ref.stated.layout],)
    return (info.layout,) if info.layout is not None else None


def _possible(joints: int, layouts: tuple[Layout, ...] | None) -> bool:
    possible = layouts_of(joints)
    return bool(possible) if layouts is None else joints == len(layouts[0].joints) or layouts[0] in possible


def _shape_error(ref: FileRef, shape: tuple[int, ...], layouts: tuple[Layout, ...] | None) -> BadFile:
    counts = (len(layouts[0].joints),) if layouts else JOINTS
    actual = " x ".join(map(str, shape)) or "one number"
    if axes := ref.stated.array_axes:
        expected, actual = why_not(shape, axes, counts)
        return BadFile(str(ref), where="keypoints", expected=expected, found=actual)
    expected = f"{SHAPES}, {' or '.join(map(str, counts))} joints"
    actual += f" ({rows})" if (rows := rows_of_shape(shape)) else ""
    return BadFile(str(ref), where="keypoints", expected=expected, found=actual)


def _plan(ref: FileRef, array: NDArray[np.generic], orders: list[str], info: KeypointInfo) -> _Plan:
    """Axes, columns and layout, as stated, declared or established. Raises Undecided."""
    if info.habit is not None:
        if habit := info.habit.settled:
            return _Plan(info, habit.layout, habit.columns, orders[0], info.habit.layout_decisions)
        info.habit.alone += 1
    stated, layouts = ref.stated, _layouts(ref, info)
    columns = stated.columns or None
    if columns and len(columns) not in (widths := {size_of(array.shape, order, "C") for order in orders}):
        actual = f"{' or '.join(map(str, sorted(widths)))} columns"
        expected = f"the columns {' '.join(columns)}, as stated"
        raise BadFile(str(ref), where="keypoints", expected=expected, found=actual)
    if columns is None and info.scored is not None:
        with_depth = {True: {3: "xys", 4: "xyzs"}, False: {2: "xy", 3: "xyz"}}[info.scored]
        columns = with_depth.get(size_of(array.shape, orders[0], "C"))
    try:
        deep = checks.is_deep(stated, info)
        axes, columns, layout, decisions = choose(
            array, orders, layouts, columns, stated, deep=deep, rate=info.rate
        )
    except Undecided as error:
        numbers: NDArray[np.generic] = array
        if columns and len(columns) == size_of(array.shape, orders[0], "C"):
            # The score of a person who is not there may be above 0.
            numbers, _ = coordinates_of(in_order(array, orders[0]), columns)
        if not np.any(np.isfinite(numbers) & (numbers != 0)):
            frames = counted(size_of(array.shape, orders[0], "T"), "frame")
            raise BadFile(str(ref), expected=A_PERSON, found=f"no person in {frames}") from None
        checks.check_frames_of(ref, error)
        if layouts is None or (not stated.array_axes and len(orders) > 1):
            raise error.at(str(ref)) from None
        # The layout is given, so the file is read, however odd the body is; only its columns are left to find.
        points = in_order(array, orders[0])
        width = points.shape[3]
        columns = columns or {2: "xy", 3: "xys" if look_like_scores(points) else "xyz", 4: "xyzs"}[width]
        if info.counted and not stated.layout and _contradicts(points, columns, layouts[0]):
            raise error.at(str(ref)) from None
        basis: Basis = "stated" if stated.layout else "declared"
        axes, layout = orders[0], layouts[0]
        decisions = (Decision("layout", layout.name, basis),)
        info = replace(
            info, problems=(*info.problems, f"the body is not human in {layout.name}: {error.reason}")
        )
    if not stated.columns and info.scored is None and info.depth is None:
        check_columns(str(ref), in_order(array, axes), columns, layout, deep=checks.is_deep(stated, info))
    if len(columns) != size_of(array.shape, axes, "C"):
        actual = counted(size_of(array.shape, axes, "C"), "column")
        raise BadFile(str(ref), where="keypoints", expected=f"the columns {' '.join(columns)}", found=actual)
    return _Plan(info, layout, columns, axes, decisions)


def _contradicts(points: Floats, columns: str, layout: Layout) -> bool:
    """Whether bodies that can be seen are not human in a layout; of half a body nothing is known."""
    coordinates, scores = coordinates_of(points, columns)
    absent, _ = absent_joints(coordinates, layout, scores)
    bodies = thinned(np.where(absent[..., None], np.nan, coordinates))
    fit = fit_of(bodies, layout)
    return bool(np.isfinite(fit.cost) and (fit.cost > MAX_COST or is_crossed(bodies, layout)))


def _coordinates(points: Floats, plan: _Plan) -> tuple[Floats, tuple[str, ...]]:
    """(frames, bodies, joints, 2 or 3) coordinates, NaN where a joint is absent, and what marks absent joints."""
    coordinates, scores = coordinates_of(points, plan.columns)
    absent, notes = absent_joints(coordinates, plan.layout, scores)
    return np.where(absent[..., None], np.nan, coordinates), notes


def _clip(ref: FileRef, raw: bytes, points: Floats, plan: _Plan, *, named: bool) -> Clip:
    """(frames, bodies, joints, 2 or 3), NaN where absent, to a clip. `named`: the file gives x and y by name."""
    layout, info = plan.layout, plan.info
    points = _padded(points, layout)
    notes: list[str] = [*info.problems, *plan.decisions]
    if info.listed:
        notes.append(checks.check_listed(ref, info, layout))
    if settled := info.habit.applied(points) if info.habit is not None and points.shape[3] == 3 else None:
        notes += [*settled.decisions, *settled.problems]
        return _assembled(ref, raw, settled.positions, layout, info, notes)
    if info.habit is None or info.habit.settled is None:
        check_scales(str(ref), points, layout)
        if info.layout is not None:
            checks.check_layout(ref, points, layout)
    result = None
    try:
        if points.shape[3] == 3 and (depth := checks.depth_of(ref, points, layout, info)) is not None:
            notes.append(depth)
            if depth.value == "dropped":
                points = points[..., :2]
                notes += [f"z dropped: {THIN_DEPTH}"] if THIN_DEPTH in depth else []
        if points.shape[3] == 2:
            points, flat = from_picture(ref, points, layout, info, plan.columns, named=named)
            notes += flat
        else:
            landmarks = layout is MEDIAPIPE33 and named
            mirrored = False if info.mirrored is None and landmarks else info.mirrored
            notes += checks.check_mirror(ref, points, layout, info, mirrored)
            result = upright(
                points,
                layout,
                up=info.up,
                scale=info.scale,
                mirrored=mirrored,
                stated=ref.stated,
                # MediaPipe counts y downwards, as in images; z then grows away from the camera.
                custom="-y" if landmarks else None,
                usual=info.usual_up,
                # Files that say which axis points up are written by programs that know their axes.
                right_handed=info.up is not None,
            )
            # A unit that is stated or declared is that of all axes.
            given = info.scale is not None or ref.stated.unit is not None
            units = uneven_units(points, layout)
            notes += [note for note in units if not (given and isinstance(note, Decision))]
            if info.habit is None or info.habit.settled is None:
                notes += check_body(str(ref), points, layout, ref.stated)
            points = result.positions
            notes += [*result.decisions, *(() if landmarks else result.problems)]
    except Undecided as error:
        checks.check_person(ref, points, layout, error)
        raise error.at(str(ref)) from None
    clip = _assembled(ref, raw, points, layout, info, notes)
    if info.habit is not None:
        info.habit.add(layout, plan.columns, plan.decisions, result)
    return clip


def _assembled(
    ref: FileRef, raw: bytes, points: Floats, layout: Layout, info: KeypointInfo, notes: list[str]
) -> Clip:
    """A clip of positions in metres, with the rate that the file gives, or 30 frames per second and a note."""
    rate = info.rate
    if rate is None:
        rate = ref.stated.rate or RATE
        if ref.stated.rate is None:
            notes.append(f"frame rate missing, assumed {RATE:g} fps")
            notes.append(Decision("rate", f"{RATE:g} Hz", "assumed"))
    source = info.source or Source(id=ref.stem)
    return assemble(
        ref,
        raw,
        points,
        rate=rate,
        layout=layout,
        source=source,
        problems=tuple(notes),
        absent="nan",
        later=info.takes,
    )


def _padded(points: Floats, layout: Layout) -> Floats:
    """All joints of the layout: SMPL with 22 joints has no hands."""
    if (missing := len(layout.joints) - points.shape[2]) <= 0:
        return points
    return np.pad(points, ((0, 0), (0, 0), (0, missing), (0, 0)), constant_values=np.nan)


def layout_of(joints: int, *, depth: bool) -> Layout | None:
    """A layout of that many joints; None if there is none. Which one it is, the body decides."""
    return next(iter(layouts_of(joints)), None)


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
