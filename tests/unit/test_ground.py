"""Markers of people who lie: the ground at 0, or what the file says, shows which axis points up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from optical_motion import HALPE26, markers, trc
from pgfa.errors import Undecided
from pgfa.read import FORMATS, read
from reading_motions import changed, lying, motion

Floats = np.ndarray
TO_Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def person(*, aside: float, raised: float = 0.0, up: str = "y") -> dict[str, Floats]:
    """On the back, head along z, at a distance from the origin along that axis; raised, in metres, as on a bed."""
    body = changed(lying(motion("wave")), np.eye(3), (0.4, raised, aside))
    return changed(body, TO_Z_UP) if up == "z" else body


def written(folder: Path, body: dict[str, Floats], *about: str) -> Path:
    path = folder / "a.trc"
    first, rest = trc(markers(body, HALPE26), "m", 1.0).split("\n", 1)
    path.write_text("\n".join([first, *about, rest]), encoding="utf-8")
    return path


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("turn", [0, 40, 90])
def test_who_lies_on_the_ground_keeps_lying(tmp_path: Path, up: str, turn: float) -> None:
    about = Rotation.from_euler("y", turn, degrees=True).as_matrix()
    body = changed(lying(motion("wave")), about, (2.5, 0, -4))
    clip = read(written(tmp_path, changed(body, TO_Z_UP) if up == "z" else body))
    assert f"up {up} (it lies on the ground at {up} = 0)" in clip.reading
    hips, chest = (clip.positions[:, 0, clip.layout.index(joint)] for joint in ("pelvis", "chest"))
    assert np.abs((chest - hips)[:, 1]).max() < 0.15
    assert 0.0 < hips[:, 1].mean() < 0.3
    assert any("lies on the ground" in problem for problem in clip.problems)


def test_who_lies_higher_or_may_stand_on_a_floor_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(Undecided, match="up"):
        read(written(tmp_path, person(aside=2.5, raised=0.7)))
    feet_at_0 = person(aside=0.0)
    nearest = min(float(feet_at_0[f"ankle_{side}"][:, 2].min()) for side in ("left", "right"))
    body = changed(feet_at_0, np.eye(3), (0, 0, 0.1 - nearest))
    assert "lies on the ground" not in _reading(written(tmp_path, body))


def test_who_stands_is_not_laid_down(tmp_path: Path) -> None:
    for raised in (0.0, 0.3, 0.6):  # on a treadmill
        for aside in np.linspace(-0.5, 0.8, 8):
            body = changed(motion("wave"), np.eye(3), (0, raised, aside))
            assert "lies on the ground" not in _reading(written(tmp_path, body))


def test_who_stands_beside_the_origin_on_another_floor_is_asked_about(tmp_path: Path) -> None:
    # The sensor is 1 m above the floor: with z up, the feet are at -1 m, and the body is near y = 0.
    body = changed(motion("wave", 2), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    with pytest.raises(Undecided, match="up"):
        read(written(tmp_path, body))
    clip = read(written(tmp_path, body), up="z")
    hips, chest = (clip.positions[:, 0, clip.layout.index(joint)] for joint in ("pelvis", "chest"))
    assert (chest - hips)[:, 1].min() > 0.25


def _reading(path: Path) -> str:
    try:
        return read(path).reading
    except Undecided:
        return ""


@pytest.mark.parametrize("line", ["UpAxis\tY", "Up Axis,y-up"])
def test_the_axis_that_a_trc_states_counts(tmp_path: Path, line: str) -> None:
    clip = read(written(tmp_path, person(aside=2.5, raised=0.7), line))
    assert "declared by the file: up y" in clip.reading
    hips, chest = (clip.positions[:, 0, clip.layout.index(joint)] for joint in ("pelvis", "chest"))
    assert np.abs((chest - hips)[:, 1]).max() < 0.15


def test_the_axis_that_a_take_of_motive_states_counts(tmp_path: Path) -> None:
    sample = FORMATS["motive-csv"].sample
    assert sample is not None
    text = sample()["take.csv"].decode()
    lines = text.split("\n")
    (tmp_path / "take.csv").write_text("\n".join([f"{lines[0]},Up Axis,Z", *lines[1:]]), encoding="utf-8")
    assert "declared by the file: up z" in read(tmp_path / "take.csv").reading
