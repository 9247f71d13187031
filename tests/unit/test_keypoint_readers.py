"""Keypoints of pose estimators: every form of the same motion gives the same clip; what is guessed is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.errors import BadFile, LimitExceeded, Undecided
from pgfa.read import FORMATS, format_of, read
from pgfa.read.parsing.units import flat_to_metres, rotated_up, torso_length, upright_to_metres
from pgfa.read.sample import person
from pgfa.read.source import FileRef
from pgfa.skeleton import (
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NO_DEPTH,
    NTU25,
    OPENPOSE18,
    OPENPOSE25,
    SMPL24,
    SMPLX22,
    Layout,
)


def body(layout: Layout, frames: int = 6) -> np.ndarray:
    """(frames, joints, 3) somebody upright who raises a hand; metres, y up, x to the camera's left."""
    return person(layout, frames)


def picture(layout: Layout, frames: int = 6) -> np.ndarray:
    """(frames, joints, 3) the same in a picture of 640 by 480: x to the right, y down, and a score."""
    expected = body(layout, frames)
    pixels = np.stack([320 - 200 * expected[..., 0], 470 - 250 * expected[..., 1] * 0.8], axis=-1)
    return np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 0.9)], axis=-1)


COCO = picture(COCO17)


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    if isinstance(content, np.ndarray):
        np.save(path, content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def persons(form: Callable[[np.ndarray], Any]) -> list[Any]:
    return [form(frame) for frame in COCO]


FORMS: dict[str, tuple[str, Any]] = {
    "npy, x y score": ("a.npy", COCO),
    "npy, x y": ("a.npy", COCO[..., :2]),
    "npy, bodies": ("a.npy", COCO[:, None]),
    "an array": ("a.json", {"layout": "coco17", "keypoints": COCO.tolist()}),
    "an array and scores": ("a.json", {"keypoints": COCO[..., :2].tolist(), "scores": COCO[..., 2].tolist()}),
    "mmpose": ("a.json", {"meta_info": {"dataset_name": "coco"}, "instance_info": [
        {"frame_id": n, "instances": [{"keypoints": f[:, :2].tolist(), "keypoint_scores": f[:, 2].tolist()}]}
        for n, f in enumerate(COCO)]}),
    "ultralytics": ("a.json", persons(lambda f: [
        {"name": "person", "box": {}, "keypoints": dict(zip(("x", "y", "visible"), f.T.tolist(), strict=True))}])),
    "coco results": ("a.json", [
        {"image_id": f"{n}.jpg", "keypoints": f.reshape(-1).tolist()} for n, f in enumerate(COCO)][::-1]),
    "coco annotations": ("a.json", {"images": [], "annotations": [
        {"image_id": n, "keypoints": f.reshape(-1).tolist()} for n, f in enumerate(COCO)]}),
    "a list of frames": ("a.json", persons(lambda f: {"keypoints": f.tolist()})),
    "csv, a line a frame": ("a.csv", "\n".join([
        "frame," + ",".join(f"{joint}_{axis}" for joint in COCO17.joints for axis in ("x", "y", "score")),
        *(",".join(map(str, [n, *f.reshape(-1)])) for n, f in enumerate(COCO))])),
    "csv, sides in front": ("a.csv", "\n".join([
        ",".join(f"{'_'.join(reversed(joint.split('_'))).upper()}.{axis}" for joint in COCO17.joints for axis in "XY"),
        *(",".join(map(str, f[:, :2].reshape(-1))) for f in COCO)])),
    "csv, numbered": ("a.csv", "\n".join([
        ",".join(f"{axis}{joint}" for joint in range(17) for axis in ("x", "y", "v")),
        *(",".join(map(str, f.reshape(-1))) for f in COCO)])),
    "csv, a line a joint": ("a.csv", "\n".join([
        "frame,person,joint,x,y,score",
        *(f"{n},1,{joint},{x},{y},{s}" for n, f in enumerate(COCO)
          for joint, (x, y, s) in zip(COCO17.joints, f, strict=True))])),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_motion_is_the_same_clip(form: str, tmp_path: Path) -> None:
    clip = read(write(tmp_path, *FORMS[form]))
    plain = read(write(tmp_path, "plain.npy", COCO))
    np.testing.assert_allclose(clip.positions, plain.positions, atol=1e-5)
    assert (clip.layout, clip.depth, clip.bodies, clip.rate) == (COCO17, False, 1, 30)
    assert clip.problems == (NO_DEPTH, "frame rate missing, assumed 30 fps")


def test_pixels_become_a_body_before_a_kinect(tmp_path: Path) -> None:
    clip = read(write(tmp_path, "a.npy", COCO))
    assert (clip.positions[..., 2] == 0).all()
    joint_at = {joint: clip.positions[:, 0, row] for row, joint in enumerate(COCO17.joints)}
    hips, shoulders = ((joint_at[f"{j}_left"] + joint_at[f"{j}_right"]) / 2 for j in ("hip", "shoulder"))
    np.testing.assert_allclose(np.median(np.linalg.norm(shoulders - hips, axis=-1)), 0.45, rtol=1e-5)
    assert (joint_at["nose"][:, 1] > joint_at["ankle_left"][:, 1]).all()
    assert (
        joint_at["shoulder_right"][:, 0] > joint_at["shoulder_left"][:, 0]
    ).all()  # as in a Kinect's frame
    assert joint_at["wrist_right"][-1, 1] > joint_at["wrist_right"][0, 1]  # the hand goes up
    # Shape is kept: one factor for both axes.
    truth = COCO[..., :2] * [-1, -1]
    factor = np.ptp(clip.positions[..., 0]) / np.ptp(truth[..., 0])
    np.testing.assert_allclose(np.ptp(clip.positions[..., 1]), np.ptp(truth[..., 1]) * factor, rtol=1e-5)


@pytest.mark.parametrize(
    "layout",
    [COCO17, H36M17, OPENPOSE18, OPENPOSE25, NTU25, MEDIAPIPE33, KINECT20, SMPL24],
    ids=lambda x: x.name,
)
@pytest.mark.parametrize("depth", [True, False])
def test_the_body_gives_the_layout(layout: Layout, depth: bool, tmp_path: Path) -> None:
    array = body(layout) if depth else picture(layout)[..., :2]
    clip = read(write(tmp_path, "a.npy", array))
    assert (clip.layout, clip.depth) == (layout, depth)
    assert f"layout {layout.name}" in clip.reading.partition("established by the body: ")[2]


@pytest.mark.parametrize("joints", [17, 18, 20, 24, 25, 33])
@pytest.mark.parametrize("columns", [2, 3])
def test_numbers_without_a_body_are_refused(joints: int, columns: int, tmp_path: Path) -> None:
    array = np.random.default_rng(0).uniform(-300, 300, (9, joints, columns))
    refusals = (
        r"no human body in any reading|joints jump from frame to frame in every reading|is not read, better"
    )
    with pytest.raises(BadFile, match=refusals):
        read(write(tmp_path, "a.npy", array))


def test_25_joints_in_space_and_in_a_picture(tmp_path: Path) -> None:
    expected = body(NTU25)
    solid = read(write(tmp_path, "a.npy", expected))
    assert (solid.layout, solid.depth) == (NTU25, True)
    np.testing.assert_allclose(solid.positions[:, 0], expected, atol=1e-6)
    assert "trunk" not in " ".join(solid.problems)
    flat = read(write(tmp_path, "b.npy", picture(OPENPOSE25)))
    assert (flat.layout, flat.depth) == (OPENPOSE25, False)


def test_smpl_without_hands(tmp_path: Path) -> None:
    expected = body(SMPL24)[:, :22]
    bare = read(write(tmp_path, "a.npy", expected))
    assert bare.layout is SMPLX22
    np.testing.assert_allclose(bare.positions[:, 0], expected, atol=1e-6)
    clip = read(tmp_path / "a.npy", layout="smpl24")
    assert clip.layout is SMPL24
    assert np.isnan(clip.positions[:, 0, 22:]).all()
    assert np.isfinite(clip.positions[:, 0, :22]).all()


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (lambda p: p * 1000, "unit inferred: millimetres"),
        (lambda p: p * 100, "unit inferred: centimetres"),
        (lambda p: p / 0.3048, "unit inferred: feet"),
        (lambda p: p * [-1, -1, 1], "up axis inferred: -y"),
    ],
)
def test_unit_and_up_axis_are_inferred_from_the_body(
    change: Callable[[np.ndarray], np.ndarray], problems: str, tmp_path: Path
) -> None:
    expected = body(KINECT20)
    clip = read(write(tmp_path, "a.npy", change(expected)))
    np.testing.assert_allclose(clip.positions[:, 0], expected, atol=1e-4)
    assert problems in clip.problems


