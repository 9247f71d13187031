"""Dialects of tables, JSON and OpenSim's files: read joint by joint, asked about, or refused; and what refusals say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import reading_dialects as dialects
from optical_motion import HALPE26, markers, trc
from pgfa.errors import BadFile
from pgfa.read import read, read_all
from pgfa.skeleton import NTU25, Clip
from reading_cases import Case, lay_out, tried
from reading_motions import in_layout, motion
from reading_schemas import table

CASES = [case for case in dialects.cases() if case.defect.endswith("wave")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_read_right_or_refused(case: Case, tmp_path: Path) -> None:
    outcome = tried(case, tmp_path)
    allowed = ("right", "asked") if case.truth else ("refused", "asked")
    assert outcome.verdict in allowed, outcome.why


@pytest.mark.parametrize(
    ("defect", "found"),
    [
        ("joint angles", "joint angles and positions of the pelvis"),
        ("forces", "forces and moments"),
        ("centres of mass", "centres of mass"),
        ("rotations", "quaternion"),
        ("a coordinate twice", "again"),
        ("tails only", "tail_x"),
        ("scores or z", "may be z or scores"),
        ("joints of two people", "person_1, person_2"),
        ("two people", "the same joint again"),
        ("people", "people, each with frames"),
    ],
)
def test_a_refusal_says_what_was_found(defect: str, found: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.defect == f"{defect}, wave")
    with pytest.raises(BadFile) as refusal:
        read(lay_out(case, tmp_path))
    assert found in str(refusal.value)


def test_recordings_by_name_are_named(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.defect == "action, wave")
    clips = [clip for clip in read_all(lay_out(case, tmp_path)) if isinstance(clip, Clip)]
    assert [clip.source.id for clip in clips] == ["a-1", "a-2"]
    assert [clip.problems[0] for clip in clips] == ["recording 'walk'", "recording 'other'"]


def test_missing_frames_of_a_nested_recording_are_empty(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25).round(4)
    frames = {
        str(frame): joints.tolist() for frame, joints in enumerate(points) if frame not in range(10, 15)
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"wave": frames}), encoding="utf-8")
    empty = np.isnan(read(path).positions).all(axis=(1, 2, 3))
    assert empty.nonzero()[0].tolist() == list(range(10, 15))


@pytest.mark.parametrize("sign", [",", "."])
def test_a_sign_between_thousands_that_comes_late_is_seen(sign: str, tmp_path: Path) -> None:
    points = np.tile(in_layout(motion("wave"), NTU25) - [0.2, -0.3, 3.5], (6, 1, 1))
    points = np.clip(points, -0.99, 0.99)
    points[250:] += [0.8, 0, 0]
    cells = [[f"{1000 * value:,.0f}".replace(",", sign) for value in frame.reshape(-1)] for frame in points]
    assert not any(sign in cell for row in cells[:250] for cell in row)
    header = [f"{name}_{axis}" for name in dialects.JOINTS for axis in "xyz"]
    path = tmp_path / "a.csv"
    path.write_text(table(header, cells, ";"), encoding="utf-8")
    clip = read(path, up="y", unit="mm", mirrored=False, layout="ntu25")
    assert any("separator of thousands" in problem for problem in clip.problems)
    assert (
        np.nanmax(np.abs(clip.positions[250:, 0] - points[250:] - (clip.positions[0, 0] - points[0]).mean(0)))
        < 0.01
    )


def _thousands(text: str) -> str:
    lines = text.split("\n")
    rows = [line.split("\t") for line in lines[5:]]
    apart = [
        "\t".join([*row[:2], *(f"{float(c):,.0f}".replace(",", ".") if c else c for c in row[2:])])
        for row in rows
    ]
    return "\n".join([*lines[:5], *apart])


def test_a_sign_between_thousands_in_a_trc_is_refused(tmp_path: Path) -> None:
    write: Callable[[str], object] = lambda text: (tmp_path / "a.trc").write_text(text, encoding="utf-8")  # noqa: E731
    write(_thousands(trc(markers(motion("wave"), HALPE26), "mm", 1000)))
    with pytest.raises(BadFile, match="without a sign between thousands"):
        read(tmp_path / "a.trc")
