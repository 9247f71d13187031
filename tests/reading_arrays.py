"""Arrays as people save them: .npy, .npz and JSON of every layout, with what goes wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from pgfa.skeleton import (
    COCO17,
    H36M17,
    HDM05,
    KINECT20,
    NTU25,
    OPENPOSE25,
    SMPL24,
)
from reading_cases import Case, Truth
from reading_defects import (
    ACTIONS,
    FLAT,
    FLAT_LAYOUTS,
    MARKS,
    SOLID,
    SOLID_LAYOUTS,
    UPS,
    absent,
    absent_where,
    marked_by,
    npy,
    npz,
    relative,
)
from reading_motions import (
    changed,
    crossing,
    flipping,
    in_layout,
    lying,
    motion,
    pixels,
    roaming,
    turned,
)


def _case(program: str, defect: str, array: Any, truth: Truth | None = None, **more: Any) -> Case:
    return Case("keypoints-npy", program, defect, lambda: {"a.npy": npy(array())}, truth, **more)


def plain_arrays() -> Iterator[Case]:
    """Each layout with a few defects in space, each defect with a few layouts."""
    for number, (defect, (change, states)) in enumerate(SOLID.items()):
        whole = 1 if defect.startswith("T,") else 3
        for turn in range(len(SOLID_LAYOUTS) if defect == "plain" else whole):
            layout = SOLID_LAYOUTS[(number + 4 * turn) % len(SOLID_LAYOUTS) if defect != "plain" else turn]
            body = motion(ACTIONS[(number + turn) % 3], (number + turn) % 3)
            points = in_layout(body, layout)
            scale = 1 / 1.7 if defect == "stature of 1" else 1
            expected = {joint: place * scale for joint, place in body.items()} if scale != 1 else body
            truth = Truth(((expected,),), within=0.05 * scale, sized=scale == 1)
            known = {"layout": layout.name, "mirrored": False, "up": "y"} | states
            yield _case(
                f"{layout.name} in space", defect, lambda c=change, p=points: c(p), truth, states=known
            )


def flat_arrays() -> Iterator[Case]:
    """The same in pictures."""
    for number, (defect, (change, states)) in enumerate(FLAT.items()):
        for turn in range(len(FLAT_LAYOUTS) if defect == "pixels" else 2):
            layout = FLAT_LAYOUTS[(number + 3 * turn) % len(FLAT_LAYOUTS) if defect != "pixels" else turn]
            body = motion(ACTIONS[(number + turn) % 3], (number + turn) % 3)
            points = pixels(in_layout(body, layout))
            known = {"layout": layout.name, "up": "-y"} | states
            truth = Truth(((body,),), flat=True)
            yield _case(
                f"{layout.name} in pixels", defect, lambda c=change, p=points: c(p), truth, states=known
            )


def marked_arrays() -> Iterator[Case]:
    """Values that mark absent joints, in space and in pictures."""
    for number, (name, value) in enumerate(MARKS.items()):
        layout = SOLID_LAYOUTS[(number + 1) % len(SOLID_LAYOUTS)]
        body = motion(ACTIONS[number % 3])
        points = in_layout(body, layout)
        truth = Truth(((absent(body, layout, absent_where(points.shape)),),))
        states = {"layout": layout.name, "mirrored": False}
        yield _case(
            f"{layout.name} in space",
            f"absent joints {name}",
            lambda p=points, v=value: marked_by(v)(p),
            truth,
            states=states,
        )
        picture = pixels(in_layout(body, COCO17))
        truth = Truth(((absent(body, COCO17, absent_where(picture.shape)),),), flat=True)
        yield _case(
            "coco17 in pixels",
            f"absent joints {name}",
            lambda p=picture, v=value: marked_by(v)(p),
            truth,
            states={"up": "-y", "layout": "coco17"},
        )
    for layout in (NTU25, SMPL24, H36M17, KINECT20, OPENPOSE25):
        body = relative(motion("kick-forward"))
        points = in_layout(body, layout)
        states = {"layout": layout.name, "mirrored": False}
        yield _case(
            f"{layout.name} in space",
            "relative to the pelvis",
            lambda p=points: p,
            Truth(((body,),)),
            states=states,
        )
    body = motion("walk")
    seen = in_layout(body, NTU25)
    empty = np.zeros((len(seen), 1), bool) | (np.arange(len(seen)) % 10 == 3)[:, None]
    gap = absent(body, NTU25, np.broadcast_to(empty, seen.shape[:2]))
    yield _case(
        "ntu25 in space",
        "empty frames of zeros",
        lambda: np.where(empty[..., None], 0, seen),
        Truth(((gap,),)),
        states={"mirrored": False},
    )


def odd_bodies() -> Iterator[Case]:
    """People who lie, flip, stand still, are two, are seen for one frame; and what is no body."""
    known = {"layout": "ntu25", "mirrored": False, "up": "y"}
    for name, body in (
        ("lying", lying(motion("wave"))),
        ("somersault", flipping(motion("wave"))),
        ("standing still", motion("stand")),
        ("seen from behind", turned(motion("walk"), 180)),
        ("seen from the side", turned(motion("walk"), 90)),
        ("sitting down", motion("sit-down")),
        ("touching the toes", motion("touch-toes")),
        ("one frame", motion("wave", 1, 1)),
    ):
        for layout in (NTU25, KINECT20):
            points = in_layout(body, layout)
            yield _case(
                f"{layout.name} in space",
                name,
                lambda p=points: p,
                Truth(((body,),)),
                states=known | {"layout": layout.name},
            )
    for name, body in (
        ("lying", changed(motion("wave"), np.array([[0, -1.0, 0], [1, 0, 0], [0, 0, 1]]))),
        ("somersault", flipping(motion("wave"))),
        ("one frame", motion("wave", 1, 1)),
        ("from the side", turned(motion("walk"), 90)),
    ):
        points = pixels(in_layout(body, COCO17))
        yield _case(
            "coco17 in pixels",
            name,
            lambda p=points: p,
            Truth(((body,),), flat=True),
            states={"axes": "xy", "up": "-y", "layout": "coco17"},
        )
    two = crossing()
    for order in ("TMVC", "MTVC", "CTVM", "NCTVM", "NMTVC"):
        points = np.stack([in_layout(body, NTU25) for body in two], 1)
        array = points.transpose(["TMVC".index(axis) for axis in order.removeprefix("N")])
        array = array[None] if order[0] == "N" else array
        yield _case(
            "ntu25 in space",
            f"two people, {order}",
            lambda a=array: a,
            Truth((two,)),
            states={"axes": order, "mirrored": False, "layout": "ntu25"},
        )
    body = motion("walk")
    points = in_layout(body, NTU25)
    shuffled = points[:, np.random.default_rng(3).permutation(25)]
    yield _case("ntu25 in space", "joints in another order", lambda: shuffled)
    yield _case(
        "ntu25 in space",
        "left and right names exchanged",
        lambda: points[:, NTU25.mirror],
        Truth(((body,),)),
        states=known,
    )
    yield _case("19 joints", "a layout that is not known", lambda: points[:, :19])
    yield _case("random numbers", "no body", lambda: np.random.default_rng(1).normal(size=(40, 25, 3)))
    yield _case(
        "random numbers", "no body, 17 x 2", lambda: np.random.default_rng(1).uniform(0, 640, (40, 17, 2))
    )
    yield _case(
        "photographs",
        "frames of different people",
        lambda: pixels(
            np.stack(
                [
                    in_layout(motion(ACTIONS[n % 3], n % 3), COCO17)[n]
                    + np.random.default_rng(n).normal(0, 0.7, 3)
                    for n in range(40)
                ]
            )
        ),
    )
    yield _case("zeros", "no body", lambda: np.zeros((40, 25, 3)))
    yield _case("object array", "pickled", lambda: np.array([points, None], dtype=object))
    yield _case("text", "strings", lambda: np.array([["a", "b"]] * 40))
    yield _case(
        "clips", "N,T,V,C of several clips", lambda: np.stack([points, points[::-1], points[:, NTU25.mirror]])
    )
    yield _case(
        "takes",
        "two takes joined",
        lambda: np.concatenate([points, points[:20] + np.array([1.5, 0, 1])]),
        Truth(
            (
                (
                    {
                        j: np.concatenate([p, p[:20] + (0 if j[0] == "=" else [1.5, 0, 1])])
                        for j, p in body.items()
                    },
                ),
            )
        ),
        note="jumps by",
        states=known,
    )
    yield from _along_z()
    asleep = lying(motion("wave"))
    for up in ("y", "z"):
        yield _case(
            "ntu25 in space",
            f"lying on the floor, {up} up",
            lambda t=UPS[up]: in_layout(asleep, NTU25) @ t.T,
            Truth(((asleep,),)),
            states=known | {"up": up},
        )
    yield _case(
        "rotations", "quaternions of 24 joints", lambda: np.random.default_rng(2).normal(size=(40, 24, 4))
    )


def _along_z() -> Iterator[Case]:
    """A trunk along z: people who walk about with z up, and people who lie with y up, whatever the layout."""
    walking, waving = roaming(motion("walk")), motion("wave")
    for layout in (NTU25, KINECT20, H36M17, SMPL24, OPENPOSE25, HDM05, COCO17):
        known = {"layout": layout.name, "mirrored": False}
        for name, body, up in (
            ("walking about, z up", walking, "z"),
            ("in place, z up", waving, "z"),
            ("lying, y up", lying(waving), "y"),
            ("lying, kicking", lying(motion("kick-forward")), "y"),
        ):
            yield _case(
                f"{layout.name} in space",
                name,
                lambda b=body, t=UPS[up], y=layout: in_layout(b, y) @ t.T,
                Truth(((body,),)),
                states=known | {"up": up},
            )


def npz_and_json() -> Iterator[Case]:
    """The same arrays in .npz files with other names, and in JSON with fields."""
    body, picture = motion("kick-forward"), pixels(in_layout(motion("kick-forward"), COCO17))
    points = in_layout(body, NTU25)
    states = {"mirrored": False, "layout": "ntu25"}
    for name in ("positions", "keypoints", "arr_0", "data", "joints"):
        yield Case(
            "npz",
            "one array",
            f"field {name}",
            lambda n=name: {"a.npz": npz(**{n: points})},
            Truth(((body,),)),
            states=states,
        )
    steps = np.arange(len(points)) / 50
    fields_of = {
        "fps": {"fps": 50}, "frameRate": {"frameRate": 50}, "frame_time": {"frame_time": 0.02},
        "timestamps": {"timestamps": steps}, "time in ms": {"time_ms": 1000 * steps},
    }  # fmt: skip
    for name, more in fields_of.items():
        yield Case(
            "npz",
            "one array with its rate",
            name,
            lambda m=more: {"a.npz": npz(joints=points, **m)},
            Truth(((body,),), rate=50.0),
            states=states,
        )
    yield Case(
        "npz",
        "pgfa",
        "clip file",
        lambda: {"a.npz": npz(positions=points[:, None], rate=25.0, layout="ntu25")},
        Truth(((body,),), rate=25.0),
    )
    yield Case(
        "npz",
        "VideoPose3D",
        "positions_3d of pickled objects",
        lambda: {"a.npz": npz(positions_3d=np.array({"S1": {"Walk": points}}, dtype=object))},
    )
    yield Case(
        "npz",
        "NTU60_CS",
        "x_train, y_train",
        lambda: {"a.npz": npz(x_train=np.zeros((3, 40, 150)), y_train=np.eye(3))},
    )
    fields: dict[str, tuple[dict[str, Any], float | None]] = {
        "rate 25": ({"rate": 25}, 25.0),
        "fps as text": ({"fps": "29.97 fps"}, 29.97),
        "fps 0": ({"fps": 0}, None),
        "fps as a fraction": ({"fps": "30000/1001"}, 29.97),
        "no rate": ({}, None),
        "fps null": ({"fps": None}, None),
        "frame_rate": ({"frame_rate": 50.0}, 50.0),
        "negative fps": ({"fps": -30}, None),
        "rate in metadata": ({"metadata": {"fps": 60}}, 60.0),
        "fps of 1e9": ({"fps": 1e9}, None),
    }
    for name, (more, rate) in fields.items():
        yield Case(
            "keypoints-json",
            "array with fields",
            name,
            lambda m=more: {"a.json": json.dumps({"keypoints": points.tolist(), **m})},
            Truth(((body,),), rate=rate),
            states=states,
        )
    for up, turn in UPS.items():
        yield Case(
            "keypoints-json",
            "array with fields",
            f"up declared {up}",
            lambda t=turn, u=up: {"a.json": json.dumps({"keypoints": (points @ t.T).tolist(), "up": u})},
            Truth(((body,),)),
            states=states,
        )
        asleep = in_layout(lying(motion("wave")), NTU25)
        yield Case(
            "keypoints-json",
            "array with fields",
            f"up declared {up}, lying",
            lambda t=turn, u=up, a=asleep: {"a.json": json.dumps({"keypoints": (a @ t.T).tolist(), "up": u})},
            Truth(((lying(motion("wave")),),)),
            states=states,
        )
    yield Case(
        "keypoints-json",
        "array with fields",
        "size given, 0 to 1",
        lambda: {
            "a.json": json.dumps(
                {"keypoints": (picture / [1280, 720]).tolist(), "width": 1280, "height": 720}
            )
        },
        Truth(((body,),), flat=True),
    )
    yield Case(
        "keypoints-json",
        "array with fields",
        "up y in a picture",
        lambda: {"a.json": json.dumps({"keypoints": (picture * [1, -1]).tolist(), "up": "y"})},
        Truth(((body,),), flat=True),
    )
    yield Case(
        "keypoints-json",
        "array with fields",
        "null where absent",
        lambda: {
            "a.json": json.dumps(
                {
                    "keypoints": [
                        [p if n % 5 or j != 9 else [None, None] for j, p in enumerate(f)]
                        for n, f in enumerate(picture.tolist())
                    ]
                }
            )
        },
        Truth(
            ((absent(body, COCO17, (np.arange(48) % 5 == 0)[:, None] & (np.arange(17) == 9)),),), flat=True
        ),
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (plain_arrays, flat_arrays, marked_arrays, odd_bodies, npz_and_json):
        yield from part()
