"""Left and right, and the axis up, of rigs whose motion does not show them: names, rest pose and root do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from rig_builders import Node, bvh, expected_kinect, known_joints, motion, nodes_of, turned
from rig_dialects import DIALECTS

Floats = NDArray[np.float64]
Body = tuple[Floats, dict[str, Floats]]
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def written(nodes: list[Node], folder: Path) -> Path:
    path = folder / "a.bvh"
    path.write_bytes(bvh(nodes))
    return path


def assert_read(path: Path, body: Body) -> None:
    known = expected_kinect(known_joints(*body))
    np.testing.assert_allclose(read(path).positions[:, 0], known, atol=2e-3)


def lying() -> Body:
    root, rotations = motion()
    turn = Rotation.from_euler("x", -90, degrees=True).as_matrix()
    return root @ turn.T, rotations | {"pelvis": turn @ rotations["pelvis"]}


@pytest.mark.parametrize("joint", ["elbow", "knee", "shoulder", "ankle"])
def test_joints_that_hang_on_the_other_side_are_refused(joint: str, tmp_path: Path) -> None:
    nodes, names = nodes_of(DIALECTS["Mixamo"], *motion()), DIALECTS["Mixamo"].table()
    pair = names[f"{joint}_left"], names[f"{joint}_right"]
    others = dict(zip(pair, pair[::-1], strict=True))
    nodes = [replace(node, name=others.get(node.name, node.name)) for node in nodes]
    with pytest.raises(BadFile, match="names of the sides exchanged"):
        read(written(nodes, tmp_path))


@pytest.mark.parametrize("program", ["Unreal", "Rigify, deforming bones", "MotionBuilder"])
def test_a_root_that_turns_z_up_to_y_up(program: str, tmp_path: Path) -> None:
    """The rest pose as the root turns it stands along y, so somebody who lies is not stood up."""
    nodes = turned(nodes_of(DIALECTS[program], *lying()), Z_UP)
    nodes[0] = replace(nodes[0], rotation=np.broadcast_to(Z_UP.T, nodes[0].rotation.shape))
    assert_read(written(nodes, tmp_path), lying())


def on_tiptoe() -> Body:
    """Straight legs, one foot that points forward and one that points backward."""
    root, rotations = motion()
    identity = np.broadcast_to(np.eye(3), (len(root), 3, 3))
    straight = {
        f"{joint}_{side}": identity for joint in ("hip", "knee", "ankle") for side in ("left", "right")
    }
    back = Rotation.from_euler("y", 180, degrees=True).as_matrix()
    return root, rotations | straight | {"ankle_left": np.broadcast_to(back, identity.shape)}


def test_the_rest_pose_shows_which_side_is_left(tmp_path: Path) -> None:
    nodes = nodes_of(DIALECTS["Mixamo"], *on_tiptoe())
    assert_read(written(nodes, tmp_path), on_tiptoe())
    with pytest.raises(Undecided, match="found a mirrored body"):
        read(written(turned(nodes, np.diag([-1.0, 1, 1])), tmp_path))
