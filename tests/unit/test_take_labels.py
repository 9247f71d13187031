"""Takes and sensors that one file has by a label are recordings of their own, not people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.read import read, read_all
from pgfa.read.formats.keypoints.take_labels import separates_takes
from pgfa.skeleton import NTU25, Clip
from reading_motions import in_layout, motion

ONE = in_layout(motion("wave"), NTU25)
OTHER = in_layout(motion("kick-forward"), NTU25) + np.array([1.5, 0, 0.8])
FRAMES = len(ONE)
TAKES = ["rep", "session", "exercise", "label", "action", "movement_name", "class", "condition", "run"]
SENSORS = ["sensor", "sensor_id", "device", "KinectID", "view", "viewpoint", "serial", "source"]


def as_csv(folder: Path, titles: list[str], rows: list[list[Any]]) -> list[Any]:
    header = [*titles, *(f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz")]
    path = folder / "a.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    return read_all(path)


def as_json(folder: Path, rows: list[tuple[dict[str, Any], Any]]) -> list[Any]:
    frames = [
        {**fields, "joints": dict(zip(NTU25.joints, points.tolist(), strict=True))} for fields, points in rows
    ]
    path = folder / "a.json"
    path.write_text(json.dumps({"fps": 30, "frames": frames}))
    return read_all(path)


def check(clips: list[Any]) -> None:
    assert [type(clip) for clip in clips] == [Clip, Clip]
    assert [clip.positions.shape[:2] for clip in clips] == [(FRAMES, 1)] * 2


@pytest.mark.parametrize("title", TAKES)
def test_takes_that_follow_each_other(title: str, tmp_path: Path) -> None:
    takes = [("squat", ONE), ("lunge", OTHER)]
    rows = [[name, *points.ravel()] for name, take in takes for points in take]
    clips = as_csv(tmp_path, [title], rows)
    check(clips)
    assert f"{title} squat" in clips[0].problems
    check(as_json(tmp_path, [({title: name}, points) for name, take in takes for points in take]))


@pytest.mark.parametrize("title", SENSORS)
def test_sensors_that_see_one_person(title: str, tmp_path: Path) -> None:
    rows = [(n, sensor, take[n]) for n in range(FRAMES) for sensor, take in (("k0", ONE), ("k1", OTHER))]
    check(as_csv(tmp_path, ["frame", title], [[n, name, *points.ravel()] for n, name, points in rows]))
    check(as_json(tmp_path, [({"frame": n, title: name}, points) for n, name, points in rows]))


def test_what_is_done_in_one_recording_does_not_divide_it(tmp_path: Path) -> None:
    clips = as_csv(
        tmp_path,
        ["frame", "action"],
        [[n, "rest" if n < FRAMES // 2 else "wave", *points.ravel()] for n, points in enumerate(ONE)],
    )
    assert [clip.frames for clip in clips] == [FRAMES]
    labels = ["a"] * 10 + ["b"] * 10
    assert separates_takes(labels, [None] * 20)
    assert separates_takes(labels, [*range(10)] * 2)
    assert not separates_takes(labels, [*range(20)])
    assert not separates_takes(labels + ["a"] * 10, [None] * 30)


def test_people_who_are_never_there_at_once_are_noted(tmp_path: Path) -> None:
    still = np.repeat(ONE[:1], 30, axis=0)
    path = tmp_path / "a.json"
    frames = [
        {"keypoints": points.tolist()} for points in np.concatenate([still, still + np.array([2.5, 0, 1.0])])
    ]
    path.write_text(json.dumps({"fps": 30, "layout": "ntu25", "frames": [{"people": [f]} for f in frames]}))
    clip = read(path)
    assert clip.positions.shape[1] == 2
    assert any("never there at once" in problem for problem in clip.problems)
