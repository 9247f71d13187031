"""However a recording is damaged: an error of the package or a sound clip, in bounded time and memory.

The samples of all formats, and other schemas of some. A few inputs per file by default; at least 1,000 each by

    PGFA_MUTATIONS=1000 python -m pytest tests/property/test_reader_mutations.py
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pgfa.errors import BadFile, PgfaError
from pgfa.read import FORMATS, read_all
from pgfa.read.formats.keypoints.joint_names import canonical, layout_of_names
from pgfa.read.parsing.markers import standing
from pgfa.read.sample import person, picture, rows
from pgfa.skeleton import AZURE32, COCO17, MEDIAPIPE33, NTU25, ZED34, Clip
from pgfa.synth.skeleton_text import skeleton_text

COUNT = int(os.environ.get("PGFA_MUTATIONS", "12"))
SECONDS = 5.0  # of processor time
MEGABYTES = 700

COCO = np.concatenate([picture(COCO17), np.full((4, 17, 1), 0.9)], axis=-1).round(1)


def mmpose() -> bytes:
    people = [[{"keypoints": body[:, :2].tolist(), "keypoint_scores": body[:, 2].tolist()}] for body in COCO]
    frames = [{"frame_id": number, "instances": instances} for number, instances in enumerate(people)]
    return json.dumps({"meta_info": {}, "instance_info": frames}).encode()


def ultralytics() -> bytes:
    def person(body: np.ndarray) -> dict[str, Any]:
        columns = zip(("x", "y", "visible"), body.T.tolist(), strict=True)
        return {"name": "person", "keypoints": dict(columns)}

    return json.dumps([[person(body)] for body in COCO]).encode()


def mediapipe() -> bytes:
    frames = ((person(MEDIAPIPE33, 3) - [0, 0.93, 2]) * [-1, -1, 1]).round(3).tolist()
    marks = [[{"x": x, "y": y, "z": z, "visibility": 0.9} for x, y, z in frame] for frame in frames]
    return json.dumps(
        {"frames": [{"pose_landmarks": m, "pose_world_landmarks": [m]} for m in marks]}
    ).encode()


def coco_results() -> bytes:
    images = enumerate(COCO)
    return json.dumps(
        [{"image_id": f"{n}.jpg", "keypoints": body.reshape(-1).tolist()} for n, body in images]
    ).encode()


def azure_kinect() -> bytes:
    frames = (1000 * person(AZURE32, 3) * [-1, -1, 1]).round(1).tolist()
    return json.dumps({"frames": [
        {"frame_id": n, "timestamp_usec": 33333 * n, "bodies": [{"body_id": 1, "joint_positions": frame}]}
        for n, frame in enumerate(frames)]}).encode()  # fmt: skip


def zed() -> bytes:
    frames = person(ZED34, 3).round(3).tolist()
    bodies = [[{"id": 3, "keypoint": frame, "keypoint_confidence": [80.0] * 34}] for frame in frames]
    times = [1_700_000_000_000 + 33 * n for n in range(3)]
    return json.dumps({
        str(time): {"timestamp": time * 1_000_000, "body_list": body} for time, body in zip(times, bodies, strict=True)
    }).encode()  # fmt: skip


def labels() -> dict[str, bytes]:
    lines = [" ".join(map(str, (body / [400, 400, 1]).round(4).reshape(-1))) for body in COCO]
    return {f"v/f_{n}.txt": f"0 0.5 0.5 0.2 0.6 {line} 1".encode() for n, line in enumerate(lines)}


def kinetics_skeleton() -> bytes:
    return json.dumps({"data": [
        {"frame_index": n, "skeleton": [
            {"pose": (body[:, :2] / 400).round(3).reshape(-1).tolist(), "score": [0.9] * 17}]}
        for n, body in enumerate(COCO)]}).encode()  # fmt: skip


def lines_of_named_points() -> bytes:
    names = COCO17.joints
    frames = [{"timestamp_ms": 40 * n, "keypoints": [
        {"x": x, "y": y, "score": s, "name": name} for (x, y, s), name in zip(body.tolist(), names, strict=True)]}
        for n, body in enumerate(COCO)]  # fmt: skip
    return "\n".join(map(json.dumps, frames)).encode()


def kinect_csv() -> bytes:
    limbs = ("Shoulder", "Elbow", "Wrist", "Hand", "Hip", "Knee", "Ankle", "Foot", "HandTip", "Thumb")
    sides = [f"{joint}{side}" for side in ("Left", "Right") for joint in limbs]
    joints = ("SpineBase", "SpineMid", "SpineShoulder", "Neck", "Head", *sides)
    matched = layout_of_names([canonical(joint) for joint in joints])
    assert matched
    points = person(NTU25, 3)[:, [matched[1][canonical(joint)] for joint in joints]].round(3)
    lines = [f"{333333 * n},7,{joint},{x},{y},{z}" for n, body in enumerate(points)
             for joint, (x, y, z) in zip(joints, body.tolist(), strict=True)]  # fmt: skip
    return "\r\n".join(
        ["# RelativeTime,TrackingId,JointType,Position.X,Position.Y,Position.Z", *lines]
    ).encode()


def plain_csv() -> bytes:
    return "\n".join(rows(person(NTU25).reshape(4, 75).round(3), ",")).encode()


def wide_csv() -> bytes:
    header = ["frame", *(f"{joint}_{axis}" for joint in COCO17.joints for axis in ("x", "y", "score"))]
    lines = [",".join(map(str, [number, *body.reshape(-1)])) for number, body in enumerate(COCO)]
    return "\n".join([",".join(header), *lines]).encode()


def long_csv() -> bytes:
    lines = [f"{n},{n * 40},1,{j},{x},{y}" for n, body in enumerate(COCO) for j, (x, y, _) in enumerate(body)]
    return "\n".join(["frame,time_ms,person,joint,x,y", *lines]).encode()


def compressed_mat() -> bytes:
    from scipy.io import savemat

    file = io.BytesIO()
    positions = np.random.default_rng(0).uniform(0.1, 2, (20, 3, 2)).round(3)
    savemat(file, {"d_skel": positions}, do_compression=True)
    return file.getvalue()


def two_bodies() -> bytes:
    return skeleton_text(np.random.default_rng(4).normal(size=(4, 2, 25, 3)).astype(np.float32))


def annotations(protocol: int) -> bytes:
    """As PYSKL writes them, by Python's own writer."""
    import pickle

    keypoint = COCO[None].astype(np.float16)
    first = {"frame_dir": "a", "label": 3, "keypoint": keypoint[..., :2], "keypoint_score": keypoint[..., 2]}
    second = {
        "frame_dir": "b",
        "label": np.int64(4),
        "keypoint": np.asfortranarray(person(NTU25, 2)[None].astype(np.float32)),
    }
    content = {"split": {"train": ["a"], "test": ("b",)}, "annotations": [first, second]}
    return pickle.dumps(content, protocol=protocol)


