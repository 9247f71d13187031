"""People who crawl or are on their hands, in arrays that do not say which axis is up: asked about, not turned over."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.skeleton import MEDIAPIPE33, NTU25, SMPL24, Layout
from pgfa.synth.imagined import glossary_motions, perform_motion
from pgfa.synth.performers import make_performers
from reading_defects import UPS, npy
from reading_motions import changed, completed, in_layout, turned
from reading_schemas import camel

Floats = NDArray[np.float64]


@cache
def body(action: str) -> dict[str, Floats]:
    motion = glossary_motions()[action]
    return completed(perform_motion(motion, make_performers(5, 12)[6], NTU25, np.random.default_rng(1))[:100])


def question(path: Path, points: Floats) -> Undecided:
    path.write_bytes(npy(points))
    with pytest.raises(Undecided) as caught:
        read(path)
    assert caught.value.quantity == "up"
    return caught.value


@pytest.mark.parametrize("degrees", [0, 180])
@pytest.mark.parametrize("place", ["above the floor", "relative to the pelvis"])
def test_somebody_who_crawls_with_z_up(place: str, degrees: int, tmp_path: Path) -> None:
    turn = np.diag([-1.0, 1, -1]) if degrees else np.eye(3)
    points = in_layout(changed(body("crawl"), UPS["z"] @ turn), SMPL24)
    moved = points - points[:, :1] if place.startswith("relative") else points - [0, 0, 1.0]
    asked = question(tmp_path / "a.npy", moved)
    assert asked.options[1] == "z"
    assert "crawls with z up" in asked.reason


def moved(points: Floats, place: str) -> Floats:
    return points - points[:, :1] if place.startswith("relative") else points + np.array([0.3, 0, -1.0])


@pytest.mark.parametrize("layout", [NTU25, SMPL24], ids=lambda layout: layout.name)
@pytest.mark.parametrize("place", ["above the floor", "relative to the pelvis"])
@pytest.mark.parametrize("action", ["plank", "push-up", "bear-walk", "mountain-climber"])
def test_somebody_on_hands_and_feet_with_z_up(
    action: str, place: str, layout: Layout, tmp_path: Path
) -> None:
    for degrees in (0, 20, 180):
        asked = question(
            tmp_path / "a.npy",
            moved(in_layout(changed(turned(body(action), degrees), UPS["z"]), layout), place),
        )
        assert asked.options[1] == "z"
        assert "plank or push-up with z up" in asked.reason


def test_somebody_who_crawls_on_the_belly_rises_along_the_trunk(tmp_path: Path) -> None:
    for degrees in (0, 30, 180):
        points = in_layout(changed(turned(body("army-crawl"), degrees), UPS["z"]), SMPL24)
        asked = question(tmp_path / "a.npy", moved(points, "above the floor"))
        assert "climbs" in asked.reason
        assert asked.options[1] == "z"


@pytest.mark.parametrize("place", ["above the floor", "relative to the pelvis"])
def test_somebody_who_lies_flat_with_z_up_is_noted(place: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(moved(in_layout(changed(turned(body("lie-idle"), 180), UPS["z"]), SMPL24), place)))
    clip = read(path)
    assert "posture upright (somebody who lies with z up has the same numbers)" in clip.reading
    assert any("taken for one that stands: if it lies, state --up z" in problem for problem in clip.problems)


@pytest.mark.parametrize("action", ["walk", "squat", "wave", "sit-still"])
def test_on_a_floor_nothing_is_assumed_about_the_posture(action: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(in_layout(body(action), SMPL24)))
    assert "posture" not in read(path).reading


@pytest.mark.parametrize(
    "action", ["drive-car", "sit-still", "walk", "squat", "punch-person", "push-heavy", "jump-up-onto"]
)
def test_people_who_sit_and_stand_are_not_asked_about(action: str, tmp_path: Path) -> None:
    points = in_layout(body(action), SMPL24)
    for number, moved in enumerate((points, points - points[:, :1], points + np.array([0.1, -1, 2.5]))):
        path = tmp_path / f"{number}.npy"
        path.write_bytes(npy(moved))
        assert "up y" in read(path).reading


@pytest.mark.parametrize("layout", [NTU25, SMPL24], ids=lambda layout: layout.name)
@pytest.mark.parametrize("place", ["on the floor", "above the floor", "relative to the pelvis"])
def test_somebody_who_walks_on_the_hands(place: str, layout: Layout, tmp_path: Path) -> None:
    points = in_layout(body("handstand-walk"), layout)
    asked = question(tmp_path / "a.npy", points if place == "on the floor" else moved(points, place))
    assert asked.options == ("-y", "y")
    assert "on the hands with y up" in asked.reason


@pytest.mark.parametrize("place", ["on the floor", "relative to the pelvis"])
def test_somebody_who_goes_into_a_handstand(place: str, tmp_path: Path) -> None:
    points = in_layout(body("handstand"), SMPL24)
    asked = question(tmp_path / "a.npy", points if place == "on the floor" else moved(points, place))
    assert set(asked.options) == {"-y", "y"}
    assert "at the beginning or the end" in asked.reason


def test_hands_above_the_head_with_y_down(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(in_layout(changed(body("walk"), UPS["-y"]), SMPL24)))
    assert "up -y" in read(path).reading


def test_a_body_of_height_1_is_noted(tmp_path: Path) -> None:
    points = in_layout(body("walk"), SMPL24)
    path = tmp_path / "a.npy"
    path.write_bytes(npy((points - points[:, :1]) / np.ptp(points[..., 1])))
    assert any(
        "a small child, or coordinates that were divided by a height" in p for p in read(path).problems
    )
    path.write_bytes(npy(points))
    assert not any("child" in problem for problem in read(path).problems)


@pytest.mark.parametrize("layout", [NTU25, SMPL24], ids=lambda layout: layout.name)
@pytest.mark.parametrize("action", ["walk", "sit-still", "squat"])
def test_pixels_with_a_depth_in_millimetres(action: str, layout: Layout, tmp_path: Path) -> None:
    x, y, z = np.moveaxis(in_layout(body(action), layout) + np.array([0, -1, 2.8]), -1, 0)
    points = np.stack([640 - x / z * 920, 360 - y / z * 920, 1000 * z], axis=-1).round(1)
    path = tmp_path / "a.npy"
    path.write_bytes(npy(points))
    with pytest.raises(BadFile) as caught:
        read(path)
    if action == "walk":
        assert "as of a depth in millimetres" in str(caught.value)
        assert not read(path, depth=False).depth


@pytest.mark.parametrize("action", ["walk", "sit-still", "squat", "brush-teeth"])
def test_world_landmarks_with_y_up_on_a_floor_keep_their_depth(action: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    points = in_layout(body(action), MEDIAPIPE33)
    path.write_bytes(npy(points))
    clip = read(path)
    assert clip.depth
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-3)


def test_noise_and_frozen_poses(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(np.random.default_rng(0).normal(size=(60, 25, 3))))
    with pytest.raises(BadFile, match="joints jump from frame to frame") as caught:
        read(path)
    assert not isinstance(caught.value, Undecided)
    path.write_bytes(npy(np.repeat(in_layout(body("walk"), SMPL24)[:1], 30, axis=0)))
    assert "all 30 frames are exactly the same: nothing moves" in read(path).problems


def test_a_melted_table_is_read_as_its_frames(tmp_path: Path) -> None:
    points = in_layout(body("walk"), NTU25)
    lines = [
        f"{frame},{camel(joint)},{','.join(map(str, points[frame, index]))}"
        for index, joint in enumerate(NTU25.joints)
        for frame in range(len(points))
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["frame,joint,x,y,z", *lines]))
    np.testing.assert_allclose(read(path).positions[:, 0], points, atol=1e-4)
