"""Files of pose estimators and depth cameras, all of one motion: the same joints, people, rate and gaps in each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.errors import BadFile
from pgfa.read import FORMATS, find_recordings, read, read_all
from pgfa.read.source import FileRef
from pgfa.skeleton import (
    AZURE32,
    COCO17,
    HALPE26,
    KINECT20,
    LCRNET13,
    MEDIAPIPE33,
    MPI15,
    NTU25,
    NUITRACK19,
    OPENPOSE18,
    OPENPOSE25,
    WHOLEBODY133,
    ZED34,
    ZED38,
    Clip,
    Layout,
)

FRAMES, RATE = 12, 30.0
# x to the person's left, y up, z to the front; metres.
REST = {
    "nose": (0, 1.62, 0.1), "head": (0, 1.64, 0), "head_base": (0, 1.56, 0), "head_top": (0, 1.75, 0),
    "eye": (0.03, 1.65, 0.09), "ear": (0.07, 1.63, 0), "chest": (0, 1.42, 0), "neck": (0, 1.52, 0),
    "clavicle": (0.08, 1.41, 0), "shoulder": (0.18, 1.4, 0), "elbow": (0.22, 1.12, -0.03), "wrist": (0.24, 0.88, 0.05),
    "hand": (0.24, 0.8, 0.07), "handtip": (0.24, 0.73, 0.08), "thumb": (0.21, 0.8, 0.1), "hip": (0.1, 0.93, 0),
    "knee": (0.11, 0.5, 0.04), "ankle": (0.11, 0.1, -0.02), "foot": (0.12, 0.04, 0.12), "toe": (0.11, 0.02, 0.15),
    "small_toe": (0.16, 0.02, 0.12), "heel": (0.11, 0.03, -0.06), "pelvis": (0, 0.95, 0), "spine": (0, 1.18, 0.01),
    "spine_navel": (0, 1.11, 0.01), "spine_chest": (0, 1.26, 0.01), "spine_low": (0, 1.07, 0), "trunk": (0, 1.17, 0.01),
    "spine_middle": (0, 1.185, 0), "spine_high": (0, 1.3, 0), "index": (0.24, 0.8, 0.08), "pinky": (0.26, 0.8, 0.05),
}  # fmt: skip


def as_it_is(points: np.ndarray) -> np.ndarray:
    return points


MOTION: Callable[[np.ndarray], np.ndarray] = as_it_is
"""What is done to the motion before it is written."""


def body(layout: Layout, frames: int = FRAMES, shift: float = 0.0) -> np.ndarray:
    """(frames, joints, 3) somebody who faces a camera 3 m away and raises the right hand; y up, x to its left."""
    out = np.empty((frames, len(layout.joints), 3))
    for row, joint in enumerate(layout.joints):
        name = joint.removesuffix("_left").removesuffix("_right")
        x, y, z = (
            REST.get(name)
            or REST["hand" if re.match(r"hand_root|(thumb|index|middle|ring|pinky)_\d", name) else "nose"]
        )
        # Facing the camera, the person's left is at the camera's right.
        out[:, row] = ((x if joint.endswith("_right") else -x) + shift, y - 1, 3 - z)
    for joint in ("elbow", "wrist", "hand", "handtip", "thumb"):
        if f"{joint}_right" in layout.joints:
            lift = np.linspace(0, 0.3 if joint == "elbow" else 0.9, frames)
            out[:, layout.index(f"{joint}_right"), 1] += lift
    out[..., 0] += np.linspace(0, 0.2, frames)[:, None]
    return MOTION(out)


def picture(layout: Layout, frames: int = FRAMES, shift: float = 0.0) -> np.ndarray:
    """(frames, joints, 3) the same in pixels of a distant camera, x to the right and y down, and a score."""
    points = body(layout, frames, shift)
    pixels = np.stack([640 - 200 * points[..., 0], 360 - 200 * points[..., 1]], axis=-1)
    return np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 0.9)], axis=-1)


def lay_out(root: Path, name: str, content: Any) -> Path:
    """A file, or with a dict of names a folder of files."""
    path = root / name
    if isinstance(content, dict) and name.endswith("/"):
        path.mkdir(parents=True)
        for file, inner in content.items():
            lay_out(path, file, inner)
        return path
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def camel(joint: str) -> str:
    """A joint as the Kinect SDK names it: HandTipLeft, SpineBase."""
    own = {"pelvis": "SpineBase", "spine": "SpineMid", "chest": "SpineShoulder"}
    base, _, side = joint.rpartition("_") if joint.endswith(("_left", "_right")) else (joint, "", "")
    return (
        own.get(
            joint, base.replace("handtip", "HandTip")[:1].upper() + base.replace("handtip", "HandTip")[1:]
        )
        + side.title()
    )


def table(header: list[str], rows: list[list[Any]], separator: str = ",") -> str:
    return "\n".join(separator.join(map(str, row)) for row in [header, *rows])


def wide(layout: Layout, title: Callable[[str, str], str], scale: np.ndarray | float = 1.0) -> str:
    points = body(layout) * scale
    header = ["frame", *(title(joint, axis) for joint in layout.joints for axis in "xyz")]
    return table(header, [[n, *frame.reshape(-1).tolist()] for n, frame in enumerate(points)])


AZURE = np.array([-1000, -1000, 1000])  # to millimetres, x right and y down
UP = {"spine_navel": "SPINE_NAVEL", "spine_chest": "SPINE_CHEST", "chest": "NECK", "head_base": "HEAD"}
NUITRACK = {"pelvis": "WAIST", "spine": "TORSO", "chest": "LEFT_COLLAR"}


def sided(joint: str) -> str:
    """left_wrist for wrist_left."""
    name, _, side = joint.rpartition("_")
    return f"{side}_{name}" if side in ("left", "right") else joint


def azure(points: np.ndarray) -> dict[str, Any]:
    return {"k4abt_sdk_version": "1.1.2", "source_file": "out.mkv", "joint_names": list(AZURE32.joints), "frames": [
        {"frame_id": n, "timestamp_usec": 33333 * n, "num_bodies": 1, "bodies": [
            {"body_id": 4, "joint_positions": (frame * AZURE).tolist()}]}
        for n, frame in enumerate(points)]}  # fmt: skip


def zed(layout: Layout) -> dict[str, Any]:
    start = 1_700_000_000_000
    return {str(start + 33 * n): {"is_new": True, "timestamp": (start * 1000 + 33333 * n) * 1000, "body_list": [
        {"id": 0, "keypoint": (frame * [-1, 1, -1]).tolist(), "keypoint_confidence": [90.0] * len(layout.joints)}]}
        for n, frame in enumerate(body(layout))}  # fmt: skip


def azure_rows() -> str:
    points = body(AZURE32) * AZURE
    rows = [
        [33333 * n, 4, UP.get(joint, joint.upper()), *frame[row].tolist(), 2]
        for n, frame in enumerate(points)
        for row, joint in enumerate(AZURE32.joints)
    ]
    return table(["timestamp_usec", "body_id", "joint_name", "x", "y", "z", "confidence_level"], rows)


def kinect_rows() -> str:
    """DumpKinectSkeleton: a comment, one line per joint, times in units of 100 ns."""
    rows = [
        [333_333 * n, "72057594037944", camel(joint), *frame[row].tolist(), 2]
        for n, frame in enumerate(body(NTU25))
        for row, joint in enumerate(NTU25.joints)
    ]
    header = [
        "# RelativeTime",
        "TrackingId",
        "JointType",
        "Position.X",
        "Position.Y",
        "Position.Z",
        "TrackingState",
    ]
    return table(header, rows)


KINECT1 = {"pelvis": "HipCenter", "chest": "ShoulderCenter", "spine": "Spine", "head": "Head"}
SOLID: dict[str, tuple[Layout, str, Any]] = {
    "azure json": (AZURE32, "a.json", lambda: azure(body(AZURE32))),
    "azure csv, one line per joint": (AZURE32, "a.csv", azure_rows),
    "azure csv, one line per frame": (
        AZURE32, "a.csv", lambda: wide(AZURE32, lambda j, a: f"{UP.get(j, j.upper())}_{a}", AZURE)),
    "femto csv, millimetres in the header": (
        AZURE32, "a.csv", lambda: wide(AZURE32, lambda j, a: f"K4ABT_JOINT_{UP.get(j, j.upper())}.{a} (mm)", AZURE)),
    "zed 18": (OPENPOSE18, "a.json", lambda: zed(OPENPOSE18)),
    "zed 34": (ZED34, "a.json", lambda: zed(ZED34)),
    "zed 38": (ZED38, "a.json", lambda: zed(ZED38)),
    "kinect v2 csv, SDK names": (NTU25, "a.csv", lambda: wide(NTU25, lambda j, a: f"{camel(j)}.{a.upper()}")),
    "kinect v2 csv, names and axes in one word": (
        NTU25, "a.csv", lambda: wide(NTU25, lambda j, a: camel(j) + a.upper())),
    "kinect v2 csv, one line per joint": (NTU25, "a.csv", kinect_rows),
    "kinect v2 csv, plain": (NTU25, "a.csv", lambda: "\n".join(
        ",".join(map(str, frame.reshape(-1))) for frame in body(NTU25))),
    "kinect v1 csv, SDK names": (
        KINECT20, "a.csv", lambda: wide(KINECT20, lambda j, a: KINECT1.get(j, camel(j)) + a.upper())),
    "nuitrack csv": (NUITRACK19, "a.csv", lambda: wide(
        NUITRACK19, lambda j, a: f"JOINT_{NUITRACK.get(j, sided(j).upper())}.{a}", 1000)),
    "kinect json, joints by name": (NTU25, "a.json", lambda: {"frames": [
        {"Bodies": [{"TrackingId": 9, "Joints": {
            camel(j): {"JointType": r, "Position": dict(zip("XYZ", p.tolist(), strict=True)), "TrackingState": 2}
            for r, (j, p) in enumerate(zip(NTU25.joints, frame, strict=True))}}]} for frame in body(NTU25)]}),
    "easymocap folder": (OPENPOSE25, "walk/", lambda: {f"{n:06d}.json": [
        {"id": 0, "keypoints3d": np.column_stack([frame, np.ones(25)]).tolist()}]
        for n, frame in enumerate(body(OPENPOSE25))}),
    "smarthome pose3d": (LCRNET13, "a.json", lambda: {"njts": 13, "frames": [
        [{"cumscore": 30, "pose2d": [1] * 26, "pose3d": frame.T.reshape(-1).tolist()}] for frame in body(LCRNET13)]}),
}  # fmt: skip


@pytest.mark.parametrize("title", SOLID)
def test_depth(title: str, tmp_path: Path) -> None:
    """Up, unit, left and right as in the motion, joint by joint, up to where the origin is."""
    layout, name, content = SOLID[title]
    clip = read(lay_out(tmp_path, name, content()))
    assert (clip.layout, clip.depth, clip.frames, clip.bodies) == (layout, True, FRAMES, 1)
    assert clip.rate == pytest.approx(RATE, rel=2e-3)
    expected = body(layout)
    if title.startswith("zed"):  # written with z towards the viewer: the same body turned by half a circle
        expected = expected * [-1, 1, -1]
    np.testing.assert_allclose(clip.positions[:, 0], expected, atol=2e-3)
    assert np.isfinite(clip.to(NTU25).positions).all()


def mediapipe(points: np.ndarray) -> list[dict[str, float]]:
    return [{"x": x / 1280, "y": y / 720, "z": 0.0, "visibility": s} for x, y, s in points.tolist()]


def tfjs(points: np.ndarray) -> dict[str, Any]:
    names = [sided(joint) for joint in COCO17.joints]
    return {"score": 0.9, "keypoints": [
        {"x": x, "y": y, "score": s, "name": n}
        for (x, y, s), n in zip(points.tolist(), names, strict=True)]}  # fmt: skip


def ultralytics(points: np.ndarray, **more: Any) -> dict[str, Any]:
    return {"name": "person", "class": 0, "box": {}, **more,
            "keypoints": dict(zip(("x", "y", "visible"), points.T.tolist(), strict=True))}  # fmt: skip


def yolo(points: np.ndarray) -> str:
    return " ".join(
        ["0 0.5 0.5 0.2 0.6", *(f"{x / 720:.6f} {y / 720:.6f} {s}" for x, y, s in points.tolist())]
    )


def kinetics(points: np.ndarray) -> dict[str, Any]:
    return {"pose": (points[:, :2] / 720).reshape(-1).tolist(), "score": points[:, 2].tolist()}


def openpose(points: np.ndarray) -> dict[str, Any]:
    return {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": points.reshape(-1).tolist()}]}


def flat(form: Callable[[np.ndarray], Any], layout: Layout) -> list[Any]:
    return [form(points) for points in picture(layout)]


def alphapose(layout: Layout) -> list[dict[str, Any]]:
    return [{"image_id": f"{n}.jpg", "category_id": 1, "keypoints": p.reshape(-1).tolist(), "score": 3.0, "idx": 1}
            for n, p in enumerate(picture(layout))]  # fmt: skip


FLAT: dict[str, tuple[Layout, str, Any]] = {
    "movenet of TF.js": (COCO17, "a.json", lambda: flat(tfjs, COCO17)),
    "TF.js, lists of poses": (COCO17, "a.json", lambda: [[pose] for pose in flat(tfjs, COCO17)]),
    "posenet": (COCO17, "a.json", lambda: [{"keypoints": [
        {"part": k["name"], "position": {"x": k["x"], "y": k["y"]}, "score": k["score"]} for k in pose["keypoints"]]}
        for pose in flat(tfjs, COCO17)]),
    "JSON lines": (COCO17, "a.jsonl", lambda: "\n".join(map(json.dumps, flat(tfjs, COCO17)))),
    "points by name": (COCO17, "a.json", lambda: {"frames": [
        {"keypoints": dict(zip(reversed(COCO17.joints), p[::-1, :2].tolist(), strict=True))}
        for p in picture(COCO17)]}),
    "kinetics-skeleton": (OPENPOSE18, "a.json", lambda: {"label": "walk", "data": [
        {"frame_index": n, "skeleton": [p]} for n, p in enumerate(flat(kinetics, OPENPOSE18), start=1)]}),
    "ultralytics": (COCO17, "a.json", lambda: [[p] for p in flat(ultralytics, COCO17)]),
    "ultralytics, a field per frame": (
        COCO17, "a.json", lambda: {f"frame_{n}": [p] for n, p in enumerate(flat(ultralytics, COCO17))}),
    "ultralytics, a file per frame": (
        COCO17, "v/", lambda: {f"frame_{n:04d}.json": [p] for n, p in enumerate(flat(ultralytics, COCO17))}),
    "YOLO labels": (COCO17, "v/", lambda: {f"video_{n}.txt": p for n, p in enumerate(flat(yolo, COCO17), start=1)}),
    "renamed OpenPose frames": (
        OPENPOSE25, "v/", lambda: {f"frame{n:06d}.json": p for n, p in enumerate(flat(openpose, OPENPOSE25))}),
    "OpenPose, MPI": (MPI15, "v/", lambda: {
        f"v_{n:012d}_keypoints.json": p for n, p in enumerate(flat(openpose, MPI15))}),
    "alphapose, HALPE-26": (HALPE26, "a.json", lambda: alphapose(HALPE26)),
    "alphapose, COCO-WholeBody": (WHOLEBODY133, "a.json", lambda: alphapose(WHOLEBODY133)),
    "mmpose, named data set": (HALPE26, "a.json", lambda: {"meta_info": {"dataset_name": "halpe26"}, "instance_info": [
        {"frame_id": n, "instances": [{"keypoints": p[:, :2].tolist(), "keypoint_scores": p[:, 2].tolist()}]}
        for n, p in enumerate(picture(HALPE26))]}),
    "easymocap annotations": (OPENPOSE25, "v/", lambda: {
        f"{n:06d}.json": {"filename": f"{n:06d}.jpg", "height": 720, "width": 1280, "annots": [
            {"personID": 0, "bbox": [0, 0, 1, 1, 1], "keypoints": p.tolist(), "isKeyframe": False}]}
        for n, p in enumerate(picture(OPENPOSE25))}),
    "HALPE-26 as csv": (HALPE26, "a.csv", lambda: table(
        [f"{axis}{j}" for j in range(26) for axis in ("x", "y", "v")],
        [p.reshape(-1).tolist() for p in picture(HALPE26)])),
}  # fmt: skip


@pytest.mark.parametrize("title", FLAT)
def test_without_depth(title: str, tmp_path: Path) -> None:
    layout, name, content = FLAT[title]
    clip = read(lay_out(tmp_path, name, content()))
    assert (clip.layout, clip.depth, clip.frames, clip.bodies) == (layout, False, FRAMES, 1)
    expected = body(layout)[..., :2]
    got = clip.positions[:, 0, :, :2]
    # Scale and origin are those of the reader.
    factor = np.ptp(expected[..., 1]) / np.ptp(got[..., 1])
    np.testing.assert_allclose(
        got * factor - (got * factor).mean((0, 1)), expected - expected.mean((0, 1)), atol=0.02
    )
    assert np.isfinite(clip.to(NTU25).positions).all()


# Two people who cross, by id; frames 4 and 5 are missing. Each form: points (frames, people, joints, 3) -> content.
HIDDEN = (4, 5)


def crossing(layout: Layout = COCO17) -> np.ndarray:
    two = np.stack([picture(layout, shift=shift) for shift in (-0.9, 0.9)], axis=1)  # at x = 820 and 460
    walk = np.linspace(0, 360, FRAMES)[:, None]
    two[:, 0, :, 0] -= walk
    two[:, 1, :, 0] += walk
    return two


def listed(points: np.ndarray) -> list[tuple[int, list[tuple[int, np.ndarray]]]]:
    """(number, [(id, joints)]) of the frames that the file has; people in changing order."""
    out = []
    for n, frame in enumerate(points):
        people = [(7, frame[0]), (3, frame[1])]
        if n not in HIDDEN:
            out.append((n, people[:: -1 if n % 3 == 1 else 1]))
    return out


def wide_rows(points: np.ndarray, time: str = "") -> str:
    rows = [
        [*([round(n * 1000 / 30, 1)] if time else [n]), who, *p[:, :2].reshape(-1).tolist()]
        for n, people in listed(points)
        for who, p in people
    ]
    header = [time or "frame", "person_id", *(f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy")]
    return table(header, rows)


IDENTIFIED: dict[str, tuple[str, Any]] = {
    "alphapose": ("a.json", lambda p: [
        {"image_id": f"{n:05d}.jpg", "idx": who, "keypoints": x.reshape(-1).tolist()}
        for n, people in listed(p) for who, x in people]),
    "coco annotations": ("a.json", lambda p: {
        "images": [{"id": 50 + n, "file_name": f"v/{n:05d}.jpg"} for n in range(FRAMES)], "annotations": [
            {"id": 100 * n + who, "image_id": 50 + n, "track_id": who, "keypoints": x.reshape(-1).tolist()}
            for n, people in listed(p) for who, x in people]}),
    "mmpose": ("a.json", lambda p: {"instance_info": [{"frame_id": n, "instances": [
        {"track_id": who, "keypoints": x[:, :2].tolist(), "keypoint_scores": x[:, 2].tolist()} for who, x in people]}
        for n, people in listed(p)]}),
    "ultralytics": ("v/", lambda p: {f"f{n:03d}.json": [ultralytics(x, track_id=who) for who, x in people]
                                     for n, people in listed(p)}),
    "YOLO labels": ("v/", lambda p: {f"f{n:03d}.txt": "\n".join(f"{yolo(x)} {who}" for who, x in people)
                                     for n, people in listed(p)}),
    "openpose": ("v/", lambda p: {f"v_{n:012d}_keypoints.json": {"people": [
        {"person_id": [who], "pose_keypoints_2d": x.reshape(-1).tolist()} for who, x in people]}
        for n, people in listed(p)}),
    "csv by frame": ("a.csv", wide_rows),
    "csv by time": ("a.csv", lambda p: wide_rows(p, "timestamp_ms")),
    "csv, sorted by person": ("a.csv", lambda p: table(
        ["frame", "track_id", "joint", "x", "y", "score"],
        [[n, id, j, *point] for id in (7, 3) for n, people in listed(p) for who, x in people if who == id
         for j, point in enumerate(x.tolist())])),
}  # fmt: skip


@pytest.mark.parametrize("title", IDENTIFIED)
def test_ids_are_kept_and_gaps_are_empty_frames(title: str, tmp_path: Path) -> None:
    layout = OPENPOSE25 if title == "openpose" else COCO17
    points = crossing(layout)
    name, form = IDENTIFIED[title]
    clip = read(lay_out(tmp_path, name, form(points)))
    assert (clip.layout, clip.frames, clip.bodies) == (layout, FRAMES, 2)
    assert np.isnan(clip.positions[list(HIDDEN)]).all()
    present = [n for n in range(FRAMES) if n not in HIDDEN]
    assert np.isfinite(clip.positions[present]).all()
    # Bodies cross: x of each falls or rises all the time, as in the file.
    x = clip.positions[present][..., 0].mean(axis=-1)
    expected = -points[present][..., 0].mean(axis=-1)
    order = [0, 1] if np.sign(x[0, 0] - x[0, 1]) == np.sign(expected[0, 0] - expected[0, 1]) else [1, 0]
    for slot in range(2):
        assert np.corrcoef(x[:, slot], expected[:, order[slot]])[0, 1] > 0.999
    assert any(problem.startswith("2 frames without") for problem in clip.problems)
    assert "2 empty frames" in clip.problems


def two_takes(form: str) -> tuple[str, Any]:
    first, second = picture(COCO17), picture(COCO17, frames=7, shift=0.5)
    both = [*enumerate(first), *enumerate(second)]
    return {
        "csv frames": ("a.csv", table(
            ["frame", *(f"{axis}{j}" for j in range(17) for axis in "xy")],
            [[n, *p[:, :2].reshape(-1).tolist()] for n, p in both])),
        "csv times": ("a.csv", table(
            ["time_s", *(f"{axis}{j}" for j in range(17) for axis in "xy")],
            [[n / 25, *p[:, :2].reshape(-1).tolist()] for n, p in both])),
        "frame_id": ("a.json", [{"frame_id": n, "keypoints": p.tolist()} for n, p in both]),
        "two videos": ("a.json", [
            {"image_id": f"{video}_{n:04d}.jpg", "keypoints": p.reshape(-1).tolist()}
            for video, points in (("a", first), ("b", second)) for n, p in enumerate(points)]),
        "a field per frame": ("a.json", {
            f"{video}_{n}": [ultralytics(p)] for video, points in (("a", first), ("b", second))
            for n, p in enumerate(points)}),
    }[form]  # fmt: skip


@pytest.mark.parametrize("form", ["csv frames", "csv times", "frame_id", "two videos", "a field per frame"])
def test_two_takes_or_videos_are_two_recordings(form: str, tmp_path: Path) -> None:
    path = lay_out(tmp_path, *two_takes(form))
    clips = [clip for clip in read_all(path) if isinstance(clip, Clip)]
    assert [(clip.frames, clip.bodies) for clip in clips] == [(FRAMES, 1), (7, 1)]
    assert [clip.source.id for clip in clips] == ["a-1", "a-2"]
    assert "first of 2 recordings in the file" in read(path).problems


@pytest.mark.parametrize(
    ("field", "rate"),
    [({"fps": "29.97"}, 29.97), ({"fps": "25 fps"}, 25), ({"fps": "30000/1001"}, 29.97), ({"info": {"fps": 50}}, 50),
     ({"metadata": {"frame_rate": "60"}}, 60)],
)  # fmt: skip
def test_rates_as_text(field: dict[str, Any], rate: float, tmp_path: Path) -> None:
    clip = read(lay_out(tmp_path, "a.json", field | {"frames": flat(tfjs, COCO17)}))
    assert clip.rate == pytest.approx(rate, rel=1e-3)


def test_a_rate_of_0_is_no_rate_and_text_that_is_none_is_refused(tmp_path: Path) -> None:
    clip = read(lay_out(tmp_path, "a.json", {"fps": 0, "frames": flat(tfjs, COCO17)}))
    assert "fps is 0 in the file" in clip.problems
    with pytest.raises(BadFile, match="field fps: expected a number"):
        read(lay_out(tmp_path, "b.json", {"fps": "fast", "frames": flat(tfjs, COCO17)}))


@pytest.mark.parametrize("step", [2, 5])
def test_every_nth_frame_of_a_video_is_no_gap(step: int, tmp_path: Path) -> None:
    frames = [{"frame_id": step * n, "keypoints": p.tolist()} for n, p in enumerate(picture(COCO17))]
    clip = read(lay_out(tmp_path, "a.json", {"fps": 30, "frames": frames}))
    assert (clip.frames, clip.rate) == (FRAMES, 30 / step)
    assert any(problem.startswith(f"every {step}") for problem in clip.problems)


@pytest.mark.parametrize("apart", [200, 900])
def test_ids_that_number_the_people_of_each_frame_are_not_followed(apart: int, tmp_path: Path) -> None:
    """Identities that change places all the time are the order of detection."""
    points = np.stack([picture(COCO17), picture(COCO17)], axis=1)
    points[:, 1, :, 1] += apart
    frames = [
        {
            "frame_id": n,
            "instances": [{"id": k, "keypoints": x.tolist()} for k, x in enumerate(p[:: -1 if n % 2 else 1])],
        }
        for n, p in enumerate(points)
    ]
    clip = read(lay_out(tmp_path, "a.json", frames))
    assert clip.bodies == 2
    assert "ids change from person to person, people tracked instead" in clip.problems
    assert np.abs(np.diff(clip.positions[..., 1], axis=0)).max() < 0.5


def test_people_of_one_frame_are_not_read_as_frames(tmp_path: Path) -> None:
    crowd = [ultralytics(picture(COCO17, frames=1, shift=shift)[0]) for shift in (-2, 0.5, 3, -4)]
    with pytest.raises(BadFile, match="people at different places"):
        read(lay_out(tmp_path, "a.json", crowd))


def test_photographs_are_not_frames_of_a_video(tmp_path: Path) -> None:
    images = [397133, 37777, 252219, 87038, 174482, 403385]
    entries = [
        {"image_id": image, "keypoints": p.reshape(-1).tolist()}
        for image, p in zip(images, picture(COCO17), strict=False)
    ]
    with pytest.raises(BadFile, match="frame numbers or times of one recording"):
        read(lay_out(tmp_path, "a.json", entries))


def test_a_table_that_names_no_layout_tells_which_joints_are_missing(tmp_path: Path) -> None:
    text = wide(NTU25, lambda j, a: f"{camel(j)}.{a}")
    clip = read(lay_out(tmp_path, "a.csv", text.replace("ThumbLeft", "Elephant")))
    assert "thumb_left of ntu25 missing: joints placed by the others" in clip.problems
    with pytest.raises(BadFile, match=r"closest is ntu25, without knee_left.*found no knee_left.*elephant"):
        read(lay_out(tmp_path, "a.csv", text.replace("KneeLeft", "Elephant")))


@pytest.mark.parametrize("text", ["\ufeff{}", "# recorded at home\n\n{}", "{}\n\n"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_marks_comments_line_ends_and_codings(text: str, ends: str, coding: str, tmp_path: Path) -> None:
    content = text.format(wide(NTU25, lambda j, a: f"{camel(j)}.{a}")).replace("\n", ends)
    path = tmp_path / "a.csv"
    path.write_bytes(content.removeprefix("\ufeff" if coding == "utf-16" else "").encode(coding))
    np.testing.assert_allclose(read(path).positions[:, 0], body(NTU25), atol=1e-5)


def test_a_folder_of_recordings_is_no_recording(tmp_path: Path) -> None:
    """Numbered files that hold whole recordings, or one person of several frames, stay apart."""
    folder = lay_out(tmp_path, "v/", {f"clip_{n}.json": flat(tfjs, COCO17) for n in range(3)})
    assert find_recordings(folder) == [FileRef(folder / f"clip_{n}.json") for n in range(3)]
    other = lay_out(tmp_path, "w/", {f"clip_{n}.json": {"frames": flat(tfjs, COCO17)} for n in range(3)})
    assert len(find_recordings(other)) == 3
    frames = lay_out(tmp_path, "x/", {f"f_{n}.json": [p] for n, p in enumerate(flat(ultralytics, COCO17))})
    assert find_recordings(frames) == [FileRef(frames)]


def test_frames_of_two_videos_and_broken_frames(tmp_path: Path) -> None:
    frames = {f"f_{n}.json": [p] for n, p in enumerate(flat(ultralytics, COCO17))}
    folder = lay_out(tmp_path, "v/", frames)
    (folder / "f_3.json").write_text("[{")
    (folder / "._f_3.json").write_bytes(b"\0\5")
    clip = read(folder)
    assert "1 unreadable frame left empty: f_3.json" in clip.problems
    assert np.isnan(clip.positions[3]).all()
    lay_out(folder, "other_1.json", frames["f_1.json"])
    with pytest.raises(BadFile, match=r"the frames of one recording, found 2 \(f_\*.json, other_\*.json\)"):
        FORMATS["frame-files"].read(FileRef(folder))


@pytest.mark.parametrize(
    ("name", "step", "rate"),
    [("timestamp", 333_333, 30), ("RelativeTime", 333_333, 30), ("timestamp", 33_333, 30), ("time_100ns", 666_666, 15),
     ("timestamp_ns", 33_333_333, 30), ("ticks", 400_000, 25)],
)  # fmt: skip
def test_clocks(name: str, step: int, rate: float, tmp_path: Path) -> None:
    header = [name, *(f"{axis}{j}" for j in range(17) for axis in "xy")]
    rows = [[5_000_000 + step * n, *p[:, :2].reshape(-1).tolist()] for n, p in enumerate(picture(COCO17))]
    assert read(lay_out(tmp_path, "a.csv", table(header, rows))).rate == pytest.approx(rate, rel=1e-3)


def test_a_clock_of_unknown_unit_gives_no_rate(tmp_path: Path) -> None:
    """Steps of 166,667 are 6 Hz in microseconds and 60 Hz in units of 100 ns."""
    header = ["timestamp", *(f"{axis}{j}" for j in range(17) for axis in "xy")]
    rows = [[166_667 * n, *p[:, :2].reshape(-1).tolist()] for n, p in enumerate(picture(COCO17))]
    clip = read(lay_out(tmp_path, "a.csv", table(header, rows)))
    assert "unit of the times unknown, frame rate not taken from them" in clip.problems


def test_one_person_who_leaves_for_long_keeps_the_slot(tmp_path: Path) -> None:
    frames = [
        {"frame_id": n + (60 if n > 5 else 0), "keypoints": p.tolist()} for n, p in enumerate(picture(COCO17))
    ]
    clip = read(lay_out(tmp_path, "a.json", frames))
    assert (clip.frames, clip.bodies) == (FRAMES + 60, 1)


def test_mediapipe_image_landmarks_keep_their_size(tmp_path: Path) -> None:
    frames = [{"pose_landmarks": mediapipe(p)} for p in picture(MEDIAPIPE33)]
    clip = read(lay_out(tmp_path, "a.json", {"width": 1280, "height": 720, "fps": 30, "frames": frames}))
    assert (clip.layout, clip.depth, clip.frames) == (MEDIAPIPE33, False, FRAMES)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
@pytest.mark.parametrize("form", ["wide", "long", "json"])
def test_the_order_of_lines_columns_and_joints_does_not_matter(
    form: str, seed: int, tmp_path_factory: Any
) -> None:
    """Joints by name, frames by number, people by id: however they are listed, the clip is the same."""
    random = np.random.default_rng(seed)
    points = np.stack([body(NTU25), body(NTU25, shift=1.5)], axis=1)
    joints = [camel(joint) for joint in NTU25.joints]
    order = random.permutation(25)
    if form == "wide":
        header = ["frame", "TrackingId", *(f"{joints[j]}.{axis}" for j in order for axis in "XYZ")]
        rows = [
            [n, who, *p[order].reshape(-1)]
            for n, frame in enumerate(points)
            for who, p in zip("ab", frame, strict=True)
        ]
        content: Any = table(header, [rows[row] for row in random.permutation(len(rows))])
    elif form == "long":
        rows = [
            [n, who, joints[j], *p[j]]
            for n, frame in enumerate(points)
            for who, p in zip("ab", frame, strict=True)
            for j in order
        ]
        content = table(["frame", "body_id", "joint", "x", "y", "z"], rows)
    else:
        content = {"frames": [
            {"frame_id": int(n), "bodies": [
                {"id": who, "joints": [
                    {"name": joints[j], **dict(zip("xyz", p[j].tolist(), strict=True))} for j in order]}
                for who, p in zip("ab", points[n], strict=True)]}
            for n in random.permutation(FRAMES)]}  # fmt: skip
    path = lay_out(tmp_path_factory.mktemp("order"), "a.csv" if form != "json" else "a.json", content)
    clip = read(path)
    assert (clip.layout, clip.frames, clip.bodies) == (NTU25, FRAMES, 2)
    first = int(clip.positions[0, 0, 0, 0] > 0.75)  # the slot order is that of the file
    np.testing.assert_allclose(clip.positions, points[:, [first, 1 - first]], atol=1e-5)


def test_flat_points_with_z_are_not_read_as_scores(tmp_path: Path) -> None:
    entries = [{"frame_id": n, "keypoints": p.reshape(-1).tolist()} for n, p in enumerate(body(COCO17))]
    with pytest.raises(
        BadFile, match=r"frame 1: expected x, y and score .* found third numbers from 2\.9 to 3"
    ):
        read(lay_out(tmp_path, "a.json", entries))


def test_scores_above_one_are_scores(tmp_path: Path) -> None:
    """Some versions of AlphaPose write scores a little above 1."""
    points = picture(COCO17)
    points[3, 5, 2] = 1.07
    entries = [{"image_id": f"{n}.jpg", "keypoints": p.reshape(-1).tolist()} for n, p in enumerate(points)]
    assert not read(lay_out(tmp_path, "a.json", entries)).depth


def test_times_and_a_stated_rate_that_differ_are_both_named(tmp_path: Path) -> None:
    frames = [{"timestamp_ms": 40 * n, "keypoints": p.tolist()} for n, p in enumerate(picture(COCO17))]
    clip = read(lay_out(tmp_path, "a.json", {"fps": 30, "frames": frames}))
    assert clip.rate == pytest.approx(25)
    assert "times give 25 fps, the file states 30" in clip.problems


def test_joints_at_one_point_are_no_body(tmp_path: Path) -> None:
    entries = [{"frame_id": n, "keypoints": [3.0, 4.0, 0.9] * 17} for n in range(5)]
    with pytest.raises(BadFile, match=r"joints at different points, found .*: placeholders"):
        read(lay_out(tmp_path, "a.json", entries))


def keypoints(**fields: Any) -> list[dict[str, Any]]:
    """An entry per frame; a field may depend on the number of the frame."""
    return [
        {name: value(n) if callable(value) else value for name, value in fields.items()}
        | {"keypoints": p.tolist()}
        for n, p in enumerate(picture(COCO17))
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            keypoints(frame_id=7),
            "frame numbers: expected a number per frame, found 7 in all 12 entries, of one person",
        ),
        (
            keypoints(frame_id=lambda n: None if n == 3 else n),
            "entry 4: expected a frame number, as the other",
        ),
        (keypoints(timestamp=lambda n: None if n == 3 else n / 30), "entry 4: expected a time, as the other"),
        (keypoints(frame_id=lambda n: 1e18 + n), "frame numbers: expected numbers below 1e"),
        (keypoints(frame_id=lambda n: 4000 * n * n + n), "expected frame numbers or times of one recording"),
    ],
)
def test_numbers_that_count_no_frames(entries: list[dict[str, Any]], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=message):
        read(lay_out(tmp_path, "a.json", entries))


def test_people_without_frames_in_a_csv(tmp_path: Path) -> None:
    header = ["person", *(f"{axis}{j}" for j in range(17) for axis in "xy")]
    rows = [[who, *p[:, :2].reshape(-1).tolist()] for p in picture(COCO17) for who in (1, 2)]
    with pytest.raises(BadFile, match="line 1: expected a frame or time column"):
        read(lay_out(tmp_path, "a.csv", table(header, rows)))


def turned(angle: float) -> Callable[[np.ndarray], np.ndarray]:
    """About the vertical through the body."""
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return lambda p: (p - [0, 0, 3]) @ rotation.T + [0, 0, 3]


def bent(points: np.ndarray) -> np.ndarray:
    """Everything above the hips leans forward by 40 degrees."""
    out = points - [0, -0.05, 3]
    above = out[..., 1] > 0.05
    c, s = np.cos(0.7), np.sin(0.7)
    leaning = np.stack([out[..., 0], c * out[..., 1], out[..., 2] - s * out[..., 1]], axis=-1)
    return np.where(above[..., None], leaning, out) + np.array([0, -0.05, 3])


def noisy(points: np.ndarray) -> np.ndarray:
    return points + np.random.default_rng(0).normal(0, 0.004, points.shape)


MOTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a child": lambda p: (p - [0, -1, 3]) * 0.7 + [0, -1, 3],
    "tall": lambda p: (p - [0, -1, 3]) * 1.15 + [0, -1, 3],
    "turned left": turned(0.7),
    "turned right": turned(-0.7),
    "beside the camera": lambda p: p + np.array([1.2, 0, 0]),
    "above the camera": lambda p: p + np.array([0, 0.8, 0]),
    "far away": lambda p: p + np.array([0, 0, 2]),
    "walking up to it": lambda p: p - np.linspace(0, 1, len(p))[:, None, None] * [0, 0, 1],
    "bowing": bent,
    "noise": noisy,
}


@pytest.mark.parametrize("title", [*SOLID, *FLAT])
def test_other_bodies_and_places_are_read_right_or_refused(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten files of each format: left, right, up, size and place as they were, or an error."""
    layout, name, content = (SOLID | FLAT)[title]
    right = 0
    for number, motion in enumerate(MOTIONS.values()):
        monkeypatch.setitem(globals(), "MOTION", motion)
        (tmp_path / str(number)).mkdir()
        try:
            clip = read(lay_out(tmp_path / str(number), name, content()))
        except BadFile:
            continue
        right += 1
        assert (clip.layout, clip.depth, clip.frames, clip.bodies) == (layout, title in SOLID, FRAMES, 1)
        got, expected = clip.positions[:, 0].astype(np.float64), body(layout)
        if title in SOLID:
            np.testing.assert_allclose(
                got, expected * ([-1, 1, -1] if title.startswith("zed") else 1), atol=3e-3
            )
            continue
        got, expected = (
            got[..., :2] - got[..., :2].mean((0, 1)),
            expected[..., :2] - expected[..., :2].mean((0, 1)),
        )
        np.testing.assert_allclose(got * np.ptp(expected[..., 1]) / np.ptp(got[..., 1]), expected, atol=0.02)
    assert right >= 7


def test_azure_joints_with_y_up_are_not_turned_over(tmp_path: Path) -> None:
    text = wide(AZURE32, lambda j, a: f"{UP.get(j, j.upper())}_{a}", 1000)
    np.testing.assert_allclose(
        read(lay_out(tmp_path, "a.csv", text)).positions[:, 0], body(AZURE32), atol=1e-4
    )
