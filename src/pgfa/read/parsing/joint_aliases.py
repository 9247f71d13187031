"""Whose joint is it: the usual names of joints in motion files (BVH of many makers), to Kinect's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pgfa.errors import LayoutMismatch

# Joint -> names of the point in motion files, the surest first; sides are found apart.
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
    """Which of a motion file's joints is which.

    Args:
        file: for the error.
        names: the file's joint names (``"mixamorig:LeftForeArm"``, ``"LowerArm_L"``, ``"rElbow"``).

    Returns:
        joint name (pelvis, neck, head, shoulder_left, ...) -> index in names; head and toes where there are any.

    Raises:
        LayoutMismatch: where a joint that a person's trunk, arms and legs need is not recognised.
    """
    plain = [_plain(name) for name in names]
    found: dict[str, int] = {}
    for joint, known in _MIDDLE.items():
        if (at := _first(plain, "", known)) is not None:
            found[joint] = at
    for joint, known in _SIDES.items():
        for side in ("left", "right"):
            if (at := _first(plain, side, known)) is not None:
                found[f"{joint}_{side}"] = at
    lacking = [joint for joint in NEEDED if joint not in found]
    if lacking or len(set(found.values())) != len(found):
        lack = ", ".join(lacking[:6]) or "two joints of one name"
        some = ", ".join(name[:40] for name in names[:12])
        raise LayoutMismatch(
            f"{file}: expected the joints of a person by their usual names, found no {lack}; there are {some}"
        )
    return found


def _first(plain: list[tuple[str, str]], side: str, known: tuple[str, ...]) -> int | None:
    return next((plain.index((side, name)) for name in known if (side, name) in plain), None)


def _plain(name: str) -> tuple[str, str]:
    """Side and part of a name: "mixamorig:LeftForeArm" -> left, forearm; "Foot_R", "rFoot" -> right, foot."""
    name = re.split(r"[:|]", name)[-1]
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = re.sub(r"[^A-Za-z0-9]+", " ", spaced).lower().split()
    side = ""
    kept = []
    for at, word in enumerate(words):
        if not side and word in ("left", "right", "l", "r") and (len(word) > 1 or at in (0, len(words) - 1)):
            side = {"l": "left", "r": "right"}.get(word, word)
        else:
            kept.append(word)
    part = "".join(kept)
    for long in ("left", "right"):
        if not side and part.startswith(long):
            side, part = long, part.removeprefix(long)
    # CMU's "lfemur", "rhumerus": one word with the side in front.
    if (
        not side
        and part[:1] in ("l", "r")
        and part[1:] in {name for names in _SIDES.values() for name in names}
    ):
        side, part = ("left" if part[0] == "l" else "right"), part[1:]
    return side, part
