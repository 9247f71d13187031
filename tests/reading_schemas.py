"""Frames of people as the programs that estimate poses write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pgfa.skeleton import (
    COCO17,
    HALPE26,
    OPENPOSE18,
    OPENPOSE25,
    WHOLEBODY133,
    Layout,
)
from reading_motions import Body, Floats, in_layout, pixels

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
