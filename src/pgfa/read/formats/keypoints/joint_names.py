"""Joint names of pose estimators, body trackers and depth cameras -> a layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from pgfa.read.parsing.markers.names import BONES, STANDARD
from pgfa.skeleton import (
    AZURE32,
    H36M17,
    HALPE26,
    LAYOUTS,
    LCRNET13,
    MPI15,
    NTU25,
    NUITRACK19,
    OPENPOSE18,
    OPENPOSE25,
    SMPL24,
    ZED34,
    ZED38,
    Layout,
)
from pgfa.skeleton.layouts import KINECT20

BEFORE_NUMBERS = (
    r"(?:(?:(?:body|pose|world|pose_world)_)?(?:(?:kp|kpt|keypoint|joint|landmark|point|marker|node)s?|pt|lm|lmk|p|j)"
    r"|pose|world|pose_world)"
)
"""What stands before the number of a joint, in lower case with underscores."""
_NUMBERED = re.compile(rf"(?:{BEFORE_NUMBERS})?_?(\d{{1,3}})")
_PREFIXES = re.compile(
    r"^(?:k4_?abt_)?joint_(?:type_)?(?=[a-z])|^(?:keypoint|(?:pose_)?landmark|body)_(?=[a-z])"
)
_WORDS = {
    "l": "left", "r": "right", "lt": "left", "rt": "right", "foot_index": "toe", "big_toe": "toe", "bigtoe": "toe",
    "smalltoe": "small_toe", "hand_tip": "handtip", "midhip": "pelvis", "mid_hip": "pelvis", "pinky_toe": "small_toe",
}  # fmt: skip
_TRUNK = {"spine_navel": "spine_navel", "naval_spine": "spine_navel", "spine_naval": "spine_navel",
          "navel_spine": "spine_navel", "spine_chest": "spine_chest", "chest_spine": "spine_chest"}  # fmt: skip
_VISION = {
    "head": "nose", "neck_1": "chest",
    **{f"{name}_{side}": f"{joint}_{side}" for side in ("left", "right") for name, joint in (
        ("shoulder_1", "shoulder"), ("forearm", "elbow"), ("hand", "wrist"),
        ("up_leg", "hip"), ("leg", "knee"), ("foot", "ankle"),
    )},
}  # fmt: skip
"""Apple's Vision (left_upLeg_joint)."""
_DIALECTS: tuple[tuple[Layout, dict[str, str]], ...] = (
    (NTU25, {"spine_base": "pelvis", "spine_mid": "spine", "spine_shoulder": "chest"}),
    (KINECT20, {
        "hip_center": "pelvis", "hip_centre": "pelvis", "shoulder_center": "chest", "shoulder_centre": "chest",
    }),
    (AZURE32, {**_TRUNK, "neck": "chest", "head": "head_base"}),
    (ZED34, {**_TRUNK, "neck": "chest", "head": "head_base"}),
    (ZED38, {
        "spine_1": "spine_low", "spine_2": "spine_middle", "spine_3": "spine_high", "neck": "chest",
        "hand_thumb_4": "thumb", "hand_index_1": "index", "hand_middle_4": "handtip", "hand_pinky_1": "pinky",
    }),
    # Both collars are the same point.
    (NUITRACK19, {"waist": "pelvis", "torso": "spine", "collar_left": "chest"}),
    (HALPE26, {"neck": "chest", "hip": "pelvis", "head": "head_top"}),
    (OPENPOSE25, {"neck": "chest", "hip": "pelvis"}),
    (OPENPOSE18, {"neck": "chest"}),
    (OPENPOSE18, _VISION),
    (SMPL24, {"neck": "chest"}),
    (H36M17, {
        "root": "pelvis", "foot_left": "ankle_left", "foot_right": "ankle_right", "thorax": "chest",
        "neck_base": "chin", "head": "crown",
    }),
    (MPI15, {"head": "head_top", "thorax": "trunk", "chest": "trunk"}),
)  # fmt: skip
"""Layouts with names in use that are not their own, and what these are in the layout."""


