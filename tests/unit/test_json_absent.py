"""Joints of a JSON file that are null, and axes in capital letters."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, H36M17, Clip


def _clip(path: Path, content: Any) -> Clip:
    path.write_text(json.dumps(content))
    return read(path)


@pytest.mark.parametrize("joint", [0, 9])
@pytest.mark.parametrize("schema", ["array", "people", "names"])
def test_null_in_place_of_a_joint_is_an_absent_joint(tmp_path: Path, schema: str, joint: int) -> None:
    frames: list[Any] = picture(COCO17).tolist()
    frames[0][joint] = frames[1][joint] = None
    content: dict[str, Any] = {"keypoints": frames, "layout": "coco17"}
    if schema == "people":
        content = {"frames": [{"people": [{"keypoints": joints}]} for joints in frames]}
    if schema == "names":
        named = [dict(zip(COCO17.joints, joints, strict=True)) for joints in frames]
        content = {"frames": [{"people": [{"keypoints": joints}]} for joints in named]}
    clip = _clip(tmp_path / "a.json", content)
    absent = np.isnan(clip.positions[:, 0]).all(axis=-1)
    expected = np.zeros_like(absent)
    expected[:2, joint] = True
    np.testing.assert_array_equal(absent, expected)


def test_a_file_may_begin_with_a_frame_without_people(tmp_path: Path) -> None:
    clip = _clip(tmp_path / "a.json", [None, *([person] for person in picture(COCO17).tolist())])
    assert np.isnan(clip.positions[0]).all()


def test_null_in_place_of_a_frame_is_refused(tmp_path: Path) -> None:
    frames: list[Any] = picture(COCO17).tolist()
    frames[1] = None
    with pytest.raises(BadFile, match="null instead of a frame"):
        _clip(tmp_path / "a.json", {"keypoints": frames, "layout": "coco17"})


@pytest.mark.parametrize("joints", [None, -1, True, 1e300, "x", {}, []])
def test_bodies_of_azure_kinect_without_a_list_of_joints_are_refused(tmp_path: Path, joints: object) -> None:
    bodies = [{"body_id": 1, "joint_positions": joints}]
    with pytest.raises(BadFile, match=r"expected (joints|numbers|a list)") as caught:
        _clip(tmp_path / "a.json", {"frames": [{"timestamp_usec": 0, "bodies": bodies}]})
    assert "makes it fail" not in str(caught.value)


def test_one_null_among_wide_rows_does_not_multiply(tmp_path: Path) -> None:
    frames = [[[0.5] * 1000, *[None] * 1000]]
    with pytest.raises(BadFile, match="lists of different lengths"):
        _clip(tmp_path / "a.json", {"keypoints": frames})


@pytest.mark.parametrize("up", ["Z", "-Y"])
def test_up_may_be_a_capital_letter(tmp_path: Path, up: str) -> None:
    solid = person(H36M17, 20).tolist()
    clips = [
        _clip(tmp_path / "a.json", {"keypoints": solid, "layout": "h36m17", "rate": 25, "up": axis})
        for axis in (up, up.lower())
    ]
    np.testing.assert_array_equal(clips[0].positions, clips[1].positions)


def _texts(values: Any, write: Any) -> Any:
    return [_texts(value, write) for value in values] if isinstance(values, list) else write(values)


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("schema", ["array", "people"])
def test_numbers_as_texts(tmp_path: Path, schema: str, decimal: str) -> None:
    numbers = np.round(picture(COCO17), 2).tolist()
    frames = _texts(numbers, lambda value: f"{value:.2f}".replace(".", decimal))
    people = {"frames": [{"people": [{"keypoints": joints}]} for joints in frames]}
    content = {"keypoints": frames, "layout": "coco17"} if schema == "array" else people
    clip = _clip(tmp_path / "a.json", content)
    assert np.isfinite(clip.positions[:, 0, :, :2]).all()
    plain = _clip(tmp_path / "b.json", {"keypoints": numbers, "layout": "coco17"})
    np.testing.assert_allclose(clip.positions, plain.positions, atol=1e-5)


def test_texts_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    frames = _texts(picture(COCO17).tolist(), lambda value: f"{value:.1f} px")
    with pytest.raises(BadFile, match=r"expected numbers, found the text '.* px'"):
        _clip(tmp_path / "a.json", {"frames": [{"people": [{"keypoints": joints}]} for joints in frames]})
