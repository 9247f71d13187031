"""Layouts of body trackers and of larger pose estimators, and their maps.

Azure Kinect and ZED (bodies of depth cameras), Nuitrack, HALPE, COCO-WholeBody, OpenPose's MPI and LCR-Net.
"""

from __future__ import annotations

from pgfa.skeleton.estimator_layouts import from_estimator, pair, sides
from pgfa.skeleton.layout import Layout, both

_BODY17 = (
    "nose", "eye_left", "eye_right", "ear_left", "ear_right",
    "shoulder_left", "shoulder_right", "elbow_left", "elbow_right", "wrist_left", "wrist_right",
    "hip_left", "hip_right", "knee_left", "knee_right", "ankle_left", "ankle_right",
)  # fmt: skip
_ARM = ("shoulder", "elbow", "wrist")
_LEG = ("hip", "knee", "ankle")

# The tracker's "neck" is the base of the neck (the chest of a Kinect), its "head" the base of the skull.
_AZURE_JOINTS = (
    "pelvis", "spine_navel", "spine_chest", "chest",
    *(f"{joint}_left" for joint in ("clavicle", *_ARM, "hand", "handtip", "thumb")),
    *(f"{joint}_right" for joint in ("clavicle", *_ARM, "hand", "handtip", "thumb")),
    *(f"{joint}_left" for joint in (*_LEG, "foot")),
    *(f"{joint}_right" for joint in (*_LEG, "foot")),
    "head_base", "nose", "eye_left", "ear_left", "eye_right", "ear_right",
)  # fmt: skip
_AZURE_BONES = (
    ("spine_chest", "chest"), ("spine_navel", "spine_chest"), ("pelvis", "spine_navel"),
    ("head_base", "chest"), ("nose", "head_base"),
    *both("nose=", "eye", "ear"),
    *both("chest=", "clavicle", "shoulder", "elbow", "wrist", "hand", "handtip"),
    *both("wrist", "thumb"),
    *both("pelvis=", "hip", "knee", "ankle", "foot"),
)  # fmt: skip

AZURE32 = Layout("azure32", _AZURE_JOINTS, _AZURE_BONES, centre="chest", root="pelvis")

ZED34 = Layout(
    "zed34",
    (*_AZURE_JOINTS, "heel_left", "heel_right"),
    (*_AZURE_BONES, *both("ankle", "heel")),
    centre="chest",
    root="pelvis",
)

