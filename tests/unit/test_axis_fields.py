"""Unit, up axis and handedness under the names in use, beside the points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import Undecided
from pgfa.read import read
from pgfa.skeleton import COCO17, NTU25, Clip
from reading_motions import in_layout, motion, pixels

POINTS = pixels(in_layout(motion("wave"), COCO17))


def written(folder: Path, content: Any, name: str = "a.json") -> Clip:
    """The clip of a file with that content: arrays of an .npz, or an object of JSON."""
    path = folder / name
    if name.endswith(".npz"):
        np.savez(path, **content)
    else:
        path.write_text(json.dumps(content))
    return read(path)


@pytest.mark.parametrize("kind", ["json", "npz", "header"])
@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"unit": "mm", "up_axis": "Z"}, lambda p: p[..., [0, 2, 1]] * [1, -1, 1] * 1000),
        ({"units": "centimeters", "upAxis": "-y"}, lambda p: p * [-100, -100, 100]),
        ({"length_unit": "m", "handedness": "left-handed", "up": "Y_UP"}, lambda p: p * [-1, 1, 1]),
        ({"coordinate_unit": "ft", "Handedness": "right", "vertical_axis": "y"}, lambda p: p / 0.3048),
    ],
)
def test_unit_up_axis_and_handedness(fields: dict[str, str], change: Any, kind: str, tmp_path: Path) -> None:
    """Also of a child."""
    points = in_layout(motion("wave"), NTU25) * 0.55
    array = change(points)
    if kind == "npz":
        clip = written(tmp_path, {"positions": array, "fps": 30, **fields}, "a.npz")
    elif kind == "json":
        clip = written(tmp_path, {"keypoints": array.tolist(), "fps": 30, **fields})
    else:
        clip = written(tmp_path, {"info": fields, "fps": 30, "keypoints": array.tolist()})
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)
    assert "established by the body: unit" not in clip.reading


def test_axes_that_are_not_known_are_noted(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25).tolist()
    clip = written(tmp_path, {"keypoints": points, "fps": 30, "unit": "stadion", "up_axis": "north"})
    assert {"'unit' not read: 'stadion' is not known", "'up_axis' not read: 'north' is not known"} <= set(
        clip.problems
    )
    flat = written(tmp_path, {"keypoints": POINTS.tolist(), "fps": 30, "unit": "pixels"})
    assert not any("unit" in problem for problem in flat.problems)


def test_one_name_for_all_joints_gives_no_order(tmp_path: Path) -> None:
    """As in some files of Azure Kinect's offline_processor."""
    points = POINTS.tolist()
    clip = written(tmp_path, {"keypoints": points, "fps": 30, "joint_names": ["PELVIS"] * 17})
    assert clip.layout is COCO17
    assert not any("joint_names" in problem for problem in clip.problems)


MIRRORED, AS_IT_IS = np.array([-1, 1, 1]), np.array([1, 1, 1])


@pytest.mark.parametrize("name", ["mirrored", "selfie", "is_mirrored"])
@pytest.mark.parametrize(
    ("says", "change", "question"),
    [
        (True, AS_IT_IS, "calls its recording mirrored, and feet and knees that show that it is not"),
        (False, MIRRORED, "calls its recording not mirrored, and feet and knees that show that it is"),
        (True, MIRRORED, ""),
        (False, AS_IT_IS, ""),
    ],
)
def test_a_mirror_that_the_body_contradicts_is_asked_about(
    name: str, says: bool, change: Any, question: str, tmp_path: Path
) -> None:
    points = in_layout(motion("walk"), NTU25)
    content = {"keypoints": (points * change).tolist(), "layout": "ntu25", "up": "y", "fps": 30, name: says}
    frames = [{"keypoints": frame, name: says} for frame in (points * change).tolist()]
    for number, every in enumerate((content, {**content, "keypoints": None, "frames": frames})):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({key: value for key, value in every.items() if value is not None}))
        if question:
            with pytest.raises(Undecided, match="--mirrored or --no-mirrored") as caught:
                read(path)
            assert question in str(caught.value)
            assert caught.value.quantity == "mirrored"
        clip = read(path, mirrored=change is MIRRORED) if question else read(path)
        np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)


def test_left_handed_axes_that_were_not_mirrored(tmp_path: Path) -> None:
    """Of Unity, say: the picture is not mirrored, the axes are left-handed."""
    points = in_layout(motion("walk"), NTU25)
    fields = {"layout": "ntu25", "up": "y", "fps": 30, "mirrored": False, "handedness": "left"}
    clip = written(tmp_path, {"keypoints": (points * MIRRORED).tolist(), **fields})
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)
