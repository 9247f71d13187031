"""JSON of depth cameras: times as names of frames, joints as lists, objects, fields and matrices. One motion in all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import NUITRACK19, ZED34, Layout
from reading_motions import in_layout, motion

EPOCH = 1665564360 * 10**9
Floats = np.ndarray


def saved(folder: Path, content: Any) -> Path:
    (folder / "a.json").write_text(json.dumps(content))
    return folder / "a.json"


def assert_same(path: Path, layout: Layout, rate: float = 30.0) -> None:
    """The motion with a sensor's axes: y up, the file's x is kept."""
    clip = read(path)
    expected = in_layout(motion("wave"), layout)
    assert (clip.layout, clip.bodies, clip.frames) == (layout, 1, len(expected))
    assert clip.rate == pytest.approx(rate, rel=1e-3)
    np.testing.assert_allclose(clip.positions[:, 0], expected, atol=1e-4)


def zed_body(points: Floats) -> dict[str, Any]:
    scores = [90.0] * len(points)
    return {"id": 0, "tracking_state": "OK", "keypoint": points.tolist(), "keypoint_confidence": scores}


KEYS: dict[str, Callable[[int], int]] = {
    "nanoseconds since 1970": lambda n: EPOCH + int(n * 1e9 / 30),
    "milliseconds since 1970": lambda n: EPOCH // 10**6 + int(n * 1e3 / 30),
    "nanoseconds": lambda n: int(n * 1e9 / 30),
    "microseconds": lambda n: int(n * 1e6 / 30),
}
HOLDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "top": lambda frames: frames,
    "in frames": lambda frames: {"frames": frames},
    "in Bodies": lambda frames: {"Bodies": frames},
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("keys", KEYS)
def test_times_as_names_of_frames(keys: str, holder: str, tmp_path: Path) -> None:
    """As ZED's samples write them: an object from the time to the bodies."""
    points = in_layout(motion("wave"), ZED34)
    frames = {str(KEYS[keys](n)): {"body_list": [zed_body(p)]} for n, p in enumerate(points)}
    assert_same(saved(tmp_path, HOLDERS[holder](frames)), ZED34)


@pytest.mark.parametrize("step", [1, 5, 30])
def test_numbers_as_names_of_frames_stay_numbers(step: int, tmp_path: Path) -> None:
    """Every 30th frame is no time in milliseconds."""
    points = in_layout(motion("wave"), ZED34)
    frames = {str(step * n): {"body_list": [zed_body(p)]} for n, p in enumerate(points)}
    clip = read(saved(tmp_path, frames))
    assert (clip.frames, clip.rate) == (len(points), 30)
    assert "frame rate missing, assumed 30 fps" in clip.problems


def as_list(points: Floats) -> Any:
    return points.tolist()


def as_object(points: Floats) -> Any:
    return dict(zip("xyz", points.tolist(), strict=True))


@pytest.mark.parametrize("place", [as_list, as_object])
@pytest.mark.parametrize("form", ["list", "object", "fields"])
def test_nuitrack_joints_in_every_form(place: Callable[[Floats], Any], form: str, tmp_path: Path) -> None:
    """`real` is in millimetres, as a list or an object; `proj`, the picture's coordinates, is not read."""
    frames = []
    for n, points in enumerate(1000 * in_layout(motion("wave"), NUITRACK19)):
        joints = {
            joint: {"confidence": 0.75, "real": place(point), "proj": [0.5, 0.25, 1.0]}
            for joint, point in zip(NUITRACK19.joints, points, strict=True)
        }
        person: dict[str, Any] = {"id": 1}
        if form == "list":
            person["joints"] = [{"type": joint, **value} for joint, value in joints.items()]
        else:
            person |= {"joints": joints} if form == "object" else joints
        frames.append({"Timestamp": int(n * 1e6 / 30), "skeletons": [person]})
    assert_same(saved(tmp_path, frames), NUITRACK19)


@pytest.mark.parametrize("inside", [False, True])
def test_joints_as_fields_of_a_frame(inside: bool, tmp_path: Path) -> None:
    """A line per frame: its time and a list of numbers for each joint."""
    points = in_layout(motion("wave"), NUITRACK19)
    frames = [
        {"time_s": n / 25, **dict(zip(NUITRACK19.joints, p.tolist(), strict=True))}
        for n, p in enumerate(points)
    ]
    assert_same(saved(tmp_path, {"frames": frames} if inside else frames), NUITRACK19, rate=25)


def test_fields_that_are_no_joints_are_no_person(tmp_path: Path) -> None:
    frames = [{f"value_{n}": [1.0, 2.0, n * t] for n in range(12)} for t in range(20)]
    with pytest.raises(BadFile, match="expected all joints of a layout; closest is"):
        read(saved(tmp_path, frames))
    with pytest.raises(BadFile, match="expected keypoints of MediaPipe, MMPose"):
        read(saved(tmp_path, [{"a": 1, "b": [1, 2, 3]}] * 20))
