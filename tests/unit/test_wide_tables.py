"""Tables with several people in a line, and tables whose cells are separated by spaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import COCO17, KINECT20, NTU25, Clip, Layout
from reading_motions import FRAMES, in_layout, motion

Floats = np.ndarray
TITLES: dict[str, Callable[[int, str, str], str]] = {
    "Body0_Head_X": lambda n, joint, axis: f"Body{n}_{joint.title()}_{axis.upper()}",
    "person_1.head.x": lambda n, joint, axis: f"person_{n + 1}.{joint}.{axis}",
    "P0 head x": lambda n, joint, axis: f"P{n} {joint} {axis}",
    "Skeleton 3: head_x": lambda n, joint, axis: f"Skeleton {n + 3}: {joint}_{axis}",
}


def saved(folder: Path, titles: list[str], rows: Floats, separator: str = ",") -> Path:
    lines = [
        separator.join(titles),
        *(separator.join("" if c != c else f"{c:.6g}" for c in row) for row in rows),
    ]
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    return folder / "a.csv"


def couple(layout: Layout) -> Floats:
    """(frames, 2, joints, 3): the second is a metre and a half beside the first, and of another size."""
    second = in_layout(motion("walk", 2), layout) + np.array([1.5, 0, 0])
    return np.stack([in_layout(motion("wave"), layout), second], axis=1)


def assert_couple(clip: Clip, people: Floats, slots: tuple[int, ...] = (0, 1)) -> None:
    assert clip.positions.shape == people.shape
    np.testing.assert_allclose(clip.positions[:, slots], people, atol=1e-4)


@pytest.mark.parametrize("before", ["frame", "time_s", ""])
@pytest.mark.parametrize("style", TITLES)
@pytest.mark.parametrize("layout", [NTU25, KINECT20], ids=lambda layout: layout.name)
def test_several_people_in_a_line(layout: Layout, style: str, before: str, tmp_path: Path) -> None:
    people = couple(layout)
    titles = [TITLES[style](n, joint, axis) for n in (0, 1) for joint in layout.joints for axis in "xyz"]
    rows = people.reshape(FRAMES, -1)
    if before:
        titles = [before, *titles]
        rows = np.column_stack([np.arange(FRAMES) / (25 if before == "time_s" else 1), rows])
    clip = read(saved(tmp_path, titles, rows))
    assert clip.layout == layout
    assert clip.rate == pytest.approx(25 if before == "time_s" else 30)
    assert_couple(clip, people)


@pytest.mark.parametrize("absent", [np.nan, 0.0])
def test_a_person_who_comes_later_is_absent_before(absent: float, tmp_path: Path) -> None:
    people = couple(NTU25)
    people[:20, 1] = absent
    people[5, 0] = people[5, 1] = absent  # a frame without anybody stays one
    titles = [f"Body{n}_{joint}_{axis}" for n in (0, 1) for joint in NTU25.joints for axis in "xyz"]
    clip = read(saved(tmp_path, titles, people.reshape(FRAMES, -1)))
    assert_couple(clip, np.where(people == 0, np.nan, people))


def test_a_table_of_one_numbered_person(tmp_path: Path) -> None:
    people = couple(NTU25)[:, :1]
    titles = [f"Body0_{joint}_{axis}" for joint in NTU25.joints for axis in "xyz"]
    assert_couple(read(saved(tmp_path, titles, people.reshape(FRAMES, -1))), people, (0,))


def test_numbered_keypoints_are_no_people(tmp_path: Path) -> None:
    points = 200 * in_layout(motion("wave"), COCO17)[..., :2] * -1 + 400
    titles = [f"p{n}_{axis}" for n in range(17) for axis in "xy"]
    clip = read(saved(tmp_path, titles, points.reshape(FRAMES, -1)))
    assert (clip.layout, clip.bodies) == (COCO17, 1)


@pytest.mark.parametrize("comment", ["", "# "])
@pytest.mark.parametrize("spaces", [" ", "   "])
def test_cells_separated_by_spaces(spaces: str, comment: str, tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)[:, None]
    titles = ["frame", *(f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz")]
    path = saved(tmp_path, titles, np.column_stack([np.arange(FRAMES), points.reshape(FRAMES, -1)]), spaces)
    path.write_text("# recorded at 25 Hz\n" + comment + path.read_text())
    for name in ("a.csv", "a.txt", "a.dat"):
        (tmp_path / name).write_bytes(path.read_bytes())
        clip = read(tmp_path / name)
        assert (clip.layout, clip.rate) == (NTU25, 25)
        assert_couple(clip, points, (0,))


def test_a_line_with_too_few_cells_is_named(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    titles = [f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz"]
    path = saved(tmp_path, titles, points.reshape(FRAMES, -1), " ")
    path.write_text(path.read_text()[:-100])
    with pytest.raises(BadFile, match=f"line {FRAMES + 1}: expected 75 cells"):
        read(path)
