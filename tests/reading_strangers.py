"""What people's own tools write: other orders of joints, scales of their own, clocks, scores, ids, names of bones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from optical_motion import PLUG_IN_GAIT, RATE, markers, trc
from pgfa.skeleton import COCO17, H36M17, NTU25
from reading_cases import Case, Truth
from reading_defects import absent, npy
from reading_motions import Body, crossing, in_layout, motion, pixels
from reading_schemas import camel, sided, table

OPENNI = (
    "head", "chest", "spine_middle", "shoulder_left", "elbow_left", "shoulder_right", "elbow_right", "hip_left",
    "knee_left", "hip_right", "knee_right", "wrist_left", "wrist_right", "ankle_left", "ankle_right",
)  # fmt: skip
LEFT_LEG_FIRST = [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]
HEADER = [f"{camel(joint)}_{axis}" for joint in NTU25.joints for axis in "xyz"]
ACTIONS = ("walk", "wave", "kick-forward")


def orders() -> Iterator[Case]:
    """Joints in an order that is not read."""
    for action in ACTIONS:
        body = motion(action)
        for program, points in (
            ("CAD-60", np.stack([body[joint] for joint in OPENNI], axis=1)),
            ("H36M, left leg first", in_layout(body, H36M17)[:, LEFT_LEG_FIRST]),
        ):
            for kind, array in (("in space", points), ("in a picture", pixels(points))):
                yield Case(
                    "keypoints-npy", f"{program} {kind}", action, lambda a=array: {"a.npy": npy(a)}, None
                )


def scales() -> Iterator[Case]:
    """Each axis, or each frame, with a scale of its own."""

    def axes(points: np.ndarray) -> np.ndarray:
        return (points - points.min((0, 1))) / np.ptp(points, axis=(0, 1))

    def frames(points: np.ndarray) -> np.ndarray:
        return (points - points.min(1, keepdims=True)) / np.ptp(points, axis=1, keepdims=True)

    for action in ACTIONS:
        body = motion(action)
        for kind, points in (
            ("in space", in_layout(body, NTU25)),
            ("in a picture", pixels(in_layout(body, COCO17))),
        ):
            for defect, change in (("axes", axes), ("frames", frames)):
                yield Case(
                    "keypoints-npy",
                    f"scaled {kind}",
                    f"{defect} to 0 to 1, {action}",
                    lambda p=points, c=change: {"a.npy": npy(c(p))},
                    None,
                )


def clocks() -> Iterator[Case]:
    """Times that fall, of one person who goes on."""
    body = motion("walk")
    points = in_layout(body, NTU25)
    frames = range(len(points))
    times: dict[str, list[Any]] = {
        "set back by 0.5 s": [100 + n / 30 - (0.5 if n >= 30 else 0) for n in frames],
        "set back by an hour": [1.7e9 + n / 30 - (3600 if n >= 30 else 0) for n in frames],
        "over midnight": [
            f"23:59:{59 + n / 30:06.3f}" if n < 30 else f"00:00:{n / 30 - 1:06.3f}" for n in frames
        ],
    }
    for defect, values in times.items():
        rows = [[time, *frame.reshape(-1).tolist()] for time, frame in zip(values, points, strict=True)]
        listed = [{"timestamp": t, "keypoints": p.tolist()} for t, p in zip(values, points, strict=True)]
        truth = Truth(((body,),), 30.0)
        yield Case(
            "keypoints-csv",
            "clock",
            defect,
            lambda r=rows: {"a.csv": table(["timestamp", *HEADER], r)},
            truth,
        )
        yield Case(
            "keypoints-json", "clock", defect, lambda f=listed: {"a.json": json.dumps({"frames": f})}, truth
        )


def scores() -> Iterator[Case]:
    """Scores of other scales, in named columns; titles of OpenPose and of YOLO."""
    body = motion("wave")
    points = pixels(in_layout(body, COCO17))
    low = np.random.default_rng(4).random(points.shape[:2]) < 0.1
    hidden: Body = absent(body, COCO17, low)
    names = {
        "by name": [sided(joint) for joint in COCO17.joints],
        "YOLO": [f"kpt_{joint}" for joint in range(17)],
        "OpenPose's style": [
            "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist",
            "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle",
        ],
    }  # fmt: skip
    for whole in (1, 100, 255):
        table_of = np.concatenate([points, (np.where(low, 0.04, 0.9) * whole)[..., None]], -1)
        for style, titles in names.items():
            header = ["frame", *(f"{title}_{axis}" for title in titles for axis in ("x", "y", "conf"))]
            rows = [[n, *frame.reshape(-1).tolist()] for n, frame in enumerate(table_of)]
            yield Case(
                "keypoints-csv",
                f"scores up to {whole}",
                style,
                lambda h=header, r=rows: {"a.csv": table(h, r)},
                Truth(((hidden,),), flat=True),
            )


def people() -> Iterator[Case]:
    """People by id, and by a number behind the names of markers."""
    two = crossing()
    points = [pixels(in_layout(body, COCO17)) for body in two]
    frames = [
        {"people": {str(id): {"keypoints": p[n].tolist()} for id, p in enumerate(points)}} for n in range(48)
    ]
    yield Case(
        "keypoints-json",
        "people by id",
        "two people cross",
        lambda: {"a.json": json.dumps({"fps": 30, "frames": frames})},
        Truth((two,), 30.0, flat=True),
    )
    one, other = (markers(body, PLUG_IN_GAIT) for body in two)
    for suffixes in (("", "2"), ("_1", "_2")):
        both = {f"{name}{suffixes[0]}": p for name, p in one.items()}
        both |= {f"{name}{suffixes[1]}": p for name, p in other.items()}
        yield Case(
            "trc",
            "numbers behind names",
            f"two people, {' and '.join(s or 'none' for s in suffixes)}",
            lambda b=both: {"a.trc": trc(b)},
            Truth((two,), RATE, within=0.1),
        )
    twice = {**{f"{n}1": p for n, p in one.items()}, **{f"{n}2": p + 0.02 for n, p in one.items()}}
    truth = Truth(((two[0],),), RATE, within=0.1)
    yield Case("trc", "numbers behind names", "two markers each", lambda: {"a.trc": trc(twice)}, truth)
    wrong = trc(one).replace("60\t60\t48", "120\t120\t48")
    yield Case("trc", "rates", "DataRate doubled", lambda: {"a.trc": wrong}, truth, note="times give 60 fps")


def cases() -> Iterator[Case]:
    """All of these."""
    yield from orders()
    yield from scales()
    yield from clocks()
    yield from scores()
    yield from people()
