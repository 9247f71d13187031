"""BVH: forward kinematics against an arm worked out by hand, names of many makers, faults with their line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import read
from pgfa.read.formats import bvh
from pgfa.read.formats.bvh import forward, parse
from pgfa.skeleton import NTU25

ARM = """HIERARCHY
ROOT Upper
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Lower
  {
    OFFSET 2 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 1
Frame Time: 0.02
"""


def ends(row: str, arm: str = ARM) -> np.ndarray:
    joints, motion, seconds = parse("arm.bvh", (arm + row + "\n").encode())
    assert seconds == 0.02
    return forward(joints, motion)[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 0 0 0 0 0 0 0 0", [[0, 0, 0], [2, 0, 0], [3, 0, 0]]),
        ("1 2 3 0 0 0 0 0 0", [[1, 2, 3], [3, 2, 3], [4, 2, 3]]),
        ("0 0 0 90 0 0 0 0 0", [[0, 0, 0], [0, 2, 0], [0, 3, 0]]),  # z: +x to +y
        ("0 0 0 0 0 90 0 0 0", [[0, 0, 0], [0, 0, -2], [0, 0, -3]]),  # y: +x to -z
        ("0 0 0 0 0 0 90 0 0", [[0, 0, 0], [2, 0, 0], [2, 1, 0]]),
        # Z then X then Y in the file means Rz Rx Ry: y turns first, to -z; x takes that to +y, z that to -x.
        ("0 0 0 90 90 90 0 0 0", [[0, 0, 0], [-2, 0, 0], [-3, 0, 0]]),
        ("1 2 3 90 0 0 90 0 0", [[1, 2, 3], [1, 4, 3], [0, 4, 3]]),
    ],
)
def test_forward_kinematics_of_an_arm(row: str, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(ends(row), expected, atol=1e-9)


def test_the_order_of_channels_counts() -> None:
    other = ARM.replace("Zrotation Xrotation Yrotation", "Yrotation Xrotation Zrotation", 1)

    def turn(axis: int) -> np.ndarray:
        out = np.zeros((3, 3))
        a, b = (axis + 1) % 3, (axis + 2) % 3
        out[axis, axis] = out[b, a] = 1
        out[a, b] = -1
        return out

    expected = turn(1) @ turn(0) @ turn(2) @ [2, 0, 0]
    assert not np.allclose(expected, ends("0 0 0 90 90 90 0 0 0")[1])
    np.testing.assert_allclose(ends("0 0 0 90 90 90 0 0 0", other)[1], expected, atol=1e-9)


def test_position_channels_replace_the_offset() -> None:
    six = ARM.replace("CHANNELS 3", "CHANNELS 6 Xposition Yposition Zposition")
    np.testing.assert_allclose(
        ends("0 0 0 0 0 0 5 0 0 0 0 0", six), [[0, 0, 0], [5, 0, 0], [6, 0, 0]], atol=1e-9
    )


def test_joints_that_are_not_a_persons(tmp_path: Path) -> None:
    path = tmp_path / "arm.bvh"
    path.write_text(ARM + "0 0 0 0 0 0 0 0 0\n")
    with pytest.raises(
        BadFile, match=r"arm.bvh: expected the joints of a person.* no shoulder_left,.* among Upper, Lower"
    ):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("OFFSET 2 0 0", "OFFSET 2 0", r"line 8: expected 3 numbers, found '2 0'"),
        ("OFFSET 2 0 0", "OFFSET 2 0 nan", r"line 8: expected 3 numbers"),
        ("CHANNELS 3 Z", "CHANNELS 4 Z", r"line 9: expected a count and as many of Xposition"),
        ("CHANNELS 3 Zrotation Xrotation", "CHANNELS 3 Xrotation Xrotation", r"line 9: expected a count"),
        ("JOINT Lower\n  {", "JOINT Lower", r"line 7: expected {, found 'OFFSET 2 0 0'"),
        ("ROOT Upper", "JOINT Upper", r"line 2: expected one ROOT"),
        ("    End Site", "    ROOT x", r"line 10: expected one ROOT"),
        ("  }\n}\nMOTION", "MOTION", r"expected a complete hierarchy before MOTION, found 2 braces open"),
        ("MOTION\n", "", r"line 16: expected JOINT, End Site.* found 'Frames: 1'"),
        ("Frames: 1", "Frames: x", r"line 17: expected frames: and a number"),
        ("Frames: 1", "Frames: 2", r"MOTION: expected 2 lines of numbers, found 1"),
        ("Frames: 1", "Frames: nan", r"MOTION: expected a count and a time of 0 or more"),
        ("Frame Time: 0.02", "Frame Time: -1", r"MOTION: expected a count and a time of 0 or more"),
        ("Frame Time: 0.02", "", r"line 19: expected frame time:"),
        ("0 0 0 0 0 0 0 0 1", "0 0 0 0", r"line 19: expected 9 numbers, found 4"),
        ("0 0 0 0 0 0 0 0 1", "0 0 0 0 0 0 0 0 x", r"line 19: expected 9 numbers, found text"),
        ("0 0 0 0 0 0 0 0 1", "0 0 0 0 0 0 0 0 inf", r"line 19: expected numbers, found nan or inf"),
    ],
)
def test_errors_name_the_cause(old: str, new: str, message: str) -> None:
    whole = ARM + "0 0 0 0 0 0 0 0 1\n"
    assert old in whole
    with pytest.raises(BadFile, match=message):
        parse("arm.bvh", whole.replace(old, new, 1).encode())


def test_a_motion_without_a_rate_needs_one(tmp_path: Path) -> None:
    text = next(iter(bvh.sample().values())).decode()
    (tmp_path / "a.bvh").write_text(re.sub(r"Frame Time:.*", "Frame Time: 0", text))
    with pytest.raises(BadFile, match=r"Frame Time: expected 0.0001 to 1 seconds, or --rate"):
        read(tmp_path / "a.bvh")
    assert read(tmp_path / "a.bvh", rate=60).rate == 60


def test_decimal_commas(tmp_path: Path) -> None:
    text = next(iter(bvh.sample().values())).decode()
    (tmp_path / "a.bvh").write_text(text)
    (tmp_path / "b.bvh").write_text(re.sub(r"(?<=\d)\.(?=\d)", ",", text))
    one, other = read(tmp_path / "a.bvh"), read(tmp_path / "b.bvh")
    assert np.array_equal(one.positions, other.positions, equal_nan=True)
    assert one.rate == other.rate


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitExceeded, match="frames"):
        parse("x", ARM.replace("Frames: 1", "Frames: 1e12").encode())
    monkeypatch.setattr(bvh, "MAX_JOINTS", 2)
    with pytest.raises(LimitExceeded, match="joints"):
        parse("x", ARM.encode())


@pytest.mark.real
def test_real_motion_is_a_person(shared_data: Path) -> None:
    files = sorted((shared_data / "bvh-sample").glob("*.bvh"))
    assert len(files) == 8
    index = NTU25.index
    for file in files:
        clip = read(file)
        joints = clip.positions[:, 0]
        assert clip.problems == ("unit inferred: centimetres",)
        assert "by custom: up y" in clip.reading
        assert "unit cm (a stature of" in clip.reading
        assert (clip.rate, clip.bodies, clip.layout) == (pytest.approx(30, abs=0.1), 1, NTU25)
        for bone in (
            ("elbow_left", "shoulder_left"),
            ("wrist_right", "elbow_right"),
            ("knee_left", "hip_left"),
        ):
            length = np.linalg.norm(joints[:, index(bone[0])] - joints[:, index(bone[1])], axis=-1)
            assert 0.2 < length.mean() < 0.5
            assert np.ptp(length) < 1e-3
        feet = joints[:, [index("foot_left"), index("foot_right")], 1]
        assert -0.1 < feet.min() < 0.15
        assert 1.1 < np.median(joints[:, index("head"), 1]) < 1.8
        # Left is left: seen from above, hips and feet agree with the way of the toes.
        across = joints[:, index("hip_left")] - joints[:, index("hip_right")]
        ahead = joints[:, index("foot_left")] - joints[:, index("ankle_left")]
        assert np.median(np.cross(ahead, across)[:, 1]) > 0


@pytest.mark.parametrize(
    ("first", "last", "noted"), [(0, 1.5, True), (0, 0.2, False), (0, 90, False), (-3.1, 3.1, True)]
)
def test_angles_that_may_be_radians_are_noted(first: float, last: float, noted: bool) -> None:
    joints, motion, _ = parse(
        "arm.bvh",
        (
            ARM.replace("Frames: 1", "Frames: 2") + f"9 8 7 {first} 0 0 0 0 0\n9 8 7 {last} 0 0 0 0 0\n"
        ).encode(),
    )
    notes = bvh._doubts(joints, motion)
    assert bool(notes) == noted
    assert all("convert them to degrees" in note for note in notes)
