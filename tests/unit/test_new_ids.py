"""Ids of depth cameras and trackers that change after a gap: one person, or two, as the bodies show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pgfa.read import read
from pgfa.skeleton import AZURE32, COCO17
from reading_motions import in_layout, motion

FRAMES = 48
MILLIMETRES = np.array([-1000.0, -1000.0, 1000.0])
Floats = np.ndarray


def azure(folder: Path, people: list[tuple[int, Floats, range]]) -> Path:
    """Azure Kinect's offline_processor: (id, (frames, 32, 3) y up, the frames in which it is seen)."""
    frames = [
        {
            "timestamp_usec": 33333 * n,
            "bodies": [
                {"body_id": id, "joint_positions": (points[n] * MILLIMETRES).tolist()}
                for id, points, seen in people
                if n in seen
            ],
        }
        for n in range(FRAMES)
    ]
    path = folder / "a.json"
    path.write_text(json.dumps({"frames": frames}))
    return path


def person(number: int = 1, name: str = "wave", apart: float = 0.0) -> Floats:
    return in_layout(motion(name, number), AZURE32) + np.array([apart, 0, 0])


@pytest.mark.parametrize("gap", [0, 1, 12])
def test_a_new_id_after_a_gap_is_the_same_person(gap: int, tmp_path: Path) -> None:
    whole = read(azure(tmp_path, [(1, person(), range(FRAMES))])).positions
    clip = read(azure(tmp_path, [(1, person(), range(20)), (4, person(), range(20 + gap, FRAMES))]))
    assert clip.bodies == 1
    expected = whole.copy()
    expected[20 : 20 + gap] = np.nan
    np.testing.assert_allclose(clip.positions, expected, atol=1e-5)
    note = "ids 1, 4 read as one person: never there at once, in one place and of one size"
    assert note in clip.problems


def test_ids_that_take_turns_are_one_person(tmp_path: Path) -> None:
    turns = [(1, person(), range(16)), (2, person(), range(16, 30)), (1, person(), range(30, FRAMES))]
    assert read(azure(tmp_path, turns)).bodies == 1


def test_a_new_id_elsewhere_or_of_another_size_is_another_person(tmp_path: Path) -> None:
    taller = person() * 1.12
    taller += (person()[20] - taller[20]).mean(axis=0)
    for other in (person(apart=2.5), taller):
        clip = read(azure(tmp_path, [(1, person(), range(20)), (4, other, range(24, FRAMES))]))
        assert clip.bodies == 2
        (note,) = [note for note in clip.problems if note.startswith("ids ")]
        assert note.startswith("ids 1, 4 are never there at once: read as 2 people; if they are one, give")


def test_people_who_are_there_at_once_stay_two(tmp_path: Path) -> None:
    """The second is lost and comes back with a new id; the first is there all the time, close by."""
    first, second = person(), person(2, "walk", apart=0.8)
    seen = [(1, first, range(FRAMES)), (2, second, range(20)), (3, second, range(25, FRAMES))]
    clip = read(azure(tmp_path, seen))
    assert clip.bodies == 2
    assert np.isfinite(clip.positions[:, 0]).all()
    assert np.isfinite(clip.positions[:, 1]).all(axis=(1, 2)).sum() == FRAMES - 5
    whole = read(azure(tmp_path, [(1, first, range(FRAMES)), (2, second, range(FRAMES))]))
    np.testing.assert_allclose(clip.positions[25:], whole.positions[25:], atol=1e-5)
    assert not any("never there at once: read as" in note for note in clip.problems)


@pytest.mark.parametrize(("gap", "people"), [(10, 1), (34, 2)])
def test_in_a_picture_a_person_is_back_within_a_second(gap: int, people: int, tmp_path: Path) -> None:
    """There size shows less: who comes later may be somebody else."""
    pixels = np.array([400, 300]) - 150 * in_layout(motion("wave"), COCO17)[..., :2]
    frames = [
        {"frame": n, "people": [{"id": 1 if n < 10 else 2, "keypoints": points.tolist()}]}
        for n, points in enumerate(pixels)
        if not 10 <= n < 10 + gap
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(frames))
    assert read(path).bodies == people
