"""Keypoints that are no positions of a person, joints in another order than the file lists, a z that is no depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, Undecided
from pgfa.read.assemble import is_flat
from pgfa.read.formats.keypoints.info import KeypointInfo
from pgfa.read.formats.keypoints.joint_names import difference
from pgfa.read.interpret.arrays import JUMPS, jumps
from pgfa.read.interpret.body import fit_of, thinned
from pgfa.read.interpret.decision import Basis, Decision
from pgfa.read.interpret.facing import chirality
from pgfa.read.interpret.other_orders import assumed_sides, better_layout
from pgfa.read.interpret.pictures import THIN_DEPTH, check_depth, rough_depth
from pgfa.read.interpret.plausible import check_body
from pgfa.read.interpret.upright import MAX_COST, MIRRORED
from pgfa.read.source import FileRef
from pgfa.read.stated import Stated
from pgfa.skeleton import Layout

Floats = NDArray[np.float64]


def assumptions(points: Floats, layout: Layout, *, guessed: bool, timed: bool) -> tuple[Decision, ...]:
    """What neither the file nor the body settles, and is assumed.

    Args:
        points: (frames, bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints.
        guessed: whether only the body gives the layout.
        timed: whether the file numbers or lists its frames, so that takes that were joined would show.
    """
    out = assumed_sides(thinned(points), layout) if guessed else []
    if not timed and len(points) > 2:
        out.append(Decision("frames", "of one take", "assumed"))
    return tuple(out)


def check_person(ref: FileRef, points: Floats, layout: Layout, question: Undecided) -> None:
    """Raise BadFile for points in space that show no person, instead of a question which no person could answer; and
    where `check_body` does.
    """
    if points.shape[3] < 3 or question.quantity not in ("mirrored", "up") or ref.stated.layout:
        return
    fit = fit_of(thinned(points), layout)
    if np.isfinite(fit.cost) and fit.cost > MAX_COST:
        actual = (
            f"numbers that are none ({fit.worst}): angles, velocities, or positions relative to other joints?"
        )
        expected = f"positions of the joints of a person, as {layout.name} has them"
        raise BadFile(str(ref), where="keypoints", expected=expected, found=actual)
    check_body(str(ref), points, layout)


def check_frames_of(ref: FileRef, question: Undecided) -> None:
    """Raise BadFile for numbers that jump in the best reading, instead of a question which no layout answers."""
    if question.reason.startswith(JUMPS) and not ref.stated.layout:
        expected = "positions of the joints of a person, frame by frame (--rate of slow recordings)"
        raise BadFile(str(ref), where="frames", expected=expected, found=question.reason)


def check_layout(ref: FileRef, points: Floats, layout: Layout) -> None:
    """Raise Undecided if another layout fits the body clearly better than the one that the file names.

    Args:
        ref: the file.
        points: (frames, bodies, joints, 2 or 3), NaN where absent.
        layout: as the file names it.
    """
    if ref.stated.layout is None and (other := better_layout(thinned(points), layout)) is not None:
        actual = f"the layout {layout.name} in the file, and a body that is human in {other.name} only"
        raise Undecided(str(ref), quantity="layout", found=actual, options=(other.name, layout.name))


def check_mirror(
    ref: FileRef, points: Floats, layout: Layout, info: KeypointInfo, mirrored: bool | None
) -> tuple[str, ...]:
    """Notes on a flip that is not heeded. Raises Undecided if feet and knees contradict a file that calls its recording
    mirrored, or not mirrored, or flipped with a handedness.

    Args:
        ref: the file; what the user states counts.
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
        info: what else the file holds.
        mirrored: whether it is read as mirrored, whatever the body shows; None where the body decides.
    """
    if ref.stated.mirrored is not None:
        return ()
    if info.turned is None and (not info.flipped or mirrored is None):
        return ()
    bodies = thinned(points)
    sense, weight = chirality(bodies, layout)
    if mirrored:
        sense = -sense
    if sense > MIRRORED[0] or sense * weight > MIRRORED[1] or fit_of(bodies, layout).cost > MAX_COST:
        return info.flip_notes
    stated, seen = ("mirrored", "is not") if mirrored else ("not mirrored", "is")
    if info.turned is None:
        stated, seen = f"flipped, with {'left' if mirrored else 'right'}-handed axes", f"{seen} mirrored"
    actual = f"a file that calls its recording {stated}, and feet and knees that show that it {seen}"
    raise Undecided("", quantity="mirrored", found=actual)


def is_deep(stated: Stated, info: KeypointInfo) -> bool:
    """Whether the file or the user says what only points in space have: a unit, handedness, z up, or a depth."""
    given = (info.scale, info.mirrored, stated.unit)
    return bool(stated.depth) or {info.up, stated.up} & {"z", "-z"} != set() or given != (None, None, None)


def check_listed(ref: FileRef, info: KeypointInfo, layout: Layout) -> str:
    """A note that the names of joints are not all known. Raises BadFile if the layout has known ones elsewhere."""
    if (differs := difference(info.listed, layout)) and not ref.stated.layout:
        expected = f"joints in the order of {layout.name}, or all joints of a layout by name"
        raise BadFile(str(ref), where=f"field {info.listed_in}", expected=expected, found=differs)
    return f"names of joints in {info.listed_in} not all known: taken in the order of {layout.name}"


def check_steps(ref: FileRef, points: Floats, layout: Layout, info: KeypointInfo) -> None:
    """Raise BadFile if bodies jump from frame to frame as no person does: lines of several people, or in no order.

    A recording with a rate, or to which one is stated, may be that slow.

    Args:
        ref: the file.
        points: (frames, bodies, joints, 2 or 3), NaN where absent, each body in its own place.
        layout: of the joints.
        info: what else the file holds.
    """
    if info.rate is None and ref.stated.rate is None and jumps(points, layout):
        expected = (
            "one person from frame to frame: with a column or field of the person, and of the frame or time (--rate "
            "of slow recordings)"
        )
        raise BadFile(str(ref), where="frames", expected=expected, found="joints that jump in most of them")


def depth_of(ref: FileRef, points: Floats, layout: Layout, info: KeypointInfo) -> Decision | None:
    """Whether z is kept, if that is a question: as stated, or as the numbers show.

    Of a body in space the stated loss of depth is applied to the clip, as in other formats, once it is known on which
    side left is.
    """
    if ref.stated.depth is False and _is_in_space(ref, points, layout, info):
        return None
    if (given := info.depth if ref.stated.depth is None else ref.stated.depth) is not None:
        basis: Basis = "declared" if ref.stated.depth is None else "stated"
        return Decision("depth", "kept" if given else "dropped", basis)
    if info.scale is None and ref.stated.unit is None:
        check_depth(str(ref), points, layout)
    decision = rough_depth(points, layout)
    is_measured = info.scale is not None or info.mirrored is not None
    if decision is not None and THIN_DEPTH in decision and is_measured and not is_flat(points):
        return None  # of points in space an axis without extent is refused, whichever it is
    return decision


def _is_in_space(ref: FileRef, points: Floats, layout: Layout, info: KeypointInfo) -> bool:
    """Whether (frames, bodies, joints, 3) are points in space, and not those of a picture with a rough depth."""
    if is_deep(ref.stated, info):
        return True
    try:
        check_depth(str(ref), points, layout)
    except Undecided:
        return False
    rough = rough_depth(points, layout)
    return (rough is None or rough.value == "kept") and fit_of(thinned(points), layout).cost <= MAX_COST
