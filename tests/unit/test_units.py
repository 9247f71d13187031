"""A stated unit takes the place of the one that a file or its format declares."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import Undecided
from pgfa.read import FORMATS, read
from pgfa.read.interpret.decision import values_of
from pgfa.skeleton import NTU25, SMPL24
from reading_motions import in_layout, motion
from reading_schemas import camel, table


def aist(folder: Path, place: np.ndarray, scaling: float) -> Path:
    """Poses of somebody who raises an arm, and whose pelvis moves, as AIST++ stores them."""
    poses = np.zeros((len(place), len(SMPL24.joints), 3))
    poses[:, SMPL24.index("shoulder_left"), 2] = np.linspace(0, 1.1, len(place))
    poses[:, SMPL24.index("knee_left"), 0] = 0.9
    fields = {"smpl_poses": poses.reshape(len(place), 72), "smpl_trans": place * scaling}
    path = folder / "a.pkl"
    path.write_bytes(pickle.dumps({**fields, "smpl_scaling": np.array([scaling]), "smpl_loss": 1.0}, 2))
    return path


def test_the_unit_of_poses_is_that_of_their_place(tmp_path: Path) -> None:
    path = aist(tmp_path, np.linspace([0, 0.9, 0], [0.1, 0.9, 0.7], 40), 100.0)
    exact, stated = read(path), read(path, unit="cm")
    np.testing.assert_allclose(stated.positions, exact.positions, atol=1e-5)
    assert values_of(stated.reading)["unit"] == "cm"


def test_the_unit_in_titles_of_a_table(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)
    header = ["time_s", *(f"{camel(joint)}_{axis} (mm)" for joint in NTU25.joints for axis in "xyz")]
    rows = [[n / 30, *(1000 * frame).reshape(-1).tolist()] for n, frame in enumerate(points)]
    (tmp_path / "a.csv").write_text(table(header, rows))
    exact: Any = read(tmp_path / "a.csv").positions
    np.testing.assert_allclose(exact[:, 0], points, atol=1e-3)
    np.testing.assert_allclose(read(tmp_path / "a.csv", unit="mm").positions, exact, atol=1e-5)
    with pytest.raises(Undecided, match="--unit mm"):
        read(tmp_path / "a.csv", unit="m")


def test_a_unit_in_titles_that_is_not_that_of_the_numbers_is_asked_about(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)
    header = ["time_s", *(f"{camel(joint)}_{axis} (mm)" for joint in NTU25.joints for axis in "xyz")]
    rows = [[n / 30, *frame.reshape(-1).tolist()] for n, frame in enumerate(points)]
    (tmp_path / "a.csv").write_text(table(header, rows))
    with pytest.raises(Undecided, match=r"in the unit mm, .*declares; state it with --unit m "):
        read(tmp_path / "a.csv")
    np.testing.assert_allclose(read(tmp_path / "a.csv", unit="m").positions[:, 0], points, atol=1e-3)


def test_the_unit_of_a_skeleton_in_its_own(tmp_path: Path) -> None:
    """HDM05's .asf states its unit; a stated one takes its place."""
    for name, content in (FORMATS["hdm05"].sample or dict)().items():
        (tmp_path / name).write_bytes(content)
    path = tmp_path / "HDM_bd_squat1Reps_001_120.amc"
    inches = read(path).positions / (0.0254 / 0.45)
    np.testing.assert_allclose(read(path, unit="cm").positions, inches * 0.01, rtol=1e-4, atol=1e-6)
