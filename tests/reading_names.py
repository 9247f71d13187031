"""Tables whose columns are bones, joints or markers by name, as loggers of game engines and capture programs write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from optical_motion import PLUG_IN_GAIT, RATE, joints, markers
from pgfa.skeleton import COCO17, NTU25
from reading_cases import Case, Truth
from reading_motions import Body, Floats, in_layout, motion, pixels
from reading_schemas import camel, sided, table

BONES = {
    "shoulder": "UpperArm", "elbow": "LowerArm", "wrist": "Hand", "hip": "UpperLeg", "knee": "LowerLeg",
    "ankle": "Foot", "toe": "Toes", "clavicle": "Shoulder",
}  # fmt: skip
MIDDLE = {"pelvis": "Hips", "spine": "Spine", "spine_chest": "Chest", "chest": "Neck", "head_base": "Head"}
HUMAN_IK = {
    "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand", "hip": "UpLeg", "knee": "Leg", "ankle": "Foot",
    "toe": "ToeBase", "clavicle": "Shoulder",
}  # fmt: skip
ROKOKO = HUMAN_IK | {"hip": "Thigh", "knee": "Shin", "toe": "Toe"}
UNREAL = {
    "shoulder": "upperarm", "elbow": "lowerarm", "wrist": "hand", "hip": "thigh", "knee": "calf", "ankle": "foot",
    "toe": "ball", "clavicle": "clavicle",
}  # fmt: skip
META = {
    "shoulder": "ArmUpper", "elbow": "ArmLower", "wrist": "HandWrist", "hip": "LegUpper", "knee": "LegLower",
    "ankle": "FootAnkle", "toe": "FootBall", "clavicle": "Scapula",
}  # fmt: skip
XSENS = {
    "shoulder": "Upper Arm", "elbow": "Forearm", "wrist": "Hand", "hip": "Upper Leg", "knee": "Lower Leg",
    "ankle": "Foot", "toe": "Toe", "clavicle": "Shoulder",
}  # fmt: skip
Style = Callable[[str, str], str]
UNITY = np.diag([-1.0, 1, 1])
"""Left-handed axes, y up."""
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
UNREAL_AXES = np.diag([1.0, -1, 1]) @ Z_UP


def bones(
    body: Body, sides: Mapping[str, str], style: Style, middle: Mapping[str, str] = MIDDLE
) -> dict[str, Floats]:
    """Name of a bone -> (frames, 3) of its start."""
    out = {name: body[joint] for joint, name in middle.items()}
    for side in ("left", "right"):
        out |= {style(side, name): body[f"{joint}_{side}"] for joint, name in sides.items()}
    return out


def wide(
    points: Mapping[str, Floats],
    title: Style,
    change: Floats | float = 1.0,
    *,
    rotations: str = "",
    rate: float = 30.0,
    time: str = "time",
    separator: str = ",",
    before: str = "",
) -> str:
    """One line per frame; with columns of rotations, as `rotations` names them ("{}_rotation_{}"), if given."""
    matrix = change if isinstance(change, np.ndarray) else np.eye(3) * change
    header, columns = [time], [np.arange(len(next(iter(points.values())))) / rate]
    angles = np.random.default_rng(4).uniform(-1, 1, (len(columns[0]), 4))
    for name, place in points.items():
        for axis, values in zip("xyz", (place @ matrix.T).T, strict=True):
            header.append(title(name, axis))
            columns.append(values)
        for axis, values in zip("xyzw" if rotations else "", angles.T, strict=False):
            header.append(rotations.format(name, axis))
            columns.append(values)
    rows = np.stack(columns, axis=1).round(6).tolist()
    cells = [[str(cell).replace(".", ",") if separator == ";" else cell for cell in row] for row in rows]
    return table(header, cells, separator, before)


def _programs(body: Body) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Program, text, and what a user states if asked."""
    joined: Style = lambda side, name: side.title() + name  # noqa: E731
    unity = bones(body, BONES, joined)
    yield (
        "Unity",
        wide(unity, lambda n, a: f"{n}_Pos{a.upper()}", UNITY, rotations="{}_Rot{}"),
        {"mirrored": True},
    )
    yield "Unity, dots", wide(unity, lambda n, a: f"{n}.position.{a}", UNITY, rotations="{}.rotation.{}"), {}
    yield "Unity, decimal commas", wide(unity, lambda n, a: f"{n}.{a}", UNITY, separator=";"), {}
    rokoko = bones(body, ROKOKO, joined, MIDDLE | {"pelvis": "Hip"})
    yield (
        "Rokoko",
        wide(rokoko, lambda n, a: f"{n}_position_{a}", UNITY, rotations="{}_rotation_{}", time="Timestamp"),
        {},
    )
    mixamo = {f"mixamorig:{name}": place for name, place in bones(body, HUMAN_IK, joined).items()}
    yield "Mixamo, cm", wide(mixamo, lambda n, a: f"{n}_{a.upper()}", 100.0), {"mirrored": False}
    arkit = bones(body, HUMAN_IK, lambda side, name: f"{side}_{name[0].lower()}{name[1:]}_joint",
                  {j: f"{n.lower()}_joint" for j, n in MIDDLE.items()})  # fmt: skip
    yield "ARKit", wide({"root": 0 * body["pelvis"], **arkit}, lambda n, a: f"{n}_{a}"), {"mirrored": False}
    neuron = bones(body, HUMAN_IK, joined)
    yield (
        "Axis Neuron",
        wide(neuron, lambda n, a: f"{n}-Joint-Posi-{a}", rotations="{}-Joint-Quat-{}", separator="\t"),
        {"mirrored": False},
    )
    meta = bones(body, META, joined)
    yield "Meta", wide(meta, lambda n, a: f"Body_{n}_{a}", UNITY), {}
    unreal = bones(body, UNREAL, lambda side, name: f"{name}_{side[0]}", {
        "pelvis": "pelvis", "spine": "spine_01", "chest": "neck_01", "head_base": "head",
    })  # fmt: skip
    yield "Unreal", wide(unreal, lambda n, a: f"{n}_{a}", 100 * UNREAL_AXES), {"up": "z", "mirrored": True}
    xsens = bones(
        body, XSENS, lambda side, name: f"{side.title()} {name}", MIDDLE | {"pelvis": "Pelvis", "spine": "L5"}
    )
    yield "Xsens", wide(xsens, lambda n, a: f"{n} {a}", Z_UP, separator="\t"), {"up": "z", "mirrored": False}
    rigify = bones(body, {**UNREAL, "shoulder": "upper_arm", "elbow": "forearm", "knee": "shin", "toe": "toe"},
                   lambda side, name: f"{name}.{side[0].upper()}",
                   {"pelvis": "hips", "chest": "neck", "head_base": "head"})  # fmt: skip
    yield "Blender", wide(rigify, lambda n, a: f"{n}_loc_{a}", Z_UP), {"up": "z", "mirrored": False}


