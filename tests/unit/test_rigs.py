"""BVH of many programs: one motion with known joints, compared joint by joint; up, unit, sides, offsets."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pgfa.errors import BadFile, Undecided
from pgfa.read import FORMATS, read
from pgfa.skeleton import NTU25, Clip
from rig_builders import (
    RATE,
    along_x,
    bvh,
    expected_kinect,
    known_joints,
    motion,
    nodes_of,
    shuffled,
    turned,
)
from rig_dialects import DIALECTS

Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
KNOWN = expected_kinect(known_joints())
SCALES = {"centimetres": 100.0, "": 1.0, "millimetres": 1000.0, "inches": 1 / 0.0254}


def read_bytes(content: bytes, folder: Path) -> Clip:
    path = folder / "a.bvh"
    path.write_bytes(content)
    return read(path)


def assert_known(clip: Clip, known: np.ndarray = KNOWN, joints: tuple[str, ...] = NTU25.joints) -> None:
    """Every joint within 2 mm, in every frame."""
    assert clip.layout == NTU25
    assert clip.bodies == 1
    index = [NTU25.index(joint) for joint in joints]
    distances = np.linalg.norm(clip.positions[:, 0] - known, axis=-1)[:, index]
    worst = {
        joint: float(distances[:, n].max()) for n, joint in enumerate(joints) if distances[:, n].max() > 2e-3
    }
    assert not worst


@pytest.mark.parametrize("program", DIALECTS)
def test_names_of_many_programs(program: str, tmp_path: Path) -> None:
    clip = read_bytes(bvh(nodes_of(DIALECTS[program], *motion())), tmp_path)
    assert_known(clip)
    assert clip.rate == pytest.approx(RATE, rel=1e-4)
    assert clip.problems == ("unit inferred: centimetres",)


@pytest.mark.parametrize("unit", SCALES)
@pytest.mark.parametrize("order", ["ZXY", "XYZ", "YZX", "ZYX"])
def test_units_and_orders_of_rotation(unit: str, order: str, tmp_path: Path) -> None:
    clip = read_bytes(bvh(nodes_of(DIALECTS["Mixamo"], *motion()), SCALES[unit], order), tmp_path)
    assert_known(clip)
    assert clip.problems == ((f"unit inferred: {unit}",) if unit else ())


def test_an_unknown_unit_is_scaled_to_the_stature_and_noted(tmp_path: Path) -> None:
    clip = read_bytes(bvh(nodes_of(DIALECTS["CMU"], *motion()), 100 / 5.644), tmp_path)
    (note,) = clip.problems
    assert note.startswith("unit inferred: units of 0.0")
    factor = np.linalg.norm(clip.positions[0, 0, 3] - clip.positions[0, 0, 0]) / np.linalg.norm(
        KNOWN[0, 3] - KNOWN[0, 0]
    )
    assert factor == pytest.approx(1, abs=0.1)
    assert_known(replace(clip, positions=(clip.positions / factor).astype(np.float32)))


@pytest.mark.parametrize("offset", ["zero", "first"])
@pytest.mark.parametrize("six", [False, True])
@pytest.mark.parametrize("program", ["Mixamo", "Unreal", "Bandai Namco"])
def test_position_channels_count_once(offset: str, six: bool, program: str, tmp_path: Path) -> None:
    """Whatever the OFFSET of the root, and for a joint below it."""
    assert_known(
        read_bytes(bvh(nodes_of(DIALECTS[program], *motion()), root_offset=offset, six=six), tmp_path)
    )


def test_a_root_whose_positions_are_added_to_its_offset_stands_on_the_ground(tmp_path: Path) -> None:
    clip = read_bytes(bvh(nodes_of(DIALECTS["Mixamo"], *motion()), root_offset="added"), tmp_path)
    assert_known(clip)
    assert "position of the root added to its offset: feet on the ground" in clip.problems


def test_positions_next_to_zero_are_differences_from_the_offset(tmp_path: Path) -> None:
    nodes = nodes_of(DIALECTS["Mixamo"], *motion())
    still = np.zeros((len(nodes[0].rotation), 3))
    shifted = [
        node if node.shift is not None or not node.name else replace(node, shift=still) for node in nodes
    ]
    assert_known(read_bytes(bvh(shifted), tmp_path))


@pytest.mark.parametrize("program", [program for program in DIALECTS if program != "unknown"])
def test_bones_along_one_axis(program: str, tmp_path: Path) -> None:
    """As in LAFAN1 and Biped: the rest pose is not that of a person, so only the names count."""
    clip = read_bytes(bvh(along_x(nodes_of(DIALECTS[program], *motion()))), tmp_path)
    assert_known(clip, joints=tuple(j for j in NTU25.joints if not j.startswith(("hand", "thumb"))))


@pytest.mark.parametrize("program", ["Mixamo", "Rigify", "unknown"])
def test_z_is_up_if_the_rest_pose_stands_along_it(program: str, tmp_path: Path) -> None:
    clip = read_bytes(bvh(turned(nodes_of(DIALECTS[program], *motion()), Z_UP), 1.0), tmp_path)
    assert_known(clip)
    assert clip.problems == ("up axis inferred: z, from the rest pose",)


def lying(turn: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    root, rotations = motion()
    return root @ turn.T, rotations | {"pelvis": turn @ rotations["pelvis"]}


@pytest.mark.parametrize("axis", ["x", "z"])
@pytest.mark.parametrize("degrees", [90, -90])
def test_who_lies_stays_lying(axis: str, degrees: int, tmp_path: Path) -> None:
    turn = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    clip = read_bytes(bvh(nodes_of(DIALECTS["Mixamo"], *lying(turn))), tmp_path)
    assert_known(clip, KNOWN @ turn.T)
    assert any(note.startswith("the body lies: it is upright along") for note in clip.problems)


def test_a_z_up_rest_pose_in_a_motion_with_y_up(tmp_path: Path) -> None:
    """Some exporters turn the root in every frame and leave the rest pose."""
    nodes = turned(nodes_of(DIALECTS["Mixamo"], *motion()), Z_UP)
    nodes[0] = replace(nodes[0], rotation=Z_UP.T @ nodes[0].rotation, shift=nodes[0].shift @ Z_UP)
    assert_known(read_bytes(bvh(nodes), tmp_path))


@pytest.mark.parametrize("program", ["Mixamo", "Bandai Namco", "SMPL: ankle and foot, wrist and hand"])
def test_a_mirrored_body_is_asked_about(program: str, tmp_path: Path) -> None:
    """As Unity's left-handed axes give it: x has the other sign in offsets and motion."""
    nodes = turned(nodes_of(DIALECTS[program], *motion()), np.diag([-1.0, 1, 1]))
    with pytest.raises(Undecided, match=r"found a mirrored body.*--mirrored or --no-mirrored"):
        read_bytes(bvh(nodes), tmp_path)
    file = tmp_path / "stated.bvh"
    file.write_bytes(bvh(nodes))
    assert_known(read(file, mirrored=True))
    assert any(note.startswith("looks mirrored") for note in read(file, mirrored=False).problems)