def sleap_analysis() -> bytes:
    """Three frames of two tracks; HDF5."""
    import h5py

    from pgfa.read.formats.sleap import SAMPLE

    file = io.BytesIO()
    with h5py.File(file, "w") as out:
        body = (np.array([500, 900]) - 400 * standing(SAMPLE)[..., :2] * (-1, 1)).T  # 2 x nodes x 3 frames
        out["tracks"] = np.stack([body, body + 300])
        out["node_names"] = [name.encode() for name in SAMPLE]
        out["track_names"] = [b"track_0", b"track_1"]
        out["point_scores"] = np.full((2, len(SAMPLE), 3), 0.9)
    return file.getvalue()


def freemocap_array() -> bytes:
    file = io.BytesIO()
    np.save(file, 1000 * person(MEDIAPIPE33))
    return file.getvalue()


# Schemas of a format that its sample does not show: title -> (format, file name, content).
VARIANTS: dict[str, tuple[str, str, Callable[[], bytes | dict[str, bytes]]]] = {
    "utd-mhad compressed": ("utd-mhad", "a1_s1_t1_skeleton.mat", compressed_mat),
    "ntu two bodies": ("ntu", "S001C001P001R001A001.skeleton", two_bodies),
    **{f"pyskl {n}": ("pyskl", "ntu.pkl", lambda n=n: annotations(n)) for n in (0, 2, 4, 5)},
    "sleap h5": ("sleap", "walk.h5", sleap_analysis),
    "freemocap npy": ("freemocap", "mediapipe_body_3d_xyz.npy", freemocap_array),
    "keypoints-csv wide": ("keypoints-csv", "a.csv", wide_csv),
    "keypoints-csv long": ("keypoints-csv", "a.csv", long_csv),
    "keypoints-json mmpose": ("keypoints-json", "a.json", mmpose),
    "keypoints-json ultralytics": ("keypoints-json", "a.json", ultralytics),
    "keypoints-json mediapipe": ("keypoints-json", "a.json", mediapipe),
    "keypoints-json azure kinect": ("keypoints-json", "a.json", azure_kinect),
    "keypoints-json zed": ("keypoints-json", "a.json", zed),
    "keypoints-json kinetics-skeleton": ("keypoints-json", "a.json", kinetics_skeleton),
    "keypoints-json lines of named points": ("keypoints-json", "a.jsonl", lines_of_named_points),
    "frame-files labels": ("frame-files", "", labels),
    "keypoints-csv kinect": ("keypoints-csv", "a.csv", kinect_csv),
    "keypoints-csv plain": ("keypoints-csv", "a.csv", plain_csv),
    "keypoints-json coco": ("keypoints-json", "a.json", coco_results),
}
SAMPLED = [name for name, format in FORMATS.items() if format.sample]


