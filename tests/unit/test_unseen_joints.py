"""Joints that a file says are not there: states of depth cameras, null in place of an object; OpenPose in space."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, MEDIAPIPE33, NTU25, OPENPOSE25, Clip

FRAMES = 20
BODY = person(NTU25, FRAMES)
GONE = np.arange(FRAMES) % 4 == 1
ELBOW = NTU25.index("elbow_left")
GUESSED = np.where((GONE[:, None] & (np.arange(25) == ELBOW))[..., None], BODY + 3, BODY)
"""What a camera writes for a joint that it does not see: anything."""


def saved(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def table(titles: list[str], rows: list[list[Any]]) -> str:
    return "\n".join(",".join(map(str, line)) for line in [titles, *rows]) + "\n"


def is_gone(frame: int, joint: int) -> bool:
    return bool(GONE[frame]) and joint == ELBOW


def check_elbow(clip: Clip) -> None:
    absent = np.isnan(clip.positions[:, 0, :, 0])
    np.testing.assert_array_equal(absent[:, ELBOW], GONE)
    assert absent.sum() == GONE.sum()


TITLES = [
    "TrackingState",
    "tracking_state",
    "Tracked",
    "State",
    "TrackingStatus",
    "IsTracked",
    "detected",
    "Present",
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize(
    "words",
    [("0", "1", "2"), ("NotTracked", "Inferred", "Tracked"), ("False", "True", "True"), ("no", "yes", "yes")],
)
def test_states_in_a_table(title: str, words: tuple[str, str, str], tmp_path: Path) -> None:
    def state(frame: int, joint: int) -> str:
        return words[0] if is_gone(frame, joint) else words[1 + joint % 2]

    titles = ["frame"]
    for joint in NTU25.joints:
        titles += [f"{joint}_{axis}" for axis in "xyz"] + [f"{joint}_{title}"]
    wide = [
        [n, *(cell for j, place in enumerate(frame.tolist()) for cell in (*place, state(n, j)))]
        for n, frame in enumerate(GUESSED)
    ]
    check_elbow(read(saved(tmp_path, "wide.csv", table(titles, wide))))
    long = [
        [n, joint, *place, state(n, j)]
        for n, frame in enumerate(GUESSED)
        for j, (joint, place) in enumerate(zip(NTU25.joints, frame.tolist(), strict=True))
    ]
    check_elbow(read(saved(tmp_path, "long.csv", table(["frame", "joint", "x", "y", "z", title], long))))


def test_states_that_say_something_else_are_passed_over(tmp_path: Path) -> None:
    """A hand that is open or closed; a column that is 0 everywhere."""
    titles = [
        "frame",
        *(f"{joint}_{axis}" for joint in NTU25.joints for axis in "xyz"),
        "HandLeftState",
        "body_tracked",
    ]
    rows = [[n, *frame.reshape(-1).tolist(), 0, 0] for n, frame in enumerate(BODY)]
    assert np.isfinite(read(saved(tmp_path, "a.csv", table(titles, rows))).positions).all()
    titles = ["frame", *(f"{joint}_{axis}" for joint in NTU25.joints for axis in ("x", "y", "z", "state"))]
    rows = [[n, *(cell for place in frame.tolist() for cell in (*place, 0))] for n, frame in enumerate(BODY)]
    assert np.isfinite(read(saved(tmp_path, "a.csv", table(titles, rows))).positions).all()


@pytest.mark.parametrize("words", [(0, 2), ("NotTracked", "Tracked"), (False, True)])
def test_states_in_json(words: tuple[Any, Any], tmp_path: Path) -> None:
    frames = [
        {
            "Bodies": [
                {
                    "TrackingId": 7,
                    "Joints": {
                        joint: {
                            "Position": dict(zip("XYZ", place, strict=True)),
                            "TrackingState": words[0] if is_gone(n, j) else words[1],
                        }
                        for j, (joint, place) in enumerate(zip(NTU25.joints, frame.tolist(), strict=True))
                    },
                }
            ]
        }
        for n, frame in enumerate(GUESSED)
    ]
    check_elbow(read(saved(tmp_path, "a.json", frames)))


FLAT = np.concatenate([picture(COCO17)] * 5)[:FRAMES]
WRIST = COCO17.index("wrist_left")
SHAPES: dict[str, Callable[[str, list[float]], Any]] = {
    "named": lambda name, p: {"name": name, "x": p[0], "y": p[1], "score": 0.9},
    "unnamed": lambda name, p: {"x": p[0], "y": p[1]},
    "lists": lambda name, p: p,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("joint", [0, WRIST])
def test_null_among_the_joints(shape: str, joint: int, tmp_path: Path) -> None:
    def frame(n: int, places: list[list[float]]) -> list[Any]:
        joints = [SHAPES[shape](name, place) for name, place in zip(COCO17.joints, places, strict=True)]
        return [None if n % 4 == 0 and j == joint else value for j, value in enumerate(joints)]

    content = [{"keypoints": frame(n, places)} for n, places in enumerate(FLAT.tolist())]
    absent = np.isnan(read(saved(tmp_path, "a.json", content)).positions[:, 0, :, 0])
    np.testing.assert_array_equal(absent[:, joint], np.arange(FRAMES) % 4 == 0)
    assert absent.sum() == 5


def test_null_by_name_among_people_and_among_landmarks(tmp_path: Path) -> None:
    by_name = [
        {"people": [None, {"keypoints": {
            name: None if name == "wrist_left" and n % 4 == 0 else dict(zip("xy", place, strict=True))
            for name, place in zip(COCO17.joints, places, strict=True)}}]}
        for n, places in enumerate(FLAT.tolist())
    ]  # fmt: skip
    clip = read(saved(tmp_path, "a.json", by_name))
    assert np.isnan(clip.positions[:, 0, WRIST, 0]).sum() == 5
    world = (person(MEDIAPIPE33, FRAMES) * [-1, -1, 1]).tolist()
    for joint in (0, 15):
        landmarks = [
            {"pose_world_landmarks": [
                None if j == joint and n % 4 == 0 else dict(zip("xyz", place, strict=True))
                for j, place in enumerate(frame)]}
            for n, frame in enumerate(world)
        ]  # fmt: skip
        landmarks[1]["pose_world_landmarks"][20] = {"x": None, "y": None, "z": None}
        clip = read(saved(tmp_path, "a.json", landmarks))
        assert clip.depth
        assert np.isnan(clip.positions[..., 0]).sum() == 6


def openpose(folder: Path, number: int, flat: bool, solid: bool) -> None:
    space = np.column_stack([person(OPENPOSE25, FRAMES)[number], np.full(25, 0.9)])
    image = np.column_stack([np.concatenate([picture(OPENPOSE25)] * 5)[number], np.full(25, 0.9)])
    entry = {
        "pose_keypoints_2d": image.reshape(-1).tolist() if flat else [],
        "pose_keypoints_3d": space.reshape(-1).tolist() if solid else [],
    }
    folder.mkdir(exist_ok=True)
    (folder / f"v_{number:012d}_keypoints.json").write_text(json.dumps({"people": [entry]}))


def test_openpose_in_space(tmp_path: Path) -> None:
    beside = "pose_keypoints_2d not read: pose_keypoints_3d has depth"
    some = "pose_keypoints_3d of some people not read: the first has none"
    for name, flat, solid, note in (
        ("both", lambda n: True, lambda n: True, beside),
        ("space", lambda n: False, lambda n: True, ""),
        ("picture", lambda n: True, lambda n: False, ""),
        ("late", lambda n: True, lambda n: n > 3, some),
    ):
        folder = tmp_path / name
        for number in range(FRAMES):
            openpose(folder, number, flat(number), solid(number))
        clip = read(folder)
        assert (clip.depth, clip.layout) == (solid(0), OPENPOSE25)
        assert [text for text in clip.problems if "pose_keypoints" in text] == ([note] if note else [])
        if clip.depth:
            a, b = clip.positions[:, 0], person(OPENPOSE25, FRAMES)
            np.testing.assert_allclose(a - a.mean((0, 1)), b - b.mean((0, 1)), atol=1e-3)
        frames = [json.loads(file.read_text()) for file in sorted(folder.iterdir())]
        listed = read(saved(tmp_path, f"{name}.json", frames))
        np.testing.assert_array_equal(listed.positions, clip.positions)
        assert set(listed.problems) == set(clip.problems)
    (tmp_path / "both" / "v_000000000000_keypoints.json").write_text(
        '{"people": [{"pose_keypoints_3d": "x"}]}'
    )
    assert any(
        "cannot be read" in note or "000000000000" in note for note in read(tmp_path / "both").problems
    )
    with pytest.raises(BadFile, match="expected pose_keypoints_2d of 15, 18 or 25 joints"):
        read(
            saved(
                tmp_path, "v_000000000000_keypoints.json", '{"people": [{"pose_keypoints_3d": [1, 2, 3, 4]}]}'
            )
        )


@pytest.mark.parametrize(
    ("field", "no", "yes"),
    [
        ("IsTracked", False, True),
        ("is_tracked", False, True),
        ("detected", 0, 1),
        ("present", "no", "yes"),
        ("state", "NotTracked", "Tracked"),
        ("status", "NOT_TRACKED", "TRACKED"),
    ],
)
def test_flags_of_joints_in_json(field: str, no: object, yes: object, tmp_path: Path) -> None:
    check_elbow(read(saved(tmp_path, "a.json", with_flags(field, no, yes))))


def with_flags(field: str, no: object, yes: object) -> dict[str, Any]:
    frames = [
        {
            "joints": [
                {
                    "name": joint,
                    **dict(zip("xyz", place, strict=True)),
                    field: no if is_gone(n, j) else yes,
                }
                for j, (joint, place) in enumerate(zip(NTU25.joints, points.tolist(), strict=True))
            ]
        }
        for n, points in enumerate(GUESSED)
    ]
    return {"fps": 30, "frames": frames}


def test_flags_whose_meaning_is_open_are_named(tmp_path: Path) -> None:
    note = "'blinking' not read: if it says which joints were seen, call it tracked"
    frames = with_flags("blinking", True, False)["frames"]
    for frame, points in zip(frames, BODY.tolist(), strict=True):
        for joint, place in zip(frame["joints"], points, strict=True):
            joint |= dict(zip("xyz", place, strict=True))
    assert note in read(saved(tmp_path, "a.json", {"fps": 30, "frames": frames})).problems
    assert note not in read(saved(tmp_path, "b.json", with_flags("tracked", False, True))).problems
    rows = [
        [n, joint["name"], *(joint[axis] for axis in "xyz"), joint["blinking"]]
        for n, frame in enumerate(frames)
        for joint in frame["joints"]
    ]
    titles = ["frame", "joint", "x", "y", "z", "blinking"]
    assert note in read(saved(tmp_path, "a.csv", table(titles, rows))).problems
