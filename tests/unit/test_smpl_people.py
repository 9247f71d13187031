"""Poses of SMPL of several people, as estimators write them: VIBE, WHAM, PHALP and GVHMR, plain and by joblib."""

from __future__ import annotations

import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pgfa.errors import BadFile
from pgfa.read import format_of, read
from pgfa.read.parsing.smpl_body import pose_joints
from pgfa.read.source import FileRef
from pgfa.skeleton import SMPL24, SMPLX22

FRAMES = 40
DOWN = np.diag([1.0, -1, -1])


def motion(start: float = 0.0, turn: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(frames, 72) and (frames, 3): walks with bent knees, the left arm raised; the frame turned by a matrix."""
    turn = np.eye(3) if turn is None else turn
    time = np.arange(FRAMES) / 30
    poses = np.zeros((FRAMES, 24, 3))
    poses[:, 0] = Rotation.from_matrix(
        turn @ Rotation.from_rotvec(np.outer(time, [0, 0.5, 0])).as_matrix()
    ).as_rotvec()
    for joint, angle in {
        "shoulder_left": (0, 0, 1.2),
        "shoulder_right": (0, 0, 1.2),
        "knee_left": (0.9, 0, 0),
    }.items():
        poses[:, SMPL24.index(joint)] = angle
    poses[:, SMPL24.index("hip_left"), 0] = -0.5 * np.sin(2 * np.pi * time)
    trans = np.stack([0.3 * time + start, 0.9 + 0 * time, 0.8 * time], axis=1) @ turn.T
    return poses.reshape(FRAMES, -1), trans


def expected(poses: np.ndarray, trans: np.ndarray) -> np.ndarray:
    return pose_joints(poses.reshape(len(poses), -1, 3), trans)


def stored(folder: Path, content: Any) -> Path:
    path = folder / "wham_output.pkl"
    path.write_bytes(pickle.dumps(content, protocol=4))
    return path


def by_joblib(arrays: dict[str, np.ndarray]) -> bytes:
    """{0: {name: array}} as joblib writes it: wrappers, with the bytes of the arrays behind them."""

    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    fields = b""
    for name, array in arrays.items():
        shape = b"(" + b"".join(b"M" + struct.pack("<H", length) for length in array.shape) + b"t"
        dtype = (
            b"cnumpy\ndtype\n("
            + text("f8")
            + b"K\0K\1tR(K\3"
            + text("<")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        )
        state = text("subclass") + b"cnumpy\nndarray\n" + text("shape") + shape + text("order") + text("C")
        state += (
            text("dtype")
            + dtype
            + text("allow_mmap")
            + b"\x88"
            + text("numpy_array_alignment_bytes")
            + b"K\x10"
        )
        wrapper = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + state + b"ub"
        fields += text(name) + wrapper + b"\x05" + 5 * b"\xff" + array.tobytes()
    return b"\x80\2}(K\0}(" + fields + b"uu."


def test_people_of_wham_are_placed_by_their_frames_in_the_frame_of_the_world(tmp_path: Path) -> None:
    (one, at), (two, beside) = motion(), motion(2.0)
    camera, camera_at = motion(turn=DOWN)
    people = {
        0: {"pose": camera, "trans": camera_at, "pose_world": one, "trans_world": at, "frame_ids": np.arange(40)},
        7: {"pose": camera[:30], "trans": camera_at[:30], "pose_world": two[:30], "trans_world": beside[:30],
            "frame_ids": np.arange(25, 55)},
    }  # fmt: skip
    clip = read(stored(tmp_path, people))
    assert clip.layout == SMPL24
    assert clip.positions.shape == (55, 2, 24, 3)
    np.testing.assert_allclose(clip.positions[:40, 0], expected(one, at), atol=1e-5)
    np.testing.assert_allclose(clip.positions[25:, 1], expected(two, beside)[:30], atol=1e-5)
    assert np.isnan(clip.positions[40:, 0]).all()
    assert np.isnan(clip.positions[:25, 1]).all()
    assert "up axis inferred: y" in clip.problems


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_of_joblib_are_read_plain_and_compressed(tmp_path: Path, packed: bool) -> None:
    poses, trans = motion(turn=DOWN)
    raw = by_joblib({"pred_cam": np.zeros((FRAMES, 3)), "pose": poses, "trans": trans})
    path = tmp_path / "vibe_output.pkl"
    path.write_bytes(zlib.compress(raw) if packed else raw)
    assert format_of(FileRef(path)).name == "smpl"
    clip = read(path)
    np.testing.assert_allclose(
        clip.positions[:, 0], expected(poses, trans) @ DOWN @ np.diag([-1, 1, -1]), atol=1e-5
    )


def test_an_object_that_is_no_array_of_joblib_is_refused(tmp_path: Path) -> None:
    raw = by_joblib({"pose": motion()[0]}).replace(b"NumpyArrayWrapper", b"NDArrayWrapperXYZ")
    (tmp_path / "a.pkl").write_bytes(raw)
    with pytest.raises(BadFile, match=r"joblib\.numpy_pickle\.NDArrayWrapperXYZ"):
        read(tmp_path / "a.pkl")
    short = by_joblib({"pose": motion()[0]})[:4000]
    (tmp_path / "a.pkl").write_bytes(short)
    with pytest.raises(BadFile, match="cut short"):
        read(tmp_path / "a.pkl")


def frames_of_phalp(poses: np.ndarray) -> dict[str, Any]:
    turns = (
        Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(FRAMES, 24, 3, 3).astype(np.float32)
    )
    frames = {}
    for n, turn in enumerate(turns):
        person = {"global_orient": turn[:1], "body_pose": turn[1:], "betas": np.zeros(10)}
        gone = max(0, n - 29)
        frames[f"img/{n:06d}.jpg"] = {
            "time": n,
            "tid": [4, 9],
            "tracked_time": [gone, 0],
            "smpl": [person, person],
        }
    return frames


def test_frames_of_phalp_hold_people_by_their_ids(tmp_path: Path) -> None:
    poses, _ = motion(turn=DOWN)
    clip = read(stored(tmp_path, frames_of_phalp(poses)))
    assert clip.positions.shape == (FRAMES, 2, 24, 3)
    true = expected(poses, np.zeros((FRAMES, 3))) @ DOWN @ np.diag([-1, 1, -1])
    np.testing.assert_allclose(clip.positions[:, 1], true, atol=1e-5)
    assert np.isfinite(clip.positions[:30, 0]).all()
    assert np.isnan(clip.positions[30:, 0]).all()  # listed further, but not seen


def test_people_without_ids_in_a_frame_are_refused(tmp_path: Path) -> None:
    frames = frames_of_phalp(motion()[0])
    for frame in frames.values():
        del frame["tid"]
    with pytest.raises(BadFile, match="ids of the people"):
        read(stored(tmp_path, frames))


def test_of_two_frames_of_reference_that_of_the_world_is_read(tmp_path: Path) -> None:
    (world, at), (camera, camera_at) = motion(), motion(turn=DOWN)
    fields = {
        f"smpl_params_{name}": {"global_orient": poses[:, :3], "body_pose": poses[:, 3:66], "transl": trans}
        for name, poses, trans in (("incam", camera, camera_at), ("global", world, at))
    }
    clip = read(stored(tmp_path, {**fields, "K_fullimg": np.zeros((FRAMES, 3, 3))}))
    assert clip.layout == SMPLX22
    np.testing.assert_allclose(clip.positions[:, 0], expected(world, at)[:, :22], atol=1e-5)


def test_people_in_different_frames_without_numbers_are_refused(tmp_path: Path) -> None:
    (one, at), (two, beside) = motion(), motion(2.0)
    people = {0: {"pose": one, "trans": at}, 1: {"pose": two[:30], "trans": beside[:30]}}
    with pytest.raises(BadFile, match="frame_ids"):
        read(stored(tmp_path, people))
    people[1]["frame_ids"] = np.arange(30)[::-1]
    with pytest.raises(BadFile, match="frame numbers that grow"):
        read(stored(tmp_path, people))


def test_another_dict_is_not_called_a_file_of_pyskl(tmp_path: Path) -> None:
    path = stored(tmp_path, {"weights": np.zeros(3), "epoch": 4})
    with pytest.raises(BadFile, match=r"annotations of PYSKL.*poses of SMPL.*found fields weights, epoch"):
        read(path)


def test_elbows_that_bend_backwards_are_noted(tmp_path: Path) -> None:
    poses = motion()[0].reshape(FRAMES, 24, 3).copy()
    left, right = SMPL24.index("elbow_left"), SMPL24.index("elbow_right")
    poses[:, left, 1], poses[:, right, 1] = -0.9, 0.9

    def problems(poses: np.ndarray) -> tuple[str, ...]:
        fields = {"poses": poses.reshape(FRAMES, -1), "trans": motion()[1]}
        return read(stored(tmp_path, fields)).problems

    assert not any("elbows" in problem for problem in problems(poses))
    exchanged = poses.copy()
    exchanged[:, [left, right]] = poses[:, [right, left]]
    assert any("elbows bend backwards in 100%" in problem for problem in problems(exchanged))
    exchanged[:, left, 1] = 0.1  # straight: nothing shows
    assert not any("elbows" in problem for problem in problems(exchanged))
