"""Joints from pose parameters of the SMPL family, on a skeleton of plain body proportions.

The licensed body models are not used, hence neither their shape parameters: the skeleton is that of a person of 1.7 m.
Heights and lengths are shares of the stature after R. Drillis and R. Contini, Body Segment Parameters, 1966, as in
D. A. Winter, Biomechanics and Motor Control of Human Movement (hip 0.530, knee 0.285, ankle 0.039, shoulder 0.818,
chin 0.870, half the width of the shoulders 0.129, upper arm 0.186, forearm 0.146, hand 0.108, foot 0.152). What that
table does not have (distance of the hip joints, base of the neck, joints of the spine, ball of the foot) is set by
eye between its points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import SMPL24

SQUARE = 1e-3
"""How far products of the columns of a rotation may be from 0 and 1."""

Floats = NDArray[np.float64]

STATURE = 1.7
"""Metres."""
_PELVIS, _NECK = 0.55, 0.845

JointPosition = tuple[str, tuple[float, float, float]]

# Joint -> parent and position in a T pose, as shares of the stature: x to the left, y up, z forward.
_MIDDLE: dict[str, JointPosition] = {
    "pelvis": ("", (0, _PELVIS, 0)),
    "spine_1": ("pelvis", (0, _PELVIS + 0.22 * (_NECK - _PELVIS), 0)),
    "spine_2": ("spine_1", (0, _PELVIS + 0.5 * (_NECK - _PELVIS), 0)),
    "spine_3": ("spine_2", (0, _PELVIS + 0.6 * (_NECK - _PELVIS), 0)),
    "chest": ("spine_3", (0, _NECK, 0)),
    "head": ("chest", (0, 0.9, 0.01)),
}
_LEFT: dict[str, JointPosition] = {
    "hip": ("pelvis", (0.05, 0.530, 0)),
    "knee": ("hip", (0.05, 0.285, 0)),
    "ankle": ("knee", (0.05, 0.039, 0)),
    "foot": ("ankle", (0.055, 0.01, 0.075)),
    "collar": ("spine_3", (0.04, 0.8, 0)),
    "shoulder": ("collar", (0.129, 0.818, 0)),
    "elbow": ("shoulder", (0.129 + 0.186, 0.818, 0)),
    "wrist": ("elbow", (0.129 + 0.186 + 0.146, 0.818, 0)),
    "hand": ("wrist", (0.129 + 0.186 + 0.146 + 0.054, 0.818, 0)),
}


def rest_joints() -> tuple[tuple[int, ...], Floats]:
    """Parents (-1 for the pelvis) and (24, 3) positions in metres of a T pose, in smpl24: parents come first."""
    table = dict(_MIDDLE)
    for side, sign in (("left", 1), ("right", -1)):
        for joint, (parent, (x, y, z)) in _LEFT.items():
            above = parent if parent in _MIDDLE else f"{parent}_{side}"
            table[f"{joint}_{side}"] = (above, (sign * x, y, z))
    parents = tuple(
        SMPL24.joints.index(table[joint][0]) if table[joint][0] else -1 for joint in SMPL24.joints
    )
    return parents, STATURE * np.array([table[joint][1] for joint in SMPL24.joints], float)


def pose_joints(poses: Floats, trans: Floats) -> Floats:
    """Forward kinematics.

    Args:
        poses: (frames, joints, 3) rotations in the parent's frame as axis times angle in radians; 22 or 24 joints.
        trans: (frames, 3) metres, the position of the pelvis.

    Returns:
        (frames, joints, 3) metres.
    """
    parents, rest = rest_joints()
    frames, joints = poses.shape[:2]
    out = np.empty((joints, frames, 3))
    turns: list[Floats] = []
    for joint in range(joints):
        local = rotation_of(poses[:, joint])
        parent = parents[joint]
        if parent < 0:
            out[joint] = trans
            turns.append(local)
        else:
            out[joint] = out[parent] + turns[parent] @ (rest[joint] - rest[parent])
            turns.append(turns[parent] @ local)
    return out.transpose(1, 0, 2)


def rotation_of(vectors: Floats) -> Floats:
    """(..., 3, 3) matrices of rotation vectors (..., 3): axis times angle in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    axis = vectors / np.maximum(angle[..., 0], 1e-12)
    x, y, z = axis[..., 0], axis[..., 1], axis[..., 2]
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    out: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return out


def are_rotations(matrices: NDArray[Any]) -> bool:
    """Whether an array (..., 3, 3) holds rotations: columns of length 1, at right angles, right-handed."""
    if matrices.ndim < 3 or matrices.shape[-2:] != (3, 3) or not np.isfinite(matrices).all():
        return False
    products = np.swapaxes(matrices, -1, -2) @ matrices
    return bool(np.abs(products - np.eye(3)).max(initial=0) < SQUARE and (np.linalg.det(matrices) > 0).all())


def vectors_of(matrices: Floats) -> Floats:
    """(..., 3) rotation vectors of matrices (..., 3, 3): axis times angle in radians, from 0 to pi."""
    # Four times the squares of a unit quaternion w, x, y, z; the largest part is divided by.
    diagonal = np.diagonal(matrices, axis1=-2, axis2=-1)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    squares = np.maximum(1 + diagonal @ signs.T, 0)
    odd = np.stack([matrices[..., a, b] - matrices[..., b, a] for a, b in ((2, 1), (0, 2), (1, 0))], axis=-1)
    even = matrices + np.swapaxes(matrices, -1, -2)
    rows = np.zeros((*matrices.shape[:-2], 4, 4))
    rows[..., 0, 1:] = rows[..., 1:, 0] = odd
    rows[..., 1:, 1:] = even
    rows[..., range(4), range(4)] = squares
    largest = squares.argmax(axis=-1)[..., None, None]
    quaternions = np.take_along_axis(rows, largest, axis=-2)[..., 0, :]
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    quaternions *= np.where(quaternions[..., :1] < 0, -1, 1)
    sine = np.linalg.norm(quaternions[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, quaternions[..., :1])
    out: Floats = quaternions[..., 1:] * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2)
    return out
