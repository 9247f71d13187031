"""Tables whose titles number the coordinates of joints (MATLAB), and numbered points with all coordinates in a cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.skeleton import COCO17, H36M17, MEDIAPIPE33, NTU25, Clip, Layout
from reading_motions import in_layout, motion
from reading_schemas import camel

WALK = in_layout(motion("walk"), NTU25)
EVERY = pytest.mark.parametrize(
    "layout", [NTU25, COCO17, H36M17, MEDIAPIPE33], ids=lambda layout: layout.name
)


def saved(folder: Path, titles: list[str], rows: NDArray[np.float64]) -> Clip:
    lines = [",".join(titles), *(",".join(f"{number:.6g}" for number in row) for row in rows)]
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    return read(folder / "a.csv")


@pytest.mark.parametrize("numbers", [(1, 2, 3), (0, 1, 2)])
@pytest.mark.parametrize("framed", [True, False])
def test_coordinates_by_number(numbers: tuple[int, ...], framed: bool, tmp_path: Path) -> None:
    titles = [f"{camel(joint)}_{number}" for joint in NTU25.joints for number in numbers]
    rows = WALK.reshape(len(WALK), -1)
    if framed:
        titles, rows = ["frame", *titles], np.column_stack([np.arange(len(rows)), rows])
    np.testing.assert_allclose(saved(tmp_path, titles, rows).positions[:, 0], WALK, atol=1e-4)


def test_coordinates_of_numbered_joints(tmp_path: Path) -> None:
    titles = [f"Joint{joint}_{number}" for joint in range(1, 26) for number in (1, 2, 3)]
    clip = saved(tmp_path, titles, WALK.reshape(len(WALK), -1))
    np.testing.assert_allclose(clip.positions[:, 0], WALK, atol=1e-4)


@pytest.mark.parametrize("numbers", [(1, 2, 3, 4), (1, 2)])
def test_other_numbers_are_no_coordinates(numbers: tuple[int, ...], tmp_path: Path) -> None:
    """Quaternions; two columns of anything."""
    titles = [f"{joint}_{number}" for joint in NTU25.joints for number in numbers]
    with pytest.raises(BadFile, match="no x and y of joints"):
        saved(tmp_path, titles, np.random.default_rng(0).normal(size=(20, len(titles))))


def test_angles_by_number_are_refused(tmp_path: Path) -> None:
    titles = [f"{camel(joint)}_{number}" for joint in NTU25.joints for number in (1, 2, 3)]
    angles = np.cumsum(np.random.default_rng(0).normal(0, 2, (40, 75)), axis=0)
    with pytest.raises((BadFile, Undecided)):
        saved(tmp_path, titles, angles)


def points_titled(title: str, layout: Layout) -> list[str]:
    return [title.format(n) for n in range(len(layout.joints))]


@EVERY
@pytest.mark.parametrize("title", ["p{}_xyz", "P{} xyz", "point_{}.xyz", "j{}"])
def test_all_coordinates_of_a_numbered_point_in_a_cell(title: str, layout: Layout, tmp_path: Path) -> None:
    """The body tells the layout."""
    points = in_layout(motion("walk"), layout)
    lines = [",".join(["frame", *points_titled(title, layout)])]
    for number, frame in enumerate(points):
        cells = (f'"[{x:.5f}, {y:.5f}, {z:.5f}]"' for x, y, z in frame)
        lines.append(",".join([str(number), *cells]))
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    clip = read(tmp_path / "a.csv")
    assert clip.layout is layout
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)


@EVERY
@pytest.mark.parametrize("title", ["p{}_{}", "j{}_{}", "lm_{}_{}"])
def test_numbered_points_with_a_column_per_coordinate(title: str, layout: Layout, tmp_path: Path) -> None:
    points = in_layout(motion("walk"), layout)
    titles = [title.format(n, axis) for n in range(len(layout.joints)) for axis in "xyz"]
    clip = saved(tmp_path, titles, points.reshape(len(points), -1))
    assert clip.layout is layout
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)


def test_numbered_points_in_no_known_order_are_asked_about(tmp_path: Path) -> None:
    order = np.random.default_rng(3).permutation(17)
    points = in_layout(motion("walk"), COCO17)[:, order]
    titles = [f"p{n}_{axis}" for n in range(17) for axis in "xyz"]
    with pytest.raises(Undecided, match="--layout"):
        saved(tmp_path, titles, points.reshape(len(points), -1))