@cache
def sample_of(title: str) -> dict[str, bytes]:
    """Files of a format's sample or of a variant."""
    if title in VARIANTS:
        _, name, content = VARIANTS[title]
        try:
            files = content()
        except ImportError:
            pytest.skip("the extra 'formats' is not installed")
        return files if isinstance(files, dict) else {name: files}
    sample = FORMATS[title].sample
    assert sample
    try:
        return sample()
    except ImportError:
        pytest.skip(f"the extra {FORMATS[title].extra!r} is not installed")


def format_name(title: str) -> str:
    return VARIANTS[title][0] if title in VARIANTS else title


WORDS = (
    b"", b"0", b"-1", b"nan", b"inf", b"1e999", b"-1e308", b"9" * 40, b"1_0", b"null", b"true", b"[]", b"{}", b"[[[[",
    b'"x"', b"\0", b"\xff\xfe", b"\n", b",", b" ", b"{", b"}", b"2147483648", b"4294967295", b"1e-320", b"0x10",
)  # fmt: skip
POSITION = st.floats(0, 1, exclude_max=True)
MUTATIONS = st.one_of(
    st.tuples(st.just("cut"), POSITION),
    st.tuples(st.just("set"), POSITION, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("in"), POSITION, st.one_of(st.binary(max_size=8), st.sampled_from(WORDS))),
    st.tuples(st.just("out"), POSITION, st.integers(1, 200)),
    st.tuples(st.just("twice"), POSITION, st.integers(1, 400)),
    st.tuples(st.just("word"), POSITION, st.sampled_from(WORDS)),
    st.tuples(st.just("bit"), POSITION, st.integers(0, 7)),
    st.tuples(st.just("number"), POSITION, st.sampled_from([0, 1, 255, 65535, 2**31 - 1, 2**32 - 1])),
    st.tuples(st.just("node"), POSITION, st.integers(0, 12)),
    st.tuples(st.just("lines"), POSITION, st.integers(1, 30)),
)
NODES = (None, True, -1, 10**400, 1e308, "x", "", [], {}, [[]], [None], {"x": []}, [[1, 2, 3]])


