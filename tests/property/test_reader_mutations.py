"""However a recording is spoiled: one of the project's own errors or a sound clip, in bounded time and memory.

A few inputs a reader by default. All of them, at least 1,000 a reader:

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
from pgfa.read import FORMATS, FileRef, read_all
from pgfa.read.datasets import hdm05, kinder_gator
from pgfa.skeleton import COCO17, Clip
from pgfa.synth.skeleton_text import skeleton_text, stream_text

COUNT = int(os.environ.get("PGFA_MUTATIONS", "12"))
SECONDS = 5.0  # of the processor: others may be at work too
MEGABYTES = 700

POSE = np.random.default_rng(0).uniform(0.1, 2, (20, 3)).round(3)
COCO = np.random.default_rng(1).uniform(10, 400, (4, 17, 3)).round(1)
COCO[..., 2] = 0.9


def coco_json(**more: Any) -> bytes:
    return json.dumps({"keypoints": COCO.tolist(), "layout": "coco17", "rate": 25, **more}).encode()


def mmpose() -> bytes:
    people = [[{"keypoints": body[:, :2].tolist(), "keypoint_scores": body[:, 2].tolist()}] for body in COCO]
    frames = [{"frame_id": n, "instances": each} for n, each in enumerate(people)]
    return json.dumps({"meta_info": {}, "instance_info": frames}).encode()


def ultralytics() -> bytes:
    def person(body: np.ndarray) -> dict[str, Any]:
        columns = zip(("x", "y", "visible"), body.T.tolist(), strict=True)
        return {"name": "person", "keypoints": dict(columns)}

    return json.dumps([[person(body)] for body in COCO]).encode()


def mediapipe() -> bytes:
    body = np.random.default_rng(2).uniform(0.2, 0.8, (3, 33, 3)).round(3)
    marks = [[{"x": x, "y": y, "z": z, "visibility": 0.9} for x, y, z in frame] for frame in body.tolist()]
    return json.dumps(
        {"frames": [{"pose_landmarks": m, "pose_world_landmarks": [m]} for m in marks]}
    ).encode()


def coco_results() -> bytes:
    entries = [
        {"image_id": f"{n}.jpg", "keypoints": body.reshape(-1).tolist()} for n, body in enumerate(COCO)
    ]
    return json.dumps(entries).encode()


def openpose_frame(number: int = 0) -> bytes:
    body = np.random.default_rng(number).uniform(10, 400, (2, 75)).round(1)
    return json.dumps({"people": [{"pose_keypoints_2d": row.tolist()} for row in body]}).encode()


def wide_csv() -> bytes:
    head = ["frame", *(f"{joint}_{axis}" for joint in COCO17.joints for axis in ("x", "y", "score"))]
    rows = [",".join(map(str, [n, *body.reshape(-1)])) for n, body in enumerate(COCO)]
    return "\n".join([",".join(head), *rows]).encode()


def long_csv() -> bytes:
    rows = [f"{n},{n * 40},1,{j},{x},{y}" for n, body in enumerate(COCO) for j, (x, y, _) in enumerate(body)]
    return "\n".join(["frame,time_ms,person,joint,x,y", *rows]).encode()


def npy() -> bytes:
    file = io.BytesIO()
    np.save(file, COCO.astype(np.float32))
    return file.getvalue()


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, positions=POSE[None, None], rate=30.0, layout="kinect20")
    return file.getvalue()


def mat() -> bytes:
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, {"d_skel": np.repeat(POSE[:, :, None], 2, axis=2)}, do_compression=True)
    return file.getvalue()


def annotations(protocol: int) -> bytes:
    """PYSKL's form. Python's own writer makes it; it is read without Python's own reader."""
    import pickle

    two = COCO[None].astype(np.float16)
    clips = [
        {
            "frame_dir": "a",
            "label": 3,
            "keypoint": two[..., :2],
            "keypoint_score": two[..., 2],
            "total_frames": 4,
        },
        {"frame_dir": "b", "label": np.int64(4), "keypoint": np.ones((1, 2, 25, 3), np.float32, order="F")},
    ]
    return pickle.dumps({"split": {"train": ["a"], "test": ("b",)}, "annotations": clips}, protocol=protocol)


