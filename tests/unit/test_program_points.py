"""Points under the names of one program: MediaPipe's landmarks in objects by name, HybrIK's joints of SMPL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import COCO17, MEDIAPIPE33, SMPL24, Clip
from reading_motions import in_layout, motion, pixels

FRAMES = 48
LANDMARKS = in_layout(motion("walk"), MEDIAPIPE33)
WORLD = (LANDMARKS - LANDMARKS[:, 23:25].mean(axis=1, keepdims=True)) * [-1, -1, 1]
NAMES = [
    "_".join(reversed(joint.rsplit("_", 1))) if joint.endswith(("left", "right")) else joint
    for joint in MEDIAPIPE33.joints
]


def saved(folder: Path, frames: list[Any]) -> Clip:
    (folder / "a.json").write_text(json.dumps({"fps": 30, "frames": frames}))
    return read(folder / "a.json")


def by_name(frame: Any, kind: str) -> dict[str, Any]:
    if kind == "lists":
        return dict(zip(NAMES, frame.tolist(), strict=True))
    names = [name.upper() if kind == "upper case" else name for name in NAMES]
    return {
        name: {**dict(zip("xyz", point, strict=True)), "visibility": 0.9}
        for name, point in zip(names, frame.tolist(), strict=True)
    }


@pytest.mark.parametrize("kind", ["objects", "upper case", "lists"])
@pytest.mark.parametrize("field", ["pose_world_landmarks", "world_landmarks", "poseWorldLandmarks"])
def test_world_landmarks_by_name(field: str, kind: str, tmp_path: Path) -> None:
    """As in a list, also beside those of the picture."""
    flat = np.concatenate([pixels(LANDMARKS) / [1280, 720], WORLD[..., 2:]], axis=-1)
    beside = [
        {"pose_landmarks": by_name(image, kind), field: by_name(frame, kind)}
        for image, frame in zip(flat, WORLD, strict=True)
    ]
    listed = [{field: [dict(zip("xyz", p, strict=True)) for p in frame]} for frame in WORLD.tolist()]
    expected = saved(tmp_path, listed)
    for frames in (beside, [{field: frame[field]} for frame in beside]):
        clip = saved(tmp_path, frames)
        assert clip.layout is MEDIAPIPE33
        assert clip.depth
        np.testing.assert_allclose(clip.positions, expected.positions, atol=1e-6)


HYBRIK = in_layout(motion("walk"), SMPL24)
RELATIVE = (HYBRIK - HYBRIK[:, :1]) * [-1, -1, 1] / 2.2


@pytest.mark.parametrize("nested", [True, False], ids=["points", "numbers"])
@pytest.mark.parametrize(
    ("field", "joints"), [("pred_xyz_jts_24", 24), ("pred_xyz_jts_29", 29), ("pred_xyz_jts", 24)]
)
def test_joints_of_hybrik_count_before_those_of_the_picture(
    field: str, joints: int, nested: bool, tmp_path: Path
) -> None:
    flat = pixels(in_layout(motion("walk"), COCO17))
    more = RELATIVE[:, [15, 22, 23, 10, 11]] + 0.05
    points = np.concatenate([RELATIVE, more], axis=1)[:, :joints]
    people = [
        {
            "image_id": f"{n:06d}.jpg",
            "keypoints": [number for x, y in image for number in (x, y, 0.9)],
            field: solid.tolist() if nested else solid.reshape(-1).tolist(),
        }
        for n, (image, solid) in enumerate(zip(flat.tolist(), points, strict=True))
    ]
    (tmp_path / "a.json").write_text(json.dumps(people))
    clip = read(tmp_path / "a.json")
    assert clip.layout is SMPL24
    seen = clip.positions[:, 0] - clip.positions[:, 0, :1]
    wanted = HYBRIK - HYBRIK[:, :1]
    size = np.linalg.norm(seen[:, 15], axis=-1).mean() / np.linalg.norm(wanted[:, 15], axis=-1).mean()
    about = np.array([1, 1, 1]) if seen[0, 1, 0] * wanted[0, 1, 0] > 0 else np.array([-1, 1, -1])
    np.testing.assert_allclose(seen / size, wanted * about, atol=1e-3)  # up to a turn about the vertical


def test_too_few_joints_of_hybrik(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="expected 24 joints or more, found 20"):
        saved(tmp_path, [{"pred_xyz_jts_24": frame.tolist()} for frame in RELATIVE[:, :20]])
