"""HDM05 (Müller et al. 2007), the set of 11 classes: Acclaim motion (.amc) of five actors (.asf), 120 Hz."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble
from pgfa.read.format import CLASS_NOT_TOLD, FileRef, Format
from pgfa.read.formats.acclaim import Skeleton, forward, parse_amc, parse_asf
from pgfa.read.source import find_files
from pgfa.skeleton import HDM05, Clip, Source

# The data set's own motion name -> class.
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

    The skeleton is the actor's ``HDM_actor.asf`` in the same folder (or, for another name,
    the .asf of that name).

    Raises:
        BadFile: where motion or skeleton is wrong or the skeleton lacks. LimitExceeded.
    """
    raw = ref.read()
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    actor = ref.sibling(f"HDM_{match[1]}.asf" if match else f"{ref.stem}.asf")
    try:
        bones = actor.read()
    except BadFile as error:
        found = f"{actor.name}: {error.found}"
        raise BadFile(str(ref), expected="the actor's skeleton beside it", found=found) from None
    skeleton = parse_asf(str(actor), bones)
    _check_segments(actor, skeleton)
    motion, degrees, problems = parse_amc(str(ref), raw, skeleton)
    ends = forward(skeleton, motion, degrees)
    joints = ["pelvis", *(SEGMENTS[bone.name] for bone in skeleton.bones)]
    positions = ends[:, None, np.array([joints.index(joint) for joint in HDM05.joints])]
    action = ACTIONS.get(match[2], "") if match else ""
    if not action:
        problems.append(CLASS_NOT_TOLD)
    source = Source(
        id=ref.stem,
        dataset="hdm05",
        action=action,
        variant=match[2] if match else "",
        subject=match[1].lower() if match else "",
    )
    rate = float(match[4]) if match and 1 <= int(match[4]) <= 1000 else RATE
    return assemble(
        ref, raw, positions, rate=rate, layout=HDM05, source=source, problems=tuple(problems), absent=None
    )


def _check_segments(actor: FileRef, skeleton: Skeleton) -> None:
    names = {bone.name for bone in skeleton.bones}
    odd = sorted(names ^ SEGMENTS.keys())
    if odd:
        expected = f"the {len(SEGMENTS)} bones of the HDM05 skeleton"
        raise BadFile(str(actor), expected=expected, found=f"other ones ({', '.join(odd[:5])})")


FORMAT = Format("hdm05", "HDM05: .amc with the actor's .asf, 11 classes", sniff, find, read)
