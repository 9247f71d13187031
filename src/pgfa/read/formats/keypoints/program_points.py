"""Joints of a person under fields that a single program has, whose layout, axes and unit are known by that."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.entry_fields import HYBRIK
from pgfa.read.formats.keypoints.entry_values import Unexpected, numbers_of, rows_of_width, table_of_rows
from pgfa.skeleton import AZURE32, LCRNET13, OPENPOSE18, SMPL24, Layout

PANOPTIC = (
    "chest", "nose", "", "shoulder_left", "elbow_left", "wrist_left", "hip_left", "knee_left", "ankle_left",
    "shoulder_right", "elbow_right", "wrist_right", "hip_right", "knee_right", "ankle_right", "eye_left", "ear_left",
    "eye_right", "ear_right",
)  # fmt: skip
"""CMU Panoptic's 19 joints: OpenPose's 18 and the middle of the hips."""
FIELDS = frozenset({"pose3d", "joints19", "joint_positions", *HYBRIK})
"""One of which such a person has."""
PANOPTIC_ROWS = [PANOPTIC.index(joint) for joint in OPENPOSE18.joints]

Floats = NDArray[np.float64]


class ProgramPoints(NamedTuple):
    """(joints, columns) of a person, their layout, whether the last column is a score, the axis up and metres per unit
    (None where they are not known).
    """

    points: Floats
    layout: Layout
    scored: bool = False
    up: str | None = None
    scale: float | None = None


def points_of_program(person: dict[str, Any]) -> ProgramPoints | None:
    """The joints of a person as one of these programs writes them; None for any other. Raises Unexpected."""
    if FIELDS.isdisjoint(person):
        return None
    if "pose3d" in person and "pose2d" in person:  # LCR-Net: all x, then all y, then all z
        columns = rows_of_width(numbers_of(person["pose3d"]), 13, "13 times x, y and z")
        return ProgramPoints(columns.T, LCRNET13)
    if "joints19" in person:  # CMU Panoptic: centimetres, y down; the third joint is the middle of the hips
        every = rows_of_width(numbers_of(person["joints19"]), 4, "x, y, z and score of 19 joints")
        if len(every) != len(PANOPTIC):
            raise Unexpected("19 joints", str(len(every)))
        return ProgramPoints(every[PANOPTIC_ROWS], OPENPOSE18, scored=True, up="-y", scale=0.01)
    if "joint_positions" in person:  # Azure Kinect's offline_processor: millimetres, y down
        return ProgramPoints(table_of_rows(person["joint_positions"]), AZURE32, up="-y", scale=0.001)
    if name := next((name for name in HYBRIK if person.get(name)), ""):
        # HybrIK: the joints of SMPL relative to the pelvis, in a unit of its own, then perhaps five more.
        every = rows_of_width(numbers_of(person[name]).reshape(-1), 3, "x, y and z of each joint")
        if len(every) < len(SMPL24.joints):
            raise Unexpected("24 joints or more", str(len(every)))
        return ProgramPoints(every[: len(SMPL24.joints)], SMPL24)
    return None
