"""Somebody who stands in place with z up is read so where nobody can lie; elsewhere the user is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import Undecided
from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import COCO17, H36M17, KINECT20, NTU25, Layout

FRAMES = 30
LAYOUTS = [NTU25, KINECT20, H36M17, COCO17]


def standing(layout: Layout, x: float, y: float, floor: float) -> np.ndarray:
    """(FRAMES, joints, 3) with z up: feet on z = floor, hips above (x, y)."""
    points = person(layout, FRAMES)[..., [0, 2, 1]] * [1, -1, 1]
    hips = points[:, [layout.index("hip_left"), layout.index("hip_right")]].mean(axis=(0, 1))
    return points + np.array([x - hips[0], y - hips[1], floor - points[..., 2].min()])


def saved(folder: Path, points: np.ndarray) -> Path:
    np.save(folder / "a.npy", points)
    return folder / "a.npy"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize(
    ("x", "y", "floor", "why"),
    [
        (0, -0.3, 0.0, "the feet are on a floor at z = 0, and the body reaches below y = 0"),
        (1, -2, 0.02, "the feet are on a floor at z = 0, and the body reaches below y = 0"),
        (1, 3, 0.02, "the feet are on a floor at z = 0, and the body is far above y = 0"),
        (0.3, -3, -1.0, "neither before a camera nor at the origin"),
        (0.3, 3, -1.0, "neither before a camera nor at the origin"),
    ],
)
def test_where_nobody_lies(
    layout: Layout, x: float, y: float, floor: float, why: str, tmp_path: Path
) -> None:
    points = standing(layout, x, y, floor)
    clip = read(saved(tmp_path, points), mirrored=False)
    assert why in clip.reading
    assert "up axis inferred: z" in clip.problems
    np.testing.assert_allclose(clip.positions[:, 0], points[..., [0, 2, 1]] * [1, 1, -1], atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize(
    ("x", "y", "floor"),
    [(0, 0.6, 0.3), (2, 0.3, 0.0), (0, -1, 2.5), (0, 0, -0.9)],
    ids=["on a bed", "on a floor, feet at z = 0", "before a camera", "relative to the body"],
)
def test_where_somebody_may_lie(layout: Layout, x: float, y: float, floor: float, tmp_path: Path) -> None:
    with pytest.raises(Undecided, match=r"--up z or --up y"):
        read(saved(tmp_path, standing(layout, x, y, floor)), mirrored=False)
