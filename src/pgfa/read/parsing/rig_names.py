"""The joints of a person by their names in the skeletons of animation and motion capture programs.

Known: Biovision, CMU, LAFAN1, Bandai Namco, Acclaim, Mixamo, MotionBuilder (HumanIK, ``Character1_``), Rokoko,
Perception Neuron, Xsens, OptiTrack, iPi, Unreal, 3ds Max Biped, Valve, Character Creator, Poser and Daz, Blender's
Rigify, MakeHuman, VRM and VRoid, Ready Player Me, KayKit, SMPL, Kinect, English MikuMikuDance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

Parts = list[tuple[str, str]]

# Joint -> groups of names, the most specific group first; of several joints of a group, the one closest to the root
# is the joint, as the others (twist joints, halves of a bone, the hand after the wrist) start further out.
_MIDDLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "neck": (
        ("spineshoulder", "lowerneck", "necklower", "neckbase", "neck", "neck0", "neck1", "necktwist1"),
    ),
    "head": (("head",),),
}
_SIDES: dict[str, tuple[tuple[str, ...], ...]] = {
    "shoulder": (
        ("upperarm", "upperarm1", "uparm", "uarm", "armupper", "humerus", "shldrbend", "shldr"),
        ("arm",),
        ("shoulder",),
    ),
    "elbow": (
        ("lowerarm", "lowerarm1", "lowarm", "armlower", "forearm", "forearmbend", "farm", "radius", "elbow"),
    ),
    "wrist": (("wrist", "handwrist", "hand", "palm"),),
    "hip": (
        ("upperleg", "upperleg1", "upleg", "legupper", "uleg", "thigh", "thighbend", "femur"),
        ("hip",),
        ("leg",),
    ),
    "knee": (("lowerleg", "lowerleg1", "lowleg", "leglower", "shin", "calf", "tibia", "knee"), ("leg",)),
    "ankle": (("ankle", "footankle", "foot"),),
    "toe": (("toe", "toes", "toebase", "ball", "toe0", "toe1", "toe11", "bigtoe", "football"), ("foot",)),
}
_PELVIS = (("hips", "pelvis", "hip", "root"),)
_BONES = frozenset(
    name for joint in ("shoulder", "elbow", "hip", "knee") for group in _SIDES[joint] for name in group
) - {"shoulder", "elbow", "hip", "knee"}
"""Names of bones of arms and legs, which are no names of joints."""
_LIMBS = (("hip", "knee", "ankle", "toe"), ("shoulder", "elbow", "wrist"))
_OPTIONAL = ("toe",)
NEEDED = tuple(f"{joint}_{side}" for joint in _SIDES if joint not in _OPTIONAL for side in ("left", "right"))
"""What must be recognised; the head too, or else the neck."""

_SIDE_WORDS = {word: "left" for word in ("left", "l", "lft", "lt")} | {
    word: "right" for word in ("right", "r", "rgt", "rt")
}
_NAMESPACES = re.compile(
    r"(mixamorig|bip|character)\d*|biped|valve|def|org|[jcbmf]|jnt|joint|jt|bone|bn|avg|skeleton|skel|armature|rig"
)
"""Words in front of a name that do not belong to the joint."""
_HELPERS = re.compile(
    r"twist|roll|ik|fk|pole|target|end|nub|tip|top|site|effector|ctrl|control|mch|helper|adj|sec|socket|slot|handslot|weapon|prop"
    r"|leaf|corrective|dummy|footsteps|tail|aim|tweak|attach"
)
"""Words of joints that only help to deform or to animate a body."""


def find_joints(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """Recognise the joints of a person by their names.

    Args:
        names: as in the file (``"mixamorig:LeftForeArm"``, ``"LowerArm_L"``, ``"rElbow"``); "" for ends of bones.
        parents: index of each joint's parent, -1 for none; parents come first.

    Returns:
        joint (neck, head, shoulder_left, ...) -> index in names, as far as recognised; each index once.
    """
    parts = parts_of(names)
    depth = _depths(parents)
    joints: dict[str, int] = {}

    def choose(side: str, groups: tuple[tuple[str, ...], ...], above: int | None) -> int | None:
        for group in groups:
            fits = [i for i, (s, part) in enumerate(parts) if s == side and part in group]
            fits = [i for i in fits if i not in joints.values()]
            inner = [i for i in fits if above is not None and is_below(parents, i, above)]
            if inner or (fits and above is None):
                return min(inner or fits, key=lambda i: depth[i])
        return None

    for joint, groups in _MIDDLE.items():
        if (index := choose("", groups, None)) is not None:
            joints[joint] = index
    acclaim = any(part in ("humerus", "radius") for _, part in parts)
    for side in ("left", "right"):
        for limb in _LIMBS:
            above: int | None = None
            for joint in limb:
                groups = _SIDES[joint]
                if acclaim and joint == "wrist":
                    # Acclaim's wrist is the lower half of the forearm; the hand starts at the joint.
                    groups = (("hand",), *groups)
                index = choose(side, groups, above)
                if index is None and joint not in _OPTIONAL:
                    # A rig whose bones hang on one another only by constraints.
                    index = choose(side, groups, None)
                if index is None:
                    break
                joints[f"{joint}_{side}"] = above = index
    if not {"neck", "head"} & joints.keys() and ("", "spine6") in parts and ("", "spine4") in parts:
        # Rigify's spine runs from the pelvis (spine) to the head (spine.006); its neck starts at spine.004.
        joints |= {"neck": parts.index(("", "spine4")), "head": parts.index(("", "spine6"))}
    return joints


def flat_joints(names: Sequence[str]) -> tuple[dict[str, str], tuple[str, str] | None]:
    """The joints of a person among names of bones without a hierarchy, as a table has them.

    Returns:
        joint (pelvis, neck, head, toe_left, ...) -> name, empty unless arms or legs have names of bones and all of
        `NEEDED` are there; and two names that are one joint by the same right, as those of two people are, or None.
    """
    parts = parts_of(names)
    if not any(part in _BONES for _, part in parts):
        return {}, None
    joints: dict[str, str] = {}
    used: set[int] = set()
    twice: tuple[str, str] | None = None

    def choose(joint: str, side: str, groups: tuple[tuple[str, ...], ...]) -> None:
        nonlocal twice
        for alias in (part for group in groups for part in group):
            fits = [i for i, part in enumerate(parts) if part == (side, alias) and i not in used]
            if fits:
                joints[f"{joint}_{side}" if side else joint] = names[fits[0]]
                used.add(fits[0])
                if len(fits) > 1:
                    twice = twice or (names[fits[0]], names[fits[1]])
                return

    for joint, groups in (("pelvis", _PELVIS), *_MIDDLE.items()):
        choose(joint, "", groups)
    for side in ("left", "right"):
        for limb in _LIMBS:
            for joint in limb:
                choose(joint, side, _SIDES[joint])
    if not set(NEEDED) <= joints.keys():
        return {}, None
    return joints, twice


def missing_joints(joints: dict[str, int]) -> list[str]:
    """What is needed and was not recognised."""
    missing = [joint for joint in NEEDED if joint not in joints]
    return missing if {"neck", "head"} & joints.keys() else [*missing, "neck or head"]


def is_below(parents: Sequence[int], joint: int, above: int) -> bool:
    """Whether one joint is a descendant of another."""
    while joint >= 0:
        joint = parents[joint]
        if joint == above:
            return True
    return False


def is_helper(name: str) -> bool:
    """Whether a joint is by its name no part of a body: twist, IK target, socket, ..."""
    words = words_of(name)
    if "neck" in words:  # Character Creator's neck is a twist joint
        return False
    return any(_HELPERS.fullmatch(word.rstrip("0123456789")) for word in words)


def parts_of(names: Sequence[str]) -> Parts:
    """Side and part of each name: "mixamorig:LeftForeArm" -> left, forearm; helpers and ends have none."""
    words = [words_of(name) for name in names]
    words = _without_serial_numbers(words)
    many = 0.6 * max(1, sum(map(bool, words)))
    common = {first for first, count in Counter(w[0] for w in words if len(w) > 1).items() if count > many}
    last = {last for last, count in Counter(w[-1] for w in words if len(w) > 1).items() if count > many}
    words = [w[:-1] if len(w) > 1 and w[-1] in last else w for w in words]  # "left_arm_joint", "L_Arm_JNT"
    return [
        ("", "") if is_helper(name) else _side_and_part(word, common)
        for name, word in zip(names, words, strict=True)
    ]


def words_of(name: str) -> list[str]:
    """The words of a name without its namespace: "x:LHipJoint" -> l, hip, joint; "arm.L.001" -> arm, l, 001."""
    name = re.split(r"[:|]", name)[-1]
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    spaced = re.sub(r"([A-Z])([A-Z][a-z])", r"\1 \2", spaced)
    return re.sub(r"[^A-Za-z0-9]+", " ", spaced).lower().split()


def _without_serial_numbers(words: list[list[str]]) -> list[list[str]]:
    """Without the number that some exporters append to every name ("Hips_01", "Spine_02", ...)."""
    last = [word[-1] for word in words if len(word) > 1 and word[-1].isdigit()]
    if len(last) > 10 and len(last) >= 0.8 * sum(map(bool, words)) and len(set(last)) == len(last):
        return [word[:-1] if len(word) > 1 and word[-1].isdigit() else word for word in words]
    return words


def _side_and_part(words: list[str], common: set[str]) -> tuple[str, str]:
    if words[:2] == ["cc", "base"]:  # Character Creator
        words = words[2:]
    elif len(words) > 1 and words[0] in common and words[0] not in _SIDE_WORDS:
        words = words[1:]
    leading = len(list(takewhile(_NAMESPACES.fullmatch, words[:-1])))
    words = words[leading:]
    at = next((index for index, word in enumerate(words) if word in _SIDE_WORDS), None)
    side = _SIDE_WORDS[words[at]] if at is not None else ""
    rest = [word for index, word in enumerate(words) if index != at]
    if at is not None:
        rest = rest[len(list(takewhile(_NAMESPACES.fullmatch, rest[:-1]))) :]
    part = re.sub(r"0+(?=\d)", "", "".join(rest))
    for prefix in ("left", "right"):
        if not side and part.startswith(prefix):
            side, part = prefix, part.removeprefix(prefix)
    # One word with the side in front: "lfemur", "rhumerus".
    parts = {name for groups in _SIDES.values() for group in groups for name in group}
    if not side and part[:1] in ("l", "r") and part[1:] in parts:
        side, part = ("left" if part[0] == "l" else "right"), part[1:]
    return side, part


def _depths(parents: Sequence[int]) -> list[int]:
    depth: list[int] = []
    for parent in parents:
        depth.append(depth[parent] + 1 if parent >= 0 else 0)
    return depth
