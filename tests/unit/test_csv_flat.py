"""Tables with all numbers of a frame in one cell, in a row."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import COCO17, MEDIAPIPE33, NTU25, Layout
from reading_motions import in_layout, motion

FRAMES = 48
WRITTEN: dict[str, Callable[[Any], str]] = {
    "list": lambda frame: str([round(float(x), 5) for x in frame.reshape(-1)]),
    "spaces": lambda frame: " ".join(f"{x:.5f}" for x in frame.reshape(-1)),
    "semicolons": lambda frame: ";".join(f"{x:.5f}" for x in frame.reshape(-1)),
    "numpy": lambda frame: np.array2string(frame.reshape(-1), precision=6, threshold=10**6),
    "all x first": lambda frame: str([round(float(x), 5) for x in frame.T.reshape(-1)]),
}


def saved(folder: Path, titles: list[str], rows: list[list[Any]]) -> Path:
    with (folder / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([titles, *rows])
    return folder / "a.csv"


@pytest.mark.parametrize("layout", [NTU25, COCO17, MEDIAPIPE33], ids=lambda layout: layout.name)
@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_every_way_to_write_the_numbers(write: Callable[[Any], str], layout: Layout, tmp_path: Path) -> None:
    points = in_layout(motion("walk"), layout)
    clip = read(
        saved(tmp_path, ["frame", "keypoints"], [[n, write(frame)] for n, frame in enumerate(points)])
    )
    assert clip.layout is layout
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)


WALK = in_layout(motion("walk"), NTU25)
CELLS = [WRITTEN["list"](frame) for frame in WALK]


@pytest.mark.parametrize(
    ("title", "time"),
    [
        ("timestamp", lambda n: n / 20),
        ("time_ms", lambda n: 50 * n),
        ("time_us", lambda n: 50_000 * n),
        ("timestamp", lambda n: f"2026-11-26T10:00:{n / 20:06.3f}"),
    ],
)
def test_times_beside_them(title: str, time: Callable[[int], Any], tmp_path: Path) -> None:
    clip = read(saved(tmp_path, [title, "pose"], [[time(n), cell] for n, cell in enumerate(CELLS)]))
    assert clip.rate == pytest.approx(20)
    assert clip.frames == FRAMES


def test_frames_that_are_not_there_are_empty(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[n, cell] for n, cell in enumerate(CELLS) if n not in (10, 11)]
    rows[20][1] = "[]"
    clip = read(saved(tmp_path, ["frame", "keypoints"], rows))
    empty = np.flatnonzero(np.isnan(clip.positions[..., 0]).all(axis=(1, 2)))
    np.testing.assert_array_equal(empty, [10, 11, 22])


@pytest.mark.parametrize("title", ["person_id", "take", "label", "video"])
def test_several_people_or_recordings_are_refused(title: str, tmp_path: Path) -> None:
    rows = [[n, f"v{n // 24}", cell] for n, cell in enumerate(CELLS)]
    path = saved(tmp_path, ["frame", title, "keypoints"], rows)
    with pytest.raises(BadFile, match=f"column '{title}': expected one person and one recording"):
        read(path)
    clip = read(saved(tmp_path, ["frame", title, "keypoints"], [[n, "a", cell] for n, _, cell in rows]))
    np.testing.assert_allclose(clip.positions[:, 0], WALK, atol=1e-4)


def test_a_line_with_other_numbers_is_named(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[n, cell] for n, cell in enumerate(CELLS)]
    rows[5][1] = rows[5][1].replace("]", ", 1.0]")
    with pytest.raises(BadFile, match="line 7: expected 75 numbers, as in the lines before, found 76"):
        read(saved(tmp_path, ["frame", "keypoints"], rows))