ZED38 = Layout(
    "zed38",
    (
        "pelvis", "spine_low", "spine_middle", "spine_high", "chest",
        *_BODY17[:5], "clavicle_left", "clavicle_right", *_BODY17[5:],
        *(
            f"{joint}_{side}"
            for joint in ("toe", "small_toe", "heel", "thumb", "index", "handtip", "pinky")
            for side in ("left", "right")
        ),
    ),
    (
        ("spine_high", "chest"), ("spine_middle", "spine_high"), ("spine_low", "spine_middle"),
        ("pelvis", "spine_low"), ("nose", "chest"),
        *both("nose=", "eye", "ear"),
        *both("chest=", "clavicle", "shoulder", "elbow", "wrist", "index", "handtip"),
        *both("wrist", "thumb"), *both("wrist", "pinky"),
        *both("pelvis=", "hip", "knee", "ankle", "toe", "small_toe"),
        *both("ankle", "heel"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

# Nuitrack's torso is half-way up the trunk, its two collars are one point between the shoulders; feet and finger tips
# are in its list of joints, but never tracked.
NUITRACK19 = Layout(
    "nuitrack19",
    (
        "head", "neck", "chest", "spine", "pelvis",
        *(f"{joint}_left" for joint in (*_ARM, "hand")), *(f"{joint}_right" for joint in (*_ARM, "hand")),
        *(f"{joint}_left" for joint in _LEG), *(f"{joint}_right" for joint in _LEG),
    ),
    (
        ("head", "neck"), ("neck", "chest"), ("spine", "chest"), ("pelvis", "spine"),
        *both("chest=", *_ARM, "hand"),
        *both("pelvis=", *_LEG),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

_FEET = tuple(f"{joint}_{side}" for joint in ("toe", "small_toe", "heel") for side in ("left", "right"))

# The annotated "neck" is half-way between the shoulders, "head" is the top of the head.
HALPE26 = Layout(
    "halpe26",
    (*_BODY17, "head_top", "chest", "pelvis", *_FEET),
    (
        ("nose", "chest"), ("head_top", "nose"), ("pelvis", "chest"),
        *both("nose=", "eye", "ear"),
        *both("chest=", *_ARM),
        *both("pelvis=", *_LEG, "toe", "small_toe"),
        *both("ankle", "heel"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
_MIDDLE_OF_FACE = (8, 27, 28, 29, 30, 33, 51, 57, 62, 66)
# Pairs of the 68 points of the face, the person's right one first, as (first, last) of the right half and the point
# opposite to the first: on the other half the numbers descend.
_HALVES_OF_FACE = (
    (0, 7, 16), (17, 21, 26), (31, 32, 35), (36, 39, 45), (40, 41, 47), (48, 50, 54), (58, 59, 56), (60, 61, 64),
    (67, 67, 65),
)  # fmt: skip


def _face() -> tuple[str, ...]:
    """Names of the 68 points of a face: ``face_0_right`` is opposite to ``face_0_left``."""
    name_of = {number: f"face_{number}" for number in _MIDDLE_OF_FACE}
    for first, last, opposite in _HALVES_OF_FACE:
        for step, number in enumerate(range(first, last + 1)):
            name_of[number], name_of[opposite - step] = f"face_{number}_right", f"face_{number}_left"
    return tuple(name_of[number] for number in range(68))


def _hand(side: str) -> tuple[str, ...]:
    return (
        f"hand_root_{side}",
        *(f"{finger}_{number}_{side}" for finger in _FINGERS for number in range(1, 5)),
    )


# The order of the feet differs from HALPE: all of the left foot, then all of the right.
WHOLEBODY133 = Layout(
    "wholebody133",
    (
        *_BODY17,
        *(f"{joint}_{side}" for side in ("left", "right") for joint in ("toe", "small_toe", "heel")),
        *_face(), *_hand("left"), *_hand("right"),
    ),
    (
        *both("nose=", "eye", "ear"),
        *((point, "nose") for point in _face()),
        *both("nose=", *_ARM, "hand_root"),
        *both("shoulder", *_LEG, "toe", "small_toe"), *both("ankle", "heel"),
        *(
            bone
            for finger in _FINGERS
            for bone in both("hand_root", *(f"{finger}_{number}" for number in range(1, 5)))
        ),
    ),
    centre="nose",
    root="nose",
)  # fmt: skip

# OpenPose's model "MPI": head is the top of the head, the last joint the middle of the trunk.
MPI15 = Layout(
    "mpi15",
    (
        "head_top", "neck",
        *(f"{joint}_right" for joint in _ARM), *(f"{joint}_left" for joint in _ARM),
        *(f"{joint}_right" for joint in _LEG), *(f"{joint}_left" for joint in _LEG),
        "trunk",
    ),
    (("head_top", "neck"), ("trunk", "neck"), *both("neck=", *_ARM), *both("trunk=", *_LEG)),
    centre="neck",
    root="trunk",
)  # fmt: skip

LCRNET13 = Layout(
    "lcrnet13",
    (
        *(
            f"{joint}_{side}"
            for joint in (*reversed(_LEG), *reversed(_ARM))
            for side in ("right", "left")
        ),
        "head",
    ),
    (*both("head=", *_ARM), *both("shoulder", *_LEG)),
    centre="head",
    root="head",
)  # fmt: skip

CAMERA_LAYOUTS = (AZURE32, ZED34, ZED38, NUITRACK19, HALPE26, WHOLEBODY133, MPI15, LCRNET13)

_FOREFOOT = {"foot": {"toe": 0.5, "small_toe": 0.5}}
_KNUCKLES: dict[str, dict[str, float]] = {
    "hand": {"index_1": 0.5, "pinky_1": 0.5},
    "handtip": {"middle_4": 1},
    "thumb": {"thumb_4": 1},
}
_EARS = pair("ear")
_NECK = {"chest": 0.5, **pair("ear", 0.5)}
_LIMBS = {"foot": {"ankle": 1.0}}
_TIPS = {"handtip": {"hand": 1.0}, "thumb": {"hand": 1.0}}
_NO_HAND = {"hand": {"wrist": 1.0}, "handtip": {"wrist": 1.0}, "thumb": {"wrist": 1.0}}
_HIPS_AND_SHOULDERS = {"pelvis": pair("hip"), "chest": pair("shoulder")}


def _height(up: float) -> dict[str, float]:
    """The point at that height between hips (0) and shoulders (1)."""
    return pair("hip", 1 - up) | pair("shoulder", up)


def _without_face(
    layout: str, head: dict[str, float], neck: dict[str, float]
) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """Maps of a layout that has a head, but neither trunk, hands nor feet."""
    common = _HIPS_AND_SHOULDERS | ({"head": head} if head else {})
    return {
        (layout, "ntu25"): common | {"spine": _height(1 / 2), "neck": neck} | sides(**_LIMBS, **_NO_HAND),
        (layout, "kinect20"): common | {"spine": _height(1 / 6)} | sides(**_LIMBS, hand=_NO_HAND["hand"]),
    }


CAMERA_MAPS: dict[tuple[str, str], dict[str, dict[str, float]]] = {
    # The navel is a third of the way up from the pelvis to the base of the neck, the chest joint nearly two thirds.
    **{
        pair_of_names: recipes
        for layout in ("azure32", "zed34")
        for pair_of_names, recipes in {
            (layout, "ntu25"): {
                "head": _EARS, "neck": _NECK, "spine": {"spine_navel": 0.5, "spine_chest": 0.5},
            },
            (layout, "kinect20"): {"head": _EARS, "spine": {"pelvis": 0.5, "spine_navel": 0.5}},
        }.items()
    },
    # Three joints between the pelvis and the base of the neck: the second is in the middle, the first at a quarter.
    ("zed38", "ntu25"): {
        "head": _EARS, "neck": _NECK, "spine": {"spine_middle": 1},
        **sides(hand={"index": 0.5, "pinky": 0.5}, **_FOREFOOT),
    },
    ("zed38", "kinect20"): {
        "head": _EARS, "spine": {"pelvis": 1 / 3, "spine_low": 2 / 3},
        **sides(hand={"index": 0.5, "pinky": 0.5}, **_FOREFOOT),
    },
    ("nuitrack19", "ntu25"): sides(**_LIMBS, **_TIPS),
    ("nuitrack19", "kinect20"): {"spine": {"pelvis": 2 / 3, "spine": 1 / 3}, **sides(**_LIMBS)},
    **from_estimator(HALPE26, feet=_FOREFOOT),
    **from_estimator(WHOLEBODY133, hands=_KNUCKLES, feet=_FOREFOOT),
    **_without_face("mpi15", {"head_top": 0.5, "neck": 0.5}, {"neck": 1}),
    **_without_face("lcrnet13", {}, {"head": 0.5, **pair("shoulder", 0.5)}),
}  # fmt: skip
"""As in `pgfa.skeleton.layouts`: (source, target) -> joint -> {source joint: weight}."""
