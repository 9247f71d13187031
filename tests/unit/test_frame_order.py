"""Frames in no order of time are refused in every format, and what has no depth is read as a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from optical_motion import PLUG_IN_GAIT, markers, trc
from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import NTU25
from pgfa.synth.skeleton_text import skeleton_text
from reading_bodies import kinect
from reading_defects import npy
from reading_motions import Body, in_layout, motion, pixels

Floats = NDArray[np.float64]
AWAY = np.array([0, 0, 3.0])
ACTIONS = ("walk", "wave", "kick-forward", "squat")


def mixed(body: Body, frames: int | None = None) -> Body:
    order = np.random.default_rng(3).permutation(len(body["pelvis"]))[:frames]
    return {joint: places[order] for joint, places in body.items()}


def as_json(points: Floats, rate: float = 30) -> str:
    return json.dumps({"layout": "ntu25", "fps": rate, "up": "y", "keypoints": points.tolist()})


def skeleton(points: Floats) -> bytes:
    return skeleton_text(points[:, None].astype(np.float32))


WRITERS: dict[str, Callable[[Body], bytes | str]] = {
    "a.trc": lambda body: trc(markers(body, PLUG_IN_GAIT)),
    "a.csv": kinect,
    "a.json": lambda body: as_json(in_layout(body, NTU25)),
    "a.npy": lambda body: npy(in_layout(body, NTU25)),
    "b.npy": lambda body: npy(pixels(in_layout(body, NTU25))),
    "a.skeleton": lambda body: skeleton(in_layout(body, NTU25) + AWAY),
}


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("file", sorted(WRITERS))
@pytest.mark.parametrize("action", ACTIONS)
def test_mixed_frames_are_refused(action: str, file: str, tmp_path: Path) -> None:
    path = written(tmp_path / file, WRITERS[file](mixed(motion(action))))
    with pytest.raises(BadFile, match=r"jump|joints that turn back at each frame"):
        read(path)


def test_a_stated_rate_makes_it_a_note_and_a_slow_one_explains_it(tmp_path: Path) -> None:
    points = in_layout(mixed(motion("squat")), NTU25)
    path = written(tmp_path / "a.json", as_json(points))
    with pytest.raises(BadFile, match="sort them by frame or time") as caught:
        read(path)
    assert "--rate 30" in str(caught.value)
    assert any("joints that turn back" in problem for problem in read(path, rate=30).problems)
    assert not any("turn back" in problem for problem in read(path, rate=2).problems)
    assert read(written(path, as_json(points, rate=2))).rate == 2


@pytest.mark.parametrize("action", [*ACTIONS, "stand"])
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("noise", [0, 0.01, 0.03])
def test_frames_in_order_are_read(noise: float, step: int, action: str, tmp_path: Path) -> None:
    points = in_layout(motion(action), NTU25)[::step]
    points = points + np.random.default_rng(0).normal(0, noise, points.shape)
    problems = read(written(tmp_path / "a.json", as_json(points, 30 / step))).problems
    assert not any("turn back" in problem for problem in problems)


def test_a_recording_with_one_depth_has_none(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25) * [1, 1, 0] + AWAY
    clip = read(written(tmp_path / "a.skeleton", skeleton(points)))
    assert not clip.depth
    assert (clip.positions[..., 2] == 0).all()
