"""What every frame of a file states: rate, layout, up and unit, the same in all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import NTU25
from reading_motions import in_layout, motion

POINTS = in_layout(motion("wave"), NTU25)
RATES: dict[str, Any] = {
    "fps": lambda n: {"fps": 15},
    "text": lambda n: {"frame_rate": "15 fps"},
    "in a header": lambda n: {"metadata": {"fps": 15.0}},
    "measured": lambda n: {"fps": 15 + 0.3 * (n % 3 - 1)},
    "in the last frames": lambda n: {"fps": 15} if n > 40 else {},
}
FORMS: dict[str, Any] = {
    "lines": lambda frames: "\n".join(map(json.dumps, frames)),
    "list": json.dumps,
    "object": lambda frames: json.dumps({"frames": frames}),
    "by number": lambda frames: json.dumps(dict(enumerate(frames))),
}


def saved(folder: Path, statement: Any, form: str = "lines") -> Path:
    frames = [{**statement(n), "keypoints": points.tolist()} for n, points in enumerate(POINTS)]
    (folder / "a.json").write_text(FORMS[form](frames))
    return folder / "a.json"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rate", RATES)
def test_a_rate_in_the_frames_is_used(rate: str, form: str, tmp_path: Path) -> None:
    clip = read(saved(tmp_path, RATES[rate], form))
    assert clip.rate == pytest.approx(15)
    assert (clip.frames, clip.problems) == (len(POINTS), ())


def test_rates_that_differ_are_refused_unless_stated_or_timed(tmp_path: Path) -> None:
    def varied(n: int) -> dict[str, Any]:
        return {"fps": 15 if n % 2 else 30}

    with pytest.raises(
        BadFile, match=r"field fps: expected one rate in all frames, or --rate .* 15 to 30 fps"
    ):
        read(saved(tmp_path, varied))
    assert read(tmp_path / "a.json", rate=20).rate == 20
    clip = read(saved(tmp_path, lambda n: {**varied(n), "time_s": n / 25}))
    assert clip.rate == pytest.approx(25)
    assert "field fps not read: 15 to 30 fps" in clip.problems


def test_a_rate_of_frames_that_contradicts_the_header_is_refused(tmp_path: Path) -> None:
    frames = [{"fps": 15, "keypoints": points.tolist()} for points in POINTS]
    (tmp_path / "a.json").write_text(json.dumps({"fps": 30, "frames": frames}))
    with pytest.raises(BadFile, match="15 to 30 fps"):
        read(tmp_path / "a.json")


def test_a_rate_in_files_per_frame_is_used(tmp_path: Path) -> None:
    (tmp_path / "walk").mkdir()
    for n, points in enumerate(POINTS):
        (tmp_path / "walk" / f"f_{n:04}.json").write_text(
            json.dumps({"fps": 15, "keypoints": points.tolist()})
        )
    assert read(tmp_path / "walk").rate == 15


def test_layout_up_and_unit_in_the_frames_are_used(tmp_path: Path) -> None:
    expected = read(saved(tmp_path, lambda n: {}))

    def stated(n: int) -> dict[str, Any]:
        return {"layout": "ntu25", "up": "z", "unit": "cm"}

    lines = [
        {**stated(n), "keypoints": (100 * points[:, [2, 0, 1]]).tolist()} for n, points in enumerate(POINTS)
    ]
    (tmp_path / "b.json").write_text("\n".join(map(json.dumps, lines)))
    clip = read(tmp_path / "b.json")
    assert clip.reading.startswith("declared by the file: layout ntu25, up z, unit cm")
    lengths = [np.linalg.norm(np.diff(c.positions[:, 0], axis=1), axis=-1) for c in (expected, clip)]
    np.testing.assert_allclose(*lengths, atol=1e-5)
    with pytest.raises(BadFile, match=r"field up: expected one value in all frames, found 'y' and 'z'"):
        read(saved(tmp_path, lambda n: {"up": "z" if n else "y"}))
    assert read(tmp_path / "a.json", up="y").frames == len(POINTS)


def test_a_first_line_may_describe_the_recording(tmp_path: Path) -> None:
    header = {"fps": 15, "layout": "ntu25", "joint_names": list(NTU25.joints)}
    lines = [header, *({"keypoints": points.tolist()} for points in POINTS)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    clip = read(tmp_path / "a.jsonl")
    assert (clip.frames, clip.rate, clip.layout, clip.problems) == (len(POINTS), 15, NTU25, ())


def test_a_column_of_rates(tmp_path: Path) -> None:
    titles = ["fps", *(f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz")]

    def table(rates: np.ndarray) -> Path:
        rows = np.column_stack([rates, POINTS.reshape(len(POINTS), -1)])
        text = "\n".join([",".join(titles), *(",".join(map(str, row)) for row in rows.tolist())])
        (tmp_path / "a.csv").write_text(text)
        return tmp_path / "a.csv"

    numbers = np.arange(len(POINTS))
    assert read(table(15.0 + 0 * numbers)).rate == 15
    assert read(table(15 + 0.1 * (numbers % 3 - 1))).rate == pytest.approx(15)
    with pytest.raises(BadFile, match="column of the rate: expected one rate in all frames, or --rate"):
        read(table(15.0 + 15 * (numbers % 2)))
