"""Files of published data sets, PYSKL annotations, and damage to the sample of every format."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.read import FORMATS
from pgfa.read.datasets.kinder_gator import COLUMNS
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.skeleton import COCO17, H36M17, HDM05, KINECT20, NTU25
from pgfa.synth.skeleton_text import skeleton_text, stream_text
from reading_cases import Case, Truth
from reading_defects import UPS, npy
from reading_motions import Body, Floats, crossing, in_layout, lying, motion, pixels

UTD = [3, 2, 1, 0, *range(4, 20)]
"""The order of joints in UTD-MHAD: head first."""


def _rows(points: Floats, last: str = " 1") -> str:
    return "".join(f"{x:.6f} {y:.6f} {z:.6f}{last}\n" for x, y, z in points.reshape(-1, 3).tolist())


def data_sets() -> Iterator[Case]:
    """Each set as published: walking, lying; in screen coordinates; two people."""
    two = crossing()
    for posture, body in (("kicking", motion("kick-forward")), ("lying", lying(motion("wave")))):
        points, wide = in_layout(body, KINECT20), in_layout(body, NTU25)
        # Files of MSR-Action3D list the joints in another order; its own reader knows it.
        msr = np.empty_like(points)
        msr[:, FORMATS["msr-action3d"].read.__globals__["_ORDER"]] = points
        truth15, truth30 = Truth(((body,),), 15.0), Truth(((body,),), 30.0)
        yield Case(
            "utd-mhad",
            "set",
            posture,
            lambda p=points: {
                "a1_s1_t1_skeleton.mat": array_bytes(
                    "d_skel", np.ascontiguousarray(p[:, np.argsort(UTD)].transpose(1, 2, 0))
                )
            },
            truth30,
        )
        yield Case(
            "nw-ucla",
            "set",
            posture,
            lambda p=points: {"a01_s01_e00_v01.json": json.dumps({"skeletons": p.tolist(), "label": 1})},
            truth30,
        )
        yield Case(
            "ntu",
            "any name",
            posture,
            lambda p=wide: {"a.skeleton": skeleton_text(p[:, None].astype(np.float32))},
            truth30,
        )
        yield Case(
            "msr-action3d",
            "set",
            posture,
            lambda p=msr: {"a01_s01_e01_skeleton3D.txt": "".join(_rows(frame) for frame in p)},
            truth15,
        )
        yield Case(
            "msrc12",
            "set",
            posture,
            lambda p=points: {
                "P1_1_1_p04.csv": "".join(
                    f"{1000000 + 33333 * n} " + _rows(f).replace("\n", " ").strip() + "\n"
                    for n, f in enumerate(p)
                )
            },
            truth30,
        )
    body = motion("wave")
    points = in_layout(body, KINECT20)
    named = {**body, "hip_center": body["pelvis"]}
    order = [_gator(column[:-1]) for column in COLUMNS[1::3]]
    yield Case(
        "kinder-gator",
        "set",
        "waving",
        lambda: {
            "POSE-p1_01-Bow-1.csv": "\n".join(
                [
                    ",".join([*COLUMNS, "User-ID", "Action", ""]),
                    *(
                        f"{33 * n},"
                        + ",".join(f"{v:.5f}" for joint in order for v in named[joint][n])
                        + ",1,Bow,"
                        for n in range(48)
                    ),
                ]
            )
        },
        Truth(((body,),), 1000 / 33),
    )
    screen = np.concatenate([pixels(points) / 2, 1000 * points[..., 2:]], -1)
    yield Case(
        "msr-action3d",
        "set",
        "screen coordinates",
        lambda: {"a01_s01_e01_skeleton.txt": "".join(_rows(frame) for frame in screen)},
    )
    both = np.stack([in_layout(b, NTU25) for b in two], 1).astype(np.float32)
    yield Case(
        "ntu",
        "any name",
        "two people cross",
        lambda: {"a.skeleton": skeleton_text(both)},
        Truth((two,), 30.0),
    )
    yield Case(
        "ntu60",
        "set",
        "two people cross",
        lambda: {"S001C001P001R001A050.skeleton": skeleton_text(both)},
        Truth((two,), 30.0),
    )
    yield Case(
        "pku-mmd",
        "set",
        "two people cross",
        lambda: {
            "PKU_Skeleton_Renew/0043-L.txt": stream_text(both),
            "Train_Label_PKU_final/0043-L.txt": "8,1,48,2\n",
        },
        Truth((two,), 30.0),
    )


def _gator(column: str) -> str:
    own = {"HipCenter": "pelvis", "Spine": "spine", "ShoulderCenter": "chest", "Head": "head"}
    if column in own:
        return own[column]
    side = "left" if "Left" in column else "right"
    return f"{column.replace('Left', '').replace('Right', '').lower()}_{side}"


def annotations() -> Iterator[Case]:
    """PYSKL: people, layouts, labels, mixed sizes."""
    body, two = motion("walk"), crossing()
    flat = pixels(in_layout(body, COCO17))
    pair = np.stack([pixels(in_layout(b, COCO17)) for b in two])
    solid = np.stack([in_layout(b, NTU25) for b in two])

    def entry(keypoint: Any, **more: Any) -> dict[str, Any]:
        return {
            "frame_dir": "a",
            "label": 3,
            "total_frames": 48,
            "img_shape": (720, 1280),
            "keypoint": np.asarray(keypoint, np.float32),
            "keypoint_score": np.ones(keypoint.shape[:3], np.float32),
            **more,
        }

    forms: dict[str, tuple[list[dict[str, Any]], Truth | None]] = {
        "one person": ([entry(flat[None])], Truth(((body,),), flat=True)),
        "two people": ([entry(pair)], Truth((two,), flat=True)),
        "NTU-25 in space": ([entry(solid)], Truth((two,))),
        "text label": ([entry(flat[None], label="wave")], Truth(((body,),), flat=True)),
        "two clips": ([entry(flat[None]), entry(pair, frame_dir="b")], Truth(((body,), two), flat=True)),
        "H36M order": ([entry(pixels(in_layout(body, H36M17))[None])], Truth(((body,),), flat=True)),
        "random": ([entry(np.random.default_rng(1).normal(size=(1, 48, 17, 2)) * 100)], None),
    }
    for defect, (entries, truth) in forms.items():
        for protocol in (2, 4):
            yield Case(
                "pyskl",
                f"protocol {protocol}",
                defect,
                lambda e=entries, p=protocol: {
                    "a.pkl": pickle.dumps({"split": {"train": ["a"]}, "annotations": e}, protocol=p)
                },
                truth,
                states={"layout": "coco17" if "H36M" not in defect else "h36m17", "mirrored": False},
            )
    yield Case("pyskl", "code", "a command", lambda: {"a.pkl": b"cos\nsystem\n(S'true'\ntR."})


def damage() -> Iterator[Case]:
    """The sample of every format: cut off, empty, zeros at the end; and files of other kinds under its name."""
    other = npy(in_layout(motion("wave"), NTU25))
    for name, format in FORMATS.items():
        if format.sample is None:
            continue
        sample = format.sample()
        first = next(iter(sample))
        content = sample[first]
        rest = dict(list(sample.items())[1:])
        for defect, changed in (
            ("sample empty", b""),
            ("sample of zeros", bytes(len(content))),
            ("sample header only", content[: min(40, len(content) // 3)]),
            ("sample is a web page", b"<!DOCTYPE html><html><body>404</body></html>"),
            ("sample compressed, cut off", gzip.compress(content, mtime=0)[:-12]),
        ):
            only = {first: changed} if name in ("openpose", "frame-files") else {first: changed, **rest}
            yield Case(name, "sample", defect, lambda f=only: f, recording=first)
        yield Case(
            name,
            "another file",
            "npy under its name",
            lambda f=first: {f: other},
            Truth(((motion("wave"),),)),
            recording=first,
        )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("walk/a.npy", other)
    yield Case(
        "keypoints-npy",
        "zip",
        "one recording in a zip",
        lambda: {"a.zip": archive.getvalue()},
        Truth(((motion("wave"),),)),
    )


def real_clips() -> Iterator[Case]:
    """Clips of data sets beside the checkout as plain arrays: as they are, y down, mirrored, in mm, z up."""
    root = Path(os.environ.get("PGFA_SHARED", Path(__file__).parents[2] / "shared")) / "data"
    for name, folder, layout in (
        ("utd-mhad", "utd-mhad", KINECT20),
        ("hdm05", "hdm05/hdm05.zip", HDM05),
        ("nw-ucla", "nw-ucla-sample", KINECT20),
    ):
        if not (root / folder).exists():
            continue
        refs = FORMATS[name].find(root / folder)
        for number in sorted({0, len(refs) // 3, len(refs) // 2}):
            clip = FORMATS[name].read(refs[number])
            points = clip.positions[:120, 0].astype(float)
            body: Body = {joint: points[:, index] for index, joint in enumerate(layout.joints)}
            changes: dict[str, tuple[Floats, dict[str, Any]]] = {
                "plain": (points, {}),
                "y down": (points @ UPS["-y"].T, {"up": "-y"}),
                "left-handed (Unity)": (points * [1, 1, -1], {"mirrored": True}),
                "millimetres": (1000 * points, {"unit": "mm"}),
                "z up": (points @ UPS["z"].T, {"up": "z"}),
            }
            for defect, (array, states) in changes.items():
                known = {"mirrored": False, "up": "y", "layout": layout.name} | states
                yield Case(
                    "keypoints-npy",
                    f"{name}, clip {number}",
                    defect,
                    lambda a=array: {"a.npy": npy(a)},
                    Truth(((body,),), within=0.08),
                    states=known,
                )


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (data_sets, annotations, damage, real_clips):
        yield from part()
