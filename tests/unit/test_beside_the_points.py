"""Fields beside the points: rates that differ, handedness of a person, points in space beside those of a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import COCO17, NTU25, Clip
from reading_motions import in_layout, motion, pixels
from reading_schemas import sided

BODY = in_layout(motion("wave"), NTU25)
SOLID = in_layout(motion("wave"), COCO17) * np.array([1, -1, 1])
FLAT = pixels(in_layout(motion("wave"), COCO17))


def read_as(folder: Path, content: Any, name: str = "a.json") -> Clip:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read(path)


def named(**fields: Any) -> dict[str, Any]:
    frames = [{"joints": dict(zip(NTU25.joints, points.tolist(), strict=True))} for points in BODY]
    return {**fields, "frames": frames}


def test_rates_that_contradict_each_other_are_noted(tmp_path: Path) -> None:
    clip = read_as(tmp_path, named(fps=12.5, video={"fps": 30}))
    assert clip.rate == 12.5
    assert "contradicting frame rates: 12.5 is taken, the file also has 30" in clip.problems
    same = read_as(tmp_path, named(fps=30, video={"fps": 29.97}))
    assert not any("contradicting" in problem for problem in same.problems)


@pytest.mark.parametrize(
    "about", [{"metadata": {"capture": {"frameRate": "60"}}}, {"meta": {"video": {"fps": 60}}}]
)
def test_a_rate_in_an_object_of_the_header(about: dict[str, Any], tmp_path: Path) -> None:
    assert read_as(tmp_path, named(**about)).rate == 60


def test_handedness_of_a_person_is_not_that_of_the_axes(tmp_path: Path) -> None:
    plain = read_as(tmp_path, named(fps=30))
    clip = read_as(tmp_path, named(fps=30, participant="P1", handedness="left"))
    np.testing.assert_allclose(clip.positions, plain.positions)
    assert any("it may be that of a person or a hand" in problem for problem in clip.problems)
    for axes in ({"handedness": "left-handed"}, {"handedness": "left", "up": "y"}):
        turned = read_as(tmp_path, named(fps=30, **axes))
        np.testing.assert_allclose(turned.positions[..., 1:], plain.positions[..., 1:], atol=1e-5)
        assert "axes left-handed" in turned.reading


@pytest.mark.parametrize(
    "field", ["coordinates3D", "position3d", "point3d", "world", "camera_space", "pos3d"]
)
@pytest.mark.parametrize("as_list", [False, True], ids=["object", "list"])
def test_points_in_space_beside_those_of_joints(field: str, as_list: bool, tmp_path: Path) -> None:
    frames = [
        {
            "keypoints": [
                {
                    "name": sided(joint),
                    **dict(zip("xy", flat, strict=True)),
                    field: place if as_list else dict(zip("xyz", place, strict=True)),
                }
                for joint, flat, place in zip(COCO17.joints, picture, points, strict=True)
            ]
        }
        for picture, points in zip(FLAT.tolist(), SOLID.tolist(), strict=True)
    ]
    check_depth(read_as(tmp_path, {"fps": 30, "frames": frames}))


@pytest.mark.parametrize("field", ["pose_3d", "joints_3d", "kpts_3d", "keypoints3D_camera"])
def test_points_in_space_beside_those_of_people(field: str, tmp_path: Path) -> None:
    frames = [
        {"people": [{"keypoints": flat, field: solid}]}
        for flat, solid in zip(FLAT.tolist(), SOLID.tolist(), strict=True)
    ]
    check_depth(read_as(tmp_path, {"fps": 30, "frames": frames}))


def test_columns_of_the_world_and_units_behind_axes(tmp_path: Path) -> None:
    for titles, scale in (("x,y,wx,wy,wz", 1), ("u,v,x_mm,y_mm,z_mm", 1000)):
        rows = [
            f"{n},{sided(joint)},{','.join(map(str, (*flat, *(scale * np.array(place)))))}"
            for n, (picture, points) in enumerate(zip(FLAT, SOLID, strict=True))
            for joint, flat, place in zip(COCO17.joints, picture, points, strict=True)
        ]
        check_depth(read_as(tmp_path, f"frame,joint,{titles}\n" + "\n".join(rows) + "\n", "a.csv"))


def test_confidences_in_words(tmp_path: Path) -> None:
    words = ["K4ABT_JOINT_CONFIDENCE_NONE", "K4ABT_JOINT_CONFIDENCE_MEDIUM"]
    rows = [
        f"{n},{joint},{','.join(map(str, place))},{words[(n, j) != (3, 5)]}"
        for n, points in enumerate(BODY)
        for j, (joint, place) in enumerate(zip(NTU25.joints, points, strict=True))
    ]
    header = "frame,joint_name,x,y,z,confidence\n"
    clip = read_as(tmp_path, header + "\n".join(rows) + "\n", "a.csv")
    assert np.argwhere(np.isnan(clip.positions[:, 0, :, 0])).tolist() == [[3, 5]]


def test_objects_in_place_of_numbers_are_named(tmp_path: Path) -> None:
    content = {"frames": [{"pose": {"points": [{"at": 1}]}}] * 3}
    with pytest.raises(BadFile) as refusal:
        read_as(tmp_path, content)
    assert "float()" not in str(refusal.value)


def check_depth(clip: Clip) -> None:
    assert clip.depth
    heights = clip.positions[:, 0, :, 1] - clip.positions[:, 0, :1, 1]
    np.testing.assert_allclose(heights, SOLID[:, :1, 1] - SOLID[:, :, 1], atol=1e-3)