def _long(points: Mapping[str, Floats], column: str) -> str:
    rows = [
        [frame, name, *place[frame].round(5).tolist()]
        for frame in range(len(next(iter(points.values()))))
        for name, place in points.items()
    ]
    return table(["frame", column, "x", "y", "z"], rows)


def two_lines(names: Sequence[str], points: Floats, kind: str, first: int = 0) -> str:
    """A header of names above axes: of pandas, of capture systems, of Visual3D."""
    axes = "xyz"[: points.shape[-1]]
    rows = [[n + first, *frame.reshape(-1).round(4).tolist()] for n, frame in enumerate(points)]
    top: list[list[object]] = {
        "pandas": [["", *(n for n in names for _ in axes)], ["", *axes * len(names)]],
        "pandas, named": [["joint", *(n for n in names for _ in axes)], ["axis", *axes * len(names)],
                          ["frame", *[""] * len(axes) * len(names)]],
        "names once": [["", *(c for n in names for c in (n, *[""] * (len(axes) - 1)))],
                       ["Frame", *axes.upper() * len(names)]],
        "Visual3D": [["", *[r"C:\data\walk.c3d"] * len(axes) * len(names)], ["", *(n for n in names for _ in axes)],
                     ["", *["TARGET"] * len(axes) * len(names)], ["", *["ORIGINAL"] * len(axes) * len(names)],
                     ["ITEM", *axes.upper() * len(names)]],
    }[kind]  # fmt: skip
    return table([str(cell) for cell in top[0]], [*top[1:], *rows], "\t" if kind == "Visual3D" else ",")


