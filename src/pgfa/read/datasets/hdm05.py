"""HDM05 (Müller et al. 2007), the subset of 11 classes: Acclaim motion (.amc) of five actors (.asf), 120 Hz."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble
from pgfa.read.format import CLASS_UNKNOWN, Format
from pgfa.read.formats.acclaim import Skeleton, forward, parse_amc, parse_asf
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import HDM05, Clip, Source

# Motion name of the data set -> class.
ACTIONS = {
    "depositFloorR": "deposit-floor",
    "elbowToKnee1RepsLelbowStart": "elbow-to-knee",
    "grabHighR": "grab-high",
    "hopBothLegs1hops": "hop-both-legs",
    "jogLeftCircle4StepsRstart": "jog-left-circle",
    "kickLFront1Reps": "kick-left-front",
    "lieDownFloor": "lie-down-floor",
    "rotateArmsBothBackward1Reps": "rotate-arms-backward",
    "sneak2StepsLStart": "sneak",
    "squat1Reps": "squat",
    "throwBasketball": "throw-basketball",
}
RATE = 120.0
MAX_SKELETON = 1024 * 1024
"""Bytes of an actor's .asf; those of HDM05 have 10 KB."""
NAME = r"HDM_([a-z]+)_(.+)_(\d{1,18})_(\d{1,18})\.amc"

_ARM = {"clavicle": "shoulder", "humerus": "elbow", "radius": "forearm", "wrist": "wrist", "hand": "hand",
        "fingers": "handtip", "thumb": "thumb"}  # fmt: skip
_LEG = {"hipjoint": "hip", "femur": "knee", "tibia": "ankle", "foot": "foot", "toes": "toe"}
_TRUNK = {"lowerback": "spine_low", "upperback": "spine_high", "thorax": "chest", "lowerneck": "neck",
          "upperneck": "neck_high", "head": "head"}  # fmt: skip
# ASF segment -> the joint of the layout that is its far end.
SEGMENTS = _TRUNK | {
    side[0] + segment: f"{joint}_{side}"
    for side in ("left", "right")
    for segment, joint in (_ARM | _LEG).items()
}


def sniff(name: str, head: bytes) -> bool:
    """Acclaim motion: a flag ":FULLY-SPECIFIED", or the ending .amc and a first frame."""
    return b":FULLY-SPECIFIED" in head.upper() or (name.lower().endswith(".amc") and b"\nroot " in head)


def find(root: Path) -> list[FileRef]:
    """The ``HDM_actor_motion_N_120.amc`` files under a folder or in a zip."""
    return find_files(root, NAME, "HDM05 recordings (HDM_bd_squat1Reps_001_120.amc)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 31, 3) metres in the room's frame (y up), 120 Hz, by forward kinematics.

    The skeleton is the actor's ``HDM_actor.asf`` in the same folder (or, for a file named otherwise, the .asf of
    the same name).

    Raises:
        BadFile: motion or skeleton is damaged, or the skeleton is missing. LimitExceeded.
    """
    raw = ref.read()
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    actor = ref.sibling(f"HDM_{match[1]}.asf" if match else f"{ref.stem}.asf")
    try:
        skeleton_bytes = actor.read(MAX_SKELETON)
    except BadFile as error:
        actual = f"{actor.name}: {error.found}"
        raise BadFile(str(ref), expected="the actor's skeleton in the same folder", found=actual) from None
    skeleton = parse_asf(str(actor), skeleton_bytes)
    _check_segments(actor, skeleton)
    motion, degrees, problems = parse_amc(str(ref), raw, skeleton)
    ends = forward(skeleton, motion, degrees)
    joints = ["pelvis", *(SEGMENTS[bone.name] for bone in skeleton.bones)]
    positions = ends[:, None, np.array([joints.index(joint) for joint in HDM05.joints])]
    action = ACTIONS.get(match[2], "") if match else ""
    if not action:
        problems.append(CLASS_UNKNOWN)
    source = Source(
        id=ref.stem,
        dataset="hdm05",
        action=action,
        variant=match[2] if match else "",
        subject=match[1].lower() if match else "",
    )
    rate = float(match[4]) if match and 1 <= int(match[4]) <= 1000 else RATE
    return assemble(
        ref,
        raw,
        positions,
        rate=rate,
        layout=HDM05,
        source=source,
        problems=tuple(problems),
        absent=None,
        scale=skeleton.metres,
    )


def _check_segments(actor: FileRef, skeleton: Skeleton) -> None:
    names = {bone.name for bone in skeleton.bones}
    if different := sorted(names ^ SEGMENTS.keys()):
        expected = f"the {len(SEGMENTS)} bones of the HDM05 skeleton"
        raise BadFile(str(actor), expected=expected, found=f"others ({', '.join(different[:5])})")


def sample() -> dict[str, bytes]:
    """Two frames of class squat, and the actor's skeleton."""
    block = "begin\nname {}\ndirection 1 0 0\nlength 1\naxis 0 0 0 XYZ\ndof rx\nend\n"
    skeleton = (
        ":units\nlength 0.45\n:root\norder TX TY TZ RX RY RZ\naxis XYZ\n:bonedata\n"
        + "".join(map(block.format, SEGMENTS))
        + f":hierarchy\nbegin\nroot {' '.join(SEGMENTS)}\nend\n"
    )
    angles = "".join(f"{bone} 1.5\n" for bone in SEGMENTS)
    motion = ":FULLY-SPECIFIED\n:DEGREES\n" + "".join(f"{n}\nroot 0 1 0 0 0 0\n{angles}" for n in (1, 2))
    return {"HDM_bd_squat1Reps_001_120.amc": motion.encode(), "HDM_bd.asf": skeleton.encode()}


FORMAT = Format(
    "hdm05",
    "HDM05: .amc with the actor's .asf, 11 classes",
    sniff,
    find,
    read,
    kind="dataset",
    companions=(".asf",),
    sample=sample,
)
