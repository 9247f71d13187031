"""The usual names of joints in motion files (BVH of many programs) -> the joints of a Kinect."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pgfa.errors import LayoutMismatch

# Joint -> its names in motion files, the most specific first; sides are recognised separately.
_MIDDLE = {
    "pelvis": ("hips", "pelvis", "hip", "root", "bip01", "hipsmiddle"),
    "neck": ("neck", "neck1", "lowerneck"),
    "head": ("head",),
}
_SIDES = {
    "shoulder": ("upperarm", "uparm", "arm", "humerus", "shldr", "shoulder"),
    "elbow": ("lowerarm", "lowarm", "forearm", "radius", "elbow"),
    "wrist": ("hand", "wrist"),
    "hip": ("upperleg", "upleg", "thigh", "femur", "hip"),
    "knee": ("lowerleg", "lowleg", "leg", "shin", "calf", "tibia", "knee"),
    "ankle": ("foot", "ankle"),
    "toe": ("toes", "toe", "toebase", "ball", "toe0"),
}
NEEDED = ("pelvis", "neck", *(f"{joint}_{side}" for joint in list(_SIDES)[:-1] for side in ("left", "right")))


def find_joints(file: str, names: Sequence[str]) -> dict[str, int]:
    """Recognise the joints of a person by their names.

    Args:
        file: for the error.
        names: the file's joint names (``"mixamorig:LeftForeArm"``, ``"LowerArm_L"``, ``"rElbow"``).

    Returns:
        joint name (pelvis, neck, head, shoulder_left, ...) -> index in names; head and toes are optional.

    Raises:
        LayoutMismatch: a joint of the trunk, arms or legs is not recognised, or one name fits two joints.
    """
    parts = [_side_and_part(name) for name in names]
    index_of: dict[str, int] = {}
    for joint, aliases in _MIDDLE.items():
        if (index := _first(parts, "", aliases)) is not None:
            index_of[joint] = index
    for joint, aliases in _SIDES.items():
        for side in ("left", "right"):
            if (index := _first(parts, side, aliases)) is not None:
                index_of[f"{joint}_{side}"] = index
    missing = [joint for joint in NEEDED if joint not in index_of]
    if missing or len(set(index_of.values())) != len(index_of):
        actual = f"no {', '.join(missing[:6])}" if missing else "one name for two joints"
        examples = ", ".join(name[:40] for name in names[:12])
        raise LayoutMismatch(
            f"{file}: expected the joints of a person by their usual names, found {actual}; its names: {examples}"
        )
    return index_of


def _first(parts: list[tuple[str, str]], side: str, aliases: tuple[str, ...]) -> int | None:
    return next((parts.index((side, name)) for name in aliases if (side, name) in parts), None)


def _side_and_part(name: str) -> tuple[str, str]:
    """Side and part of a name: "mixamorig:LeftForeArm" -> left, forearm; "Foot_R", "rFoot" -> right, foot."""
    name = re.split(r"[:|]", name)[-1]
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = re.sub(r"[^A-Za-z0-9]+", " ", spaced).lower().split()
    side = ""
    rest = []
    for index, word in enumerate(words):
        is_side = word in ("left", "right") or (word in ("l", "r") and index in (0, len(words) - 1))
        if not side and is_side:
            side = {"l": "left", "r": "right"}.get(word, word)
        else:
            rest.append(word)
    part = "".join(rest)
    for prefix in ("left", "right"):
        if not side and part.startswith(prefix):
            side, part = prefix, part.removeprefix(prefix)
    # CMU's "lfemur", "rhumerus": one word with the side in front.
    if (
        not side
        and part[:1] in ("l", "r")
        and part[1:] in {name for names in _SIDES.values() for name in names}
    ):
        side, part = ("left" if part[0] == "l" else "right"), part[1:]
    return side, part
