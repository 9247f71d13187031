"""Exports of Qualisys and CMU Panoptic, tables of bones, markers and numbers, files compressed by gzip."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import reading_loggers
import reading_names
import reading_plain
from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import FORMATS, read, read_all
from pgfa.read.parsing.cells import thousands_mark
from pgfa.skeleton import NTU25
from reading_cases import Case, tried
from reading_motions import in_layout, motion
from reading_schemas import camel, table

CASES = {
    case.name: case for module in (reading_loggers, reading_names, reading_plain) for case in module.cases()
}


@pytest.mark.parametrize("name", CASES)
def test_read_joint_by_joint_or_refused(name: str, tmp_path: Path) -> None:
    case: Case = CASES[name]
    outcome = tried(case, tmp_path)
    expected = {"refused", "asked"} if case.truth is None else {"right", "asked"}
    assert outcome.verdict in expected, outcome.why


def test_most_programs_are_read_without_a_question(tmp_path: Path) -> None:
    asked = []
    for number, (name, case) in enumerate(CASES.items()):
        if case.truth is not None and "walk" in name:
            (folder := tmp_path / str(number)).mkdir()
            if tried(case, folder).verdict == "asked":
                asked.append(name)
    assert {name.split(": ")[1] + name.partition("mirrored")[1] for name in asked} == {
        "bones of Unreal", "bones of Xsens", "bones of Blender", "Qualisysmirrored",
        "Plug-in Gaitmirrored",
    }  # fmt: skip


def test_a_users_table_names_the_columns(tmp_path: Path) -> None:
    body = motion("walk")
    bones = reading_names.bones(body, reading_names.BONES, lambda side, name: side.title() + name)
    own = {name: f"Q{number}" for number, name in enumerate(bones)}
    path = tmp_path / "a.csv"
    path.write_text(reading_names.wide({own[n]: p for n, p in bones.items()}, lambda n, a: f"{n}_{a}"))
    with pytest.raises(BadFile, match=r"a table of markers that names them .*found no shoulder_left"):
        read(path)
    landmark = {"UpperArm": "shoulder", "LowerArm": "elbow", "Hand": "wrist", "UpperLeg": "hip", "LowerLeg": "knee",
                "Foot": "ankle", "Toes": "toe"}  # fmt: skip
    names = {
        own[side.title() + bone]: f"{joint}_{side}"
        for bone, joint in landmark.items()
        for side in ("left", "right")
    }
    clip = read(path, markers=names, mirrored=False)
    for joint in ("wrist_left", "knee_right", "foot_left"):
        expected = body[{"foot_left": "toe_left"}.get(joint, joint)]
        there = clip.positions[:, 0, NTU25.index(joint)].astype(float)
        np.testing.assert_allclose(np.diff(there[:, 1]), np.diff(expected[:, 1]), atol=1e-4)


def test_a_sample_of_each_text_format_is_read_from_gzip(tmp_path: Path) -> None:
    count = 0
    for name, format in FORMATS.items():
        if format.sample is None or format.container or format.extra or len(sample := format.sample()) > 1:
            continue
        ((path, content),) = sample.items()
        if content.startswith((b"PK", b"MATLAB")):
            continue
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
        (tmp_path / f"{path}.gz").write_bytes(gzip.compress(content))
        plain, packed = read(tmp_path / path), read(tmp_path / f"{path}.gz")
        np.testing.assert_array_equal(plain.positions, packed.positions, err_msg=name)
        assert (plain.source, plain.reading) == (packed.source, packed.reading)
        count += 1
    assert count > 12


def test_gzip_inflates_no_further_than_its_size_allows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0 " * 75 + b"\n" + (b"1.5 " * 75 + b"\n") * 200_000))
    with pytest.raises(LimitExceeded, match=r"inflates to more than the limit of .* unpack it first"):
        read(path)


def test_gzip_of_too_many_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0 " * 75 + b"\n") + gzip.compress(b"") * 50_000)
    with pytest.raises(LimitExceeded, match=r"more than the limit of 1,000 parts"):
        read(path)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.234", "987", "-12"], "."),
        (["1,234", "987"], ","),
        (["1.234,5", "987,25", "3"], "."),
        (["2.345.678", "1"], "."),
        (["1.234", "2.345"], ""),  # metres, all with three decimals
        (["1.234", "0.5"], ""),
        (["0.512", "1"], ""),
        (["1.234", "12.5"], ""),
        (["123", "45"], ""),
        ([], ""),
    ],
)
def test_signs_between_thousands(cells: list[str], mark: str) -> None:
    assert thousands_mark(cells) == mark


def test_millimetres_with_dots_between_thousands_keep_their_depth(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25) * 1000
    titles = ["frame", *(f"{camel(joint)}_{axis}" for joint in NTU25.joints for axis in "xyz")]
    rows = [
        [n, *(f"{v:,.0f}".replace(",", ".") for v in frame.reshape(-1))] for n, frame in enumerate(points)
    ]
    (tmp_path / "a.csv").write_text(table(titles, rows, ";"))
    (clip,) = read_all(tmp_path / "a.csv")
    expected = np.ptp(points[:, :, 2]) / 1000
    assert np.ptp(clip.positions[:, 0, :, 2]) == pytest.approx(expected, rel=0.01)
    assert "'.' read as a separator of thousands: 1.234 is 1234" in clip.problems
