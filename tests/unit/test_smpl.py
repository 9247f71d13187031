"""Poses of SMPL: sides, up axis, rate, people and fields of the programs that write them; no body model anywhere."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pgfa.errors import BadFile, Undecided
from pgfa.read import format_of, read
from pgfa.read.parsing.smpl_body import STATURE, pose_joints, rest_joints, rotation_of, vectors_of
from pgfa.read.source import FileRef
from pgfa.skeleton import SMPL24, SMPLX22, Clip

FRAMES = 30
UP = {
    "y": np.eye(3),
    "z": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "-y": np.diag([-1.0, -1, 1]),
}


def motion(joints: int = 22, up: str = "y") -> tuple[np.ndarray, np.ndarray]:
    """(frames, joints, 3) and (frames, 3): walks forward (z) and turns; the right arm hangs, the left one is raised."""
    time = np.arange(FRAMES) / FRAMES
    poses = np.zeros((FRAMES, joints, 3))
    turn = UP[up] @ Rotation.from_rotvec(np.outer(40 * time, [0, np.pi / 180, 0])).as_matrix()
    poses[:, 0] = Rotation.from_matrix(turn).as_rotvec()
    set_angle = {"shoulder_right": (0, 0, 1.3), "shoulder_left": (0, 0, 1.2), "elbow_right": (0, 0.8, 0)}
    for joint, angle in set_angle.items():
        poses[:, SMPL24.index(joint)] = angle
    poses[:, SMPL24.index("knee_left"), 0] = 0.9
    poses[:, SMPL24.index("hip_left"), 0] = -0.5 * np.sin(2 * np.pi * time)
    trans = np.stack([0.1 * time, 0.9 + 0 * time, 0.7 * time], 1) @ UP[up].T
    return poses, trans


def expected(joints: int = 22) -> np.ndarray:
    """(frames, joints, 3) y up, by scipy's rotations, joint by joint."""
    poses, trans = motion(joints)
    parents, rest = rest_joints()
    out = np.zeros((FRAMES, joints, 3))
    for frame in range(FRAMES):
        turns: list[Rotation] = []
        for joint in range(joints):
            local = Rotation.from_rotvec(poses[frame, joint])
            parent = parents[joint]
            turns.append(turns[parent] * local if parent >= 0 else local)
            step = turns[parent].apply(rest[joint] - rest[parent]) if parent >= 0 else trans[frame]
            out[frame, joint] = out[frame, parent] + step if parent >= 0 else step
    return out


def npz(folder: Path, **arrays: Any) -> Path:
    file = io.BytesIO()
    np.savez(file, **arrays)
    (folder / "a.npz").write_bytes(file.getvalue())
    return folder / "a.npz"


