"""Joints with names that cannot be where they are: exchanged names, stretched axes, frames of their own scale."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from optical_motion import trc
from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.read.interpret.exchanged import exchanged_joints
from pgfa.read.interpret.plausible import check_body
from pgfa.skeleton import NTU25
from reading_bodies import kinect
from reading_defects import npz, relative
from reading_motions import in_layout, motion, seated

Floats = NDArray[np.float64]
ARM = ("shoulder", "elbow", "wrist", "hand", "handtip", "thumb")
LEG = ("hip", "knee", "ankle", "foot")


def body_of(points: Floats) -> dict[str, Floats]:
    return dict(zip(NTU25.joints, points.transpose(1, 0, 2), strict=True))


def marked(points: Floats) -> dict[str, Floats]:
    """Keypoints with the names of Pose2Sim."""
    names = {"ankle": "Ankle", "foot": "BigToe", **{joint: joint.title() for joint in (*ARM[:3], *LEG[:2])}}
    body = body_of(points)
    sided = {
        f"{side[0].upper()}{name}": body[f"{joint}_{side}"]
        for joint, name in names.items()
        for side in ("left", "right")
    }
    return {"Neck": body["chest"], "Head": body["head"], **sided}


def as_json(points: Floats) -> str:
    return json.dumps({"layout": "ntu25", "fps": 30, "keypoints": points.tolist()})


WRITERS: dict[str, Callable[[Floats], bytes | str]] = {
    "a.trc": lambda points: trc(marked(points)),
    "a.csv": lambda points: kinect(body_of(points)),
    "a.json": as_json,
}


def own(points: Floats) -> bytes:
    return npz(positions=points, rate=30.0, layout="ntu25")


def exchanged(*pairs: tuple[str, str]) -> Callable[[Floats], Floats]:
    order = list(range(len(NTU25.joints)))
    for one, other in pairs:
        order[NTU25.index(one)], order[NTU25.index(other)] = NTU25.index(other), NTU25.index(one)
    return lambda points: points[:, order]


def sides(*joints: str) -> list[tuple[str, str]]:
    return [(f"{joint}_left", f"{joint}_right") for joint in joints]


FAULTS: dict[str, tuple[str, Callable[[Floats], Floats], str]] = {
    "elbows and wrists": (
        "wave",
        exchanged(("elbow_left", "wrist_left"), ("elbow_right", "wrist_right")),
        "elbow and wrist exchanged",
    ),
    "one knee and ankle": (
        "kick-forward",
        exchanged(("knee_right", "ankle_right")),
        "knee and ankle exchanged on the right",
    ),
    "a knee and ankle that stand": ("wave", exchanged(("knee_left", "ankle_left")), "exchanged on the left"),
    "an elbow and wrist that hang": ("stand", exchanged(("elbow_right", "wrist_right")), "on the right"),
    "shanks of somebody who stands": ("stand", exchanged(*sides(*LEG[2:])), "left and right ankle exchanged"),
    "knees of somebody who stands": ("stand", exchanged(*sides("knee")), "left and right knee exchanged"),
    "arms": ("wave", exchanged(*sides(*ARM)), "left hip is beside the right shoulder"),
    "legs": ("wave", exchanged(*sides(*LEG)), "left hip is beside the right shoulder"),
    "forearms": ("wave", exchanged(*sides(*ARM[2:])), "left and right wrist exchanged"),
    "one axis doubled": ("kick-forward", lambda p: p * [1, 1, 2], "units of x, y, z are as 1, 1, 0.5"),
    "one axis halved": ("squat", lambda p: p * [1, 0.5, 1], "units of x, y, z are as 0.5, 1, 0.5"),
}


@pytest.mark.parametrize("file", sorted(WRITERS))
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_is_wrong_is_named(fault: str, file: str, tmp_path: Path) -> None:
    action, change, words = FAULTS[fault]
    points = in_layout(motion(action), NTU25)
    content = WRITERS[file](change(points))
    (tmp_path / file).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadFile) as caught:
        read(tmp_path / file)
    # TRC asks first which way such a body faces, or has no joints of hands.
    assert words in str(caught.value) or file == "a.trc"


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_is_wrong_in_an_own_file_is_a_note(fault: str, tmp_path: Path) -> None:
    action, change, words = FAULTS[fault]
    (tmp_path / "a.npz").write_bytes(own(change(in_layout(motion(action), NTU25))))
    assert any(words in problem for problem in read(tmp_path / "a.npz").problems)


def head_to_ankles(points: Floats) -> Floats:
    ends = [points[:, NTU25.index(joint)] for joint in ("head", "ankle_left")]
    return np.linalg.norm(ends[0] - ends[1], axis=-1)


def noisy_box(points: Floats) -> Floats:
    sizes: Floats = np.ptp(points, axis=1).max(axis=-1)
    return sizes * (1 + 0.02 * np.random.default_rng(1).normal(size=len(sizes)))


@pytest.mark.parametrize("file", ["a.trc", "a.csv", "a.json"])
@pytest.mark.parametrize("size", [head_to_ankles, noisy_box])
def test_frames_divided_by_what_was_not_saved(
    size: Callable[[Floats], Floats], file: str, tmp_path: Path
) -> None:
    body = relative(motion("squat"))
    points = in_layout(body, NTU25)
    sizes = size(points)
    assert sizes.std() > 0.1 * sizes.mean()
    content = WRITERS[file](points / sizes[:, None, None])
    (tmp_path / file).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadFile, match=r"bones that are all .* times as long as usual at the same time"):
        read(tmp_path / file)


def test_a_stated_layout_is_a_note(tmp_path: Path) -> None:
    _, change, words = FAULTS["elbows and wrists"]
    (tmp_path / "a.json").write_text(as_json(change(in_layout(motion("wave"), NTU25))))
    clip = read(tmp_path / "a.json", layout="ntu25")
    assert any(words in problem for problem in clip.problems)


def noisy(points: Floats) -> Floats:
    """As a Kinect sees a body: joints off by 3 cm, one of twenty by 20 cm."""
    random = np.random.default_rng(0)
    far = random.random(points.shape[:2]) < 0.05
    out: Floats = points + random.normal(0, np.where(far, 0.2, 0.03)[..., None], points.shape)
    return out


def moved_joints(points: Floats) -> Floats:
    """As markers have them: hips at the sides of the pelvis, wide shoulders, short thighs."""
    out = points.copy()
    for joint, way in (("hip", 0.08), ("shoulder", 0.06)):
        left, right = NTU25.index(f"{joint}_left"), NTU25.index(f"{joint}_right")
        across = (points[:, left] - points[:, right]) / 2
        across *= way / np.linalg.norm(across, axis=-1, keepdims=True)
        out[:, left], out[:, right] = points[:, left] + across, points[:, right] - across
    return out


BODIES: dict[str, Callable[[Floats], Any]] = {
    "as it is": lambda p: p,
    "a child": lambda p: 0.55 * p,
    "noise": noisy,
    "joints elsewhere": moved_joints,
    "an arm that is never seen": lambda p: np.where(np.isin(np.arange(25), [5, 6, 7])[:, None], np.nan, p),
}


@pytest.mark.parametrize("what", sorted(BODIES))
@pytest.mark.parametrize("action", ["walk", "wave", "kick-forward", "squat", "stand", "seated"])
def test_bodies_are_not_refused(what: str, action: str) -> None:
    body = seated(motion("wave")) if action == "seated" else motion(action)
    points = BODIES[what](in_layout(body, NTU25))
    assert check_body("a", points[:, None], NTU25) == ()


def crossed_legs(points: Floats) -> Floats:
    """Standing still, the ankles in each other's place, with straight legs: they cross at the knees."""
    out = np.repeat(points[:1], 60, axis=0)
    places = {joint: out[0, NTU25.index(joint)].copy() for joint in NTU25.joints}
    for side, other in (("left", "right"), ("right", "left")):
        hip, ankle = places[f"hip_{side}"], places[f"ankle_{other}"]
        knee = (hip + ankle) / 2
        for joint, place in (("knee", knee), ("ankle", ankle), ("foot", places[f"foot_{other}"])):
            out[:, NTU25.index(f"{joint}_{side}")] = place
    noise: Floats = np.random.default_rng(0).normal(0, 0.003, out.shape)
    return out + noise


def boxing_guard(points: Floats) -> Floats:
    """The hands at the shoulders all the time, the elbows swinging about the line from shoulder to wrist."""
    out = points.copy()
    phase = 0.5 * np.sin(np.arange(len(points)) / 5)[:, None]
    for side, sign in (("left", 1), ("right", -1)):
        shoulder = points[:, NTU25.index(f"shoulder_{side}")]
        wrist = np.add(shoulder, [0, 0.05, 0.14])
        down = np.hstack([sign * np.sin(phase), -np.cos(phase), 0 * phase])
        elbow = (shoulder + wrist) / 2 + 0.25 * down
        for joint, place in (("elbow", elbow), ("wrist", wrist), ("hand", np.add(wrist, [0, 0.08, 0]))):
            out[:, NTU25.index(f"{joint}_{side}")] = place
    return out


@pytest.mark.parametrize("posture", [crossed_legs, boxing_guard])
def test_postures_that_look_like_exchanged_joints(posture: Callable[[Floats], Floats]) -> None:
    assert exchanged_joints(posture(in_layout(motion("stand"), NTU25)), NTU25) == ""
