"""Joints as 4x4 matrices, as ARKit's body anchors have them: the position is where a matrix moves the origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.parsing.rates import plain

TRANSFORMS = (
    "transform", "matrix", "modeltransform", "worldtransform", "anchortransform", "bodytransform", "roottransform",
)  # fmt: skip
"""Fields that hold a matrix, as `pgfa.read.parsing.rates.plain`."""
ANCHORS = ("transform", "anchortransform", "bodytransform", "roottransform", "bodyanchortransform")
"""Those of a body, relative to which its joints may be."""
MODEL = (
    "jointModelTransforms",
    "joint_model_transforms",
    "modelTransforms",
    "jointTransforms",
    "joint_transforms",
)
LOCAL = ("jointLocalTransforms", "joint_local_transforms", "localTransforms")
"""Fields with the matrices of all joints: relative to the body, and relative to their parents."""
NUMBERS = 16
SMALL = 1e-3
"""Deviation of the last row of a matrix from 0 0 0 1."""
AT_ORIGIN = 0.3
"""Metres from the origin within which the hips are, if joints are relative to the anchor of the body."""
ARKIT = {
    0: "root", 1: "hips_joint", 2: "left_upLeg_joint", 3: "left_leg_joint", 4: "left_foot_joint", 5: "left_toes_joint",
    7: "right_upLeg_joint", 8: "right_leg_joint", 9: "right_foot_joint", 10: "right_toes_joint",
    19: "left_shoulder_1_joint", 20: "left_arm_joint", 21: "left_forearm_joint", 22: "left_hand_joint",
    47: "neck_1_joint", 51: "head_joint", 63: "right_shoulder_1_joint", 64: "right_arm_joint",
    65: "right_forearm_joint", 66: "right_hand_joint",
}  # fmt: skip
"""Joints of ARKit's skeleton by their number."""
ARKIT_JOINTS = 91

Floats = NDArray[np.float64]


def matrix_of(value: Any) -> Floats | None:
    """A matrix that is applied to columns, the translation in its last column; None for anything else.

    Args:
        value: 16 numbers or 4 lists of 4, by rows or by columns, as Apple's simd_float4x4; perhaps as
            ``{"columns": ...}``. Which it is follows from the zeros of the last row.
    """
    if isinstance(value, dict):
        value = value.get("columns", value.get("matrix"))
    if not isinstance(value, list) or len(value) not in (4, NUMBERS):
        return None
    if len(value) == 4 and not all(isinstance(row, list) and len(row) == 4 for row in value):
        return None
    try:
        matrix = np.array(value, dtype=np.float64).reshape(4, 4)
    except (TypeError, ValueError, OverflowError):
        return None
    last = np.array([0, 0, 0, 1])
    if np.abs(matrix[3] - last).max() <= SMALL:
        return matrix
    return matrix.T if np.abs(matrix[:, 3] - last).max() <= SMALL else None


def position_of(joint: Any) -> list[float] | None:
    """x, y and z of a joint that is a matrix, or an object with one; None for anything else."""
    if isinstance(joint, dict):
        joint = next((value for name, value in joint.items() if plain(name) in TRANSFORMS), joint)
    matrix = matrix_of(joint)
    return None if matrix is None else matrix[:3, 3].tolist()


def positions_of(joints: Any, names: Sequence[str] = ()) -> Any:
    """Joints that are matrices, or objects with one, as an object from name to position; anything else as it is.

    Args:
        joints: an object by name, a list of objects with names, or a list in the order of `names` or of ARKit.
        names: of the joints in a list.
    """
    if not isinstance(joints, dict | list) or not joints:
        return joints
    values = list(joints.values() if isinstance(joints, dict) else joints)
    if position_of(values[0]) is None:
        return joints
    positions = [position_of(value) for value in values]
    if None in positions:
        return joints
    if isinstance(joints, dict):
        titles: list[str] = list(joints)
    elif all(isinstance(value, dict) and isinstance(value.get("name"), str) for value in values):
        titles = [value["name"] for value in values]
    elif len(names) == len(values):
        titles = list(names)
    elif len(values) == ARKIT_JOINTS:
        titles = [ARKIT.get(number, f"joint_{number}") for number in range(len(values))]
    else:
        return positions
    return dict(zip(titles, positions, strict=True))


def joints_and_anchor(frame: dict[str, Any]) -> dict[str, Any]:
    """A body anchor with the joints of its skeleton, which ARKit has in an object of its own; any other as it is."""
    skeleton = frame.get("skeleton")
    if isinstance(skeleton, dict) and any(name in skeleton for name in (*MODEL, *LOCAL)):
        return {**{name: value for name, value in frame.items() if name != "skeleton"}, **skeleton}
    return frame


def in_world(joints: Any, body: Mapping[str, Any]) -> Any:
    """Positions by name in the world, where they are relative to the anchor of the body, with the hips at its origin.

    Args:
        joints: name -> x, y, z; anything else is returned as it is.
        body: the object that has the joints, and perhaps a matrix.
    """
    if not isinstance(joints, dict):
        return joints
    anchors = (matrix_of(value) for name, value in body.items() if plain(name) in ANCHORS)
    anchor = next((matrix for matrix in anchors if matrix is not None), None)
    if anchor is None:
        return joints
    hips = next((position for name, position in joints.items() if "hips" in name.lower()), None)
    if hips is None or not all(map(_are_coordinates, joints.values())) or np.linalg.norm(hips) > AT_ORIGIN:
        return joints
    moved = np.array(list(joints.values())) @ anchor[:3, :3].T + anchor[:3, 3]
    return dict(zip(joints, moved.tolist(), strict=True))


def _are_coordinates(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 3 and all(isinstance(part, float | int) for part in value)
    )