def bvh() -> bytes:
    def limb(names: list[str], x: float) -> str:
        inner = "End Site\n{\nOFFSET 0 5 0\n}\n"
        for name in reversed(names):
            inner = (
                f"JOINT {name}\n{{\nOFFSET {x} 10 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n{inner}}}\n"
            )
        return inner

    limbs = "".join(
        limb([f"{side}{part}" for part in parts], x)
        for side, x in (("Left", 9), ("Right", -9))
        for parts in (["UpLeg", "Leg", "Foot"], ["Arm", "ForeArm", "Hand"])
    )
    body = limb(["Neck", "Head"], 0) + limbs
    channels = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    row = " ".join(["1"] * (6 + 14 * 3))
    return (
        f"HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\n{channels}\n{body}}}\n"
        f"MOTION\nFrames: 2\nFrame Time: 0.0333\n{row}\n{row}\n"
    ).encode()


def c3d_file() -> bytes:
    c3d = pytest.importorskip("c3d", reason="the extra `formats` is not installed")
    from pgfa.read.formats.c3d import NEEDED

    writer = c3d.Writer(point_rate=100)
    rng = np.random.default_rng(3)
    place = rng.uniform(-300, 300, (len(NEEDED), 3))
    for step in range(3):
        points = np.zeros((len(NEEDED), 5), np.float32)
        points[:, :3] = place + step
        writer.add_frames([(points, np.array([[]]))])
    writer.set_point_labels(NEEDED)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def asf() -> bytes:
    bones = list(hdm05.SEGMENTS)
    block = "begin\nname {}\ndirection 1 0 0\nlength 1\naxis 0 0 0 XYZ\ndof rx\nend\n"
    head = ":units\nlength 0.45\n:root\norder TX TY TZ RX RY RZ\naxis XYZ\n"
    blocks = "".join(map(block.format, bones))
    return f"{head}:bonedata\n{blocks}:hierarchy\nbegin\nroot {' '.join(bones)}\nend\n".encode()


def amc() -> bytes:
    bones = "".join(f"{bone} 1.5\n" for bone in hdm05.SEGMENTS)
    frames = "".join(f"{n}\nroot 0 1 0 0 0 0\n{bones}" for n in (1, 2))
    return f":FULLY-SPECIFIED\n:DEGREES\n{frames}".encode()


def gator() -> bytes:
    row = ",".join(map(str, POSE.reshape(-1)))
    head = ",".join([*kinder_gator.COLUMNS, "User-ID", "Action", ""])
    return (head + "".join(f"\n{33 * n},{row},1,Bow," for n in range(3)) + "\n").encode()


def msrc() -> bytes:
    numbers = " ".join(f"{x} {y} {z} 1" for x, y, z in POSE)
    return "".join(f"{1_000_000 + 33_333 * n} {numbers}\n" for n in range(40)).encode()


def moved(frames: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(frames, 2, 25, 3)).astype(np.float32)


TAGS = b"XQPCTick;Tag\n84787500;G1  lift\n100000000;G1  lift\n"
LABEL = b"8,1,20,2\n14,21,30,1\n"

