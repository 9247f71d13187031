"""Undamaged recordings of every format, from which `fuzz_readers.py` makes damaged ones.

The sample of every entry of `FORMATS`, and other forms of some: other schemas, encodings, archives, pickle protocols.
"""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import sys
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from pgfa.read import FORMATS
from pgfa.read.formats.keypoints.joint_names import canonical, layout_of_names
from pgfa.read.parsing.markers import standing
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.read.sample import person, picture, rows
from pgfa.skeleton import AZURE32, COCO17, MEDIAPIPE33, NTU25, OPENPOSE25, ZED34

Files = dict[str, bytes]

_COCO = np.concatenate([picture(COCO17), np.full((4, 17, 1), 0.9)], axis=-1).round(1)


def _json(content: object) -> Files:
    return {"a.json": json.dumps(content).encode()}


def _mmpose() -> Files:
    people = [[{"keypoints": body[:, :2].tolist(), "keypoint_scores": body[:, 2].tolist()}] for body in _COCO]
    frames = [{"frame_id": number, "instances": instances} for number, instances in enumerate(people)]
    return _json({"meta_info": {}, "instance_info": frames})


def _ultralytics() -> Files:
    columns = [dict(zip(("x", "y", "visible"), body.T.tolist(), strict=True)) for body in _COCO]
    return _json([[{"name": "person", "keypoints": column}] for column in columns])


def _mediapipe() -> Files:
    frames = ((person(MEDIAPIPE33, 3) - [0, 0.93, 2]) * [-1, -1, 1]).round(3).tolist()
    marks = [[{"x": x, "y": y, "z": z, "visibility": 0.9} for x, y, z in frame] for frame in frames]
    return _json({"frames": [{"pose_landmarks": m, "pose_world_landmarks": [m]} for m in marks]})


def _coco_results() -> Files:
    images = enumerate(_COCO)
    return _json([{"image_id": f"{n}.jpg", "keypoints": body.reshape(-1).tolist()} for n, body in images])


def _openpose_list() -> Files:
    scored = np.concatenate([picture(OPENPOSE25, 3), np.full((3, 25, 1), 0.9)], axis=-1)
    return _json([{"people": [{"pose_keypoints_2d": body.reshape(-1).tolist()}]} for body in scored])


def _wide_csv() -> Files:
    header = ["frame", *(f"{joint}_{axis}" for joint in COCO17.joints for axis in ("x", "y", "score"))]
    lines = [",".join(map(str, [number, *body.reshape(-1)])) for number, body in enumerate(_COCO)]
    return {"a.csv": "\n".join([",".join(header), *lines]).encode()}


def _long_csv() -> Files:
    lines = [
        f"{n},{n * 40},1,{j},{x},{y}" for n, body in enumerate(_COCO) for j, (x, y, _) in enumerate(body)
    ]
    return {"a.csv": "\n".join(["frame,time_ms,person,joint,x,y", *lines]).encode()}


def _two_bodies() -> Files:
    from pgfa.synth.skeleton_text import skeleton_text

    positions = np.random.default_rng(4).normal(size=(4, 2, 25, 3)).astype(np.float32)
    return {"S001C001P001R001A001.skeleton": skeleton_text(positions)}


def _annotations(protocol: int) -> Files:
    """As PYSKL writes them, by Python's own writer."""
    keypoint = _COCO[None].astype(np.float16)
    first = {
        "frame_dir": "a",
        "label": "wave",
        "keypoint": keypoint[..., :2],
        "keypoint_score": keypoint[..., 2],
    }
    second = {
        "frame_dir": "b",
        "label": np.int64(4),
        "keypoint": np.asfortranarray(person(NTU25, 2)[None].astype(np.float32)),
    }
    content = {"split": {"train": ["a"], "test": ("b",)}, "annotations": [first, second]}
    return {"ntu.pkl": pickle.dumps(content, protocol=protocol)}