@given(seed=st.integers(0, 1000), up=st.sampled_from(["y", "-y", "z", "-z", "x", "-x"]))
@settings(max_examples=20, deadline=None)
def test_turning_up_never_mirrors(seed: int, up: str) -> None:
    rows = np.random.default_rng(seed).normal(size=(3, 3))
    np.testing.assert_allclose(np.linalg.det(rotated_up(rows, up)), np.linalg.det(rows), atol=1e-9)
    axis = np.zeros(3)
    axis["xyz".index(up[-1])] = -1 if up[0] == "-" else 1
    np.testing.assert_array_equal(rotated_up(axis, up), [0, 1, 0])


def test_a_body_without_a_torso_is_scaled_by_its_extent() -> None:
    pixels = np.full((3, 1, 17, 2), np.nan)
    pixels[:, 0, :5] = np.random.default_rng(0).uniform(0, 50, (3, 5, 2))
    out, problems = flat_to_metres(pixels, COCO17)
    assert problems == ("no torso visible, size guessed",)
    assert np.nanmax(np.abs(out)) < 2
    np.testing.assert_array_equal(np.isnan(out[..., 0]), np.isnan(pixels[..., 0]))
    assert np.isnan(torso_length(pixels, COCO17))
    result, _ = upright_to_metres(np.concatenate([pixels, pixels[..., :1]], -1), COCO17, up="y")
    assert np.nanmax(np.abs(result)) <= 50
    with pytest.raises(Undecided):
        upright_to_metres(np.concatenate([pixels, pixels[..., :1]], -1), COCO17)


