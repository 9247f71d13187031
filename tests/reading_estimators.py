"""JSON, CSV and folders of pose estimators and depth cameras: schemas of programs, people, gaps, times, layouts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgfa.skeleton import (
    COCO17,
    MEDIAPIPE33,
    MPI15,
    OPENPOSE18,
    OPENPOSE25,
    WHOLEBODY133,
)
from reading_cases import Case, Truth
from reading_motions import Body, Floats, crossing, in_layout, lying, motion, pixels
from reading_schemas import (
    JSON_FORMS,
    alphapose,
    listed,
    openpose_files,
    plain_list,
    table,
    tfjs,
    ultralytics,
)
from reading_tables import cameras, csv_tables


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
    for defect, solid in (("3-D of H36M", body), ("3-D of H36M, lying", lying(body))):
        yield Case(
            "keypoints-json",
            "MMPose",
            defect,
            lambda b=solid: {
                "a.json": json.dumps(
                    {
                        "instance_info": [
                            {"frame_id": n, "instances": [{"keypoints": p, "keypoint_scores": [1] * 17}]}
                            for n, p in enumerate(_h36m(b).tolist())
                        ]
                    }
                )
            },
            Truth(((solid,),), sized=True),
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
