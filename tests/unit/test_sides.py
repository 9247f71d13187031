"""Left and right without toes: established by markers, knees and elbows, or asked for; never taken on trust."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optical_motion import (
    BODY,
    HALPE26,
    ISB,
    OPENCAP,
    PLUG_IN_GAIT,
    QUALISYS,
    c3d,
    markers,
    rotated,
    trc,
    written,
)
from pgfa.errors import Undecided
from pgfa.read import read

SETS = {
    "Plug-in Gait": PLUG_IN_GAIT, "OpenCap": OPENCAP, "ISB": ISB, "Qualisys": QUALISYS, "HALPE-26": HALPE26,
}  # fmt: skip
STIFF = {
    "head": (0, 1.6, 0), "pelvis": (0, 0.95, 0), "neck": (0, 1.45, 0), "shoulder": (0.19, 1.43, 0),
    "elbow": (0.2, 1.15, 0), "wrist": (0.2, 0.9, 0), "hip": (0.09, 0.95, 0), "knee": (0.1, 0.5, 0),
    "ankle": (0.1, 0.1, 0), "toe": (0.1, 0.03, 0.14),
}  # fmt: skip
"""Somebody who stands straight: nothing but toes and markers tells front and back."""


def stiff(frames: int = 30) -> dict[str, np.ndarray]:
    """Joint -> (frames, 3)."""
    body = {}
    for joint, place in STIFF.items():
        point = np.tile(np.array(place, dtype=float), (frames, 1))
        if joint in ("head", "pelvis", "neck"):
            body[joint] = point
        else:
            body |= {f"{joint}_left": point, f"{joint}_right": point * [-1, 1, 1]}
    sway = np.zeros((frames, 3))
    sway[:, 2] = 0.02 * np.sin(np.arange(frames) / 5)  # the whole body, forth and back
    body = {joint: place + sway for joint, place in body.items()}
    ahead = np.tile([0.0, 0.0, 1.0], (frames, 1))
    return body | {"=left": np.tile([1.0, 0.0, 0.0], (frames, 1)), "=ahead": ahead}


def without(names: dict[str, tuple[object, ...]], *words: str) -> dict[str, tuple[object, ...]]:
    """A marker set without the markers at the toes, and without those whose names contain one of the words."""
    kept = {name: place for name, place in names.items() if not str(place[0]).startswith("toe")}
    return {name: place for name, place in kept.items() if not any(word in name for word in words)}


def mirrored(points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: place * [-1, 1, 1] for name, place in points.items()}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("form", ["trc", "c3d"])
def test_markers_without_toes_that_are_mirrored_are_asked_about(name: str, form: str, tmp_path: Path) -> None:
    for body in (BODY, stiff()):
        points = markers(body, without(SETS[name]))
        write = trc if form == "trc" else lambda p: c3d(rotated(p, "z"))
        with pytest.raises(Undecided, match=r"--mirrored or --no-mirrored"):
            read(written(tmp_path, f"a.{form}", write(mirrored(points))))
        assert (
            "established by the body: axes right-handed"
            in read(written(tmp_path, f"b.{form}", write(points))).reading
        )


def test_markers_that_show_no_front_are_asked_about(tmp_path: Path) -> None:
    points = markers(stiff(), without(HALPE26, "Nose", "Heel"))
    path = written(tmp_path, "a.trc", trc(points))
    with pytest.raises(Undecided, match="show where its front is"):
        read(path)
    right, left = read(path, mirrored=False), read(path, mirrored=True)
    np.testing.assert_allclose(right.positions * [-1, 1, 1], left.positions, atol=1e-6)


def test_a_bvh_without_feet_whose_limbs_are_straight_is_asked_about(tmp_path: Path) -> None:
    """Ends of the feet at the ankles, no bent knee or elbow: a mirrored export looks the same."""
    lines = ["HIERARCHY", "ROOT Hips", "{", "OFFSET 0 95 0", "CHANNELS 3 Zrotation Xrotation Yrotation"]

    def chain(names: tuple[str, ...], offsets: tuple[tuple[float, float, float], ...]) -> None:
        for name, offset in zip(names, offsets, strict=True):
            place = " ".join(map(str, offset))
            lines.extend(
                (f"JOINT {name}", "{", f"OFFSET {place}", "CHANNELS 3 Zrotation Xrotation Yrotation")
            )
        lines.extend(("End Site", "{", "OFFSET 0 0 0", "}", *"}" * len(names)))

    for side, sign in (("Left", 1), ("Right", -1)):
        chain((f"{side}UpLeg", f"{side}Leg", f"{side}Foot"), ((9 * sign, 0, 0), (0, -45, 0), (0, -42, 0)))
    lines += ["JOINT Spine", "{", "OFFSET 0 20 0", "CHANNELS 3 Zrotation Xrotation Yrotation"]
    for side, sign in (("Left", 1), ("Right", -1)):
        chain(
            (f"{side}Arm", f"{side}ForeArm", f"{side}Hand"),
            ((19 * sign, 28, 0), (28 * sign, 0, 0), (25 * sign, 0, 0)),
        )
    chain(("Neck", "Head"), ((0, 30, 0), (0, 12, 0)))
    lines += ["}", "}", "MOTION", "Frames: 12", "Frame Time: 0.0333"]
    joints = sum(line.startswith("CHANNELS") for line in lines)
    text = "\n".join([*lines, *[" ".join(["0"] * 3 * joints)] * 12]) + "\n"
    path = written(tmp_path, "a.bvh", text)
    with pytest.raises(Undecided, match=r"--mirrored or --no-mirrored"):
        read(path)
    assert "stated: axes right-handed" in read(path, mirrored=False).reading
