"""Bodies that look like others: people on a bed, frames that were scaled one by one, units that are stated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optical_motion import BONES, PLUG_IN_GAIT, RATE, c3d, markers, trc
from pgfa.read.formats.keypoints.program_points import PANOPTIC
from pgfa.skeleton import AZURE32, COCO17, H36M17, MEDIAPIPE33, NTU25, Layout
from reading_cases import Case, Truth
from reading_defects import UPS, npy, relative
from reading_exports import motive, subject, vicon
from reading_motions import Body, Floats, changed, in_layout, motion
from reading_schemas import camel, table

Write = Callable[[Body], bytes | str]
HEAD_ALONG = {
    "z up, head along y": ("z", np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])),
    "z up, head along -y": ("z", UPS["z"]),
    "y up, head along z": ("y", np.eye(3)),
}
"""Name -> the axis that is up, and a rotation of a body with y up, head along z."""
BED = 0.6
"""Metres of the hips above the floor."""


def on_a_bed(name: str, feet: float | None) -> Body:
    """On the back, y up, head along z, hips at `BED`; z = 0 is `feet` metres below the feet, or in the hips (None)."""
    flat = changed(motion(name), np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]))
    hips = np.median(flat["pelvis"], axis=0)
    lowest = min(place[:, 2].min() for joint, place in flat.items() if not joint.startswith("="))
    return changed(flat, np.eye(3), (0, BED - hips[1], -hips[2] if feet is None else feet - lowest))


def kinect(body: Body) -> str:
    """A table with the names of the Kinect SDK."""
    header = ["time", *(f"{camel(joint)}_{axis}" for joint in NTU25.joints for axis in "xyz")]
    rows = [[n / 30, *frame.reshape(-1).tolist()] for n, frame in enumerate(in_layout(body, NTU25))]
    return table(header, rows)


def array(layout: Layout) -> Write:
    return lambda body: npy(in_layout(body, layout))


def keypoints(body: Body) -> str:
    """JSON with an array and its layout."""
    return json.dumps({"layout": "h36m17", "fps": 30, "keypoints": in_layout(body, H36M17).tolist()})


WRITERS: dict[str, tuple[str, str, Write, float]] = {
    "Nexus": ("vicon-csv", "a.csv", lambda body: vicon(markers(body, PLUG_IN_GAIT)), 0.35),
    "TRC": ("trc", "a.trc", lambda body: trc(markers(body, PLUG_IN_GAIT)), 0.35),
    "C3D": ("c3d", "a.c3d", lambda body: c3d(markers(body, PLUG_IN_GAIT)), 0.35),
    "Motive": ("motive-csv", "a.csv", lambda body: motive(subject("A", markers(body, BONES))), 0.05),
    "Kinect SDK": ("keypoints-csv", "a.csv", kinect, 0.05),
    "ntu25": ("keypoints-npy", "a.npy", array(NTU25), 0.05),
    "coco17": ("keypoints-npy", "a.npy", array(COCO17), 0.05),
    "fields": ("keypoints-json", "a.json", keypoints, 0.05),
    "FreeMoCap": ("freemocap", "mediapipe_body_3d_xyz.npy", array(MEDIAPIPE33), 0.05),
}
"""Program -> format, name of the file, its content, and metres by which joints may differ."""
RATES = {"Nexus": RATE, "TRC": RATE, "C3D": RATE, "Motive": RATE, "Kinect SDK": 30.0, "fields": 30.0}

SCALES: dict[str, Callable[[Floats], Floats]] = {
    "largest coordinate": lambda p: p / np.abs(p).max((1, 2), keepdims=True),
    "side of its box": lambda p: p / np.ptp(p, axis=1, keepdims=True).max(-1, keepdims=True),
    "diagonal of its box": lambda p: (
        p / np.linalg.norm(np.ptp(p, axis=1, keepdims=True), axis=-1, keepdims=True)
    ),
    "unit sphere": lambda p: (
        _centred(p) / np.linalg.norm(_centred(p), axis=-1, keepdims=True).max(1, keepdims=True)
    ),
    "zero mean, norm of 1": lambda p: _centred(p) / np.linalg.norm(_centred(p), axis=(1, 2), keepdims=True),
    "axes, largest coordinates": lambda p: p / np.abs(p).max(1, keepdims=True),
}
"""Name -> (frames, points, axes), each frame divided by a size of its own."""


def _centred(points: Floats) -> Floats:
    out: Floats = points - points.mean(axis=1, keepdims=True)
    return out


def beds() -> Iterator[Case]:
    """People on a bed, with the feet not at 0: else they have the numbers of people who stand near the origin."""
    for program, (format, file, write, within) in WRITERS.items():
        for where, (up, turn) in HEAD_ALONG.items():
            for name, feet in (("wave", None), ("kick-forward", 0.5), ("squat", 0.8)):
                body = on_a_bed(name, feet)
                yield Case(
                    format,
                    program,
                    f"on a bed, {where}, {name}",
                    lambda b=body, w=write, t=turn, f=file: {f: w(changed(b, t))},
                    Truth(((body,),), RATES.get(program), within=within),
                    states={"up": up, "mirrored": False},
                )


def frames_of_their_own() -> Iterator[Case]:
    """Frames that were scaled one by one, of joints and of markers, in space and in pictures."""
    squat = motion("squat")
    joints = in_layout(relative(squat), NTU25)
    for defect, scale in SCALES.items():
        for place, points in (("", joints), (" in a picture", joints[..., :2] * [-200, -200])):
            yield Case(
                "keypoints-npy",
                "ntu25" + place,
                f"each frame by its {defect}",
                lambda p=points, s=scale: {"a.npy": npy(s(p))},
            )
        yield Case(
            "keypoints-csv",
            "Kinect SDK",
            f"each frame by its {defect}",
            lambda s=scale: {
                "a.csv": kinect(dict(zip(NTU25.joints, s(joints).transpose(1, 0, 2), strict=True)))
            },
        )
        points = markers(relative(squat), PLUG_IN_GAIT)
        yield Case(
            "trc",
            "Plug-in Gait",
            f"each frame by its {defect}",
            lambda p=points, s=scale: {
                "a.trc": trc(dict(zip(p, s(np.stack(list(p.values()), 1)).transpose(1, 0, 2), strict=True)))
            },
        )


def exchanged(body: Body, *pairs: tuple[str, str]) -> Body:
    """A body in which joints have the names of others."""
    other = {one: two for pair in pairs for one, two in (pair, pair[::-1])}
    return {joint: body[other.get(joint, joint)] for joint in body}


def exchanged_joints() -> Iterator[Case]:
    """Elbows called wrists, left arms called right."""
    arms = ("shoulder", "elbow", "wrist", "hand", "handtip", "thumb", "index", "pinky")
    sides = [(f"{joint}_left", f"{joint}_right") for joint in arms]
    bends = [(f"elbow_{side}", f"wrist_{side}") for side in ("left", "right")]
    for defect, pairs in (("elbows called wrists", bends), ("left arm called right", sides)):
        for program in ("Kinect SDK", "ntu25", "coco17", "fields", "FreeMoCap"):
            format, file, write, _ = WRITERS[program]
            body = motion("wave")
            known = [pair for pair in pairs if set(pair) <= body.keys()]
            mixed = exchanged(body, *known)
            yield Case(format, program, defect, lambda b=mixed, w=write, f=file: {f: w(b)})


def azure(body: Body, scale: float) -> str:
    """Azure Kinect's offline_processor, y down."""
    frames = in_layout(body, AZURE32) @ UPS["-y"].T * scale
    return json.dumps(
        {"frames": [{"frame_id": n, "timestamp_usec": round(n * 1e6 / 30),
                     "bodies": [{"body_id": 4, "joint_positions": frame.tolist()}]} for n, frame in enumerate(frames)]}
    )  # fmt: skip