def test_a_sound_body_that_is_stated_as_mirrored_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "sound.bvh"
    file.write_bytes(bvh(nodes_of(DIALECTS["Mixamo"], *motion())))
    assert any(note.startswith("looks mirrored") for note in read(file, mirrored=True).problems)
    assert not any(note.startswith("looks mirrored") for note in read(file, mirrored=False).problems)


def test_impossible_proportions_are_refused(tmp_path: Path) -> None:
    """Names that fit, on joints that are others: here Foot names the knee's end of the thigh."""
    nodes = nodes_of(DIALECTS["Mixamo"], *motion())
    nodes = [replace(n, offset=n.offset * 0.1) if n.name.endswith("RightLeg") else n for n in nodes]
    with pytest.raises(BadFile, match="expected the proportions of a person, found right shank"):
        read_bytes(bvh(nodes), tmp_path)


@pytest.mark.parametrize("joint", ["LeftForeArm", "RightUpLeg", "LeftFoot"])
def test_unknown_names_are_listed_with_what_is_missing(joint: str, tmp_path: Path) -> None:
    nodes = nodes_of(DIALECTS["Mixamo"], *motion())
    # Bones along x: the shape cannot help.
    nodes = [replace(n, name="Gadget") if n.name.endswith(joint) else n for n in along_x(nodes)]
    with pytest.raises(
        BadFile, match=r"expected the joints of a person.*found no \w+_(left|right).* among mixamorig"
    ):
        read_bytes(bvh(nodes), tmp_path)


@pytest.mark.parametrize("defect", ["crooked", "no toes", "no head"])
def test_an_uncertain_shape_is_refused(defect: str, tmp_path: Path) -> None:
    dialect = DIALECTS["unknown"]
    names = dialect.table()
    nodes = nodes_of(dialect, *motion())
    factors = {
        "crooked": {names["knee_left"]: 1.2},
        "no toes": {names["toe_left"]: 0.01, names["toe_right"]: 0.01},
        "no head": {names["neck"]: -0.5, names["head"]: -2.0},
    }[defect]
    nodes = [replace(n, offset=n.offset * factors.get(n.name, 1.0)) for n in nodes]
    with pytest.raises(BadFile, match="expected the joints of a person"):
        read_bytes(bvh(nodes), tmp_path)


