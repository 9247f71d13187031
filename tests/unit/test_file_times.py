"""Recordings with a file per frame: times in the files, and in their names, give the rate."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import NTU25, Clip

FRAMES, RATE = 20, 12.5
BODY = person(NTU25, FRAMES)
SECONDS = np.arange(FRAMES) / RATE
START = 1_700_000_000
NUMBERED = [f"frame_{n:04d}" for n in range(FRAMES)]
NO_RATE = "frame rate missing, assumed 30 fps"


def saved(folder: Path, names: Sequence[str], more: Callable[[int], dict[str, Any]], bad: int = -1) -> Clip:
    """The clip of a folder with a JSON file per frame; file number `bad` is damaged."""
    for n, (name, frame) in enumerate(zip(names, BODY.tolist(), strict=True)):
        content = {"joints": dict(zip(NTU25.joints, frame, strict=True)), **more(n)}
        (folder / f"{name}.json").write_text("{" if n == bad else json.dumps(content))
    return read(folder)


def check(clip: Clip, rate: float = RATE) -> None:
    assert clip.rate == pytest.approx(rate, rel=1e-3)
    assert NO_RATE not in clip.problems
    assert clip.positions.shape[:2] == (FRAMES, 1)
    np.testing.assert_allclose(clip.positions[-1, 0], BODY[-1], atol=1e-5)


FIELDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "seconds": lambda n: {"time": SECONDS[n]},
    "milliseconds": lambda n: {"timestamp_ms": 1000 * SECONDS[n]},
    "milliseconds without a unit": lambda n: {"timestamp": round(1000 * SECONDS[n])},
    "since 1970": lambda n: {"timestamp": START + SECONDS[n]},
    "nanoseconds since 1970": lambda n: {"timestamp": int((START + SECONDS[n]) * 1e9)},
    "a date": lambda n: {"timestamp": f"2026-11-26T10:00:{SECONDS[n]:06.3f}Z"},
    "in a header": lambda n: {"metadata": {"timestamp": START + SECONDS[n]}},
    "of ROS": lambda n: {
        "header": {"stamp": {"sec": START + n * 80 // 1000, "nanosec": n * 80 % 1000 * 10**6}}
    },
}


@pytest.mark.parametrize("more", FIELDS.values(), ids=FIELDS)
def test_times_in_the_files(more: Callable[[int], dict[str, Any]], tmp_path: Path) -> None:
    check(saved(tmp_path, NUMBERED, more))


NAMES: dict[str, Callable[[int], str]] = {
    "milliseconds": lambda n: f"{START * 1000 + 80 * n}",
    "with a word": lambda n: f"frame_{START * 1000 + 80 * n}",
    "microseconds": lambda n: f"{START * 10**6 + 80_000 * n}",
    "nanoseconds": lambda n: f"{START * 10**9 + 80_000_000 * n}",
    "seconds": lambda n: f"{START + SECONDS[n]:.6f}",
    "numbers and milliseconds": lambda n: f"{n:04d}_{START * 1000 + 80 * n}",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_times_in_the_names(name: Callable[[int], str], tmp_path: Path) -> None:
    check(saved(tmp_path, [name(n) for n in range(FRAMES)], lambda n: {}))


def test_a_frame_that_is_not_there_is_a_gap(tmp_path: Path) -> None:
    names = [f"{START * 1000 + 80 * (n + 2 * (n > 10))}" for n in range(FRAMES)]
    clip = saved(tmp_path, names, lambda n: {})
    assert clip.rate == pytest.approx(RATE)
    assert len(clip.positions) == FRAMES + 2
    assert np.isnan(clip.positions[11:13]).all()


def test_a_damaged_file_has_no_time(tmp_path: Path) -> None:
    clip = saved(tmp_path, NUMBERED, lambda n: {"time": SECONDS[n]}, bad=7)
    assert clip.rate == pytest.approx(RATE)
    assert np.isnan(clip.positions[7]).all()
    assert np.isfinite(clip.positions[8:]).all()


def test_names_and_times_that_differ_are_noted(tmp_path: Path) -> None:
    names = [f"{START * 1000 + 100 * n}" for n in range(FRAMES)]
    clip = saved(tmp_path, names, lambda n: {"time": SECONDS[n]})
    check(clip)
    note = "times in the names of the files give 10 fps, time in the files 12.5 fps, which is taken"
    assert note in clip.problems


@pytest.mark.parametrize(
    ("time", "note"),
    [
        (lambda n: 5.0, "time is the same in all files: frame rate not taken from it"),
        (lambda n: FRAMES - n, "time in the files does not rise with the names of the files"),
    ],
)
def test_times_that_give_no_rate_are_noted(time: Callable[[int], float], note: str, tmp_path: Path) -> None:
    clip = saved(tmp_path, NUMBERED, lambda n: {"time": time(n)})
    assert any(problem.startswith(note) for problem in clip.problems)
    assert NO_RATE in clip.problems


def test_a_rate_beside_times(tmp_path: Path) -> None:
    clip = saved(tmp_path, NUMBERED, lambda n: {"time": SECONDS[n], "fps": 25})
    check(clip)
    assert "times give 12.5 fps, the file states 25" in clip.problems


def test_dates_with_numbers_are_no_times(tmp_path: Path) -> None:
    check(saved(tmp_path, [f"walk_2024110{n:03d}" for n in range(FRAMES)], lambda n: {"fps": RATE}))