def _many_clips() -> Files:
    from pgfa.skeleton import KINECT20

    file = io.BytesIO()
    np.savez_compressed(
        file,
        positions=np.random.default_rng(3).normal(size=(9, 20, 3)).astype(np.float16),
        offsets=[0, 4, 9],
        joints=list(KINECT20.joints),
        fps=[30.0, 25.0],
        label=["wave", "walk"],
        name=["a", "b"],
    )
    return {"set.npz": file.getvalue()}


def _compressed_mat() -> Files:
    import zlib

    plain = array_bytes("d_skel", np.random.default_rng(0).uniform(0.1, 2, (20, 3, 4)))
    body = zlib.compress(plain[128:])
    return {
        "a1_s1_t1_skeleton.mat": plain[:128]
        + (15).to_bytes(4, "little")
        + len(body).to_bytes(4, "little")
        + body
    }


def _azure_kinect() -> Files:
    frames = (1000 * person(AZURE32, 3) * [-1, -1, 1]).round(1).tolist()
    bodies = [[{"body_id": 1, "joint_positions": frame}] for frame in frames]
    return _json({
        "frames": [{"frame_id": n, "timestamp_usec": 33333 * n, "bodies": body} for n, body in enumerate(bodies)]
    })  # fmt: skip


def _zed() -> Files:
    frames = person(ZED34, 3).round(3).tolist()
    bodies = [[{"id": 3, "keypoint": frame, "keypoint_confidence": [80.0] * 34}] for frame in frames]
    times = [1_700_000_000_000 + 33 * n for n in range(3)]
    pairs = zip(times, bodies, strict=True)
    return _json({str(time): {"timestamp": time * 1_000_000, "body_list": body} for time, body in pairs})


def _kinetics_skeleton() -> Files:
    people = [
        [{"pose": (body[:, :2] / 400).round(3).reshape(-1).tolist(), "score": [0.9] * 17}] for body in _COCO
    ]
    return _json({"data": [{"frame_index": n, "skeleton": body} for n, body in enumerate(people)]})


def _lines_of_named_points() -> Files:
    names = COCO17.joints
    frames = [{"timestamp_ms": 40 * n, "keypoints": [
        {"x": x, "y": y, "score": s, "name": name} for (x, y, s), name in zip(body.tolist(), names, strict=True)]}
        for n, body in enumerate(_COCO)]  # fmt: skip
    return {"a.jsonl": "\n".join(map(json.dumps, frames)).encode()}


def _labels() -> Files:
    lines = [" ".join(map(str, (body / [400, 400, 1]).round(4).reshape(-1))) for body in _COCO]
    return {f"v/f_{n}.txt": f"0 0.5 0.5 0.2 0.6 {line} 1".encode() for n, line in enumerate(lines)}


def _kinect_csv() -> Files:
    limbs = ("Shoulder", "Elbow", "Wrist", "Hand", "Hip", "Knee", "Ankle", "Foot", "HandTip", "Thumb")
    sides = [f"{joint}{side}" for side in ("Left", "Right") for joint in limbs]
    joints = ("SpineBase", "SpineMid", "SpineShoulder", "Neck", "Head", *sides)
    matched = layout_of_names([canonical(joint) for joint in joints])
    assert matched
    points = person(NTU25, 3)[:, [matched[1][canonical(joint)] for joint in joints]].round(3)
    lines = [f"{333333 * n},7,{joint},{x},{y},{z}" for n, body in enumerate(points)
             for joint, (x, y, z) in zip(joints, body.tolist(), strict=True)]  # fmt: skip
    header = "# RelativeTime,TrackingId,JointType,Position.X,Position.Y,Position.Z"
    return {"a.csv": "\r\n".join([header, *lines]).encode()}


def _plain_csv() -> Files:
    return {"a.csv": "\n".join(rows(person(NTU25).reshape(4, 75).round(3), ",")).encode()}