def test_hanging_arms_are_no_legs(tmp_path: Path) -> None:
    """An unknown rig whose rest pose has the arms at the sides."""
    dialect = DIALECTS["unknown"]
    root, rotations = motion()
    down = {
        "left": Rotation.from_euler("z", -90, degrees=True),
        "right": Rotation.from_euler("z", 90, degrees=True),
    }
    joint_of = {name: joint for joint, name in dialect.table().items()}
    nodes = []
    for node in nodes_of(dialect, root, rotations):
        joint, _, side = joint_of.get(node.name, "").partition("_")
        hangs = joint in ("elbow", "wrist", "finger", "thumb")
        turn = down[side].as_matrix() if side and (hangs or joint == "shoulder") else np.eye(3)
        above = turn if hangs else np.eye(3)
        nodes.append(replace(node, offset=above @ node.offset, rotation=above @ node.rotation @ turn.T))
    clip = read_bytes(bvh(nodes), tmp_path)
    assert_known(clip, joints=tuple(j for j in NTU25.joints if not j.startswith(("hand", "thumb"))))


@settings(max_examples=40, deadline=None, database=None)
@given(
    program=st.sampled_from(sorted(DIALECTS)),
    yaw=st.floats(-180, 180),
    place=st.tuples(st.floats(-5, 5), st.floats(-1, 1), st.floats(-5, 5)),
    scale=st.sampled_from([1.0, 100.0, 1000.0, 1 / 0.0254, 1 / 0.3048]),
    size=st.floats(0.75, 1.2),
    order=st.permutations("XYZ").map("".join),
    shuffle=st.randoms(use_true_random=False),
    mirrored=st.booleans(),
    z_up=st.booleans(),
)
def test_any_body_is_read_right_or_refused(
    program: str, yaw: float, place: tuple[float, float, float], scale: float, size: float, order: str,
    shuffle: Random, mirrored: bool, z_up: bool,
) -> None:  # fmt: skip
    """Turned, moved, scaled, its joints in another order: read right. Mirrored: refused."""
    turn = Rotation.from_rotvec([0, np.deg2rad(yaw), 0]).as_matrix()
    root, rotations = motion()
    root = root @ turn.T + place
    nodes = shuffled(
        nodes_of(DIALECTS[program], root, rotations | {"pelvis": turn @ rotations["pelvis"]}), shuffle
    )
    if z_up:
        nodes = turned(nodes, Z_UP)
    if mirrored:
        nodes = turned(nodes, np.diag([-1.0, 1, 1]))
    with TemporaryDirectory() as folder:
        if mirrored and program != "unknown":
            with pytest.raises(BadFile, match="a mirrored body"):
                read_bytes(bvh(nodes, scale * size, order), Path(folder))
            return
        clip = read_bytes(bvh(nodes, scale * size, order), Path(folder))
    known = (KNOWN @ turn.T + place) * size
    if mirrored:  # left and right have no names there: the toes decide, and the body is a sound one
        known = (known * [-1, 1, 1])[:, NTU25.mirror]
    assert_known(clip, known)


def test_a_hierarchy_with_braces_on_the_same_lines(tmp_path: Path) -> None:
    head, _, rows = bvh(nodes_of(DIALECTS["Biped"], *motion())).decode().partition("MOTION")
    compact = re.sub(r"\s*\n\s*(?=[{}]|OFFSET|CHANNELS|End Site)", " ", head)
    assert compact.count("\n") < head.count("\n") / 3
    assert_known(read_bytes(f"{compact.rstrip()}\nMOTION{rows}".encode(), tmp_path))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, newline: str, tmp_path: Path) -> None:
    text = bvh(nodes_of(DIALECTS["Biped"], *motion())).decode().replace("\n", newline)
    assert_known(read_bytes(text.encode(encoding), tmp_path))


def test_the_layout_is_not_said_to_be_declared_by_itself(tmp_path: Path) -> None:
    sample = FORMATS["bvh"].sample
    assert sample is not None
    (tmp_path / "a.bvh").write_bytes(sample()["walk.bvh"])
    clip = read(tmp_path / "a.bvh")
    assert "layout ntu25 (joints by the names of the rig)" in clip.reading