def landmarks(points: np.ndarray) -> list[dict[str, float]]:
    return [{"x": x, "y": y, "z": z, "visibility": 0.99} for x, y, z in points.tolist()]


def world() -> np.ndarray:
    """MediaPipe's world points: metres about the hips, x to the right, y down, z away."""
    expected = body(MEDIAPIPE33)
    hips = expected[:, [MEDIAPIPE33.index("hip_left"), MEDIAPIPE33.index("hip_right")]].mean(1, keepdims=True)
    return (expected - hips) * [-1, -1, 1]


def test_mediapipes_world_landmarks_have_depth(tmp_path: Path) -> None:
    frames = [
        {"pose_landmarks": landmarks(np.full((33, 3), 0.5)), "pose_world_landmarks": landmarks(f)}
        for f in world()
    ]
    clip = read(write(tmp_path, "a.json", {"fps": 25, "frames": frames}))
    assert (clip.layout, clip.depth, clip.rate, clip.problems) == (MEDIAPIPE33, True, 25, ())
    np.testing.assert_allclose(clip.positions[:, 0], world() * [-1, -1, 1], atol=1e-5)
    array = read(write(tmp_path, "a.npy", np.concatenate([world(), np.ones((6, 33, 1))], -1)))
    np.testing.assert_allclose(array.positions, clip.positions, atol=1e-5)


@pytest.mark.parametrize("size", [None, (640, 480)])
def test_mediapipes_image_landmarks_have_no_depth(size: tuple[int, int] | None, tmp_path: Path) -> None:
    points = np.concatenate([picture(MEDIAPIPE33)[..., :2] / [640, 480], np.full((6, 33, 1), -0.2)], -1)
    about = {"width": size[0], "height": size[1]} if size else {}
    clip = read(write(tmp_path, "a.json", about | {"frames": [[landmarks(f)] for f in points]}))
    assert (clip.layout, clip.depth) == (MEDIAPIPE33, False)
    problems = "image size missing, assumed square (to state it: --image-size 1920x1080)"
    assert (problems in clip.problems) == (size is None)
    if size:
        exact = read(write(tmp_path, "b.npy", picture(MEDIAPIPE33)[..., :2]))
        np.testing.assert_allclose(clip.positions, exact.positions, atol=1e-5)


