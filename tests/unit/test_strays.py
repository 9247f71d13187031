"""Joints that are farther from the body than it is tall, as where the root was subtracted from joints at 0 0 0."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import COCO17, H36M17, NTU25, Clip, Layout
from reading_motions import in_layout, motion

FRAMES = 48


def recorded(layout: Layout, place: tuple[float, float, float] = (0, 1, 0)) -> NDArray[np.float64]:
    """(frames, joints, 3) of somebody who walks, 3 m before the sensor, moved by `place`."""
    return in_layout(motion("walk"), layout) + place


def without_root(points: NDArray[np.float64], gone: NDArray[np.bool_], layout: Layout) -> NDArray[np.float64]:
    """The root subtracted from all joints after those that were not seen were set to 0 0 0."""
    root = (points[:, layout.index("hip_left")] + points[:, layout.index("hip_right")]) / 2
    if "pelvis" in layout.joints:
        root = points[:, layout.index("pelvis")]
    return np.where(gone[..., None], 0, points) - root[:, None]


def gone_in(layout: Layout, joint: str, frames: object) -> NDArray[np.bool_]:
    gone = np.zeros((FRAMES, len(layout.joints)), dtype=np.bool_)
    gone[frames, layout.index(joint)] = True
    return gone


def saved(folder: Path, points: NDArray[np.float64]) -> Clip:
    np.save(folder / "a.npy", points)
    return read(folder / "a.npy")


def absent_in(clip: Clip) -> NDArray[np.bool_]:
    return np.isnan(clip.positions[:, 0]).any(axis=-1)


FRAMES_GONE = {
    "four in a row": slice(20, 24),
    "one": slice(20, 21),
    "the first": slice(0, 9),
    "now and then": slice(0, None, 7),
}


@pytest.mark.parametrize("layout", [NTU25, H36M17, COCO17], ids=lambda layout: layout.name)
@pytest.mark.parametrize("frames", FRAMES_GONE.values(), ids=FRAMES_GONE)
def test_a_joint_at_minus_the_root_is_absent(layout: Layout, frames: slice, tmp_path: Path) -> None:
    gone = gone_in(layout, "wrist_left", frames)
    clip = saved(tmp_path, without_root(recorded(layout), gone, layout))
    np.testing.assert_array_equal(absent_in(clip), gone)
    count = int(gone.sum())
    words = f"wrist_left is farther from the body than it is tall in {count} frame{'s' * (count > 1)}: taken as absent"
    assert words in clip.problems


def test_a_root_near_the_origin_is_noted(tmp_path: Path) -> None:
    """At 1 m the joint may be a hand: it is kept, with a note, also for one jump."""
    gone = gone_in(NTU25, "wrist_left", slice(0, 4))
    clip = saved(tmp_path, without_root(recorded(NTU25, (0, 1, -2.6)), gone, NTU25))
    assert (
        "wrist_left jumps by more than a third of the body's height once: perhaps absent there"
        in clip.problems
    )


def test_a_body_that_is_nowhere_near_the_origin_may_lose_a_joint_for_a_frame(tmp_path: Path) -> None:
    points = recorded(NTU25)
    points[20, NTU25.index("ankle_right")] += [0, 0, 4]
    clip = saved(tmp_path, points)
    np.testing.assert_array_equal(absent_in(clip), gone_in(NTU25, "ankle_right", 20))


def test_complete_recordings_stay_complete(tmp_path: Path) -> None:
    """Also of somebody who stretches, and who comes near to the camera of a picture."""
    for name in ("walk", "wave", "kick-forward"):
        points = in_layout(motion(name), NTU25)
        clip = saved(tmp_path, points - points[:, :1])
        assert not absent_in(clip).any()
        assert not any("absent" in note for note in clip.problems)
    points = in_layout(motion("walk"), COCO17)
    nearer = 400 + 100 * points[..., :2] * np.array([-1, -1]) * np.geomspace(1, 8, FRAMES)[:, None, None]
    clip = saved(tmp_path, nearer)
    assert not absent_in(clip).any()


def test_half_of_the_frames_are_no_accident(tmp_path: Path) -> None:
    """A joint that is mostly far away is not one of the body as it was named: it is not silently left out."""
    points = recorded(NTU25)
    points[: FRAMES // 2 + 4, NTU25.index("wrist_left")] += [0, 0, 4]
    np.save(tmp_path / "a.npy", points)
    clip = read(tmp_path / "a.npy", layout="ntu25")
    assert not absent_in(clip)[:, NTU25.index("wrist_left")].any()
    assert any("wrist_left" in note or "elbow_left" in note for note in clip.problems)


def test_people_of_a_json_file(tmp_path: Path) -> None:
    """Each person of a frame by itself shows no such joint; over time it does."""
    gone = gone_in(COCO17, "wrist_left", slice(20, 24))
    points = without_root(recorded(COCO17), gone, COCO17)
    frames = [{"people": [{"keypoints": frame}]} for frame in points.tolist()]
    (tmp_path / "a.json").write_text(json.dumps({"frames": frames, "layout": "coco17", "up": "y", "fps": 30}))
    clip = read(tmp_path / "a.json")
    np.testing.assert_array_equal(absent_in(clip), gone)


def test_markers(tmp_path: Path) -> None:
    body = person(NTU25, FRAMES) + np.array([0, 1, 3])
    titles = ",".join(f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz")
    gone = gone_in(NTU25, "wrist_left", slice(20, 24))
    rows = without_root(body, gone, NTU25).reshape(FRAMES, -1)
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header=titles, comments="")
    np.testing.assert_array_equal(absent_in(read(tmp_path / "a.csv")), gone)