# What is spoiled: format, file name, content; and what lies beside it, unspoiled.
CASES: dict[str, tuple[str, str, Callable[[], bytes], dict[str, Callable[[], bytes]]]] = {
    "utd-mhad": ("utd-mhad", "a1_s1_t1_skeleton.mat", mat, {}),
    "kinder-gator": ("kinder-gator", "POSE-p1_01-Bow-1.csv", gator, {}),
    "msr-action3d": (
        "msr-action3d", "a01_s01_e01_skeleton3D.txt",
        lambda: "".join(f"{x} {y} {z} 1\n" for x, y, z in [*POSE, *POSE]).encode(), {},
    ),
    "nw-ucla": (
        "nw-ucla", "a01_s01_e00_v01.json", lambda: json.dumps({"skeletons": [POSE.tolist()] * 2, "label": 1}).encode(),
        {},
    ),
    "hdm05": ("hdm05", "HDM_bd_squat1Reps_001_120.amc", amc, {"HDM_bd.asf": asf}),
    "hdm05's skeleton": ("hdm05", "HDM_bd.asf", asf, {"HDM_bd_squat1Reps_001_120.amc": amc}),
    "ntu": ("ntu", "S001C001P001R001A001.skeleton", lambda: skeleton_text(moved(4)), {}),
    "own": ("own", "clip.npz", npz, {}),
    "pku-mmd": (
        "pku-mmd", "PKU_Skeleton_Renew/0043-L.txt", lambda: stream_text(moved(30)),
        {"Train_Label_PKU_final/0043-L.txt": lambda: LABEL},
    ),
    "pku-mmd's labels": (
        "pku-mmd", "Train_Label_PKU_final/0043-L.txt", lambda: LABEL,
        {"PKU_Skeleton_Renew/0043-L.txt": lambda: stream_text(moved(30))},
    ),
    "msrc12": ("msrc12", "P1_1_1_p04.csv", msrc, {"P1_1_1_p04.tagstream": lambda: TAGS}),
    "msrc12's tags": ("msrc12", "P1_1_1_p04.tagstream", lambda: TAGS, {"P1_1_1_p04.csv": msrc}),
    "openpose": (
        "openpose", "folder/v_000000000001_keypoints.json", openpose_frame,
        {"folder/v_000000000003_keypoints.json": lambda: openpose_frame(1)},
    ),
    "bvh": ("bvh", "walk.bvh", bvh, {}),
    "c3d": ("c3d", "walk.c3d", c3d_file, {}),
    **{f"pyskl {protocol}": ("pyskl", "ntu.pkl", lambda p=protocol: annotations(p), {}) for protocol in (0, 2, 4, 5)},
    "keypoints-npy": ("keypoints-npy", "a.npy", npy, {}),
    "keypoints-csv wide": ("keypoints-csv", "a.csv", wide_csv, {}),
    "keypoints-csv long": ("keypoints-csv", "a.csv", long_csv, {}),
    "keypoints-json array": ("keypoints-json", "a.json", coco_json, {}),
    "keypoints-json mmpose": ("keypoints-json", "a.json", mmpose, {}),
    "keypoints-json ultralytics": ("keypoints-json", "a.json", ultralytics, {}),
    "keypoints-json mediapipe": ("keypoints-json", "a.json", mediapipe, {}),
    "keypoints-json coco": ("keypoints-json", "a.json", coco_results, {}),
}  # fmt: skip
# Where the spoiled file is not the recording itself.
MAIN = {
    "hdm05's skeleton": "HDM_bd_squat1Reps_001_120.amc", "msrc12's tags": "P1_1_1_p04.csv",
    "pku-mmd's labels": "PKU_Skeleton_Renew/0043-L.txt", "openpose": "folder",
}  # fmt: skip

WORDS = (
    b"", b"0", b"-1", b"nan", b"inf", b"1e999", b"-1e308", b"9" * 40, b"1_0", b"null", b"true", b"[]", b"{}", b"[[[[",
    b'"x"', b"\0", b"\xff\xfe", b"\n", b",", b" ", b"{", b"}", b"2147483648", b"4294967295", b"1e-320", b"0x10",
)  # fmt: skip
PLACE = st.floats(0, 1, exclude_max=True)
SPOILS = st.one_of(
    st.tuples(st.just("cut"), PLACE),
    st.tuples(st.just("set"), PLACE, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("in"), PLACE, st.one_of(st.binary(max_size=8), st.sampled_from(WORDS))),
    st.tuples(st.just("out"), PLACE, st.integers(1, 200)),
    st.tuples(st.just("twice"), PLACE, st.integers(1, 400)),
    st.tuples(st.just("word"), PLACE, st.sampled_from(WORDS)),
    st.tuples(st.just("bit"), PLACE, st.integers(0, 7)),
    st.tuples(st.just("number"), PLACE, st.sampled_from([0, 1, 255, 65535, 2**31 - 1, 2**32 - 1])),
    st.tuples(st.just("node"), PLACE, st.integers(0, 12)),
    st.tuples(st.just("lines"), PLACE, st.integers(1, 30)),
)
NODES = (None, True, -1, 10**400, 1e308, "x", "", [], {}, [[]], [None], {"x": []}, [[1, 2, 3]])