def test_joints_with_a_low_score_are_absent(tmp_path: Path) -> None:
    holed = COCO.copy()
    holed[1, 3, 2] = 0.05
    holed[2, 4] = 0
    clip = read(write(tmp_path, "a.npy", holed))
    gone = np.isnan(clip.positions[:, 0, :, 0])
    assert np.argwhere(gone).tolist() == [[1, 3], [2, 4]]


@pytest.mark.parametrize(
    ("name", "times", "rate"),
    [
        ("time", [0, 0.04, 0.08], 25),
        ("time", [0, 0.001, 0.002], 1000),
        ("time", [0, 20, 40], 50),
        ("time", [0, 8333, 16667], 120),
        ("time", [1.6e18, 1.6e18 + 5e7, 1.6e18 + 1e8], 20),
        ("time_s", [5, 6, 7], 1),
        ("time_ms", [5, 6, 7], 1000),
        ("time_us", [0, 5e5, 1e6], 2),
    ],
)
def test_frame_rate_follows_from_times(name: str, times: list[float], rate: float, tmp_path: Path) -> None:
    head = f"{name}," + ",".join(f"{axis}{joint}" for joint in range(17) for axis in "xy")
    rows = [
        ",".join(map(repr, [t, *f[:, :2].reshape(-1).tolist()])) for t, f in zip(times, COCO, strict=False)
    ]
    clip = read(write(tmp_path, "a.csv", "\n".join([head, *rows])))
    assert clip.rate == pytest.approx(rate, rel=1e-3)
    assert clip.problems == (NO_DEPTH,)


def test_times_that_may_count_frames_give_no_rate(tmp_path: Path) -> None:
    head = "time," + ",".join(f"{axis}{joint}" for joint in range(17) for axis in "xy")
    rows = [",".join(map(repr, [t, *f[:, :2].reshape(-1).tolist()])) for t, f in enumerate(COCO)]
    clip = read(write(tmp_path, "a.csv", "\n".join([head, *rows])))
    assert (clip.rate, clip.problems) == (30, (NO_DEPTH, "frame rate missing, assumed 30 fps"))


@pytest.mark.parametrize(("separator", "point"), [(";", "."), (";", ","), ("\t", ".")])
def test_a_csv_as_spreadsheets_write_it(separator: str, point: str, tmp_path: Path) -> None:
    head = [f"{axis}{joint}" for joint in range(17) for axis in "xy"]
    rows = [[str(number) for number in frame[:, :2].reshape(-1)] for frame in COCO]
    plain = read(write(tmp_path, "a.csv", "\n".join(map(",".join, [head, *rows]))))
    other = "\n".join(separator.join(row).replace(".", point) for row in [head, *rows])
    got = read(write(tmp_path, "b.csv", other))
    np.testing.assert_array_equal(got.positions, plain.positions)


def test_people_in_a_csv_are_tracked_whatever_their_order(tmp_path: Path) -> None:
    head = "frame,x,y,score,joint,person"
    other = COCO + np.array([250, 10, 0])
    rows = [
        f"{n},{x},{y},{s},{joint},{who if n % 2 else 1 - who}"
        for n in range(6)
        for who, frames in enumerate((COCO, other))
        for joint, (x, y, s) in enumerate(frames[n])
    ]
    clip = read(write(tmp_path, "a.csv", "\n".join([head, *rows])))
    assert clip.bodies == 2
    assert np.abs(np.diff(clip.positions, axis=0)).max() < 0.5


