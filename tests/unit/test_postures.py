"""People who crawl or are on their hands, in arrays that do not say which axis is up: asked about, not turned over."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.errors import Undecided
from pgfa.read import read
from pgfa.skeleton import NTU25, SMPL24, Layout
from pgfa.synth.imagined import glossary_motions, perform_motion
from pgfa.synth.performers import make_performers
from reading_defects import UPS, npy
from reading_motions import changed, completed, in_layout

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


@pytest.mark.parametrize("action", ["drive-car", "sit-still", "walk", "squat"])
def test_people_who_sit_and_stand_are_not_asked_about(action: str, tmp_path: Path) -> None:
    points = in_layout(body(action), SMPL24)
    for number, moved in enumerate((points, points - points[:, :1], points + np.array([0.1, -1, 2.5]))):
        path = tmp_path / f"{number}.npy"
        path.write_bytes(npy(moved))
        assert "up y" in read(path).reading


@pytest.mark.parametrize("layout", [NTU25, SMPL24], ids=lambda layout: layout.name)
def test_somebody_who_walks_on_the_hands(layout: Layout, tmp_path: Path) -> None:
    asked = question(tmp_path / "a.npy", in_layout(body("handstand-walk"), layout))
    assert asked.options == ("-y", "y")
    assert "on the hands with y up" in asked.reason
