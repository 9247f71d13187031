"""Exports of Qualisys, frames of CMU Panoptic, tables of nothing but numbers, files compressed by gzip."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optical_motion import PLUG_IN_GAIT, QUALISYS, RATE, joints, markers, rotated, trc
from pgfa.read.formats.keypoints.program_points import PANOPTIC
from pgfa.skeleton import AZURE32, COCO17, H36M17, KINECT20, MEDIAPIPE33, NTU25, OPENPOSE25, SMPL24, Layout
from reading_cases import Case, Truth
from reading_defects import npy
from reading_motions import Floats, crossing, in_layout, lying, motion, pixels
from reading_schemas import sided, table


def qtm(
    points: Mapping[str, Floats], *, scale: float = 1000.0, before: int = 2, titles: bool = False,
    absent: str = "0.000", names: str = "MARKER_NAMES", kind: str = "3D",
) -> str:  # fmt: skip
    """As QTM exports it."""
    values = np.stack(list(points.values()), axis=1) * scale
    header = [
        f"NO_OF_FRAMES\t{len(values)}", "NO_OF_CAMERAS\t12", f"NO_OF_MARKERS\t{len(points)}", f"FREQUENCY\t{RATE:g}",
        "NO_OF_ANALOG\t0", "ANALOG_FREQUENCY\t0", "DESCRIPTION\t--", "TIME_STAMP\t2024-05-01, 12:00:00.000\t912.5",
        f"DATA_INCLUDED\t{kind}", "EVENT\tstart\t1\t0.01", f"{names}\t" + "\t".join(points),
        "TRAJECTORY_TYPES" + "\tMeasured" * len(points),
    ]  # fmt: skip
    if titles:
        header.append("\t".join(["Frame", "Time"][:before] + [f"{n} {a}" for n in points for a in "XYZ"]))
    lines = []
    for frame, row in enumerate(values.reshape(len(values), -1)):
        cells = [absent if np.isnan(value) else f"{value:.3f}" for value in row]
        lines.append("\t".join([str(frame + 1), f"{frame / RATE:.5f}"][2 - before :] + cells))
    return "\r\n".join([*header, *lines]) + "\r\n"


def _qualisys() -> Iterator[Case]:
    for action, person in (("walk", 0), ("wave", 1), ("kick-forward", 2)):
        body = motion(action, person)
        for program, names in (("Qualisys", QUALISYS), ("Plug-in Gait", PLUG_IN_GAIT)):
            points = rotated(markers(body, names), "z")
            truth = Truth(((body,),), RATE, within=0.1)
            gone = np.arange(48)[:, None] < 6
            last = list(points)[-1]
            held = {**points, last: np.where(gone, np.nan, points[last])}
            texts: dict[str, tuple[Callable[[], str], Truth | None]] = {
                "frame and time": (lambda p=points: qtm(p), truth),
                "titles": (lambda p=points: qtm(p, titles=True), truth),
                "coordinates only": (lambda p=points: qtm(p, before=0), truth),
                "time only": (lambda p=points: qtm(p, before=1, titles=True), truth),
                "absent as 0": (lambda p=held: qtm(p), Truth(((body,),), RATE, within=0.2)),
                "absent as NULL": (lambda p=held: qtm(p, absent="NULL"), Truth(((body,),), RATE, within=0.2)),
                "absent as blanks": (lambda p=held: qtm(p, absent=""), Truth(((body,),), RATE, within=0.2)),
                "metres": (lambda p=points: qtm(p, scale=1.0), truth),
                "y up": (lambda p=points: qtm(rotated(p, "x")), truth),
                "two subjects": (
                    lambda p=points: qtm({f"{who}_{n}": q + shift for who, shift in (("Anna", 0), ("Ben", [2, 0, 0]))
                                          for n, q in p.items()}),
                    Truth((({**body}, {j: q + np.array([0, 0, 2]) for j, q in body.items()}),), RATE, within=0.2),
                ),
                "mirrored": (lambda p=points: qtm({n: q * [-1, 1, 1] for n, q in p.items()}), truth),
                "6D": (lambda p=points: qtm(p, kind="6D"), None),
                "no names": (lambda p=points: qtm(p, names="MARKERS"), None),
                "cut off": (lambda p=points: qtm(p)[:-200], None),
            }  # fmt: skip
            for defect, (text, expected) in texts.items():
                yield Case(
                    "qtm-tsv", program, f"{defect}, {action}", lambda t=text: {"a.tsv": t()}, expected,
                    states={"up": "x" if defect == "y up" else "z", "mirrored": defect == "mirrored"},
                )  # fmt: skip


def panoptic(bodies: Sequence[dict[str, Floats]], hidden: Sequence[int] = ()) -> dict[str, str]:
    """body3DScene files: centimetres, y down, -1 as the score of a joint that is not there."""
    files = {}
    for n in range(len(bodies[0]["nose"])):
        people = []
        for number, body in enumerate(bodies):
            points = [
                body[joint][n] if joint else (body["hip_left"][n] + body["hip_right"][n]) / 2
                for joint in PANOPTIC
            ]
            rows = [[*(place * [-100, -100, 100]), 0.6] for place in points]
            people.append({"id": number, "joints19": np.round(rows, 4).reshape(-1).tolist()})
        scene = {"version": 0.7, "univTime": 1000 + n * 33.3667, "fpsType": "hd_29_97",
                 "bodies": [] if n in hidden else people}  # fmt: skip
        files[f"hdPose3d_stage1_coco19/body3DScene_{n + 100:08d}.json"] = json.dumps(scene)
    return files


def _panoptic() -> Iterator[Case]:
    for action in ("walk", "wave", "kick-forward"):
        body = motion(action)
        yield Case(
            "frame-files", "CMU Panoptic", action, lambda b=body: panoptic([b]), Truth(((body,),), 29.97),
            recording="hdPose3d_stage1_coco19",
        )  # fmt: skip
    two = crossing()
    yield Case(
        "frame-files", "CMU Panoptic", "two people", lambda: panoptic(two), Truth((two,), 29.97),
        recording="hdPose3d_stage1_coco19",
    )  # fmt: skip
    body = motion("walk")
    gone = np.isin(np.arange(48), [20, 21])[:, None]
    yield Case(
        "frame-files", "CMU Panoptic", "empty frames", lambda: panoptic([body], [20, 21]),
        Truth((({j: np.where(gone, np.nan, p) for j, p in body.items()},),), 29.97), recording="hdPose3d_stage1_coco19",
    )  # fmt: skip
    down = lying(motion("wave"))
    yield Case(
        "frame-files", "CMU Panoptic", "lying", lambda: panoptic([down]), Truth(((down,),), 29.97),
        recording="hdPose3d_stage1_coco19",
    )  # fmt: skip
    yield Case(
        "keypoints-json", "CMU Panoptic", "a list of frames",
        lambda: {"a.json": "[" + ",".join(panoptic([body]).values()) + "]"}, Truth(((body,),), 29.97),
    )  # fmt: skip


def plain(numbers: Floats, separator: str = " ", before: Sequence[Floats] = (), comment: str = "") -> str:
    """As numpy.savetxt writes it."""
    file = io.StringIO()
    np.savetxt(
        file, np.column_stack([*before, numbers.reshape(len(numbers), -1)]), delimiter=separator, fmt="%.6g"
    )
    return comment + file.getvalue()


def _tables() -> Iterator[Case]:
    layouts: tuple[Layout, ...] = (COCO17, H36M17, KINECT20, SMPL24, NTU25, OPENPOSE25, AZURE32, MEDIAPIPE33)
    for layout in layouts:
        for action in ("walk", "kick-forward"):
            body = motion(action)
            points, count = in_layout(body, layout), np.arange(48.0)
            one, flat = Truth(((body,),)), Truth(((body,),), flat=True)
            timed = Truth(((body,),), 25.0)
            states = {"layout": layout.name, "up": "y", "mirrored": False}
            scored = np.concatenate([points, np.full((48, len(layout.joints), 1), 0.9)], -1)
            kept = np.setdiff1d(np.arange(48), [20, 21])
            gap = {j: np.where(np.isin(count, [20, 21])[:, None], np.nan, p) for j, p in body.items()}
            hidden = (count < 5)[:, None, None] & (np.array(layout.joints) == "wrist_left")[:, None]
            titles = ",".join(["", *map(str, range(3 * len(layout.joints)))]) + "\n"
            texts: dict[str, tuple[str, Truth | None]] = {
                "spaces": (plain(points), one),
                "commas": (plain(points, ","), one),
                "tabs, comment": (plain(points, "\t", comment="# walk, 3 columns per joint\n"), one),
                "rate in a comment": (plain(points, ",", comment="# fps: 25\n"), timed),
                "semicolons, decimal commas": (plain(points, ";").replace(".", ","), one),
                "frame": (plain(points, " ", [count + 7]), one),
                "frame, two missing": (plain(points[kept], " ", [count[kept]]), Truth(((gap,),))),
                "time": (plain(points, ",", [count / 25]), timed),
                "frame and time": (plain(points, ",", [count, count / 25]), timed),
                "pandas": (titles + plain(points, ",", [count]), one),
                "scores": (plain(scored, ","), one),
                "in a picture": (plain(pixels(points), " "), flat),
                "NaN": (
                    plain(np.where(hidden, np.nan, points), " "),
                    Truth((({**body, "wrist_left": np.where(count[:, None] < 5, np.nan, body["wrist_left"])},),)),
                ),
                "cut off": (plain(points)[:-60], None),
                "noise": (plain(np.random.default_rng(1).normal(size=points.shape)), None),
            }  # fmt: skip
            for defect, (text, truth) in texts.items():
                if (
                    defect in ("tabs, comment", "semicolons, decimal commas", "NaN", "scores")
                    and action != "walk"
                ):
                    continue
                yield Case(
                    "keypoints-txt", layout.name, f"{defect}, {action}", lambda t=text: {"a.txt": t}, truth,
                    states=states,
                )  # fmt: skip


def _compressed() -> Iterator[Case]:
    body, walker = motion("walk"), joints(48)
    points = in_layout(body, NTU25)
    titles = ["frame", *(f"{sided(j)}_{a}" for j in COCO17.joints for a in "xy")]
    rows = [[n, *f.reshape(-1).round(2)] for n, f in enumerate(pixels(in_layout(body, COCO17)))]
    frames = {"keypoints": points.round(4).tolist(), "layout": "ntu25", "rate": 30, "up": "y"}
    files: dict[str, tuple[str, bytes | str, Truth | None]] = {
        "keypoints-npy": ("a.npy", npy(points), Truth(((body,),))),
        "keypoints-txt": ("a.txt", plain(points), Truth(((body,),))),
        "keypoints-csv": ("a.csv", table(titles, rows), Truth(((body,),), flat=True)),
        "keypoints-json": ("a.json", json.dumps(frames), Truth(((body,),), 30.0)),
        "trc": ("a.trc", trc(markers(walker, PLUG_IN_GAIT)), Truth(((walker,),), RATE, within=0.1)),
        "qtm-tsv": (
            "a.tsv",
            qtm(rotated(markers(walker, QUALISYS), "z")),
            Truth(((walker,),), RATE, within=0.1),
        ),
    }

    def packed(content: bytes | str) -> bytes:
        return gzip.compress(content.encode() if isinstance(content, str) else content)

    for format, (name, content, truth) in files.items():
        changes: dict[str, tuple[Callable[[Any], bytes], Truth | None]] = {
            "gzip": (packed, truth),
            "gzip of two parts": (lambda c: packed(c[: len(c) // 2]) + packed(c[len(c) // 2 :]), truth),
            "gzip, cut off": (lambda c: packed(c)[:-50], None),
            "gzip, changed": (lambda c: packed(c)[:200] + b"\0\1\2" + packed(c)[203:], None),
            "gzip twice": (lambda c: packed(packed(c)), None),
        }
        for defect, (change, expected) in changes.items():
            for ending in (".gz", "") if defect == "gzip" else (".gz",):
                yield Case(
                    format, "compressed", f"{defect}{', without the ending' * (not ending)}",
                    lambda n=name + ending, c=content, k=change: {n: k(c)}, expected,
                    states={"up": "z" if format == "qtm-tsv" else "y", "mirrored": False},
                )  # fmt: skip


def cases() -> Iterator[Case]:
    """All of this file."""
    for part in (_qualisys, _panoptic, _tables, _compressed):
        yield from part()