NUMBERED = ",".join(f"x{j},y{j}" for j in range(17))
BAD: list[tuple[str, Any, str]] = [
    ("a.npy", np.zeros((4, 21, 2)), r"keypoints: expected frames x joints .* 17 or 18 .* joints, found 4 x 21 x 2"),
    ("a.npy", np.zeros((4, 17)), r"found 4 x 17"),
    ("a.npy", np.zeros((0, 17, 2)), r"expected at least one frame, found none"),
    ("a.npy", np.zeros((4, 17, 2)), r"no person in 4 frames"),
    ("a.npy", np.array(["x"]), r"expected numbers, found type <U1"),
    ("a.json", {"layout": "spider", "keypoints": [[[1, 2]]]},
     r"field layout: expected one of azure32, coco17, .*'spider'"),
    ("a.json", {"layout": "coco17", "keypoints": [[[1, 2]]]}, r"expected .* 17 joints, found 1 x 1 x 2"),
    ("a.json", {"rate": 0, "keypoints": COCO.tolist()}, r"field rate: expected a number from 0.01 to 10000"),
    ("a.json", {"fps": 1e-300, "keypoints": COCO.tolist()}, r"field fps: expected a number from 0.01 to 10000"),
    ("a.json", {"up": "w", "keypoints": COCO.tolist()}, r"field up: expected y, -y"),
    ("a.json", {"keypoints": COCO.tolist(), "scores": [1]}, r"expected scores of shape \(6, 17\), found \(1,\)"),
    ("a.json", {"keypoints": [[[1, 2], [1]]]}, r"field keypoints: expected numbers in lists of one length"),
    ("a.json", [[{"keypoints": [1, 2]}]], r"frame 1: expected x, y and score of each joint, found 2 numbers"),
    ("a.json", [[{"keypoints": COCO[0].tolist()}], 3], r"frame 2: expected an object or a list of people, found '3'"),
    ("a.json", [[{"keypoints": {"x": [1], "y": [1, 2]}}]], r"frame 1: expected x, y and visible of one length"),
    ("a.json", [{"image_id": None}], r"entry 1: expected an object with image_id"),
    ("a.json", "[" * 100_000, r"expected JSON, found"),
    ("a.json", {"author": "me"}, r"expected keypoints of MediaPipe.*found \"{'author': 'me'}\""),
    ("a.json", [{}, {}], r"expected keypoints of MediaPipe"),
    ("a.json", {"frames": [{"pose_landmarks": []}, {}]}, r"expected a person in at least one frame"),
    ("a.json", [{"people": []}], r"expected a person in at least one frame"),
    ("a.json", [[], []], r"expected a person in at least one frame"),
    ("a.csv", "x0,y0\n1,2\n", r"Not a skeleton recording \(plain text\)"),
    ("a.csv", ",".join(f"x{j},y{j}" for j in range(16)) + "\n1,2\n", r"line 2: expected 32 cells, found 2"),
    ("a.csv", ",".join(f"x{j},y{j}" for j in range(16)) + "\n" + "1," * 31 + "1",
     r"joints: expected 13, 15, 17, 18.*found 16"),
    ("a.csv", ",".join(f"{j}_x,{j}_y" for j in COCO17.joints[:-1]) + "\n" + "1," * 31 + "1",
     r"closest is coco17, without ankle_right.*found no ankle_right"),
    ("a.csv", NUMBERED + "\n" + "1," * 33 + "q", r"line 2, cell 34: expected a number"),
    ("a.csv", NUMBERED, r"expected at least one line below the header"),
    ("a.csv", "joint,x,y\n1,2,3\n", r"expected .* joints, numbered without gaps, found 1"),
    ("a.csv", "frame,joint,x,y\n" + "".join(f"0,{j % 17},2,3\n" for j in range(18)), "line 19, column joint:"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), BAD, ids=range(len(BAD)))
def test_errors_name_the_cause(name: str, content: Any, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(BadFile, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_too_many_bodies(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="70 bodies"):
        read(write(tmp_path, "a.npy", np.tile(COCO[:1, None, :, :2], (70, 100, 1, 1))))


def test_other_formats_keep_their_files(tmp_path: Path) -> None:
    """JSON and CSV are told last: what another reader knows by its content stays its."""
    ucla = write(tmp_path, "a.json", {"skeletons": [np.ones((20, 3)).tolist()], "label": 1})
    gator = write(tmp_path, "b.csv", "Timestamp,HipCenterX,HipCenterY\n")
    assert [format_of(FileRef(path)).name for path in (ucla, gator)] == ["nw-ucla", "kinder-gator"]
    assert list(FORMATS)[-2:] == ["keypoints-json", "video"]
