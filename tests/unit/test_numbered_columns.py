"""Tables whose joints have numbers, under the words that programs put before these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import MEDIAPIPE33, NTU25
from reading_motions import FRAMES, in_layout, motion, pixels

KINECT = in_layout(motion("wave"), NTU25) + np.array([0.2, 0.1, 2.7])
LANDMARKS = in_layout(motion("wave"), MEDIAPIPE33)
SPACE = LANDMARKS - LANDMARKS[:, 23:25].mean(axis=1, keepdims=True)
STRANGERS = np.random.default_rng(5).random((FRAMES, 25, 3))
"""Points that are no body."""


def table(titles: list[str], *points: np.ndarray) -> str:
    """Titles, and a line per frame with all numbers of the points."""
    rows = np.concatenate([part.reshape(FRAMES, -1) for part in points], axis=1)
    lines = [",".join([str(n), *(f"{value:.5f}" for value in row)]) for n, row in enumerate(rows)]
    return "\n".join([",".join(["frame", *titles]), *lines])


def titles_of(style: str, count: int, start: int = 0, axes: str = "xyz") -> list[str]:
    return [style.format(n + start, axis) for n in range(count) for axis in axes]


def assert_read(path: Path, points: np.ndarray) -> None:
    clip = read(path)
    moved = clip.positions[:, 0] - points
    assert clip.depth
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize(
    "style",
    ["marker{}_{}", "marker_{}:{}", "Marker {} {}", "kp{}_{}", "landmark_{}_{}", "point{}.{}", "lmk_{}_{}", "lm{}{}", 
     "node{}_{}", "pose_landmark_{}_{}", "body_joint_{}_{}", "p{}{}"],
)  # fmt: skip
def test_numbered_joints_in_space(style: str, start: int, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(titles_of(style, 25, start, "XYZ"), KINECT))
    assert_read(tmp_path / "a.csv", KINECT)
    (tmp_path / "b.csv").write_text(table(titles_of(style, 25, start), KINECT))
    assert_read(tmp_path / "b.csv", KINECT)


@pytest.mark.parametrize("beside", ["pose_landmark_{}_{}", "pose_{}_{}", ""])
@pytest.mark.parametrize("world", ["pose_world_landmark_{}_{}", "pose_world_{}_{}", "world_landmark_{}_{}"])
def test_numbered_landmarks_of_the_world_count_before_those_of_the_picture(
    world: str, beside: str, tmp_path: Path
) -> None:
    titles = titles_of(beside, 33, axes="xy") if beside else []
    points = [pixels(LANDMARKS) / [1280, 720]] if beside else []
    content = table([*titles, *titles_of(world, 33)], *points, SPACE * [-1, -1, 1])
    (tmp_path / "a.csv").write_text(content)
    assert_read(tmp_path / "a.csv", SPACE)


def test_joints_by_name_count_before_numbered_markers(tmp_path: Path) -> None:
    titles = [f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz"]
    content = table([*titles, *titles_of("marker{}_{}", 25)], KINECT, STRANGERS)
    (tmp_path / "a.csv").write_text(content)
    assert_read(tmp_path / "a.csv", KINECT)


def test_numbered_markers_that_are_no_body_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(titles_of("marker{}_{}", 25), STRANGERS))
    with pytest.raises(BadFile):
        read(tmp_path / "a.csv")
