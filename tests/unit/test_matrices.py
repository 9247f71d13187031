"""ARKit's body anchors as JSON: joints as 4x4 matrices in every form, one motion, compared joint by joint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from optical_motion import LIMBS
from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import NTU25
from reading_motions import FRAMES, motion

BODY = motion("wave")
JOINTS = {
    "shoulder": "arm", "elbow": "forearm", "wrist": "hand", "hip": "upLeg", "knee": "leg", "ankle": "foot",
    "toe": "toes",
}  # fmt: skip
NAMES = {
    "hips_joint": "pelvis", "spine_4_joint": "spine", "neck_1_joint": "neck", "head_joint": "head",
    **{f"{s}_{name}_joint": f"{joint}_{s}" for s in ("left", "right") for joint, name in JOINTS.items()},
}  # fmt: skip
NUMBERS = {
    "hips_joint": 1, "left_upLeg_joint": 2, "left_leg_joint": 3, "left_foot_joint": 4, "left_toes_joint": 5,
    "right_upLeg_joint": 7, "right_leg_joint": 8, "right_foot_joint": 9, "right_toes_joint": 10, "spine_4_joint": 15,
    "left_arm_joint": 20, "left_forearm_joint": 21, "left_hand_joint": 22, "neck_1_joint": 47, "head_joint": 51,
    "right_arm_joint": 64, "right_forearm_joint": 65, "right_hand_joint": 66,
}  # fmt: skip
TURN = Rotation.from_euler("y", 30, degrees=True).as_matrix()
Matrix = Callable[[np.ndarray], Any]


def matrix(point: np.ndarray, turn: np.ndarray | None = None) -> np.ndarray:
    out = np.eye(4)
    out[:3, :3] = Rotation.from_euler("xyz", [0.3, -0.4, 0.5]).as_matrix() if turn is None else turn
    out[:3, 3] = point
    return out


MATRICES: dict[str, Matrix] = {
    "columns, flat": lambda m: m.T.reshape(-1).tolist(),
    "columns": lambda m: m.T.tolist(),
    "simd": lambda m: {"columns": m.T.tolist()},
    "rows, flat": lambda m: m.reshape(-1).tolist(),
    "rows": lambda m: m.tolist(),
}


def as_list(joints: dict[str, Any], other: Any) -> Any:
    out = [other] * 91
    for name, joint in joints.items():
        out[NUMBERS[name]] = joint
    return out


FORMS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    "by name": lambda joints, anchor: {"joints": joints, "transform": anchor},
    "objects": lambda joints, anchor: {
        "transform": anchor, "joints": [{"name": name, "transform": joint} for name, joint in joints.items()],
    },
    "names beside": lambda joints, anchor: {
        "transform": anchor, "jointNames": list(joints), "jointModelTransforms": list(joints.values()),
    },
    "ARKit's order": lambda joints, anchor: {
        "transform": anchor, "skeleton": {"jointModelTransforms": as_list(joints, anchor)},
    },
    "anchor": lambda joints, anchor: {"bodyAnchor": {"transform": anchor, "joints": joints}},
    "anchors": lambda joints, anchor: {"anchors": [{"transform": anchor, "joints": joints}]},
    "fields": lambda joints, anchor: {**joints, "transform": anchor},
}  # fmt: skip


def saved(folder: Path, form: str, write: Matrix, *, world: bool = False) -> Path:
    lines = []
    for n in range(FRAMES):
        hips = BODY["pelvis"][n]
        anchor = matrix(hips, TURN)
        joints = {
            name: write(matrix(BODY[joint][n] if world else TURN.T @ (BODY[joint][n] - hips)))
            for name, joint in NAMES.items()
        }
        lines.append({"timestamp": 100 + n / 60, **FORMS[form](joints, write(anchor))})
    (folder / "a.json").write_text("\n".join(map(json.dumps, lines)))
    return folder / "a.json"


def assert_motion(path: Path) -> None:
    clip = read(path)
    assert (clip.layout, clip.bodies, clip.frames) == (NTU25, 1, FRAMES)
    assert clip.rate == pytest.approx(60)
    for name in LIMBS:
        there = clip.positions[:, 0, NTU25.index(name)]
        np.testing.assert_allclose(there, BODY[name], atol=2e-3, err_msg=name)


@pytest.mark.parametrize("write", MATRICES)
@pytest.mark.parametrize("form", FORMS)
def test_joints_relative_to_the_anchor_are_put_into_the_world(form: str, write: str, tmp_path: Path) -> None:
    assert_motion(saved(tmp_path, form, MATRICES[write]))


@pytest.mark.parametrize("form", ["by name", "ARKit's order"])
def test_joints_in_the_world_stay_there(form: str, tmp_path: Path) -> None:
    assert_motion(saved(tmp_path, form, MATRICES["columns"], world=True))


def test_matrices_relative_to_parents_are_refused(tmp_path: Path) -> None:
    frame = {"jointLocalTransforms": [matrix(np.zeros(3)).tolist()] * 91}
    (tmp_path / "a.json").write_text(json.dumps([frame] * 20))
    with pytest.raises(
        BadFile, match=r"matrices relative to the body \(jointModelTransforms\), found jointLocal"
    ):
        read(tmp_path / "a.json")
