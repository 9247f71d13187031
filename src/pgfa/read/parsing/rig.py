"""Skeletons of animation programs (BVH, glTF) in motion -> the joints of a Kinect, in metres, y up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, Undecided
from pgfa.read.interpret.decision import Decision
from pgfa.read.parsing.rig_body import (
    Points,
    check_proportions,
    handedness,
    neutral_up,
    stature,
    unit_of,
    upright_share,
)
from pgfa.read.parsing.rig_names import find_joints, is_below, is_helper, missing_joints, words_of
from pgfa.read.parsing.rig_shape import find_joints_by_shape
from pgfa.read.parsing.units import LOOKS_MIRRORED, upright_to_metres
from pgfa.read.source import FileRef
from pgfa.skeleton import NTU25

Floats = NDArray[np.float64]

MIRRORED = 0.3
"""Mean sign of what points forward, from -1 to 1, below the negative of which a body is mirrored."""


@dataclass(frozen=True)
class Rig:
    """A tree of joints in motion.

    Attributes:
        names: of the joints; "" for the ends of bones.
        parents: index of each joint's parent, -1 for none; parents come first.
        rest: (joints, 3) the rest pose, in the file's axes and unit.
        positions: (frames, joints, 3) the motion, in the same.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: Floats
    positions: Floats


def rig_to_metres(
    ref: FileRef, rig: Rig, joints: dict[str, int], scale: float | None
) -> tuple[Floats, tuple[str, ...]]:
    """The one place in which motion of a rig is interpreted.

    Up is y, as BVH has it by custom and glTF by its specification, whatever the body does: who lies, lies. It is
    another axis only if the rest pose stands along that axis and the body does not move upright along y. The unit is
    the one in which the body has the stature of a person. The names of left and right are compared with where
    feet and knees point.

    Args:
        ref: the file; what the user states about it is used in place of what is inferred.
        rig: the motion.
        joints: as `recognise_joints` gives them.
        scale: metres per unit, if the format states it.

    Returns:
        (frames, 25, 3) metres, y up, in ntu25; and problems: what was inferred.

    Raises:
        BadFile: the proportions are not those of a person. Undecided: left and right are exchanged, or nothing in a
            format without axes of its own shows whether they are.
    """
    points = {joint: rig.positions[:, index] for joint, index in joints.items()}
    check_proportions(str(ref), points, {joint: rig.names[index] for joint, index in joints.items()})
    rest = {joint: rig.rest[index] for joint, index in joints.items()}
    sense = _sense(points, rest)
    facing = sense * (-1 if ref.stated.mirrored else 1)
    if ref.stated.mirrored is None and facing < -MIRRORED:
        actual = "a mirrored body, whose feet and knees point backwards: the axes are left-handed, or names of left "
        actual += "and right are exchanged (--mirrored reads it as its mirror image, --no-mirrored as it is)"
        raise Undecided(str(ref), quantity="mirrored", found=actual)
    up, problems = _up_of(points, rest)
    decided: list[Decision] = []
    if scale is None:
        scale, note, decided = _inferred(stature(points), up)
        problems += [note] if note else []
    if ref.stated.up or ref.stated.unit:
        problems = []  # what is stated counts, and what was inferred instead need not be noted
    # Without toes and bent knees the ends of the feet and the elbows may tell; glTF fixes its axes.
    positions, more = upright_to_metres(
        as_kinect(rig, joints)[:, None],
        NTU25,
        up=up,
        scale=scale,
        mirrored=False if sense > MIRRORED or not decided else None,
        right_handed=True,
        decided=decided,
        stated=ref.stated,
    )
    doubts = (LOOKS_MIRRORED,) if facing < -MIRRORED else ()
    return positions[:, 0], (*problems, *more, *doubts, _recognised_by(rig))


def _recognised_by(rig: Rig) -> Decision:
    """The layout, into which joints of the rig are mapped: by their names, or by the shape."""
    if missing_joints(find_joints(rig.names, rig.parents)):
        return Decision("layout", NTU25.name, "established", "joints by the shape of the rig")
    return Decision("layout", NTU25.name, "declared", "joints by the names of the rig")


def _sense(points: Points, rest: Points) -> float:
    """As `handedness`, of the motion; where that shows nothing, as of somebody who rolls, of a neutral rest pose."""
    sense = handedness(points)
    if abs(sense) > MIRRORED or neutral_up(rest) is None:
        return sense
    return handedness({joint: point[None] for joint, point in rest.items()})


def _inferred(height: float, up: str) -> tuple[float, str, list[Decision]]:
    """Metres per unit of a format that does not state it, a note ("" for none), and what is decided about axes too."""
    scale, unit, note = unit_of(height)
    why = f"a stature of about {height * scale:.1f} m"
    return (
        scale,
        note,
        [
            Decision("unit", unit, "established", why)
            if unit
            else Decision("unit", f"{scale:.3g} m", "assumed"),
            Decision("axes", "right-handed", "established"),
            Decision("up", up, "custom") if up == "y" else Decision("up", up, "established", "the rest pose"),
        ],
    )