def cases() -> Iterator[Case]:
    """All of this file."""
    for action, body in (
        ("walk", motion("walk")),
        ("kick", motion("kick-forward", 2)),
        ("wave", motion("wave")),
    ):
        for program, text, states in _programs(body):
            yield Case(
                "keypoints-csv", f"bones of {program}", action, lambda t=text: {"a.csv": t},
                Truth(((body,),), 30.0), states=states,
            )  # fmt: skip
        unity = bones(body, BONES, lambda side, name: side.title() + name)
        for column in ("bone", "Bone Name", "name"):
            yield Case(
                "keypoints-csv", f"bones of Unity, a line per {column}", action,
                lambda u=unity, c=column: {"a.csv": _long({n: p * [-1, 1, 1] for n, p in u.items()}, c)},
                Truth(((body,),)),
            )  # fmt: skip
        for kind in ("pandas", "pandas, named", "names once", "Visual3D"):
            for layout, points, flat in (
                (COCO17, pixels(in_layout(body, COCO17)), True), (NTU25, in_layout(body, NTU25), False),
            ):  # fmt: skip
                style = sided if flat else camel
                yield Case(
                    "keypoints-csv", f"header of lines: {kind}, {layout.name}", action,
                    lambda p=points, k=kind, lay=layout, s=style: {
                        "a.csv": two_lines([s(j) for j in lay.joints], p, k)
                    },
                    Truth(((body,),), flat=flat), states={"mirrored": False, "up": "y"},
                )  # fmt: skip
    yield from _kinds()
    yield from _others()


def _kinds() -> Iterator[Case]:
    """Rotations before positions, told apart by a line of the header only."""
    for action in ("walk", "wave", "kick-forward"):
        body = motion(action)
        unity = bones(body, BONES, lambda side, name: side.title() + name)
        angles = np.random.default_rng(4).uniform(-1, 1, (48, len(unity), 4))
        places = np.stack([place * [-1, 1, 1] for place in unity.values()], axis=1)
        rows = np.concatenate([angles, places], axis=2).reshape(48, -1).round(5)
        header = [
            ["", *(name for name in unity for _ in range(7))],
            ["", *(["Rotation"] * 4 + ["Position"] * 3) * len(unity)],
            ["Frame", *"XYZWXYZ" * len(unity)],
        ]
        text = table(header[0], [*header[1:], *([n, *row] for n, row in enumerate(rows))])
        yield Case(
            "keypoints-csv", "header of lines: rotations and positions", action, lambda t=text: {"a.csv": t},
            Truth(((body,),)),
        )  # fmt: skip


def _others() -> Iterator[Case]:
    walker = joints(48)
    placed = markers(walker, PLUG_IN_GAIT)
    truth = Truth((({**walker, **{k: v for k, v in walker.items()}},),), RATE, within=0.1)
    yield Case(
        "keypoints-csv", "markers of Plug-in Gait", "columns, mm",
        lambda: {"a.csv": wide(placed, lambda n, a: f"{n}_{a.upper()}", 1000.0, rate=RATE)}, truth,
        states={"mirrored": False},
    )  # fmt: skip
    body = motion("walk")
    camera = {
        camel(j): p for j, p in zip(NTU25.joints, np.moveaxis(in_layout(body, NTU25), 1, 0), strict=True)
    }
    some = {name: place for name, place in camera.items() if not name.startswith(("Thumb", "HandTip"))}
    yield Case(
        "keypoints-csv", "Kinect v2", "without thumbs and tips",
        lambda: {"a.csv": wide(some, lambda n, a: f"{n}_{a}")}, Truth(((body,),), 30.0),
    )  # fmt: skip
    unity = bones(body, BONES, lambda side, name: side.title() + name)
    crowd = {
        f"{who}_{name}": place + shift
        for who, shift in (("Anna", 0), ("Ben", 2))
        for name, place in unity.items()
    }
    yield Case(
        "keypoints-csv", "bones of Unity", "two people in a line",
        lambda: {"a.csv": wide(crowd, lambda n, a: f"{n}_{a}")}, None,
    )  # fmt: skip
    local = {name: place - unity["Hips"] for name, place in unity.items()}
    yield Case(
        "keypoints-csv", "bones of Unity", "relative to the hips",
        lambda: {"a.csv": wide(local, lambda n, a: f"{n}_{a}", UNITY)},
        Truth((({j: p - body["pelvis"] for j, p in body.items()},),), 30.0),
    )  # fmt: skip
    less = {name: place for name, place in unity.items() if "LowerLeg" not in name}
    yield Case(
        "keypoints-csv",
        "bones of Unity",
        "no knees",
        lambda: {"a.csv": wide(less, lambda n, a: f"{n}_{a}")},
        None,
    )
    angles = {name: np.random.default_rng(3).uniform(-180, 180, place.shape) for name, place in unity.items()}
    yield Case(
        "keypoints-csv",
        "bones of Unity",
        "angles",
        lambda: {"a.csv": wide(angles, lambda n, a: f"{n}_{a}")},
        None,
    )
    yield Case(
        "keypoints-csv", "bones of Unity", "only rotations",
        lambda: {"a.csv": wide(angles, lambda n, a: f"{n}_rotation_{a}")}, None,
    )  # fmt: skip
