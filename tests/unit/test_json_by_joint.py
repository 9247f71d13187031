"""JSON that has the frames of each joint by its name, one take or several: the same body as the plainest file of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read, read_all
from pgfa.skeleton import COCO17, MEDIAPIPE33, NTU25, Clip, Layout
from reading_motions import in_layout, motion, pixels

KINECT = in_layout(motion("wave"), NTU25) + np.array([0.2, 0.1, 2.7])
WALK = in_layout(motion("walk"), NTU25) + np.array([0.2, 0.1, 2.7])
Joints = dict[str, np.ndarray]


def by_joint(points: np.ndarray, layout: Layout = NTU25) -> Joints:
    return {joint: points[:, index] for index, joint in enumerate(layout.joints)}


def axes(place: np.ndarray) -> dict[str, list[float]]:
    return {axis: place[:, index].tolist() for index, axis in enumerate("xyz"[: place.shape[1]])}


def objects(place: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip("xyz", frame, strict=False)) for frame in place.tolist()]


def numbered(place: np.ndarray, start: int = 0) -> dict[str, list[float]]:
    return {str(number): frame for number, frame in enumerate(place.tolist(), start=start)}


def lists(joints: Joints) -> dict[str, Any]:
    return {name: place.tolist() for name, place in joints.items()}


FORMS: dict[str, Callable[[Joints], Any]] = {
    "joint: frames": lists,
    "joint: x y z": lambda joints: {"joints": {name: axes(place) for name, place in joints.items()}},
    "joint: objects": lambda joints: {name: objects(place) for name, place in joints.items()},
    "joint: frame: place": lambda joints: {name: numbered(place) for name, place in joints.items()},
    "joint: frame from 1: object": lambda joints: {
        name: {str(n): frame for n, frame in enumerate(objects(place), start=1)}
        for name, place in joints.items()
    },
    "joint: position": lambda joints: {
        name: {"rotation": [[0, 0, 0, 1]] * len(place), "position": place.tolist()}
        for name, place in joints.items()
    },
    "list with names": lambda joints: [{"name": name, **axes(place)} for name, place in joints.items()],
    "list in a field": lambda joints: {
        "fps": 30,
        "joints": [{"joint": name, "positions": objects(place)} for name, place in joints.items()],
    },
    "axis: joint: frames": lambda joints: {
        axis: {name: place[:, index].tolist() for name, place in joints.items()}
        for index, axis in enumerate("xyz")
    },
}


def all_of(folder: Path, content: Any) -> list[Clip]:
    (folder / "a.json").write_text(json.dumps(content))
    clips = read_all(folder / "a.json")
    assert all(isinstance(clip, Clip) for clip in clips)
    return [clip for clip in clips if isinstance(clip, Clip)]


def assert_same(clip: Clip, points: np.ndarray) -> None:
    moved = clip.positions[:, 0] - points
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)


@pytest.mark.parametrize("layout", [NTU25, MEDIAPIPE33], ids=lambda layout: layout.name)
@pytest.mark.parametrize("form", FORMS)
def test_forms_of_the_frames_of_a_joint(form: str, layout: Layout, tmp_path: Path) -> None:
    points = in_layout(motion("wave"), layout) + np.array([0.2, 0.1, 2.7])
    (clip,) = all_of(tmp_path, FORMS[form](by_joint(points, layout)))
    assert clip.layout == layout
    assert_same(clip, points)


def test_scores_beside_the_axes_of_a_picture_are_scores(tmp_path: Path) -> None:
    picture = pixels(in_layout(motion("wave"), COCO17))
    scores = np.where(np.arange(len(picture)) < 3, 0.01, 0.9).tolist()
    content = {
        name: axes(place) | ({"score": scores} if name == "wrist_left" else {"score": [0.9] * len(scores)})
        for name, place in by_joint(picture, COCO17).items()
    }
    (clip,) = all_of(tmp_path, content)
    absent = np.asarray(np.isnan(clip.positions[:, 0]).any(axis=-1))
    assert not clip.depth
    assert absent[:3, COCO17.index("wrist_left")].all()
    assert absent.sum() == 3


def test_a_frame_that_a_joint_leaves_out_is_not_closed_up(tmp_path: Path) -> None:
    content = {name: numbered(place) for name, place in by_joint(KINECT).items()}
    for joint in content.values():
        del joint["7"]
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(BadFile):
        read(tmp_path / "a.json")


def test_frames_that_are_lists_of_landmarks_are_no_joints(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), MEDIAPIPE33)
    for form in (objects, np.ndarray.tolist):
        (clip,) = all_of(tmp_path, {f"frame_{n}": form(body) for n, body in enumerate(points)})
        assert_same(clip, points)


@pytest.mark.parametrize("name", ["{}", "frame_{}", "Frame {:03d}"])
def test_frames_by_number_that_are_arrays(name: str, tmp_path: Path) -> None:
    numbers = [number for number in range(len(KINECT)) if number != 5]
    (clip,) = all_of(tmp_path, {name.format(number): KINECT[number].tolist() for number in numbers})
    assert np.isnan(clip.positions[5]).all()
    moved = clip.positions[numbers, 0] - KINECT[numbers]
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)
    for content in (
        {name.format(33 * number): KINECT[number].tolist() for number in numbers},
        {name.format(number): KINECT[number].tolist() for number in numbers} | {"0000": KINECT[0].tolist()},
    ):
        (tmp_path / "a.json").write_text(json.dumps(content))
        with pytest.raises(BadFile):
            read(tmp_path / "a.json")


TAKES: dict[str, Callable[[Any, Any], Any]] = {
    "names": lambda one, other: {"wave": one, "walk": other},
    "names in a field": lambda one, other: {"takes": {"wave": one, "walk": other}},
    "labels": lambda one, other: {
        "takes": [{"label": "wave", "joints": one}, {"label": "walk", "joints": other}]
    },
    "joints beside labels": lambda one, other: [{"label": "wave", **one}, {"label": "walk", **other}],
    "subjects": lambda one, other: {"S1": {"wave": one}, "S2": {"walk": other}},
}


@pytest.mark.parametrize("form", TAKES)
def test_takes_of_named_joints(form: str, tmp_path: Path) -> None:
    content = TAKES[form](lists(by_joint(KINECT)), lists(by_joint(WALK[:30])))
    wave, walk = all_of(tmp_path, content)
    assert_same(wave, KINECT)
    assert_same(walk, WALK[:30])
    for clip, name in ((wave, "wave"), (walk, "walk")):
        assert any(problem.startswith("recording") and name in problem for problem in clip.problems)


def test_a_take_has_its_own_rate(tmp_path: Path) -> None:
    one, other = lists(by_joint(KINECT)), lists(by_joint(WALK))
    content = {"fps": 50, "takes": [{"joints": one}, {"joints": other, "fps": 25}]}
    assert [clip.rate for clip in all_of(tmp_path, content)] == [50, 25]


@pytest.mark.parametrize(
    "form",
    [
        lambda one, other: {"person_1": one, "person_2": other},
        lambda one, other: [{"person_id": 1, "joints": one}, {"person_id": 2, "joints": other}],
        lambda one, other: {"velocity": one, "angles": other},
    ],
)
def test_people_and_quantities_are_no_takes(form: Callable[[Any, Any], Any], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(form(lists(by_joint(KINECT)), lists(by_joint(WALK)))))
    with pytest.raises(BadFile):
        read(tmp_path / "a.json")
