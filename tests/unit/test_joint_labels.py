"""Joints as JSON objects: the field with their names, whatever it is called. Their order does not matter then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.read import read
from pgfa.read.formats.keypoints.joint_labels import labels_of
from pgfa.skeleton import COCO17, Clip
from reading_motions import in_layout, motion, pixels
from reading_schemas import sided

POINTS = pixels(in_layout(motion("wave"), COCO17))
RIGHT_FIRST = [COCO17.index(name) for name in sorted(COCO17.joints, key=lambda joint: joint.endswith("left"))]


def read_as(folder: Path, fields: Callable[[int], dict[str, Any]]) -> Clip:
    """A recording in a picture that lists the right side first; `fields` are those of a joint beside x and y."""
    frames = [
        {"keypoints": [{**fields(j), "x": frame[j, 0], "y": frame[j, 1]} for j in RIGHT_FIRST]}
        for frame in POINTS
    ]
    path = folder / "a.json"
    path.write_text(json.dumps({"fps": 30, "frames": frames}))
    return read(path)


def check_sides(clip: Clip) -> None:
    assert clip.layout is COCO17
    shown = clip.positions[:, 0, :, 0] - clip.positions[:, 0, :1, 0]
    expected = POINTS[:, :, 0] - POINTS[:, :1, 0]
    scale = (shown * expected).sum() / (expected**2).sum()
    assert scale < 0  # of a clip, x grows to the left of a camera
    np.testing.assert_allclose(shown, scale * expected, atol=1e-3)


@pytest.mark.parametrize(
    "field",
    ["name", "label", "class", "landmark", "joint_name", "jointName", "keypoint_name", "landmarkName", "bodyPart"],
)  # fmt: skip
def test_names_of_joints_under_any_field(field: str, tmp_path: Path) -> None:
    check_sides(read_as(tmp_path, lambda j: {"kind": "joint", field: sided(COCO17.joints[j])}))


def test_a_side_beside_the_name_of_the_part(tmp_path: Path) -> None:
    def fields(joint: int) -> dict[str, Any]:
        part, _, side = COCO17.joints[joint].partition("_")
        return {"side": side or "none", "part": part}

    check_sides(read_as(tmp_path, fields))


def test_numbers_of_joints_out_of_order(tmp_path: Path) -> None:
    check_sides(read_as(tmp_path, lambda joint: {"id": joint}))


def test_texts_that_are_no_names_are_passed_over() -> None:
    kinds = [{"type": "landmark", "x": n} for n in range(20)]
    assert set(labels_of(kinds)) == {""}
    named = [{"name": "person 1", "label": sided(joint)} for joint in COCO17.joints]
    assert labels_of([None, *named]) == ["", *COCO17.joints]
