"""An array for each joint, in JSON and .npz: one motion, compared joint by joint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optical_motion import LIMBS
from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import COCO17, KINECT20, NTU25, Clip, Layout
from reading_motions import FRAMES, in_layout, motion
from reading_names import HUMAN_IK, bones

Floats = np.ndarray
BODY = motion("wave")
FORMS: dict[str, Callable[[dict[str, Floats]], Any]] = {
    "lists": lambda joints: {name: points.tolist() for name, points in joints.items()},
    "objects": lambda joints: {
        name: {axis: points[:, n].tolist() for n, axis in enumerate("xyz")} for name, points in joints.items()
    },
    "in a field": lambda joints: {"joints": {name: points.tolist() for name, points in joints.items()}},
}


def saved(folder: Path, content: Any, **beside: Any) -> Path:
    """A dict of arrays as .npz, anything else as JSON."""
    if all(isinstance(value, np.ndarray) for value in content.values()):
        np.savez(folder / "a.npz", **content, **beside)
        return folder / "a.npz"
    (folder / "a.json").write_text(json.dumps({**content, **beside}))
    return folder / "a.json"


def assert_limbs(clip: Clip) -> None:
    assert (clip.layout, clip.bodies, clip.frames) == (NTU25, 1, FRAMES)
    for name in LIMBS:
        there = clip.positions[:, 0, NTU25.index(name)]
        np.testing.assert_allclose(there, BODY[name], atol=1e-3, err_msg=name)


@pytest.mark.parametrize("form", [*FORMS, "npz"])
@pytest.mark.parametrize("layout", [NTU25, KINECT20], ids=lambda layout: layout.name)
def test_joints_of_a_layout(layout: Layout, form: str, tmp_path: Path) -> None:
    points = in_layout(BODY, layout)
    joints = {joint: points[:, n] for n, joint in reversed(list(enumerate(layout.joints)))}
    clip = read(saved(tmp_path, FORMS.get(form, dict)(joints), fps=25))
    assert (clip.layout, clip.rate) == (layout, 25)
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-5)


@pytest.mark.parametrize("form", [*FORMS, "npz"])
def test_bones_by_name(form: str, tmp_path: Path) -> None:
    named = bones(BODY, HUMAN_IK, lambda side, name: f"{side.title()}{name}")
    clip = read(saved(tmp_path, FORMS.get(form, dict)(named), fps=50, up="y"))
    assert clip.rate == 50
    assert_limbs(clip)


def test_pictures_and_absent_joints(tmp_path: Path) -> None:
    pixels = 400 - 150 * in_layout(BODY, COCO17)[..., :2]
    joints: dict[str, Any] = {joint: pixels[:, n].tolist() for n, joint in enumerate(COCO17.joints)}
    joints["wrist_left"][7] = None
    clip = read(saved(tmp_path, joints))
    assert (clip.layout, clip.depth) == (COCO17, False)
    assert np.argwhere(np.isnan(clip.positions).all(-1)[:, 0]).tolist() == [[7, COCO17.index("wrist_left")]]


def test_unknown_names_and_other_shapes_are_named(tmp_path: Path) -> None:
    points = in_layout(BODY, NTU25)
    other = {f"thing_{chr(97 + n)}": points[:, n] for n in range(20)}
    for form in (*FORMS, "npz"):
        with pytest.raises(BadFile, match=r"no shoulder_left.*other names are 'thing_a"):
            read(saved(tmp_path, FORMS.get(form, dict)(other)))
    joints: dict[str, Any] = {joint: points[:, n].tolist() for n, joint in enumerate(NTU25.joints)}
    joints["head"][3] = [1.0]
    with pytest.raises(BadFile, match="joint head: expected a list of 3 numbers in each frame"):
        read(saved(tmp_path, joints))
