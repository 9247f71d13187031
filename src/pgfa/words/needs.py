"""Which joints a measure needs."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from pgfa.skeleton.layouts import KINECT20
from pgfa.words.motion import SIDES, lines_measured
from pgfa.words.series import Flags, Floats

Needs: TypeAlias = dict[str, tuple[str, ...]]
"""Measure -> joints without a side, `othershoulder`, or a group of joints (`GROUPS`)."""

GROUPS = {
    "hands": ("hand_left", "hand_right"),
    "shoulders": ("shoulder_left", "shoulder_right"),
    "hips": ("hip_left", "hip_right"),
    "ankles": ("ankle_left", "ankle_right"),
    "limbs": tuple(
        f"{joint}_{side}"
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in SIDES
    ),
}
"""Joints of both sides. The floor is where the ankles are; `limbs` are all joints that have no stand-in."""

CONDITIONS = (*KINECT20.joints, "heading")
"""What a clip shows or does not: each joint, and the direction that the body faces."""


def needs(joints: str, *names: str) -> Needs:
    """A table of measures that need the same joints; joints and names separated by spaces."""
    return {name: tuple(joints.split()) for group in names for name in group.split()}


def on_side(joint: str, side: str) -> tuple[str, ...]:
    """The conditions that an entry of `Needs` means for a side: `left`, `right`, or "" for the whole body."""
    if joint == "othershoulder":
        return (f"shoulder_{'left' if side == 'right' else 'right'}",)
    if joint in GROUPS:
        return GROUPS[joint]
    return (joint,) if joint in CONDITIONS else (f"{joint}_{side}",)


def met(measured: Flags) -> Flags:
    """(N, 20) joints seen -> (N, conditions). A wrist replaces a hand never seen; one line gives the heading."""
    joints = measured.copy()
    for side in SIDES:
        hand, wrist = (KINECT20.joints.index(f"{joint}_{side}") for joint in ("hand", "wrist"))
        joints[:, hand] |= measured[:, wrist]
    return np.concatenate([joints, lines_measured(measured).any(1, keepdims=True)], axis=1)


def incidence(conditions: list[set[str]]) -> Floats:
    """(conditions, measures) 1 where a measure needs a condition."""
    return np.array([[c in needed for needed in conditions] for c in CONDITIONS], dtype=np.float32)
