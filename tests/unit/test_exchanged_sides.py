"""Left and right joints that are exchanged in a part of a recording are noted; those of people who move are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import optical_motion
from pgfa.read import read
from pgfa.read.interpret.exchanged_sides import exchanged_sides
from pgfa.skeleton import COCO17, NTU25, Layout
from reading_motions import MOTIONS, in_layout, motion, pixels

LIMBS = {"legs": ("knee", "ankle"), "whole legs": ("hip", "knee", "ankle"), "arms": ("elbow", "wrist")}
PARTS = {"8 frames": slice(20, 28), "the second half": slice(24, None)}


def exchanged(points: np.ndarray, layout: Layout, joints: tuple[str, ...], part: slice) -> np.ndarray:
    out = points.copy()
    for joint in joints:
        left, right = layout.index(f"{joint}_left"), layout.index(f"{joint}_right")
        out[part, left], out[part, right] = points[part, right], points[part, left]
    return out


@pytest.mark.parametrize("limb", LIMBS)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("flat", [True, False], ids=["picture", "space"])
def test_limbs_exchanged_in_a_part_are_noted(limb: str, part: str, flat: bool, tmp_path: Path) -> None:
    layout = COCO17 if flat else NTU25
    points = in_layout(motion("wave"), layout)
    points = pixels(points) if flat else points
    np.save(tmp_path / "good.npy", points)
    np.save(tmp_path / "bad.npy", exchanged(points, layout, LIMBS[limb], PARTS[part]))
    stated = {"layout": layout.name, "rate": 30} | ({} if flat else {"mirrored": False})
    good, bad = (read(tmp_path / f"{name}.npy", **stated) for name in ("good", "bad"))
    (note,) = set(bad.problems) - set(good.problems)
    frame = PARTS[part].start
    assert note.startswith("left and right")
    assert f"first after frame {frame}: perhaps they were exchanged" in note
    assert not any("exchanged" in problem for problem in good.problems)


def test_labels_of_markers_exchanged_in_ten_frames_are_noted(tmp_path: Path) -> None:
    points = optical_motion.markers(motion("walk", 1), optical_motion.PLUG_IN_GAIT)
    other = {"LKNE": "RKNE", "RKNE": "LKNE", "LANK": "RANK", "RANK": "LANK"}
    frames = (np.arange(48) > 20) & (np.arange(48) < 31)
    mixed = {
        name: np.where(frames[:, None] & (name in other), points[other.get(name, name)], marker)
        for name, marker in points.items()
    }
    (tmp_path / "a.trc").write_text(optical_motion.trc(mixed), encoding="utf-8")
    assert any(
        "change places 2 times, first after frame 21" in note for note in read(tmp_path / "a.trc").problems
    )


@pytest.mark.parametrize("action", MOTIONS)
@pytest.mark.parametrize("step", [1, 3, 6], ids=["30 Hz", "10 Hz", "5 Hz"])
def test_people_who_move_are_not_noted(action: str, step: int) -> None:
    points = in_layout(motion(action), NTU25)[::step, None].astype(np.float32)
    assert exchanged_sides(points, NTU25) == []
    assert exchanged_sides(points[:1], NTU25) == []
