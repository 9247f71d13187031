"""Qualisys's export as JSON: trajectories in parts, with gaps between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optical_motion import BODY, LATERAL, QUALISYS, RATE, assert_same, joint, markers, rotated, written
from pgfa.errors import BadFile
from pgfa.read import format_of, read
from pgfa.read.source import FileRef

POINTS = rotated(markers(BODY, QUALISYS), "z")
"""Marker -> (frames, 3) metres, z up, as QTM counts."""
FRAMES = len(next(iter(POINTS.values())))


def part(points: np.ndarray, start: int) -> dict[str, Any]:
    """Lines of x, y, z in millimetres and the residual, from frame `start` on."""
    lines = [[*line, 0.4] for line in (1000 * points).round(3).tolist()]
    return {"Range": {"Start": start, "End": start + len(lines) - 1}, "Type": "Measured", "Values": lines}


def content(first: int = 1, gap: str = "") -> dict[str, Any]:
    """The export, its frames from `first` on; the marker `gap` is absent in frames 5 to 9."""
    whole = {name: [part(place, first)] for name, place in POINTS.items()}
    if gap:
        whole[gap] = [part(POINTS[gap][:5], first), part(POINTS[gap][10:], first + 10)]
    return {
        "Timebase": {
            "Frequency": RATE,
            "Range": {"Start": first, "End": first + FRAMES - 1},
            "Type": "Camera",
        },
        "Markers": [{"Name": name, "Color": 1, "Parts": parts} for name, parts in whole.items()],
        "Bodies": [],
        "Skeletons": [],
    }


def test_the_motion_is_read_joint_by_joint(tmp_path: Path) -> None:
    path = written(tmp_path, "walk.json", json.dumps(content(first=101)))
    assert format_of(FileRef(path)).name == "qtm-json"
    clip = read(path, up="z", mirrored=False)
    assert (clip.frames, clip.bodies, clip.rate) == (FRAMES, 1, RATE)
    assert_same(clip, **LATERAL)


def test_frames_between_the_parts_are_absent(tmp_path: Path) -> None:
    path = written(tmp_path, "walk.json", json.dumps(content(gap="LAnkleOut")))
    clip = read(path, up="z", mirrored=False)
    absent = np.isnan(joint(clip, "ankle_left")).any(axis=1)
    assert absent.nonzero()[0].tolist() == list(range(5, 10))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda c: c["Markers"][2]["Parts"][0]["Range"].update(End=900), "marker"),
        (lambda c: c["Markers"][2]["Parts"][0]["Values"].pop(), "marker"),
        (lambda c: c["Markers"][2]["Parts"][0]["Values"][3].__setitem__(0, "a"), "marker"),
        (lambda c: c["Timebase"].update(Frequency="fast"), "Timebase"),
        (lambda c: c["Timebase"].update(Range={"Start": 9}), "Timebase"),
        (lambda c: c.update(Markers=[]), "Markers"),
        (lambda c: c["Markers"].insert(0, "LASIS"), "marker 1"),
    ],
)
def test_a_damaged_export_is_refused_with_the_place(change: Any, where: str, tmp_path: Path) -> None:
    damaged = content()
    change(damaged)
    with pytest.raises(BadFile) as refusal:
        read(written(tmp_path, "walk.json", json.dumps(damaged)))
    assert where in refusal.value.where
