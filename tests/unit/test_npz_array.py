"""An .npz of another program with one array of joints is read as an .npy is; anything else is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import COCO17, NTU25

SOLID = person(NTU25, 20)
FLAT = person(COCO17, 20)[..., :2] * [200, -200] + 400


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


@pytest.mark.parametrize("name", ["positions", "keypoints", "arr_0", "joints3d"])
@pytest.mark.parametrize(
    "change", [lambda p: p, lambda p: p[None].astype(np.float32), lambda p: p.reshape(20, -1)]
)
def test_one_array_whatever_its_name_and_order(name: str, change: Any, tmp_path: Path) -> None:
    clip = read(saved(tmp_path, **{name: change(SOLID)}))
    np.testing.assert_allclose(clip.positions[:, 0], SOLID, atol=1e-5)
    assert "established by the body: layout ntu25" in clip.reading


def test_rate_layout_and_scores_beside_it_count(tmp_path: Path) -> None:
    scores = np.full((20, 17), 0.9)
    scores[3, 5] = 0.01
    fields = {
        "kp": FLAT,
        "scores": scores,
        "fps": 25,
        "names": np.array(["a", "b"]),
        "size": np.array([640, 480]),
    }
    clip = read(saved(tmp_path, **fields))
    assert (clip.rate, clip.layout, clip.depth) == (25, COCO17, False)
    assert np.isnan(clip.positions[3, 0, 5]).all()
    assert np.isnan(clip.positions).any(axis=-1).sum() == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"a": SOLID, "b": FLAT},
            r"several arrays of joints, with the fields 'a \(20 x 25 x 3\), b \(20 x 17 x 2\)'",
        ),
        ({"x_train": np.zeros((3, 40, 150))}, r"another kind, with the fields 'x_train \(3 x 40 x 150\)'"),
        ({"positions_3d": np.array([SOLID, None], dtype=object)}, r"positions_3d \(no numbers\)"),
        ({"keypoints": FLAT, "fps": -3}, "field fps: expected a number"),
    ],
)
def test_anything_else_is_named(fields: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=message):
        read(saved(tmp_path, **fields))


def test_it_is_asked_about_as_an_array_is(tmp_path: Path) -> None:
    with pytest.raises(Undecided, match="--up z or --up y"):
        read(saved(tmp_path, joints=SOLID[..., [0, 2, 1]] * [1, -1, 1]))
    clip = read(tmp_path / "a.npz", up="z")
    np.testing.assert_allclose(clip.positions[:, 0], SOLID, atol=1e-5)