def pkl(folder: Path, content: Any, protocol: int = 2) -> Path:
    (folder / "a.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
    return folder / "a.pkl"


def flat(poses: np.ndarray, width: int) -> np.ndarray:
    out = np.zeros((len(poses), width))
    values = poses.reshape(len(poses), -1)
    out[:, : values.shape[1]] = values
    return out


def assert_known(clip: Clip, joints: int = 22, people: int = 1) -> None:
    assert clip.layout == (SMPL24 if joints == 24 else SMPLX22)
    assert clip.bodies == people
    np.testing.assert_allclose(clip.positions[:, 0], expected(joints), atol=1e-4)
    assert f"body proportions assumed: those of a stature of {STATURE} m" in clip.problems


@pytest.mark.parametrize(
    ("rate", "width"),
    [("mocap_framerate", 156), ("mocap_frame_rate", 165), ("mocap_framerate", 66), ("mocap_frame_rate", 72)],
)
def test_amass(rate: str, width: int, tmp_path: Path) -> None:
    joints = 24 if width == 72 else 22
    poses, trans = motion(joints, up="z")
    fields = {
        "trans": trans,
        "gender": "male",
        rate: 100.0,
        "betas": np.ones(16),
        "poses": flat(poses, width),
    }
    clip = read(npz(tmp_path, **fields))
    assert_known(clip, joints)
    assert clip.rate == 100
    assert len(clip.problems) == 1


def test_amass_in_any_order_and_in_parts(tmp_path: Path) -> None:
    poses, trans = motion(up="z")
    parts = {
        "pose_hand": np.zeros((FRAMES, 90)),
        "pose_body": poses[:, 1:].reshape(FRAMES, 63),
        "root_orient": poses[:, 0],
    }
    clip = read(
        npz(tmp_path, surface_model_type="smplx", **parts, trans=trans, mocap_frame_rate=np.float32(60))
    )
    assert_known(clip)
    assert clip.rate == 60


def test_in_amass_z_is_up_even_for_a_body_that_lies(tmp_path: Path) -> None:
    poses, trans = motion(up="z")
    lie = Rotation.from_euler("x", -90, degrees=True)
    # Lies on the back, and gets up in the last third.
    poses[:20, 0] = (lie * Rotation.from_rotvec(poses[:20, 0])).as_rotvec()
    clip = read(npz(tmp_path, trans=trans, mocap_framerate=100.0, poses=flat(poses, 156)))
    height = clip.positions[:, 0, SMPLX22.index("head"), 1] - clip.positions[:, 0, 0, 1]
    assert np.abs(height[:20]).max() < 0.1
    assert height[20:].min() > 0.4


def test_amass_fields_with_another_axis_up_are_refused(tmp_path: Path) -> None:
    poses, trans = motion(up="y")
    with pytest.raises(
        Undecided, match=r"upright along y in 100% of the frames, never along z, the up axis of AMASS.*--up y"
    ):
        read(npz(tmp_path, trans=trans, mocap_framerate=100.0, poses=flat(poses, 156)))


@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize("protocol", [2, 4])
def test_up_is_where_the_body_is_upright(up: str, protocol: int, tmp_path: Path) -> None:
    poses, trans = motion(24, up)
    file = pkl(tmp_path, {"poses": flat(poses, 72), "trans": trans, "betas": np.zeros(10)}, protocol)
    clip = read(file)
    assert_known(clip, 24)
    assert "frame rate missing, assumed 30 fps" in clip.problems
    assert any(problem.startswith(f"up axis inferred: {up}") for problem in clip.problems)


def test_a_body_along_z_that_stays_in_place_is_asked_about(tmp_path: Path) -> None:
    poses, trans = motion(24, "z")
    file = pkl(tmp_path, {"poses": flat(poses, 72), "trans": 0 * trans, "betas": np.zeros(10)})
    with pytest.raises(Undecided, match="--up z or --up y"):  # or somebody lies with y up: the same numbers
        read(file)
    heights = read(file, up="z").positions[0, 0, :, 1]
    assert heights[15] > heights[7] + 1.2  # head and ankle


def test_a_body_that_lies_without_an_up_axis_is_refused(tmp_path: Path) -> None:
    poses, trans = motion(24)
    tilt, _ = Rotation.align_vectors([[1, 1, 1]], [[0, 1, 0]])
    poses[:, 0] = (tilt * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    with pytest.raises(
        Undecided, match=r"such files do not name their up axis; state it with --up y or --up z"
    ):
        read(pkl(tmp_path, {"poses": flat(poses, 72), "trans": trans, "betas": np.zeros(10)}))


def test_aist(tmp_path: Path) -> None:
    poses, trans = motion(24)
    fields = {
        "smpl_loss": 0.5,
        "smpl_poses": flat(poses, 72),
        "smpl_scaling": np.array([93.7]),
        "smpl_trans": trans * 93.7,
    }
    clip = read(pkl(tmp_path, fields))
    assert_known(clip, 24)
    assert clip.rate == 60


def test_two_people_of_3dpw(tmp_path: Path) -> None:
    poses, trans = motion(24)
    fields = {
        "sequence": "walk",
        "poses": [flat(poses, 72)] * 2,
        "trans": [trans, trans + np.array([1, 0, 0])],
    }
    clip = read(pkl(tmp_path, fields | {"cam_poses": np.zeros((FRAMES, 4, 4))}))
    assert_known(clip, 24, people=2)
    assert clip.rate == 30
    np.testing.assert_allclose(
        clip.positions[:, 1] - clip.positions[:, 0], [[[1, 0, 0]] * 24] * FRAMES, atol=1e-5
    )


def test_parameters_of_estimators(tmp_path: Path) -> None:
    poses, trans = motion()
    body = {"global_orient": poses[:, 0], "body_pose": poses[:, 1:].reshape(FRAMES, 63), "transl": trans}
    clip = read(npz(tmp_path, **body, betas=np.zeros(10), fps=25))
    assert_known(clip)
    assert clip.rate == 25


@pytest.mark.parametrize("form", ["npz", "pkl"])
def test_rotations_as_matrices(form: str, tmp_path: Path) -> None:
    """As 4DHumans and others save them."""
    poses, trans = motion()
    matrices = Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(FRAMES, 22, 3, 3)
    fields = {"global_orient": matrices[:, :1], "body_pose": matrices[:, 1:], "transl": trans}
    file = npz(tmp_path, **fields, fps=25) if form == "npz" else pkl(tmp_path, fields | {"fps": 25.0})
    assert_known(read(file))
    with pytest.raises(BadFile, match="global_orient"):
        read(npz(tmp_path, **{**fields, "global_orient": -matrices[:, :1]}, fps=25))


def test_vectors_of_rotations() -> None:
    """Also of none and of half a turn."""
    vectors = Rotation.random(300, random_state=1).as_rotvec()
    vectors[:3] = 0
    vectors[3:40] *= np.pi / np.linalg.norm(vectors[3:40], axis=1, keepdims=True)
    matrices = Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(rotation_of(vectors_of(matrices)), matrices, atol=1e-9)
    np.testing.assert_allclose(vectors_of(matrices)[40:], vectors[40:], atol=1e-9)


def test_left_is_left_and_forward_is_forward() -> None:
    joints = pose_joints(np.zeros((1, 24, 3)), np.zeros((1, 3)))[0]
    at = dict(zip(SMPL24.joints, joints, strict=True))
    for joint in ("hip", "knee", "ankle", "shoulder", "wrist"):
        assert at[f"{joint}_left"][0] > 0
        np.testing.assert_allclose(at[f"{joint}_left"] * [-1, 1, 1], at[f"{joint}_right"])
    assert at["foot_left"][2] > at["ankle_left"][2] + 0.05
    assert at["head"][1] - at["ankle_left"][1] == pytest.approx((0.9 - 0.039) * STATURE)
    # The knee bends backward for a positive turn about x, as in SMPL.
    poses = np.zeros((1, 24, 3))
    poses[0, SMPL24.index("knee_left"), 0] = 1
    assert pose_joints(poses, np.zeros((1, 3)))[0, SMPL24.index("ankle_left"), 2] < -0.2


def test_rotation_vectors() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 3)) * 2
    vectors[0] = 0
    np.testing.assert_allclose(rotation_of(vectors), Rotation.from_rotvec(vectors).as_matrix(), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"poses": np.zeros((FRAMES, 100))},
            r"field poses: expected 66, 72, 156, 165 numbers per frame.*found 100",
        ),
        (
            {"poses": np.full((FRAMES, 156), 45.0)},
            "field poses: expected rotations as axis times angle, in radians",
        ),
        ({"poses": np.full((FRAMES, 156), np.nan)}, r"field poses: expected rotations .*, found nan or inf"),
        ({"trans": np.zeros((FRAMES - 1, 3))}, r"field trans: expected 30 frames x 3 numbers for 1 person"),
        (
            {"trans": np.cumsum(np.full((FRAMES, 3), 100.0), axis=0) / 3},
            r"field trans: expected a position .* in metres",
        ),
        ({"mocap_framerate": "fast"}, "field mocap_framerate: expected numbers"),
        (
            {"mocap_framerate": 0.0},
            "field mocap_framerate: expected 1 to 10,000 frames per second, found 0.0",
        ),
    ],
)
def test_errors_name_the_field(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    poses, trans = motion(up="z")
    fields = {"trans": trans, "mocap_framerate": 100.0, "poses": flat(poses, 156)} | change
    with pytest.raises(BadFile, match=message):
        read(npz(tmp_path, **fields))


def test_clips_of_several_recordings_are_not_people(tmp_path: Path) -> None:
    poses, _ = motion(24)
    content = {"poses": [flat(poses, 72), flat(poses, 72)[:9]], "betas": 0}
    with pytest.raises(BadFile, match="people recorded together"):
        read(pkl(tmp_path, content))


def test_other_arrays_are_not_taken_for_poses(tmp_path: Path) -> None:
    path = npz(tmp_path, poses=np.zeros((4, 17, 2)), names=np.array(["a"]))
    assert format_of(FileRef(path)).name != "smpl"


def test_the_line_of_decisions_calls_only_declared_what_the_file_declares(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", poses=np.zeros((8, 72)), trans=np.zeros((8, 3)))
    clip = read(tmp_path / "a.npz")
    assert "assumed: rate 30 Hz" in clip.reading
    assert "established by the body: up y" in clip.reading
