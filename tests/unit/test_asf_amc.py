"""Forward kinematics against an arm of two bones worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.read.formats.acclaim import forward, parse_amc, parse_asf

# One unit is 1/0.5 inches = 0.0508 m. The lower bone's own axes are turned by 90 degrees about z, so that its
# rx is a turn about the arm's y.
ARM = b"""# an arm
:units
  length 0.5
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     name upper
     direction 1 0 0
     length 2
     axis 0 0 0 XYZ
     dof rx ry rz
     limits (-90 90)
            (-90 90)
            (-90 90)
  end
  begin
     name lower
     direction 1 0 0
     length 1
     axis 0 0 90 XYZ
     dof rx
  end
:hierarchy
  begin
    root upper
    upper lower
  end
"""
UNIT = 0.0508


def _ends(lower: str = "0", upper: str = "0 0 0", root: str = "0 0 0 0 0 0") -> np.ndarray:
    skeleton = parse_asf("arm.asf", ARM)
    text = f":FULLY-SPECIFIED\n:DEGREES\n1\nroot {root}\nupper {upper}\nlower {lower}\n"
    motion, degrees, problems = parse_amc("arm.amc", text.encode(), skeleton)
    assert degrees
    assert problems == []
    return forward(skeleton, motion, degrees)[0] / UNIT


@pytest.mark.parametrize(
    ("pose", "expected"),
    [
        ({}, [[0, 0, 0], [2, 0, 0], [3, 0, 0]]),
        ({"root": "1 2 3 0 0 0"}, [[1, 2, 3], [3, 2, 3], [4, 2, 3]]),
        # Up with the upper bone; the lower goes along.
        ({"upper": "0 0 90"}, [[0, 0, 0], [0, 2, 0], [0, 3, 0]]),
        # The lower bone's rx turns about y: +x goes to -z.
        ({"lower": "90"}, [[0, 0, 0], [2, 0, 0], [2, 0, -1]]),
        # x is turned first: it leaves the bone (+x) alone, y then takes it to -z (turned last: to +y).
        ({"upper": "90 90 0"}, [[0, 0, 0], [0, 0, -2], [0, 0, -3]]),
        # All at once: root about y, upper about z, lower about its own x.
        ({"root": "1 2 3 0 90 0", "upper": "0 0 90", "lower": "90"}, [[1, 2, 3], [1, 4, 3], [0, 4, 3]]),
    ],
)
def test_forward_kinematics_of_an_arm(pose: dict[str, str], expected: list[list[float]]) -> None:
    np.testing.assert_allclose(_ends(**pose), expected, atol=1e-9)


def test_radians_and_degrees_agree() -> None:
    skeleton = parse_asf("arm.asf", ARM)
    frame = "1\nroot 0 0 0 0 {0} 0\nupper {0} {0} 0\nlower {0}\n"
    positions = [
        forward(skeleton, *parse_amc("a", f":{unit}\n{frame.format(angle)}".encode(), skeleton)[:2])
        for unit, angle in (("DEGREES", 30.0), ("RADIANS", np.pi / 6))
    ]
    np.testing.assert_allclose(positions[0], positions[1], atol=1e-12)


def test_frames_keep_their_order_and_jumps_are_listed() -> None:
    skeleton = parse_asf("arm.asf", ARM)
    frames = "".join(f"{n}\nroot {n} 0 0 0 0 0\nupper 0 0 0\nlower 0\n" for n in (1, 2, 7))
    motion, degrees, problems = parse_amc("a", f":DEGREES\n{frames}".encode(), skeleton)
    assert forward(skeleton, motion, degrees)[:, 0, 0].tolist() == pytest.approx([UNIT, 2 * UNIT, 7 * UNIT])
    assert problems == ["1 jump in the frame numbers"]
