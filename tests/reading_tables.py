"""CSV of pose estimators, and files of depth cameras."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgfa.read.formats.keypoints.joint_labels import NUITRACK
from pgfa.skeleton import (
    AZURE32,
    COCO17,
    KINECT20,
    NTU25,
    NUITRACK19,
    OPENPOSE18,
    ZED34,
    ZED38,
    Layout,
)
from reading_cases import Case, Truth
from reading_defects import absent
from reading_motions import Body, crossing, in_layout, lying, motion, turned
from reading_schemas import (
    camel,
    listed,
    picture,
    sided,
    table,
)


def csv_tables() -> Iterator[Case]:
    """CSV by frame and by joint: names, separators, people, gaps, clocks, units, codings."""
    body, two = motion("walk"), crossing()
    flat = picture(body, COCO17)
    header = ["frame", *(f"{sided(j)}_{a}" for j in COCO17.joints for a in ("x", "y", "score"))]
    rows = [[n, *p.reshape(-1).tolist()] for n, p in enumerate(flat)]
    one = Truth(((body,),), flat=True)
    decimal = [[str(c).replace(".", ",") for c in row] for row in rows]
    kept = [row for row in rows if row[0] not in range(20, 32)]
    gap = {
        joint: np.where(np.isin(np.arange(48), range(20, 32))[:, None], np.nan, p)
        for joint, p in body.items()
    }
    hidden = (np.arange(48) % 4 == 0)[:, None] & (np.array(COCO17.joints) == "wrist_left")
    some = [[("" if hidden[n, i // 3] else c) for i, c in enumerate(row[1:])] for n, row in enumerate(rows)]
    texts: dict[str, tuple[str | bytes, Truth | None]] = {
        "plain": (table(header, rows), one),
        "tabs": (table(header, rows, "\t"), one),
        "semicolons, decimal commas": (table(header, decimal, ";"), one),
        "comments before the header": (table(header, rows, before="# tracker 1.2\n\n"), one),
        "UTF-16": (table(header, rows).encode("utf-16"), one),
        "carriage returns": (table(header, rows).replace("\n", "\r"), one),
        "byte order mark, CR LF": (b"\xef\xbb\xbf" + table(header, rows).replace("\n", "\r\n").encode(), one),
        "quoted": (table([f'"{h}"' for h in header], rows), one),
        "gap of 12 frames": (table(header, kept), Truth(((gap,),), flat=True)),
        "empty cells": (
            table(header, [[n, *row] for n, row in enumerate(some)]),
            Truth(((absent(body, COCO17, hidden),),), flat=True),
        ),
        "extra columns": (table([*header, "label", "comment"], [[*row, "walk", "ok"] for row in rows]), one),
        "time in ms": (
            table(["time_ms", *header[1:]], [[40 * n, *row[1:]] for n, row in enumerate(rows)]),
            Truth(((body,),), 25.0, flat=True),
        ),
        "time in s": (
            table(["time", *header[1:]], [[n / 60, *row[1:]] for n, row in enumerate(rows)]),
            Truth(((body,),), 60.0, flat=True),
        ),
        "time in 100 ns": (
            table(["RelativeTime", *header[1:]], [[333333 * n, *row[1:]] for n, row in enumerate(rows)]),
            Truth(((body,),), 30.0, flat=True),
        ),
        "ISO times": (
            table(
                ["timestamp", *header[1:]],
                [[f"2024-05-01T12:00:{n / 25:06.3f}", *row[1:]] for n, row in enumerate(rows)],
            ),
            Truth(((body,),), 25.0, flat=True),
        ),
        "cut off": (table(header, rows)[:-40], None),
        "header only": (table(header, []), None),
        "empty": ("", None),
        "no known joint": (table(["frame", "a_x", "a_y"], [[0, 1, 2], [1, 2, 3]]), None),
        "a joint is missing": (
            table(
                [h for h in header if "knee" not in h],
                [[c for h, c in zip(header, r, strict=True) if "knee" not in h] for r in rows],
            ),
            None,
        ),
        "n/a in a cell": (table(header, [[*row[:5], "n/a", *row[6:]] for row in rows]), one),
        "text in a cell": (table(header, [[*row[:5], "left", *row[6:]] for row in rows]), None),
        "takes joined": (
            table(header, [*rows, *rows[:20]]),
            Truth(((body,), ({j: p[:20] for j, p in body.items()},)), flat=True),
        ),
        "two people": (
            table(
                ["frame", "person", *header[1:]],
                [[n, i, *p.reshape(-1).tolist()] for n, people in listed(two, COCO17) for i, p in people],
            ),
            Truth((two,), flat=True),
        ),
        "one line per joint": (
            table(
                ["frame", "person", "joint", "x", "y", "score"],
                [
                    [n, i, sided(j), *q]
                    for n, people in listed(two, COCO17)
                    for i, p in people
                    for j, q in zip(COCO17.joints, p.tolist(), strict=True)
                ],
            ),
            Truth((two,), flat=True),
        ),
        "numbered columns": (
            table([f"{a}{j}" for j in range(17) for a in ("x", "y", "v")], [row[1:] for row in rows]),
            one,
        ),
    }
    for defect, (text, truth) in texts.items():
        yield Case("keypoints-csv", "by name", defect, lambda t=text: {"a.csv": t}, truth)


def _nuitrack(body: Body, posture: str) -> Iterator[Case]:
    """Nuitrack's joints as people write them as JSON: by name or by number, millimetres."""
    parts = {"pelvis": "WAIST", "spine": "TORSO", "chest": "LEFT_COLLAR"}
    points = in_layout(body, NUITRACK19) * 1000
    for kind in ("name", "number"):
        joints = [parts.get(j, sided(j).upper()) for j in NUITRACK19.joints]
        types: list[Any] = [f"JOINT_{j}" for j in joints]
        if kind == "number":
            types = [NUITRACK.index(j.lower()) for j in joints]
        frames = [
            {
                "Timestamp": 33333 * n,
                "Skeletons": [
                    {
                        "id": 7,
                        "joints": [
                            {
                                "type": t,
                                "confidence": 0.75,
                                "real": dict(zip("xyz", place, strict=True)),
                                "proj": {"x": 0.5, "y": 0.5, "z": place[2]},
                            }
                            for t, place in zip(types, frame, strict=True)
                        ],
                    }
                ],
            }
            for n, frame in enumerate(points.tolist())
        ]
        yield Case(
            "keypoints-json",
            f"Nuitrack by {kind}",
            posture,
            lambda f=frames: {"a.json": json.dumps({"frames": f})},
            Truth(((body,),), rate=30.0),
            states={"up": "y", "mirrored": False, "layout": "nuitrack19"},
        )