def panoptic(body: Body, scale: float) -> dict[str, str]:
    """CMU Panoptic's files, y down."""
    at = {**body, "": body["pelvis"]}
    points = np.stack([at[joint] for joint in PANOPTIC], axis=1) @ UPS["-y"].T * scale
    rows = np.concatenate([points, np.full((*points.shape[:2], 1), 0.9)], -1)
    return {
        f"body3DScene_{n:08d}.json": json.dumps(
            {"fpsType": "hd_29_97", "bodies": [{"id": 0, "joints19": row.reshape(-1).tolist()}]}
        )
        for n, row in enumerate(rows)
    }


def units() -> Iterator[Case]:
    """Units that are stated take the place of those that a format declares; a size of no person is asked about."""
    body = motion("walk")
    truth, exact = Truth(((body,),), 29.97, within=0.1), Truth(((body,),), 30.0, within=0.1)
    wrong: list[tuple[str, str, Write, str]] = [
        (*WRITERS["ntu25"][:3], unit) for unit in ("mm", "cm", "in", "ft")
    ]
    wrong += [(*WRITERS["Kinect SDK"][:3], "mm"), (*WRITERS["TRC"][:3], "mm"), (*WRITERS["Motive"][:3], "cm")]
    for format, file, write, unit in wrong:
        given = {"unit": unit}
        yield Case(format, "metres", f"stated as {unit}", lambda f=file, w=write: {f: w(body)}, given=given)
    for defect, scale, given, states in (
        ("stated as mm", 1000, {"unit": "mm"}, {}),
        ("metres, asked", 1, {}, {"unit": "m"}),
        ("metres, stated", 1, {"unit": "m"}, {}),
        ("centimetres, asked", 100, {}, {"unit": "cm"}),
    ):
        files = {"a.json": azure(body, scale)}
        yield Case(
            "keypoints-json",
            "offline_processor",
            f"unit, {defect}",
            lambda f=files: f,
            exact,
            states=states,
            given=given,
        )
        frames = panoptic(body, scale)
        known: dict[str, Any] = {"states": states, "given": given, "recording": ""}
        yield Case("frame-files", "CMU Panoptic", f"unit, {defect}", lambda f=frames: f, truth, **known)


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (beds, frames_of_their_own, exchanged_joints, units):
        yield from part()
