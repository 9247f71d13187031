"""Qualisys 6D: rigid bodies are read where the user says that their origins are joints, and refused otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optical_motion import BODY, RATE, assert_same, upright
from pgfa.errors import BadFile
from pgfa.read import FORMATS, format_of, read
from pgfa.read.source import FileRef

BODIES = {
    "Head": "head", "Neck": "neck_base", "Pelvis": "pelvis",
    **{
        f"{side}_{name}": f"{joint}_{side.lower()}"
        for side in ("Left", "Right")
        for name, joint in (
            ("UpperArm", "shoulder"), ("Forearm", "elbow"), ("Hand", "wrist"), ("Thigh", "hip"), ("Shank", "knee"),
            ("Foot", "ankle"), ("Toe", "toe"),
        )
    },
}  # fmt: skip
"""Name of a body -> the joint at its origin."""


def tsv(folder: Path, *, titles: bool = True) -> Path:
    """As QTM exports 6D: X, Y, Z, three angles, a residual and a rotation for each body; y up becomes z up."""
    points = [1000 * upright(BODY[joint.removesuffix("_base")], "z") for joint in BODIES.values()]
    row = ["X", "Y", "Z", "Roll", "Pitch", "Yaw", "Residual", *(f"Rot[{n}]" for n in range(9))]
    lines = [
        f"NO_OF_FRAMES\t{len(points[0])}", "NO_OF_CAMERAS\t8", f"NO_OF_BODIES\t{len(BODIES)}",
        f"FREQUENCY\t{RATE:g}", "DATA_INCLUDED\t6D", "BODY_NAMES\t" + "\t".join(BODIES),
        *(["\t".join(["Frame", "Time", *row * len(BODIES)])] if titles else []),
    ]  # fmt: skip
    for n in range(len(points[0])):
        cells = [str(n + 1), f"{n / RATE:.5f}"]
        for place in points:
            cells += [*(f"{value:.3f}" for value in place[n]), *["0.000"] * 4, *"100010001"]
        lines.append("\t".join(cells))
    (folder / "walk_6D.tsv").write_text("\r\n".join(lines) + "\r\n")
    return folder / "walk_6D.tsv"


def test_bodies_at_joints_are_read_where_a_table_says_so(tmp_path: Path) -> None:
    clip = read(tsv(tmp_path), markers=BODIES)
    assert (clip.rate, clip.frames, clip.bodies) == (RATE, len(BODY["pelvis"]), 1)
    assert_same(clip)
    table = "[markers]\n" + "".join(f'"{name}" = "{joint}"\n' for name, joint in BODIES.items())
    (tmp_path / "pgfa-recordings.toml").write_text(table)
    np.testing.assert_array_equal(read(tmp_path / "walk_6D.tsv").positions, clip.positions)


def test_bodies_whose_origins_are_unknown_are_refused_with_the_ways_out(tmp_path: Path) -> None:
    path = tsv(tmp_path)
    assert format_of(FileRef(path)) is FORMATS["qtm-tsv"]
    with pytest.raises(BadFile, match=r"BODY_NAMES: .*export the data type 3D.*'Head, Neck.*\[markers\]"):
        read(path)
    some = {name: joint for name, joint in BODIES.items() if "Thigh" not in name}
    with pytest.raises(BadFile, match="hip"):
        read(path, markers=some)
    with pytest.raises(BadFile, match="no line of titles"):
        read(tsv(tmp_path, titles=False), markers=BODIES)