@cache
def known_joints() -> frozenset[str]:
    """The joints of all layouts, and other names in use, as `canonical`."""
    renamed = {name for _, names in _DIALECTS for name in names}
    return frozenset({joint for layout in LAYOUTS.values() for joint in layout.joints} | renamed)


def known_names(names: Iterable[str]) -> int:
    """How many of these are names of joints, bones or markers."""
    return sum(
        canonical(name) in known_joints() or any(known.landmark(name) for known in (STANDARD, BONES))
        for name in names
        if not name.strip().isdigit()
    )


def canonical(name: str) -> str:
    """A joint's name as in the layouts: LeftFootIndex -> toe_left; 12, kp12 and landmark_12 -> 12."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=^[LR])(?=[A-Z][a-z])", "_", name.strip())
    spaced = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
    if match := _NUMBERED.fullmatch(spaced):
        return match[1].lstrip("0") or "0"
    spaced = _PREFIXES.sub("", spaced).removesuffix("_joint")  # ARKit: left_arm_joint
    words = [_WORDS.get(word, word) for word in spaced.split("_")]
    side = next((word for word in words if word in ("left", "right")), "")
    rest = "_".join(word for word in words if word not in ("left", "right"))
    rest = _WORDS.get(rest, rest)
    if not side and (match := re.fullmatch(r"(left|right)([a-z]+)|([a-z]+?)(left|right)", rest)):
        side, rest = match[1] or match[4], match[2] or match[3]
        rest = _WORDS.get(rest, rest)
    return f"{rest}_{side}" if side else rest


def layout_of_names(names: Sequence[str], only: Layout | None = None) -> tuple[Layout, dict[str, int]] | None:
    """The layout that has all its joints among these names, and the index of each name in it; None if there is none.

    Args:
        names: as `canonical` gives them; those that the layout does not have are left out of the result.
        only: the only layout to be considered; None for all.
    """
    fitting = []
    for layout, joint_of in _joints_of(names):
        if only in (None, layout) and set(layout.joints) <= set(joint_of.values()):
            fitting.append((len(layout.joints), layout, joint_of))
    if not fitting:
        return None
    _, layout, joint_of = max(fitting, key=lambda entry: entry[0])
    return layout, {name: layout.index(joint) for name, joint in joint_of.items()}


def missing_joints(names: Sequence[str]) -> tuple[Layout, list[str]]:
    """The layout that most of the names fit, and its joints that none of them is."""
    layout, joint_of = max(
        _joints_of(names), key=lambda pair: len(set(pair[1].values())) / len(pair[0].joints)
    )
    return layout, [joint for joint in layout.joints if joint not in joint_of.values()]


def difference(names: Sequence[str], layout: Layout) -> str:
    """The first joint of the layout that a list in another order has elsewhere, or on the other side; "" if none is."""
    if len(names) > len(layout.joints):
        return f"{len(names)} names"
    # Poses of SMPL without hands have fewer joints than the layout.
    for number, (name, joint) in enumerate(zip(names, layout.joints, strict=False), start=1):
        sides = [side for side in ("left", "right") if name.endswith(f"_{side}")]
        if (name in layout.joints and name != joint) or (sides and not joint.endswith(f"_{sides[0]}")):
            return f"{name} as joint {number}, which is {joint}"
    return ""


def _joints_of(names: Sequence[str]) -> list[tuple[Layout, dict[str, str]]]:
    """For each layout, with and without the names of its dialect: name -> joint.

    LCR-Net writes no names, and its few joints are among those of most layouts: a file that lacks a joint would be it.
    """
    out = []
    own: list[tuple[Layout, dict[str, str]]] = [
        (layout, {}) for layout in LAYOUTS.values() if layout is not LCRNET13
    ]
    for layout, renamed in (*own, *_DIALECTS):
        # A name that the dialect gives to another joint is not the layout's joint of that name.
        joint_of = {name: renamed.get(name, name) for name in names}
        out.append((layout, {name: joint for name, joint in joint_of.items() if joint in layout.joints}))
    return out
