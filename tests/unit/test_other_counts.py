"""Arrays with more joints than a layout has: the refusal says which of them to save."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import SMPL24
from reading_motions import in_layout, motion

SMPL = in_layout(motion("wave"), SMPL24)
HYBRIK = np.concatenate([SMPL, SMPL[:, [15, 22, 23, 10, 11]] + [0, 0.05, 0.05]], axis=1)
"""The joints of SMPL, then the top of the head, ends of hands and feet."""


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npz(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez(out, pred_xyz_29=array, trans=np.zeros((29, 3)))
    return out.getvalue()


def rows(array: np.ndarray) -> bytes:
    return "\n".join(" ".join(f"{x:.4f}" for x in frame.ravel()) for frame in array).encode()


def numbered(array: np.ndarray) -> bytes:
    titles = [f"{axis}{joint}" for joint in range(array.shape[1]) for axis in "xyz"]
    lines = [",".join(f"{x:.4f}" for x in frame.ravel()) for frame in array]
    return "\n".join([",".join(titles), *lines]).encode()


FILES: dict[str, Callable[[np.ndarray], bytes]] = {
    "a.npy": npy,
    "rows.npy": lambda array: npy(array.reshape(len(array), -1)),
    "ctv.npy": lambda array: npy(array.transpose(2, 0, 1)),
    "a.npz": npz,
    "a.pkl": lambda array: pickle.dumps({"pred_xyz_29": array}),
    "a.txt": rows,
    "a.csv": numbered,
    "a.json": lambda array: json.dumps({"keypoints": array.tolist()}).encode(),
    "frames.json": lambda array: json.dumps([{"keypoints": frame.tolist()} for frame in array]).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_the_first_joints_of_hybrik_are_those_of_smpl(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name](HYBRIK))
    with pytest.raises(BadFile, match="first 24 of 29 are smpl24: save these"):
        read(tmp_path / name)
    (tmp_path / name).write_bytes(FILES[name](HYBRIK[:, :24]))
    clip = read(tmp_path / name, layout="smpl24")
    moved = clip.positions[:, 0] - SMPL
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)


@pytest.mark.parametrize(
    ("count", "advice"),
    [
        (21, "those of a hand"),
        (45, "first 24 are smpl24"),
        (49, "first 25 are openpose25"),
        (55, "first 22 are smplx22"),
        (91, "read by their names"),
        (543, "33 of the body"),
    ],
)
def test_joints_of_other_programs(count: int, advice: str, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy(np.random.default_rng(2).random((40, count, 3))))
    with pytest.raises(BadFile, match=advice):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize("frames", [40, 29])
def test_other_numbers_of_joints_have_no_advice(frames: int, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy(np.random.default_rng(2).random((frames, 41, 3))))
    with pytest.raises(BadFile, match=rf"found {frames} x 41 x 3$"):
        read(tmp_path / "a.npy")
