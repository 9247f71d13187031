"""Text with a joint per line in the forms in which people print it: one motion, compared joint by joint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from optical_motion import LIMBS
from pgfa.errors import BadFile
from pgfa.read import FORMATS, format_of, read
from pgfa.read.source import FileRef
from pgfa.skeleton import KINECT20, NTU25, Clip, Layout
from reading_motions import FRAMES, in_layout, motion
from reading_names import HUMAN_IK, bones
from reading_schemas import camel

Line = Callable[[int, str, np.ndarray], str]
LINES: dict[str, Line] = {
    "spaces": lambda n, joint, p: f"{joint} {p[0]:.6f} {p[1]:.6f} {p[2]:.6f}",
    "colon and commas": lambda n, joint, p: f"{joint}: {p[0]:.6f}, {p[1]:.6f}, {p[2]:.6f}",
    "axes": lambda n, joint, p: f"Joint: {joint} X: {p[0]:.6f} Y: {p[1]:.6f} Z: {p[2]:.6f}",
    "brackets": lambda n, joint, p: f"{joint} = ({p[0]:.6f}, {p[1]:.6f}, {p[2]:.6f})",
    "state": lambda n, joint, p: f"{joint},{p[0]:.6f},{p[1]:.6f},{p[2]:.6f},Tracked",
    "score": lambda n, joint, p: f"{joint}\t{p[0]:.6f}\t{p[1]:.6f}\t{p[2]:.6f}\t0.9",
    "frame before": lambda n, joint, p: f"{n + 7} {joint} {p[0]:.6f} {p[1]:.6f} {p[2]:.6f}",
    "time before": lambda n, joint, p: f"{n / 30:.4f};{joint};{p[0]:.6f};{p[1]:.6f};{p[2]:.6f}",
    "decimal commas": lambda n, joint, p: f"{joint} {p[0]:.6f} {p[1]:.6f} {p[2]:.6f}".replace(".", ","),
}
HEADINGS: dict[str, Callable[[int], str]] = {
    "none": lambda n: "",
    "blank": lambda n: "\n",
    "frame": lambda n: f"Frame {n}\n",
    "frame and time": lambda n: f"--- Frame: {n} ---\nTimestamp: {n / 30:.4f} s\n",
    "body": lambda n: f"Frame #{n}\nBody 1:\n",
}


def saved(folder: Path, line: Line, joints: dict[str, np.ndarray], heading: Callable[[int], str]) -> Path:
    text = "".join(
        heading(n) + "".join(line(n, joint, points[n]) + "\n" for joint, points in joints.items())
        for n in range(FRAMES)
    )
    (folder / "a.txt").write_text(text)
    return folder / "a.txt"


def sdk(layout: Layout, apart: float = 0.0) -> dict[str, np.ndarray]:
    points = in_layout(motion("wave"), layout) + np.array([apart, 0, 0])
    own = {"pelvis": "HipCenter", "chest": "ShoulderCenter", "spine": "Spine"} if layout is KINECT20 else {}
    return {own.get(joint, camel(joint)): points[:, n] for n, joint in enumerate(layout.joints)}


def assert_motion(clip: Clip, layout: Layout, body: int = 0, apart: float = 0.0) -> None:
    expected = in_layout(motion("wave"), layout) + np.array([apart, 0, 0])
    assert (clip.layout, clip.frames) == (layout, FRAMES)
    assert clip.rate == pytest.approx(30, rel=2e-3)
    np.testing.assert_allclose(clip.positions[:, body], expected, atol=1e-4)


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("form", LINES)
def test_joints_of_the_kinect_sdk(form: str, heading: str, tmp_path: Path) -> None:
    if form in ("frame before", "time before") and heading not in ("none", "blank"):
        pytest.skip("a frame has one number")
    path = saved(tmp_path, LINES[form], sdk(KINECT20), HEADINGS[heading])
    assert format_of(FileRef(path)) is FORMATS["joint-lines"]
    assert_motion(read(path), KINECT20)


def test_joints_of_kinect_2(tmp_path: Path) -> None:
    path = saved(tmp_path, LINES["spaces"], sdk(NTU25), HEADINGS["none"])
    assert_motion(read(path), NTU25)


def test_bones_by_name(tmp_path: Path) -> None:
    joints = bones(motion("wave"), HUMAN_IK, lambda side, name: f"{side.title()}{name}")
    clip = read(saved(tmp_path, LINES["spaces"], joints, HEADINGS["frame"]))
    for name in LIMBS:
        there = clip.positions[:, 0, NTU25.index(name)]
        np.testing.assert_allclose(there, motion("wave")[name], atol=2e-3, err_msg=name)


def test_two_people_with_headings_of_their_own(tmp_path: Path) -> None:
    first, second = sdk(KINECT20), sdk(KINECT20, apart=1.5)
    text = ""
    for n in range(FRAMES):
        text += f"Frame {n}\n"
        for id, joints in ((4, first), (9, second)):
            text += f"User {id}\n" + "".join(LINES["spaces"](n, j, p[n]) + "\n" for j, p in joints.items())
    (tmp_path / "a.txt").write_text(text)
    clip = read(tmp_path / "a.txt")
    assert clip.bodies == 2
    assert_motion(clip, KINECT20)
    assert_motion(clip, KINECT20, 1, apart=1.5)


def test_a_joint_that_is_not_tracked_is_absent_and_a_gap_is_empty(tmp_path: Path) -> None:
    lines = saved(tmp_path, LINES["state"], sdk(KINECT20), HEADINGS["frame"]).read_text().split("Frame ")
    lines[5] = lines[5].replace("Tracked", "NotTracked", 1)
    del lines[10:13]
    (tmp_path / "b.txt").write_text("Frame ".join(lines))
    clip = read(tmp_path / "b.txt")
    assert clip.frames == FRAMES
    absent = np.isnan(clip.positions[:, 0, :, 0])
    assert absent[4].sum() == 1
    assert absent.all(axis=1).nonzero()[0].tolist() == [9, 10, 11]


def test_other_lines_and_unknown_joints_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path, LINES["spaces"], sdk(KINECT20), HEADINGS["none"])
    path.write_text(path.read_text() + "the end of the recording\n")
    with pytest.raises(BadFile, match=rf"line {FRAMES * 20 + 1}: expected a joint with its coordinates"):
        read(path)
    joints = {name: points for name, points in sdk(KINECT20).items() if "Knee" not in name}
    with pytest.raises(BadFile, match="knee_left"):
        read(saved(tmp_path, LINES["spaces"], joints, HEADINGS["none"]))
