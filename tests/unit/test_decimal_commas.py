"""Numbers with decimal commas as texts of a JSON, as programs on German or French systems write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.read.parsing.json_text import with_decimal_points
from pgfa.read.sample import person
from pgfa.skeleton import KINECT20

POINTS = person(KINECT20)


def comma(value: float) -> str:
    return f"{value:.4f}".replace(".", ",")


def joints(points: np.ndarray) -> list[dict[str, Any]]:
    names = zip(KINECT20.joints, points, strict=True)
    return [{"name": name, **dict(zip("xyz", map(comma, point), strict=True))} for name, point in names]


def written(folder: Path, content: Any) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


SHAPES = {
    "objects of joints": joints,
    "objects by name": lambda points: {joint.pop("name"): joint for joint in joints(points)},
    "lists by name": lambda points: {
        name: list(map(comma, point)) for name, point in zip(KINECT20.joints, points, strict=True)
    },
    "positions": lambda points: [
        {"name": joint["name"], "position": {axis: joint[axis] for axis in "xyz"}, "confidence": "0,98"}
        for joint in joints(points)
    ],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_joints_are_those_with_points(tmp_path: Path, shape: str) -> None:
    frames = [
        {"timestamp": comma(n / 25), "joints": SHAPES[shape](points)} for n, points in enumerate(POINTS)
    ]
    clip = read(written(tmp_path, {"up": "y", "frames": frames}))
    np.testing.assert_allclose(clip.positions[:, 0], POINTS, atol=1e-4)
    assert clip.rate == pytest.approx(25, rel=0.01)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("29,97", 29.97), ("30,000", 30), ("29,97 fps", 29.97), ("0,500", 0.5), ("30", 30), ("120,000 Hz", 120)],
)
def test_rates(tmp_path: Path, text: str, rate: float) -> None:
    content = {"layout": "kinect20", "fps": text, "up": "y", "keypoints": POINTS.tolist()}
    assert read(written(tmp_path, content)).rate == pytest.approx(rate)


def test_a_comma_that_may_be_one_between_thousands_is_refused(tmp_path: Path) -> None:
    content: dict[str, Any] = {"layout": "kinect20", "up": "y", "keypoints": POINTS.tolist()}
    with pytest.raises(BadFile, match="field fps"):
        read(written(tmp_path, {**content, "fps": "1,000"}))
    assert with_decimal_points(b'["1,234", "-56,789"]') == b'["1,234", "-56,789"]'
    assert with_decimal_points(b'["0,234", "-56,789"]') == b'["0.234", "-56.789"]'
    assert with_decimal_points(b'["a",5,"b", "1,5 m", "x,1"]') == b'["a",5,"b", "1,5 m", "x,1"]'


def test_times_that_are_not_read_are_noted_once(tmp_path: Path) -> None:
    frames = [{"timestamp": f"frame at {n}", "joints": joints(points)} for n, points in enumerate(POINTS)]
    clip = read(written(tmp_path, {"up": "y", "fps": 25, "frames": frames}))
    assert sum("timestamp not read" in problem for problem in clip.problems) == 1
