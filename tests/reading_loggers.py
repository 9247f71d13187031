"""What loggers of people's own write around the numbers: vectors in a cell, units and notes above, JSON of bones."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from pgfa.skeleton import COCO17, KINECT20, NTU25
from reading_cases import Case, Truth
from reading_motions import Floats, crossing, in_layout, motion, pixels
from reading_names import BONES, UNITY, bones, wide
from reading_plain import plain
from reading_schemas import camel, table


def _joined(side: str, name: str) -> str:
    return side.title() + name


def _dotted(name: str, axis: str) -> str:
    return f"{name}_{axis}"


def _vectors(points: dict[str, Floats], form: str, separator: str, *, rotations: bool = False) -> str:
    titles = [title for name in points for title in (name, *([f"{name}_rotation"] if rotations else []))]
    lines = [separator.join(["time", *titles])]
    for frame in range(48):
        cells = [f"{frame / 30:.4f}"]
        for place in points.values():
            cells.append(form.format(*place[frame]))
            cells += ["(0.0, 0.7, 0.0, 0.7)"] if rotations else []
        lines.append(separator.join(cells))
    return "\n".join(lines) + "\n"


def tables() -> Iterator[Case]:
    """CSV."""
    for action, body in (
        ("walk", motion("walk")),
        ("kick", motion("kick-forward", 2)),
        ("wave", motion("wave")),
    ):
        unity = bones(body, BONES, _joined)
        left_handed = {name: place * [-1, 1, 1] for name, place in unity.items()}
        truth, untimed = Truth(((body,),), 30.0), Truth(((body,),))
        text = wide(unity, _dotted, UNITY)
        head, *rows = text.split("\n")
        below = ",".join(["s", *["mm"] * head.count(",")])
        legs = {
            (name.replace("Left", "#").replace("Right", "Left").replace("#", "Right") if "Leg" in name or "Foot" in name
             or "Toes" in name else name): place
            for name, place in unity.items()
        }  # fmt: skip
        gone = (np.arange(48) < 8)[:, None]
        hidden = Truth((({**body, "wrist_left": np.where(gone, np.nan, body["wrist_left"])},),), 30.0)
        zeros = {**unity, "LeftHand": np.where(gone, 0, unity["LeftHand"])}
        local = [f"{name}_localPosition_{axis}" for name in unity for axis in "xyz"]
        texts: dict[str, tuple[str, Truth | None]] = {
            "vectors": (_vectors(left_handed, '"({:.4f}, {:.4f}, {:.4f})"', ","), truth),
            "vectors without quotes": (_vectors(left_handed, "({:.4f}, {:.4f}, {:.4f})", ";"), truth),
            "vectors and rotations": (_vectors(left_handed, "({:.4f}, {:.4f}, {:.4f})", ";", rotations=True), truth),
            "vectors of Unreal": (_vectors(left_handed, "X={:.3f} Y={:.3f} Z={:.3f}", ","), truth),
            "lists": (_vectors(left_handed, '"[{:.4f}, {:.4f}, {:.4f}]"', ","), truth),
            "units below the titles": ("\n".join([head, below, *wide(unity, _dotted, 1000 * UNITY).split("\n")[1:]]),
                                       truth),
            "notes above": ("Recording,Take 1\nDate;2024-05-01\nRate,60\n\n" + wide(unity, _dotted, UNITY, rate=60.0),
                            Truth(((body,),), 60.0)),
            "rate in a note": ("Tool: x\nFrame rate: 60\n" + "\n".join(r.partition(",")[2] for r in [head, *rows]),
                               Truth(((body,),), 60.0)),
            "bars": (wide(unity, _dotted, UNITY, separator="|"), truth),
            "local positions first": (
                "\n".join([",".join([*local, head]), *("0.1," * len(local) + r for r in rows if r)]), truth),
            "local positions only": (wide(unity, lambda n, a: f"{n}.localPosition.{a}", UNITY), None),
            "velocities only": (wide(unity, lambda n, a: f"{n}_velocity_{a}", UNITY), None),
            "steps": (wide({n: np.diff(p, axis=0, prepend=p[:1]) for n, p in unity.items()}, _dotted, UNITY), None),
            "legs exchanged": (wide(legs, _dotted), None),
            "a hand at 0 0 0": (wide(zeros, _dotted, UNITY), hidden),
            "a line below": (text + "\nExported by a tool\n", None),
            "OpenSim": ("Positions\nversion=1\nendheader\n" + wide(unity, _dotted, separator="\t"), None),
        }  # fmt: skip
        for defect, (content, expected) in texts.items():
            yield Case(
                "keypoints-csv", "logger", f"{defect}, {action}", lambda t=content: {"a.csv": t}, expected
            )
        counted = np.arange(48.0)
        points = in_layout(body, NTU25)
        numbers: dict[str, tuple[str, Truth | None]] = {
            "as UTKinect": (plain(in_layout(body, KINECT20), "  ", [counted + 250]), untimed),
            "lines twice": (plain(np.repeat(points, 2, 0), " ", [np.repeat(counted, 2)]), untimed),
            "every fifth frame": (plain(points, " ", [5 * counted]), untimed),
            "ms": (plain(points, ",", [np.round(counted * 100 / 3)]), truth),
            "40 ms": (plain(points, ",", [40 * counted]), Truth(((body,),), 25.0)),
            "class behind": (plain(np.c_[points.reshape(48, -1), counted * 0 + 3], ","), None),
            "takes joined": (plain(points, " ", [counted % 24]), None),
        }
        for defect, (content, expected) in numbers.items():
            yield Case(
                "keypoints-txt", "logger", f"{defect}, {action}", lambda t=content: {"a.txt": t}, expected
            )
    yield from _people()


def _people() -> Iterator[Case]:
    two = crossing()
    skeletons = [bones(body, BONES, _joined) for body in two]
    titles = ["frame", "player", *(f"{name}_{axis}" for name in skeletons[0] for axis in "xyz")]
    rows = [
        [n, f"P{who}", *(np.stack([p[n] for p in skeleton.values()]) * [-1, 1, 1]).reshape(-1).round(4)]
        for n in range(48) for who, skeleton in enumerate(skeletons)
    ]  # fmt: skip
    yield Case(
        "keypoints-csv", "logger", "two players", lambda: {"a.csv": table(titles, rows)}, Truth((two,))
    )
    flat = np.concatenate([pixels(in_layout(body, COCO17)).reshape(48, -1) for body in two], axis=1).round(2)
    names = ["frame", *(f"{joint}_{axis}" for _ in two for joint in COCO17.joints for axis in "xy")]
    yield Case(
        "keypoints-csv", "logger", "two people under the same titles",
        lambda: {"a.csv": table(names, [[n, *row] for n, row in enumerate(flat)])}, None,
    )  # fmt: skip


def objects() -> Iterator[Case]:
    """JSON of bones."""
    for action, body in (
        ("walk", motion("walk")),
        ("kick", motion("kick-forward", 2)),
        ("wave", motion("wave")),
    ):
        unity = {n: (p * [-1, 1, 1]).round(4) for n, p in bones(body, BONES, _joined).items()}
        by_name = [
            {
                "time": n / 30,
                "bones": {k: dict(zip("xyz", p[n].tolist(), strict=True)) for k, p in unity.items()},
            }
            for n in range(48)
        ]
        listed = [
            {"timestamp": n / 30, "joints": [
                {"name": k, "position": dict(zip("xyz", p[n].tolist(), strict=True)),
                 "rotation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}} for k, p in unity.items()]}
            for n in range(48)
        ]  # fmt: skip
        kinect = {
            camel(j): p for j, p in zip(NTU25.joints, np.moveaxis(in_layout(body, NTU25), 1, 0), strict=True)
        }
        lines = [
            json.dumps({"t": n / 30, "joints": {k: p[n].round(4).tolist() for k, p in kinect.items()}})
            for n in range(48)
        ]
        short = [
            {**frame, "bones": {k: v for k, v in frame["bones"].items() if "LowerLeg" not in k}}
            for frame in by_name
        ]
        mixed = [
            *by_name[:20],
            {**by_name[20], "bones": dict(reversed(by_name[20]["bones"].items()))},
            *by_name[21:],
        ]
        files = {
            "bones by name": (json.dumps({"frames": by_name}), Truth(((body,),), 30.0)),
            "list of joints": (json.dumps({"frames": listed}), Truth(((body,),), 30.0)),
            "lines": ("\n".join(lines), Truth(((body,),), 30.0)),
            "no knees": (json.dumps({"frames": short}), None),
            "another order in one frame": (json.dumps({"frames": mixed}), None),
        }
        for defect, (content, expected) in files.items():
            yield Case(
                "keypoints-json", "logger", f"{defect}, {action}", lambda t=content: {"a.json": t}, expected
            )


def cases() -> Iterator[Case]:
    """All of this file."""
    yield from tables()
    yield from objects()