def recognise_joints(file: str, names: Sequence[str], parents: Sequence[int], rest: Floats) -> dict[str, int]:
    """joint -> index, by the names or, where these do not suffice, by the shape: arguments as fields of `Rig`.

    Raises:
        BadFile: joints are missing, or joints of one side hang on those of the other; lists them.
    """
    joints = find_joints(names, parents)
    missing = missing_joints(joints)
    if not missing:
        _check_sides(file, names, parents, joints)
        return joints
    by_shape = find_joints_by_shape(parents, rest)
    # Names that contradict the shape are a rig of another kind.
    if by_shape and all(by_shape.get(joint, index) == index for joint, index in joints.items()):
        return by_shape
    listed = [name for name in names if name]
    examples = ", ".join(name[:40] for name in listed[:12]) + (", ..." if len(listed) > 12 else "")
    raise BadFile(
        file,
        expected="the joints of a person, by names listed in docs/formats.md or by a symmetrical rest pose with toes",
        found=f"no {', '.join(missing[:8])} among {examples}",
    )


def _check_sides(file: str, names: Sequence[str], parents: Sequence[int], joints: dict[str, int]) -> None:
    """Raise BadFile if a joint hangs on a joint of the other side: their names were exchanged."""
    for joint, index in joints.items():
        for other, above in joints.items():
            if {joint.rpartition("_")[2], other.rpartition("_")[2]} == {"left", "right"} and is_below(
                parents, index, above
            ):
                actual = f"{names[index][:40]!r} below {names[above][:40]!r}: names of the sides exchanged"
                raise BadFile(file, expected="joints of a limb that hang on one another", found=actual)


def as_kinect(rig: Rig, joints: dict[str, int]) -> Floats:
    """(frames, 25, 3) the joints of ntu25 from those of a rig, in its axes and unit.

    The base of the neck is the chest (without a neck: the middle of the shoulders); the spine joint is half-way to it
    from the pelvis; the head is in the middle of the head's bone; a hand is half-way along the hand, with the thumb;
    the finger tip is at the end of it.
    """
    at = {joint: rig.positions[:, index] for joint, index in joints.items()}
    chest = at.get("neck", (at["shoulder_left"] + at["shoulder_right"]) / 2)
    if "head" in joints:
        head = (at["head"] + rig.positions[:, _crown(rig, joints["head"])]) / 2
    else:
        head = rig.positions[:, _crown(rig, joints["neck"])]
    out = {
        "pelvis": (at["hip_left"] + at["hip_right"]) / 2,
        "chest": chest,
        "neck": (chest + head) / 2,
        "head": head,
    }
    out["spine"] = (out["pelvis"] + chest) / 2
    for side in ("left", "right"):
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
            out[f"{joint}_{side}"] = at[f"{joint}_{side}"]
        end = rig.positions[:, _farthest(rig, joints[f"wrist_{side}"])]
        out[f"hand_{side}"] = out[f"thumb_{side}"] = (at[f"wrist_{side}"] + end) / 2
        out[f"handtip_{side}"] = end
        toe = joints.get(f"toe_{side}", _farthest(rig, joints[f"ankle_{side}"]))
        out[f"foot_{side}"] = rig.positions[:, toe]
    return np.stack([out[joint] for joint in NTU25.joints], axis=1)


def _up_of(points: Points, rest: Points) -> tuple[str, list[str]]:
    """The axis that points up, and notes."""
    standing = neutral_up(rest)
    shares = {axis: upright_share(points, axis) for axis in ("y", "-y", "z", "-z", "x", "-x")}
    if standing not in (None, "y") and shares["y"] < 0.5:
        return standing or "y", [f"up axis inferred: {standing}, from the rest pose"]
    highest = max(shares, key=lambda axis: shares[axis])
    if highest != "y" and shares[highest] > 0.8:
        return "y", [f"the body lies: it is upright along {highest}, but y is up in such files"]
    return "y", []


def _farthest(rig: Rig, start: int) -> int:
    """The joint or end below `start` that is farthest from it in the rest pose, helpers left out; or itself."""

    def is_body(index: int) -> bool:
        name = rig.names[index] or rig.names[rig.parents[index]]
        return is_end(name) or not is_helper(name)

    below = [i for i in range(len(rig.names)) if is_below(rig.parents, i, start) and is_body(i)]
    distances = np.linalg.norm(rig.rest[below] - rig.rest[start], axis=-1)
    return below[int(distances.argmax())] if below else start


def _crown(rig: Rig, head: int) -> int:
    """The end of the head's bone: an end or a joint so named, or the only child; else the head itself."""
    children = [index for index, parent in enumerate(rig.parents) if parent == head]
    ends = [index for index in children if not rig.names[index] or is_end(rig.names[index])]
    return ends[0] if ends else children[0] if len(children) == 1 else head


def is_end(name: str) -> bool:
    """Whether a joint is by its name the end of a bone."""
    return bool({"end", "nub", "top", "tip", "site"} & set(words_of(name)))
