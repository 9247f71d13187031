"""Takes in one JSON file: in a list or as objects, with labels or without; each is a recording of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.read import read_all
from pgfa.skeleton import NTU25, Clip
from reading_motions import in_layout, motion, pixels

WALK, WAVE = (in_layout(motion(name), NTU25) for name in ("walk", "wave"))
ARRAYS = WALK.tolist(), WAVE.tolist()
WALK_NAMED, WAVE_NAMED = (
    {"label": name, "keypoints": a} for name, a in zip(("walk", "wave"), ARRAYS, strict=True)
)


def clips_of(folder: Path, content: Any) -> list[Clip]:
    (folder / "a.json").write_text(json.dumps(content))
    clips = read_all(folder / "a.json")
    assert all(isinstance(clip, Clip) for clip in clips)
    return [clip for clip in clips if isinstance(clip, Clip)]


CONTENTS: dict[str, tuple[Any, tuple[str, str]]] = {
    "arrays": (list(ARRAYS), ("1", "2")),
    "objects": ([{"keypoints": array} for array in ARRAYS], ("1", "2")),
    "objects with labels": ([WALK_NAMED, WAVE_NAMED], ("walk", "wave")),
    "in a field": ({"fps": 30, "takes": [{"data": array} for array in ARRAYS]}, ("takes / 1", "takes / 2")),
    "with gestures": (
        {"trials": [{"gesture": n, "frames": a} for n, a in zip("ab", ARRAYS, strict=True)]},
        ("trials / a", "trials / b"),
    ),
    "by words": ({"walking": {"frames": ARRAYS[0]}, "waving": {"frames": ARRAYS[1]}}, ("walking", "waving")),
}


@pytest.mark.parametrize(("content", "names"), CONTENTS.values(), ids=CONTENTS)
def test_each_take_is_a_recording(content: Any, names: tuple[str, str], tmp_path: Path) -> None:
    clips = clips_of(tmp_path, content)
    assert len(clips) == 2
    for clip, points, name in zip(clips, (WALK, WAVE), names, strict=True):
        np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-5)
        assert any(note in (f"recording {name}", f"recording {name!r}") for note in clip.problems)


def test_takes_with_rates_of_their_own(tmp_path: Path) -> None:
    content = [{**WALK_NAMED, "fps": 25}, {**WAVE_NAMED, "fps": 50}]
    assert [clip.rate for clip in clips_of(tmp_path, content)] == [25, 50]


def test_people_of_frames_are_no_takes(tmp_path: Path) -> None:
    """Twelve people side by side in each of three frames."""
    shifts = np.arange(12)[:, None, None] * np.array([200, 0])
    people = np.stack([pixels(frame) + shifts for frame in WALK[:3]])
    (clip,) = clips_of(tmp_path, people.tolist())
    assert clip.positions.shape == (3, 12, 25, 3)