def spoil(raw: bytes, how: tuple[Any, ...]) -> bytes:
    kind, place, *rest = how
    at = int(place * len(raw))
    if kind == "cut":
        return raw[:at]
    (what,) = rest
    if kind == "set":
        return raw[:at] + what + raw[at + len(what) :]
    if kind == "in":
        return raw[:at] + what + raw[at:]
    if kind == "out":
        return raw[:at] + raw[at + what :]
    if kind == "twice":
        return raw[: at + what] + raw[at:]
    if kind == "bit" and raw:
        return raw[:at] + bytes([raw[at] ^ (1 << what)]) + raw[at + 1 :]
    if kind == "number":
        return (
            raw[:at]
            + struct.pack("<I", what)[: 4 if what > 65535 else 2]
            + raw[at + (4 if what > 65535 else 2) :]
        )
    if kind == "lines":
        lines = raw.split(b"\n")
        at = int(place * len(lines))
        return b"\n".join(lines[:at] + lines[at + what :])
    if kind == "word":
        ends = b' \t\r\n,:;[]{}()"'
        first = last = min(at, len(raw))
        while first > 0 and raw[first - 1 : first] not in [ends[i : i + 1] for i in range(len(ends))]:
            first -= 1
        while last < len(raw) and raw[last : last + 1] not in [ends[i : i + 1] for i in range(len(ends))]:
            last += 1
        return raw[:first] + what + raw[last:]
    if kind == "node" and raw[:1] in (b"{", b"["):
        try:
            return spoil_node(json.loads(raw), place, NODES[what])
        except ValueError:
            return raw
    return raw


def spoil_node(tree: Any, place: float, new: Any) -> bytes:
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
    # Short ways from the root are few among many numbers: half of the choices go to the first dozen.
    pool = nodes[:12] if place < 0.5 else nodes
    holder, key = pool[int(place * 2 % 1 * len(pool))]
    if new == "" and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = new
    return json.dumps(tree).encode()


@cache
def good(case: str) -> bytes:
    return CASES[case][2]()


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def lay_out(case: str, folder: Path, raw: bytes) -> FileRef:
    _, name, _, beside = CASES[case]
    for other, content in [*beside.items(), (name, lambda: raw)]:
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        (folder / other).write_bytes(content())
    return FileRef(folder / MAIN.get(case, name))


@pytest.mark.parametrize("case", CASES)
def test_unspoiled_it_is_read(case: str, tmp_path: Path) -> None:
    ref = lay_out(case, tmp_path, good(case))
    clips = read_all(ref)
    assert clips
    assert all(isinstance(clip, Clip) for clip in clips), clips
    known = FORMATS[CASES[case][0]]
    assert known.read(ref).frames >= 1


@pytest.mark.parametrize("case", CASES)
@settings(
    max_examples=COUNT, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@example(how=[("cut", 0.0)])
@given(how=st.lists(SPOILS, min_size=1, max_size=4))
def test_spoiled(case: str, tmp_path: Path, how: list[tuple[Any, ...]]) -> None:
    raw = good(case)
    for one in how:
        raw = spoil(raw, one)
    ref = lay_out(case, tmp_path, raw)
    known = FORMATS[CASES[case][0]]
    before, began = peak(), time.process_time()
    # Its own reader, whatever the content now looks like, and the one that is found by content.
    for attempt in (known.read_all or (lambda ref: [known.read(ref)]), read_all):
        try:
            clips = attempt(ref)
        except PgfaError:
            continue
        for clip in clips:
            if isinstance(clip, BadFile):
                continue
            assert 0 < clip.frames <= 100_000
            assert 0 < clip.bodies <= 64
            seen = clip.positions[np.isfinite(clip.positions)]
            assert seen.size
            # NTU's and PKU's keep numbers as they stand: preparation takes what is absurdly far for absent.
            assert np.abs(seen).max() < 1000 or known.name.startswith(("ntu", "pku"))
            assert 0 < clip.rate < 1e6
    assert time.process_time() - began < SECONDS
    assert peak() - before < MEGABYTES


@settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(raw=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"video"}))
def test_anything_at_all(name: str, tmp_path: Path, raw: bytes) -> None:
    case = next((case for case, (format, *_) in CASES.items() if format == name), "ntu")
    ref = lay_out(case, tmp_path, raw)
    for attempt in (FORMATS[name].read, read_all):
        told = str(tmp_path)
        try:
            attempt(ref)
        except PgfaError as error:
            told = str(error)
        assert str(tmp_path) in told