def cameras() -> Iterator[Case]:
    """Depth cameras: Kinect, Azure Kinect, ZED, Nuitrack; standing and lying."""
    azure = np.array([-1000, -1000, 1000])
    upper = {"spine_navel": "SPINE_NAVEL", "spine_chest": "SPINE_CHEST", "chest": "NECK", "head_base": "HEAD"}
    nuitrack = {"pelvis": "WAIST", "spine": "TORSO", "chest": "LEFT_COLLAR"}
    for posture, body in (
        ("walking", motion("walk")),
        ("kicking", motion("kick-forward", 2)),
        ("lying", lying(motion("wave"))),
        ("from behind", turned(motion("walk"), 180)),
    ):
        truth = Truth(((body,),))
        states = {"mirrored": False, "up": "y", "layout": "ntu25"}

        def wide(
            layout: Layout, title: Callable[[str, str], str], scale: Any = 1.0, body: Body = body
        ) -> dict[str, str]:
            points = in_layout(body, layout) * scale
            return {
                "a.csv": table(
                    ["frame", *(title(j, a) for j in layout.joints for a in "xyz")],
                    [[n, *f.reshape(-1).tolist()] for n, f in enumerate(points)],
                )
            }

        points = in_layout(body, AZURE32) * azure
        yield Case(
            "keypoints-json",
            "Azure Kinect",
            posture,
            lambda p=points: {
                "a.json": json.dumps(
                    {
                        "joint_names": list(AZURE32.joints),
                        "frames": [
                            {
                                "frame_id": n,
                                "timestamp_usec": 33333 * n,
                                "num_bodies": 1,
                                "bodies": [{"body_id": 4, "joint_positions": f.tolist()}],
                            }
                            for n, f in enumerate(p)
                        ],
                    }
                )
            },
            Truth(((body,),), 30.0),
        )
        for layout in (OPENPOSE18, ZED34, ZED38):
            seen = in_layout(body, layout) * [-1, 1, -1]
            yield Case(
                "keypoints-json",
                f"ZED, {layout.name}",
                posture,
                lambda p=seen: {
                    "a.json": json.dumps(
                        {
                            str(1700000000000 + 33 * n): {
                                "timestamp": (1700000000000 * 1000 + 33333 * n) * 1000,
                                "body_list": [
                                    {"id": 0, "keypoint": f.tolist(), "keypoint_confidence": [90.0] * len(f)}
                                ],
                            }
                            for n, f in enumerate(p)
                        }
                    )
                },
                Truth(((body,),), 30.0),
                states=states | {"layout": layout.name},
            )
        yield from _nuitrack(body, posture)
        tables: dict[str, Callable[[], dict[str, str]]] = {
            "Azure Kinect": lambda w=wide: w(AZURE32, lambda j, a: f"{upper.get(j, j.upper())}_{a}", azure),
            "Femto": lambda w=wide: w(
                AZURE32, lambda j, a: f"K4ABT_JOINT_{upper.get(j, j.upper())}.{a} (mm)", azure
            ),
            "Kinect v2": lambda w=wide: w(NTU25, lambda j, a: f"{camel(j)}.{a.upper()}"),
            "Nuitrack": lambda w=wide: w(
                NUITRACK19, lambda j, a: f"JOINT_{nuitrack.get(j, sided(j).upper())}.{a}", 1000
            ),
            "Kinect v1": lambda w=wide: w(
                KINECT20,
                lambda j, a: (
                    {"pelvis": "HipCenter", "chest": "ShoulderCenter", "spine": "Spine"}.get(j, camel(j))
                    + a.upper()
                ),
            ),
            "Kinect v2 without header": lambda b=body: {
                "a.csv": "\n".join(",".join(map(str, f.reshape(-1))) for f in in_layout(b, NTU25))
            },
        }
        for program, files in tables.items():
            down = {"up": "-y"} if program in ("Azure Kinect", "Femto") else {}
            yield Case("keypoints-csv", program, posture, files, truth, states=states | down)
