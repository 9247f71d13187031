"""The frame rate under its many names: as a number, a text, a time per frame, times, comments, coarse clocks."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.read.parsing.frame_times import clock_seconds
from pgfa.read.parsing.rates import rate_in_comments, stated_rate
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, NTU25, Clip
from reading_motions import in_layout, motion

FRAMES = 40
TITLES = [f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy"]
BODY = np.concatenate([picture(COCO17), picture(COCO17)[::-1]] * 5)[:FRAMES].reshape(FRAMES, -1)
STEADY = np.tile(picture(COCO17)[:1].reshape(1, -1), (100, 1)) + 0.1 * np.sin(np.arange(100) / 5)[:, None]


def json_clip(folder: Path, **fields: Any) -> Clip:
    path = folder / "a.json"
    path.write_text(json.dumps({"keypoints": person(NTU25, FRAMES).tolist(), **fields}))
    return read(path)


def csv_clip(folder: Path, titles: list[str], rows: np.ndarray, above: str = "") -> Clip:
    lines = [",".join(titles), *(",".join(map(str, row)) for row in rows.tolist())]
    (folder / "a.csv").write_text(above + "\n".join(lines) + "\n")
    return read(folder / "a.csv")


@pytest.mark.parametrize(
    "fields",
    [
        {"frame_time": 0.04}, {"frameTime": 0.04}, {"frame_time_ms": 40}, {"frameTimeMs": 40}, {"frame_time": 40},
        {"dt": 0.04}, {"timestep": 0.04}, {"FrameRate": 25}, {"Fps": "25 fps"}, {"frames per second": 25},
        {"sampling_rate": "25 Hz"}, {"hz": 25}, {"header": {"fps": 25}}, {"videoMetadata": {"frameRate": "25"}},
        {"timestamps": [0.04 * n for n in range(FRAMES)]}, {"timestamps": [40 * n for n in range(FRAMES)]},
        {"times_ms": [40 * n for n in range(FRAMES)]}, {"time": [1.7e9 + 0.04 * n for n in range(FRAMES)]},
        {"metadata": {"timestamps_us": [40_000 * n for n in range(FRAMES)]}},
    ],
    ids=lambda fields: str(fields)[:30],
)  # fmt: skip
def test_names_in_json(fields: dict[str, Any], tmp_path: Path) -> None:
    clip = json_clip(tmp_path, **fields)
    assert clip.rate == pytest.approx(25, rel=1e-3)
    assert "declared by the file: rate 25 Hz" in clip.reading


def test_what_gives_no_rate_is_noted(tmp_path: Path) -> None:
    clip = json_clip(tmp_path, dt=1)
    assert "unit of dt unknown, frame rate not taken from it" in clip.problems
    assert "frame rate missing, assumed 30 fps" in clip.problems
    assert stated_rate({"frequency": "high", "t": ["a", "b"], "times": [3, 2]}) == (None, ())
    assert stated_rate({"times": [0, 1, 2, 9, 10]})[1] == (
        "unit of the times unknown, frame rate not taken from them",
    )
    gaps = stated_rate({"times": [0.0, 0.04, 0.08, 0.52, 0.56]})
    assert gaps[0] == pytest.approx(25)
    assert gaps[1] == ("1 gap in the times",)
    assert stated_rate({"dt": 10**400}) == (None, ())
    assert rate_in_comments(["# dt: 1/0"]) is None
    for name, value in (
        ("fps", -30),
        ("frameRate", "fast"),
        ("rate", [1, 2]),
        ("fps", 1e9),
        ("fps", 10**400),
    ):
        with pytest.raises(BadFile, match=f"field {name}: expected a number from 0.01 to 10000"):
            json_clip(tmp_path, **{name: value})


def test_names_in_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for field in (
        {"frame_time": 0.04},
        {"timestamps": np.arange(FRAMES) * 0.04},
        {"frameRate": 25},
        {"dt": 0.04},
    ):
        np.savez(path, joints=person(NTU25, FRAMES), **field)
        assert read(path).rate == pytest.approx(25)


@pytest.mark.parametrize(
    "comment",
    ["# fps 25", "# fps: 25", "# FPS=25.0", "// frame rate: 25 Hz", "% 25 fps", "# recorded at 25 Hz", "# FrameRate,25",
     "# frame_time 0.04", "# frame time (ms): 40", "# dt = 0.04 s", "# sampling frequency 25", "# fps: 50/2"],
)  # fmt: skip
def test_comments_above_a_table(comment: str, tmp_path: Path) -> None:
    assert csv_clip(tmp_path, TITLES, BODY, f"# made by hand\n{comment}\n").rate == pytest.approx(25)


def test_comments_that_state_no_rate() -> None:
    assert (
        rate_in_comments(["# exported 2024-05-01 12:00", "# 17 joints", "# frame 12", "# version 25"]) is None
    )
    assert rate_in_comments(["# fps 25", "# camera: 30 fps"]) is None


def test_a_column_with_the_rate(tmp_path: Path) -> None:
    rows = np.column_stack([np.full(FRAMES, 25), BODY])
    assert csv_clip(tmp_path, ["fps", *TITLES], rows).rate == 25
    rows[3, 0] = 26
    assert csv_clip(tmp_path, ["fps", *TITLES], rows).rate == 25
    rows[3, 0] = 50
    with pytest.raises(BadFile, match=r"one rate in all frames, or --rate .*, found 25 to 50 fps"):
        csv_clip(tmp_path, ["fps", *TITLES], rows)


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("title", ["time", "timestamp", "time_s", "seconds"])
def test_times_in_whole_seconds(title: str, numbered: bool, tmp_path: Path) -> None:
    start = 1_700_000_000 if title == "timestamp" else 0
    number, time = np.arange(100), start + (np.arange(100) + 7) // 25
    rows = np.column_stack([*([number] if numbered else []), time, STEADY])
    clip = csv_clip(tmp_path, [*(["frame"] if numbered else []), title, *TITLES], rows)
    assert (clip.frames, clip.bodies, clip.rate) == (100, 1, 25)
    assert "several frames have one time: frame rate of 25 fps from their number" in clip.problems


@pytest.mark.parametrize(
    ("start", "form"),
    [
        ("2026-11-26T23:59:58", "{date}T{time}"), ("2026-11-26T10:00:00", "{date} {time}"),
        ("2026-11-26T10:00:00", "{date}T{time}Z"), ("2026-11-26T10:00:00", "{date}T{time}+02:00"),
        ("2026-11-26T09:59:58", "{time}"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("title", ["time", "timestamp", "datetime"])
def test_times_as_dates(title: str, start: str, form: str, tmp_path: Path) -> None:
    times = [datetime.fromisoformat(start) + timedelta(seconds=0.04 * n) for n in range(FRAMES)]
    text = [form.format(date=t.date(), time=f"{t:%H:%M:%S}.{t.microsecond // 1000:03}") for t in times]
    clip = csv_clip(tmp_path, [title, *TITLES], np.column_stack([np.array(text, object), BODY]))
    assert (clip.frames, clip.rate) == (FRAMES, pytest.approx(25, rel=1e-3))
    assert not [note for note in clip.problems if "rate" in note]


def test_clock_seconds() -> None:
    assert clock_seconds("1970-01-02T00:00:00.5") == clock_seconds("1970-01-02 01:00:00.5+01:00") == 86400.5
    assert clock_seconds(" 1:02:03,25 ") == 3723.25
    assert [clock_seconds(text) for text in ("10:61:00", "noon", "", "10:00")] == [None] * 4


def test_whole_seconds_of_an_uneven_clock_and_of_one_step(tmp_path: Path) -> None:
    time = np.repeat(np.arange(5), [20, 24, 26, 25, 5])
    clip = csv_clip(tmp_path, ["time", *TITLES], np.column_stack([time, STEADY]))
    assert clip.rate == pytest.approx(25)
    assert any(note.endswith("from their number, 24 to 26 in each") for note in clip.problems)
    time = np.repeat(np.arange(2), [50, 50])
    clip = csv_clip(tmp_path, ["time", *TITLES], np.column_stack([time, STEADY]))
    assert (clip.frames, clip.bodies) == (100, 1)
    assert "frame rate missing, assumed 30 fps" in clip.problems
    assert any("none is complete" in note for note in clip.problems)


def test_two_people_of_one_time_are_two_people(tmp_path: Path) -> None:
    """Without ids: each entry is close to the one after the next, not to the next."""
    both = np.stack([STEADY[:FRAMES], STEADY[:FRAMES] + 90], 1).reshape(2 * FRAMES, -1)
    clip = csv_clip(
        tmp_path, ["time", *TITLES], np.column_stack([np.repeat(np.arange(FRAMES) / 25, 2), both])
    )
    assert (clip.frames, clip.bodies, clip.rate) == (FRAMES, 2, 25)


def test_people_with_ids_in_whole_seconds(tmp_path: Path) -> None:
    both = np.stack([STEADY, STEADY + 300], 1).reshape(200, -1)
    head = np.column_stack([np.repeat(np.arange(100) // 25, 2), np.tile([7, 9], 100)])
    clip = csv_clip(tmp_path, ["time", "person", *TITLES], np.column_stack([head, both]))
    assert (clip.frames, clip.bodies, clip.rate) == (100, 2, 25)


def test_frame_numbers_are_whole(tmp_path: Path) -> None:
    rows = np.column_stack([np.linspace(0.2, 0.9, FRAMES), BODY])
    with pytest.raises(BadFile, match=r"expected whole numbers of frames, found 0\.2"):
        csv_clip(tmp_path, ["frame", *TITLES], rows)


@pytest.mark.parametrize(("rate", "noted"), [(25, False), (60, False), (1000, True), (3000, True)])
def test_a_rate_at_which_nobody_moves_is_noted(rate: int, noted: bool, tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)
    content = {"keypoints": points.tolist(), "layout": "ntu25", "unit": "m", "up": "y", "handedness": "right"}
    (tmp_path / "a.json").write_text(json.dumps({**content, "fps": rate}), encoding="utf-8")
    clip = read(tmp_path / "a.json")
    assert clip.rate == rate
    assert any("another frame rate (--rate)?" in problem for problem in clip.problems) == noted


@pytest.mark.parametrize("field", ["downsample", "every_n", "skip_frames", "frame_step", "decimation"])
def test_frames_that_were_left_out_are_noted(field: str, tmp_path: Path) -> None:
    clip = json_clip(tmp_path, fps=90, **{field: 3})
    assert any(f"{field} 3 not heeded" in problem for problem in clip.problems)
