"""An axis across in another unit, where no limb moves so that its length would show it: shoulders and hips do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from optical_motion import HALPE26, markers, trc
from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import COCO17, KINECT20
from reading_motions import in_layout, motion


def facing() -> np.ndarray:
    """(40, 20, 3) somebody who faces along z and raises the hands a little: nothing turns towards x."""
    points = np.repeat(person(KINECT20)[:1], 40, axis=0)
    points += np.random.default_rng(0).normal(0, 0.003, points.shape)
    for side in ("left", "right"):
        points[:, KINECT20.index(f"wrist_{side}"), 2] += np.linspace(0, 0.1, 40)
    return points


POINTS = facing()


def problems(folder: Path, units: tuple[float, float, float], **about: str) -> tuple[str, ...]:
    content = {"layout": "kinect20", "fps": 30, "up": "y", "keypoints": (POINTS * units).tolist(), **about}
    (folder / "a.json").write_text(json.dumps(content), encoding="utf-8")
    return read(folder / "a.json").problems


@pytest.mark.parametrize("units", [(1.0, 1.0, 1.0), (1.3, 1.0, 1.0), (1.0, 1.0, 2.0)])
def test_a_body_of_usual_breadth_is_not_noted(tmp_path: Path, units: tuple[float, float, float]) -> None:
    assert not any("perhaps an axis" in problem for problem in problems(tmp_path, units))


@pytest.mark.parametrize("about", [{}, {"unit": "m"}])
def test_a_broad_one_is(tmp_path: Path, about: dict[str, str]) -> None:
    every = problems(tmp_path, (2.0, 1.0, 1.0), **about)
    (note,) = [problem for problem in every if "perhaps an axis" in problem]
    assert note.startswith("shoulders and hips ")


def picture(folder: Path, size: tuple[int, int]) -> tuple[str, ...]:
    """Problems of a picture of 720 x 1280, in shares, whose file says another size."""
    pixels = np.array([360, 640]) - 300 * in_layout(motion("wave"), COCO17)[..., :2]
    content = {"layout": "coco17", "fps": 30, "width": size[0], "height": size[1]}
    shares = (pixels - pixels.mean(axis=(0, 1))) / [720, 1280] + 0.5
    (folder / "p.json").write_text(json.dumps({**content, "keypoints": shares.tolist()}), encoding="utf-8")
    return read(folder / "p.json").problems


def test_exchanged_sizes_of_a_picture_are_noted(tmp_path: Path) -> None:
    words = "perhaps width and height of the picture are exchanged"
    assert not any(words in problem for problem in picture(tmp_path, (720, 1280)))
    assert any(words in problem for problem in picture(tmp_path, (1280, 720)))


def test_markers_of_a_broad_body_are_noted(tmp_path: Path) -> None:
    """Somebody who hardly moves, so that no limb shows it."""
    random, path = np.random.default_rng(0), tmp_path / "a.trc"
    still = {
        name: np.repeat(points[:1], 40, axis=0) + random.normal(0, 0.003, (40, 3))
        for name, points in markers(motion("wave"), HALPE26).items()
    }
    for unit, expected in ((1.0, False), (2.0, True)):
        changed = {name: points * [unit, 1, 1] for name, points in still.items()}
        path.write_text(trc(changed, "m", 1.0), encoding="utf-8")
        assert any("perhaps an axis has another" in problem for problem in read(path).problems) == expected