def _sleap_analysis() -> Files:
    """Three frames of two tracks; HDF5. ImportError without the extra."""
    import h5py

    from pgfa.read.formats.sleap import SAMPLE

    file = io.BytesIO()
    with h5py.File(file, "w") as out:
        body = (np.array([500, 900]) - 400 * standing(SAMPLE)[..., :2] * (-1, 1)).T  # 2 x nodes x 3 frames
        out["tracks"] = np.stack([body, body + 300])
        out["node_names"] = [name.encode() for name in SAMPLE]
        out["track_names"] = [b"track_0", b"track_1"]
        out["point_scores"] = np.full((2, len(SAMPLE), 3), 0.9)
    return {"walk.h5": file.getvalue()}


def _hdf5(build: str, ending: str) -> Files:
    """One person's keypoints as `tests/hdf5_builders.py` writes them. ImportError without the extra."""
    _find_tests()
    import hdf5_builders
    from pgfa.read.formats.sleap import SAMPLE

    points = np.array([500, 900]) - 400 * standing(SAMPLE)[..., :2] * (-1, 1)
    tracks = {"": {name: points[:, index] for index, name in enumerate(SAMPLE)}}
    write = getattr(hdf5_builders, build)
    return {f"walk.{ending}": write([tracks] if build == "slp" else tracks)}


def _find_tests() -> None:
    """Make the builders of the tests importable."""
    folder = str(Path(__file__).parents[1] / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _freemocap_array() -> Files:
    file = io.BytesIO()
    np.save(file, 1000 * person(MEDIAPIPE33))
    return {"mediapipe_body_3d_xyz.npy": file.getvalue()}


def _sample(format: str) -> Files:
    sample = FORMATS[format].sample
    assert sample is not None
    return sample()


def _zipped(format: str) -> Files:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _sample(format).items():
            archive.writestr(name, content)
    return {"set.zip": file.getvalue()}


def _utf16(format: str) -> Files:
    return {name: content.decode().encode("utf-16") for name, content in _sample(format).items()}


_MORE: dict[str, list[Callable[[], Files]]] = {
    "keypoints-json": [
        _mmpose,
        _ultralytics,
        _mediapipe,
        _coco_results,
        _openpose_list,
        _azure_kinect,
        _zed,
        _kinetics_skeleton,
        _lines_of_named_points,
    ],
    "keypoints-csv": [_wide_csv, _long_csv, lambda: _utf16("keypoints-csv"), _kinect_csv, _plain_csv],
    "frame-files": [_labels],
    "sleap": [_sleap_analysis, lambda: _hdf5("slp", "slp")],
    "deeplabcut": [lambda: _hdf5("deeplabcut_table", "h5"), lambda: _hdf5("deeplabcut_fixed", "h5")],
    "freemocap": [_freemocap_array],
    "ntu": [_two_bodies],
    "npz": [_many_clips],
    "utd-mhad": [_compressed_mat],
    "pyskl": [lambda n=n: _annotations(n) for n in (0, 2, 4, 5)],  # type: ignore[misc]
    "openpose": [lambda: _zipped("openpose")],
    "bvh": [lambda: _zipped("bvh")],
}


def seeds(format: str) -> list[Files]:
    """The recordings of a format, each as its files: name -> bytes. Without those whose extra is missing.

    Raises:
        ImportError: the format itself needs an extra that is missing.
    """
    recordings = [_sample(format)]
    for make in _MORE.get(format, []):
        with contextlib.suppress(ImportError):
            recordings.append(make())
    return recordings


@cache
def dialects(format: str) -> tuple[Callable[[], Files], ...]:
    """What programs write in a format: sound recordings and defective ones, of `tests/reading_*.py`."""
    _find_tests()
    from reading_cases import Case
    from reading_family import family

    def files(case: Case) -> Files:
        contents = case.files().items()
        return {name: text.encode() if isinstance(text, str) else bytes(text) for name, text in contents}

    return tuple(cache(partial(files, case)) for case in family() if case.format == format)


def fuzzed_formats() -> list[str]:
    """All formats with a sample whose extra is installed."""
    names = []
    for name, format in FORMATS.items():
        if format.sample is not None:
            try:
                format.sample()
            except ImportError:
                continue
            names.append(name)
    return names
