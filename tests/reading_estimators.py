"""JSON, CSV and folders of pose estimators and depth cameras: schemas of programs, people, gaps, times, layouts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pgfa.skeleton import (
    AZURE32,
    COCO17,
    HALPE26,
    KINECT20,
    MEDIAPIPE33,
    MPI15,
    NTU25,
    NUITRACK19,
    OPENPOSE18,
    OPENPOSE25,
    WHOLEBODY133,
    ZED34,
    ZED38,
    Layout,
)
from reading_arrays import absent
from reading_cases import Case, Truth
from reading_motions import Body, Floats, crossing, in_layout, lying, motion, pixels, turned

Frames = list[tuple[int, list[tuple[int, Floats]]]]
"""[(number, [(id, joints)])] of the frames that a file has."""


def picture(body: Body, layout: Layout) -> Floats:
    """(frames, joints, 3) pixels and scores."""
    points = pixels(in_layout(body, layout))
    scores = np.random.default_rng(8).uniform(0.5, 1, (*points.shape[:-1], 1))
    return np.concatenate([points, scores], -1).round(4)


def listed(bodies: Sequence[Body], layout: Layout, hidden: Sequence[int] = ()) -> Frames:
    """People in changing order; hidden frames are left out."""
    points = [picture(body, layout) for body in bodies]
    return [
        (n, [(7 + 4 * p, points[p][n]) for p in range(len(points))][:: -1 if n % 3 == 1 else 1])
        for n in range(len(points[0]))
        if n not in hidden
    ]


def sided(joint: str) -> str:
    """left_wrist for wrist_left."""
    name, _, side = joint.rpartition("_")
    return f"{side}_{name}" if side in ("left", "right") else joint


def camel(joint: str) -> str:
    """As the Kinect SDK: HandTipLeft, SpineBase."""
    own = {"pelvis": "SpineBase", "spine": "SpineMid", "chest": "SpineShoulder"}
    name, _, side = joint.rpartition("_") if joint.endswith(("_left", "_right")) else (joint, "", "")
    return own.get(
        joint,
        name.replace("handtip", "handTip")[:1].upper()
        + name.replace("handtip", "handTip")[1:]
        + side.title(),
    )


def table(
    header: Sequence[str], rows: Sequence[Sequence[Any]], separator: str = ",", before: str = ""
) -> str:
    """A CSV."""
    return before + "\n".join(separator.join(map(str, row)) for row in [header, *rows]) + "\n"


def mmpose(frames: Frames) -> Any:
    return {
        "meta_info": {},
        "instance_info": [
            {
                "frame_id": n + 1,
                "instances": [
                    {"keypoints": p[:, :2].tolist(), "keypoint_scores": p[:, 2].tolist(), "track_id": i}
                    for i, p in people
                ],
            }
            for n, people in frames
        ],
    }


def alphapose(frames: Frames) -> Any:
    return [
        {
            "image_id": f"{n}.jpg",
            "category_id": 1,
            "keypoints": p.reshape(-1).tolist(),
            "score": 2.9,
            "idx": i,
        }
        for n, people in frames
        for i, p in people
    ]


def coco_results(frames: Frames) -> Any:
    return [
        {"image_id": n, "category_id": 1, "keypoints": p.reshape(-1).tolist(), "track_id": i}
        for n, people in frames
        for i, p in people
    ]


def ultralytics(frames: Frames) -> Any:
    return {
        f"frame_{n}": [
            {
                "name": "person",
                "track_id": i,
                "keypoints": dict(zip(("x", "y", "visible"), p.T.tolist(), strict=True)),
            }
            for i, p in people
        ]
        for n, people in frames
    }


def tfjs(frames: Frames) -> Any:
    return [
        {
            "frame": n,
            "poses": [
                {
                    "id": i,
                    "keypoints": [
                        {"x": x, "y": y, "score": s, "name": sided(j)}
                        for j, (x, y, s) in zip(COCO17.joints, p.tolist(), strict=True)
                    ],
                }
                for i, p in people
            ],
        }
        for n, people in frames
    ]


def plain_list(frames: Frames) -> Any:
    return [{"frame": n, "person": i, "keypoints": p.tolist()} for n, people in frames for i, p in people]


def kinetics(frames: Frames) -> Any:
    return {
        "data": [
            {
                "frame_index": n + 1,
                "skeleton": [
                    {"pose": (p[:, :2] / 1280).round(5).reshape(-1).tolist(), "score": p[:, 2].tolist()}
                    for _, p in people
                ],
            }
            for n, people in frames
        ],
        "label": "walk",
    }


def openpose_files(frames: Frames, name: str = "v_{:012d}_keypoints.json") -> dict[str, str]:
    return {
        name.format(n): json.dumps(
            {
                "version": 1.3,
                "people": [
                    {"person_id": [-1], "pose_keypoints_2d": p.reshape(-1).tolist()} for _, p in people
                ],
            }
        )
        for n, people in frames
    }


JSON_FORMS: dict[str, tuple[Layout, Callable[[Frames], Any]]] = {
    "MMPose": (COCO17, mmpose),
    "AlphaPose": (COCO17, alphapose),
    "AlphaPose, HALPE-26": (HALPE26, alphapose),
    "AlphaPose, WholeBody": (WHOLEBODY133, alphapose),
    "COCO results": (COCO17, coco_results),
    "Ultralytics": (COCO17, ultralytics),
    "TF.js": (COCO17, tfjs),
    "plain list": (COCO17, plain_list),
    "plain list, BODY_25": (OPENPOSE25, plain_list),
    "kinetics-skeleton": (OPENPOSE18, kinetics),
}


def json_pictures() -> Iterator[Case]:
    """Each schema: one person, two who cross with ids, a gap, encodings, JSON lines, damage."""
    body, two = motion("wave"), crossing()
    hidden = range(20, 32)
    gap = {
        joint: np.where(np.isin(np.arange(48), hidden)[:, None], np.nan, place)
        for joint, place in body.items()
    }
    for program, (layout, form) in JSON_FORMS.items():

        def case(
            defect: str,
            content: Callable[[], Any],
            truth: Truth | None,
            name: str = "a.json",
            program: str = program,
            **more: Any,
        ) -> Case:
            return Case("keypoints-json", program, defect, lambda: {name: content()}, truth, **more)

        one = Truth(((body,),), flat=True)
        yield case("plain", lambda f=form, y=layout: json.dumps(f(listed([body], y))), one)
        if layout is not WHOLEBODY133:
            yield case(
                "two people cross",
                lambda f=form, y=layout: json.dumps(f(listed(two, y))),
                Truth((two,), flat=True),
            )
        yield case(
            "gap of 12 frames",
            lambda f=form, y=layout: json.dumps(f(listed([body], y, hidden))),
            Truth(((gap,),), flat=True),
        )
        if layout is COCO17:
            yield case(
                "UTF-16", lambda f=form, y=layout: json.dumps(f(listed([body], y))).encode("utf-16"), one
            )
            yield case(
                "byte order mark",
                lambda f=form, y=layout: b"\xef\xbb\xbf" + json.dumps(f(listed([body], y))).encode(),
                one,
            )
            yield case("cut off", lambda f=form, y=layout: json.dumps(f(listed([body], y)))[:-300], None)
    for defect, frames in (
        ("every second frame", [(2 * n, p) for n, p in listed([body], COCO17)]),
        ("starts at 1000", [(1000 + n, p) for n, p in listed([body], COCO17)]),
        ("in reverse order", listed([body], COCO17)[::-1]),
    ):
        yield Case(
            "keypoints-json",
            "plain list",
            defect,
            lambda f=frames: {"a.json": json.dumps(plain_list(f))},
            Truth(((body,),), flat=True),
        )
    yield Case(
        "keypoints-json",
        "plain list",
        "takes joined",
        lambda: {
            "a.json": json.dumps(
                plain_list(listed([body], COCO17)) + plain_list(listed([motion("walk")], COCO17))
            )
        },
        Truth(((body,), (motion("walk"),)), flat=True),
    )
    yield Case(
        "keypoints-json",
        "AlphaPose",
        "two videos",
        lambda: {
            "a.json": json.dumps(
                [
                    {**e, "image_id": f"{v}_{e['image_id']}"}
                    for v, b in (("a", body), ("b", motion("walk")))
                    for e in alphapose(listed([b], COCO17))
                ]
            )
        },
        Truth(((body,), (motion("walk"),)), flat=True),
    )
    yield Case(
        "keypoints-json",
        "plain list",
        "JSON lines",
        lambda: {"a.jsonl": "\n".join(map(json.dumps, plain_list(listed([body], COCO17))))},
        Truth(((body,),), flat=True),
    )
    yield Case(
        "keypoints-json",
        "MMPose",
        "3-D of H36M",
        lambda: {
            "a.json": json.dumps(
                {
                    "instance_info": [
                        {"frame_id": n, "instances": [{"keypoints": p.tolist(), "keypoint_scores": [1] * 17}]}
                        for n, p in enumerate(_h36m(body))
                    ]
                }
            )
        },
        Truth(((body,),), sized=True),
        states={"up": "z", "layout": "h36m17"},
    )
    yield Case(
        "keypoints-json",
        "TF.js",
        "y up",
        lambda: {
            "a.json": json.dumps(
                tfjs(
                    [
                        (n, [(i, q * [1, -1, 1] + [0, 720, 0]) for i, q in p])
                        for n, p in listed([body], COCO17)
                    ]
                )
            )
        },
        Truth(((body,),), flat=True),
    )
    for name, text in (
        ("empty", ""),
        ("empty list", "[]"),
        ("other JSON", '{"a": 1, "b": [1, 2]}'),
        ("numbers as text", json.dumps({"keypoints": [[["1", "2"]] * 17] * 4})),
        ("deep", "[" * 5000 + "]" * 5000),
        ("GeoJSON", '{"type": "FeatureCollection", "features": []}'),
        ("NaN", json.dumps({"keypoints": [[[float("nan")] * 2] * 17] * 4})),
    ):
        yield Case("keypoints-json", "none", name, lambda t=text: {"a.json": t})


def _h36m(body: Body) -> Floats:
    from pgfa.skeleton import H36M17

    return in_layout(body, H36M17) @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]).T


def landmarks() -> Iterator[Case]:
    """MediaPipe: image and world landmarks."""
    body = motion("kick-forward")
    solid, flat = in_layout(body, MEDIAPIPE33), pixels(in_layout(body, MEDIAPIPE33)) / [1280, 720]
    hips = solid[:, [23, 24]].mean(1, keepdims=True)
    world = (solid - hips) * [-1, -1, 1]
    centred = {j: p - (0 if j.startswith("=") else hips[:, 0]) for j, p in body.items()}

    def marks(points: Floats) -> list[list[dict[str, float]]]:
        return [
            [{"x": x, "y": y, "z": z, "visibility": 0.95} for x, y, z in frame] for frame in points.tolist()
        ]

    depth = np.concatenate([flat, 0.3 * world[..., 2:]], -1)
    true, shape = Truth(((centred,),)), Truth(((body,),), flat=True)
    forms: dict[str, tuple[Any, Truth]] = {
        "world landmarks": ([{"pose_world_landmarks": m} for m in marks(world)], true),
        "both": (
            [
                {"poseLandmarks": a, "poseWorldLandmarks": b}
                for a, b in zip(marks(depth), marks(world), strict=True)
            ],
            true,
        ),
        "image landmarks and size": (
            {"width": 1280, "height": 720, "frames": [{"pose_landmarks": m} for m in marks(depth)]},
            shape,
        ),
        "lists of people": ([{"pose_world_landmarks": [m]} for m in marks(world)], true),
        "frames without anybody": (
            [{"pose_world_landmarks": m if n % 6 else []} for n, m in enumerate(marks(world))],
            Truth(
                (({j: np.where((np.arange(48) % 6 == 0)[:, None], np.nan, p) for j, p in centred.items()},),)
            ),
        ),
    }
    for defect, (content, truth) in forms.items():
        yield Case("keypoints-json", "MediaPipe", defect, lambda c=content: {"a.json": json.dumps(c)}, truth)
    header = [f"{j}_{a}" for j in MEDIAPIPE33.joints for a in ("x", "y", "z", "visibility")]
    rows = [np.column_stack([f, np.ones(33)]).reshape(-1).tolist() for f in world]
    yield Case("keypoints-csv", "MediaPipe", "world landmarks", lambda: {"a.csv": table(header, rows)}, true)


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
        "text in a cell": (table(header, [[*row[:5], "n/a", *row[6:]] for row in rows]), None),
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


def folders() -> Iterator[Case]:
    """One file per frame: OpenPose, Ultralytics, YOLO, EasyMocap; damage and strangers in the folder."""
    body, two = motion("kick-forward"), crossing()
    for layout in (OPENPOSE25, OPENPOSE18, MPI15):
        one = Truth(((body,),), flat=True)
        files = openpose_files(listed([body], layout))
        gone = {n: c for i, (n, c) in enumerate(files.items()) if i not in range(20, 26)}
        gap = Truth(
            (
                (
                    {
                        j: np.where(np.isin(np.arange(48), range(20, 26))[:, None], np.nan, p)
                        for j, p in body.items()
                    },
                ),
            ),
            flat=True,
        )
        broken = {n: c if i != 20 else c[:60] for i, (n, c) in enumerate(files.items())}
        lost = Truth(
            (({j: np.where((np.arange(48) == 20)[:, None], np.nan, p) for j, p in body.items()},),), flat=True
        )
        variants: dict[str, tuple[dict[str, Any], Truth]] = {
            "plain": (files, one),
            "frames missing": (gone, gap),
            "one frame cut off": (broken, lost),
            "files of macOS": (files | {f"._{n}": b"\0\5\x16\7" for n in files}, one),
            "empty frames": (
                {
                    n: c if i not in range(20, 26) else '{"people": []}'
                    for i, (n, c) in enumerate(files.items())
                },
                gap,
            ),
            "a video beside": (files | {"notes.txt": "take 3"}, one),
        }
        for defect, (content, truth) in variants.items():
            yield Case("openpose", layout.name, defect, lambda c=content: c, truth, recording="")
    yield Case(
        "openpose",
        "openpose25",
        "two people cross",
        lambda: openpose_files(listed(two, OPENPOSE25)),
        Truth((two,), flat=True),
        recording="",
    )
    yield Case(
        "openpose",
        "openpose25",
        "two videos in one folder",
        lambda: (
            openpose_files(listed([body], OPENPOSE25))
            | openpose_files(listed([body], OPENPOSE25), "w_{:012d}_keypoints.json")
        ),
        recording="",
    )
    one, crowd = listed([body], COCO17), listed(two, COCO17)
    yield Case(
        "frame-files",
        "renamed OpenPose",
        "plain",
        lambda: openpose_files(listed([body], OPENPOSE25), "f{:05d}.json"),
        Truth(((body,),), flat=True),
        recording="",
    )
    for defect, frames, truth in (
        ("plain", one, Truth(((body,),), flat=True)),
        ("two people cross", crowd, Truth((two,), flat=True)),
    ):
        yield Case(
            "frame-files",
            "Ultralytics",
            defect,
            lambda f=frames: {
                f"frame_{n:04d}.json": json.dumps(p)
                for (n, _), p in zip(f, ultralytics(f).values(), strict=True)
            },
            truth,
            recording="",
        )
        yield Case(
            "frame-files",
            "YOLO",
            defect,
            lambda f=frames: {
                f"v_{n + 1}.txt": "\n".join(
                    " ".join(
                        [
                            "0 0.5 0.5 0.2 0.6",
                            *(f"{x / 720:.6f} {y / 720:.6f} {s}" for x, y, s in p.tolist()),
                            str(i),
                        ]
                    )
                    for i, p in people
                )
                for n, people in f
            },
            truth,
            recording="",
        )
        yield Case(
            "frame-files",
            "EasyMocap annotations",
            defect,
            lambda f=frames: {
                f"{n:06d}.json": json.dumps(
                    {"annots": [{"personID": i, "keypoints": p.tolist()} for i, p in people]}
                )
                for n, people in f
            },
            truth,
            recording="",
        )
    solid = in_layout(body, OPENPOSE25)
    yield Case(
        "frame-files",
        "EasyMocap, BODY_25 in space",
        "z up",
        lambda: {
            f"{n:06d}.json": json.dumps(
                [
                    {
                        "id": 0,
                        "keypoints3d": np.column_stack(
                            [f @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]).T, np.ones(25)]
                        ).tolist(),
                    }
                ]
            )
            for n, f in enumerate(solid)
        },
        Truth(((body,),)),
        recording="",
        states={"up": "z", "mirrored": False},
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (json_pictures, landmarks, csv_tables, cameras, folders):
        yield from part()
