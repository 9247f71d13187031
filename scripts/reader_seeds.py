"""Undamaged recordings of every format, from which `fuzz_readers.py` makes damaged ones.

The sample of every entry of `FORMATS`, and other forms of some: other schemas, encodings, archives, pickle protocols.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable

import numpy as np

from pgfa.read import FORMATS
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, MEDIAPIPE33, NTU25, OPENPOSE25

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
    "keypoints-json": [_mmpose, _ultralytics, _mediapipe, _coco_results, _openpose_list],
    "keypoints-csv": [_wide_csv, _long_csv, lambda: _utf16("keypoints-csv")],
    "ntu": [_two_bodies],
    "npz": [_many_clips],
    "utd-mhad": [_compressed_mat],
    "pyskl": [lambda n=n: _annotations(n) for n in (0, 2, 4, 5)],  # type: ignore[misc]
    "openpose": [lambda: _zipped("openpose")],
    "bvh": [lambda: _zipped("bvh")],
}


def seeds(format: str) -> list[Files]:
    """The recordings of a format, each as its files: name -> bytes. ImportError where its extra is missing."""
    return [_sample(format), *(make() for make in _MORE.get(format, []))]


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