def mutate(raw: bytes, change: tuple[Any, ...]) -> bytes:
    kind, position, *rest = change
    start = int(position * len(raw))
    if kind == "cut":
        return raw[:start]
    (value,) = rest
    if kind == "set":
        return raw[:start] + value + raw[start + len(value) :]
    if kind == "in":
        return raw[:start] + value + raw[start:]
    if kind == "out":
        return raw[:start] + raw[start + value :]
    if kind == "twice":
        return raw[: start + value] + raw[start:]
    if kind == "bit" and raw:
        return raw[:start] + bytes([raw[start] ^ (1 << value)]) + raw[start + 1 :]
    if kind == "number":
        return (
            raw[:start]
            + struct.pack("<I", value)[: 4 if value > 65535 else 2]
            + raw[start + (4 if value > 65535 else 2) :]
        )
    if kind == "lines":
        lines = raw.split(b"\n")
        start = int(position * len(lines))
        return b"\n".join(lines[:start] + lines[start + value :])
    if kind == "word":
        ends = b' \t\r\n,:;[]{}()"'
        first = last = min(start, len(raw))
        while first > 0 and raw[first - 1 : first] not in [ends[i : i + 1] for i in range(len(ends))]:
            first -= 1
        while last < len(raw) and raw[last : last + 1] not in [ends[i : i + 1] for i in range(len(ends))]:
            last += 1
        return raw[:first] + value + raw[last:]
    if kind == "node" and raw[:1] in (b"{", b"["):
        try:
            return mutate_node(json.loads(raw), position, NODES[value])
        except ValueError:
            return raw
    return raw


def mutate_node(tree: Any, position: float, new: Any) -> bytes:
    """Another value, or none, somewhere in a JSON tree."""
    nodes: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            nodes.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(tree)
    if not nodes:
        return b"[]"
    # Few nodes are near the root: half of the choices go to the first dozen.
    pool = nodes[:12] if position < 0.5 else nodes
    holder, key = pool[int(position * 2 % 1 * len(pool))]
    if new == "" and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = new
    return json.dumps(tree).encode()


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("title", [*SAMPLED, *VARIANTS])
def test_undamaged_it_is_read(title: str, tmp_path: Path) -> None:
    format = FORMATS[format_name(title)]
    lay_out(sample_of(title), tmp_path)
    (ref,) = format.find(tmp_path)
    clips = read_all(ref)
    assert clips
    assert all(isinstance(clip, Clip) for clip in clips), clips
    assert format.read(ref).frames >= 1


@pytest.mark.parametrize("title", [*SAMPLED, *VARIANTS])
@settings(
    max_examples=COUNT, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@example(file=0.0, changes=[("cut", 0.0)])
@given(file=POSITION, changes=st.lists(MUTATIONS, min_size=1, max_size=4))
def test_damaged(title: str, tmp_path: Path, file: float, changes: list[tuple[Any, ...]]) -> None:
    files = dict(sample_of(title))
    # The recording, or one of the files that accompany it.
    name = list(files)[int(file * len(files))]
    for change in changes:
        files[name] = mutate(files[name], change)
    lay_out(files, tmp_path)
    format = FORMATS[format_name(title)]
    (ref,) = format.find(tmp_path)
    memory, started = peak(), time.process_time()
    # The format's own reader, whatever the content now looks like, and the one detected from the content.
    for reader in (format.clips, read_all):
        try:
            clips = reader(ref)
        except PgfaError:
            continue
        for clip in clips:
            if isinstance(clip, BadFile):
                continue
            assert 0 < clip.frames <= 100_000
            assert 0 < clip.bodies <= 64
            coordinates = clip.positions[np.isfinite(clip.positions)]
            assert coordinates.size
            assert np.abs(coordinates).max() < 1000
            assert clip.rate > 0
    assert time.process_time() - started < SECONDS
    assert peak() - memory < MEGABYTES


@settings(
    max_examples=COUNT, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip
@given(raw=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
@pytest.mark.parametrize("name", SAMPLED)
def test_arbitrary_bytes(name: str, tmp_path: Path, raw: bytes) -> None:
    files = dict(sample_of(name))
    files[next(iter(files))] = raw
    lay_out(files, tmp_path)
    (ref,) = FORMATS[name].find(tmp_path)
    for reader in (FORMATS[name].read, read_all):
        message = str(tmp_path)
        try:
            reader(ref)
        except PgfaError as error:
            message = str(error)
        assert str(tmp_path) in message
