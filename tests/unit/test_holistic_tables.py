"""Tables with a line per landmark of face, hands and body, as people write them from MediaPipe's Holistic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import MEDIAPIPE33, Clip
from reading_motions import in_layout, motion, pixels

LANDMARKS = in_layout(motion("wave"), MEDIAPIPE33)
SPACE = LANDMARKS - LANDMARKS[:, 23:25].mean(axis=1, keepdims=True)
WORLD = SPACE * [-1, -1, 1]
"""As MediaPipe counts: y down, from the hips."""
PICTURE = np.concatenate([pixels(LANDMARKS) / [1280, 720], 0.2 * SPACE[..., 2:]], axis=-1)
TITLES = "frame,row_id,type,landmark_index,x,y,z"
OTHERS = {"face": 40, "left_hand": 21, "right_hand": 21}


def lines_of(kind: str, points: np.ndarray) -> list[list[Any]]:
    return [
        [frame, f"{frame}-{kind}-{index}", kind, index, *(("", "", "") if np.isnan(place).any() else place)]
        for frame, body in enumerate(points)
        for index, place in enumerate(body)
    ]


def holistic(**bodies: np.ndarray) -> list[list[Any]]:
    """Lines frame by frame: the face, the left hand (absent in half of the frames), bodies, the right hand."""
    random = np.random.default_rng(3)
    others = {kind: random.random((len(LANDMARKS), count, 3)).round(4) for kind, count in OTHERS.items()}
    others["left_hand"][::2] = np.nan
    lines = [line for kind, points in (others | bodies).items() for line in lines_of(kind, points)]
    return sorted(lines, key=lambda line: line[0])


def written(folder: Path, lines: list[list[Any]], titles: str = TITLES) -> Clip:
    path = folder / "a.csv"
    path.write_text("\n".join([titles, *(",".join(map(str, line)) for line in lines)]))
    return read(path)


def test_the_lines_of_the_body_are_read(tmp_path: Path) -> None:
    alone = written(tmp_path, lines_of("pose", PICTURE))
    assert not alone.depth
    clip = written(tmp_path, holistic(pose=PICTURE))
    assert clip.layout is MEDIAPIPE33
    np.testing.assert_array_equal(clip.positions, alone.positions)
    assert any("face, left_hand, right_hand left out" in problem for problem in clip.problems)
    assert not any("left out" in problem for problem in alone.problems)
    numbered = [[number, *line] for number, line in enumerate(holistic(pose=PICTURE))]
    np.testing.assert_array_equal(written(tmp_path, numbered, "," + TITLES).positions, alone.positions)


def test_landmarks_of_the_world_count_before_those_of_the_picture(tmp_path: Path) -> None:
    bodies = {"pose_landmarks": PICTURE, "pose_world_landmarks": WORLD}
    clip = written(tmp_path, holistic(**bodies))
    assert clip.depth
    moved = clip.positions[:, 0] - SPACE
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)


def test_face_and_hands_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"lines of the body .*only face, left_hand, right_hand"):
        written(tmp_path, holistic())


def test_other_types_are_no_parts_of_a_person(tmp_path: Path) -> None:
    lines = sorted(lines_of("pose", PICTURE) + lines_of("ball", PICTURE), key=lambda line: line[0])
    with pytest.raises(BadFile, match="the same joint again"):
        written(tmp_path, lines)
