"""Dialects of tables and JSON: a line per coordinate, both ends of bones, nested objects, Astra, OpenSim, lists."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optical_motion import HALPE26, PLUG_IN_GAIT, QUALISYS, RATE, markers, rotated
from pgfa.skeleton import COCO17, H36M17, NTU25
from reading_cases import Case, Truth
from reading_defects import absent
from reading_motions import Body, Floats, crossing, in_layout, motion, pixels
from reading_names import Z_UP
from reading_schemas import camel, sided, table

ACTIONS = ("walk", "wave", "kick-forward")
Z_IS_UP: dict[str, Any] = {"up": "z", "mirrored": False}
"""What a user states if asked."""
JOINTS = [camel(joint) for joint in NTU25.joints]
LIMBS = {
    "shoulder": ("upper_arm", "elbow"), "elbow": ("forearm", "wrist"), "wrist": ("hand", "handtip"),
    "hip": ("thigh", "knee"), "knee": ("shin", "ankle"), "ankle": ("foot", "foot"), "foot": ("toe", "toe"),
    "clavicle": ("shoulder", "shoulder"),
}  # fmt: skip
TRUNK = {
    "hips": ("pelvis", "spine_low"), "spine": ("spine_low", "spine"), "chest": ("spine", "chest"),
    "neck": ("chest", "neck"), "head": ("neck", "crown"),
}  # fmt: skip
ASTRA = {
    "Head": "head", "ShoulderSpine": "chest", "LeftShoulder": "shoulder_left", "LeftElbow": "elbow_left",
    "LeftHand": "hand_left", "RightShoulder": "shoulder_right", "RightElbow": "elbow_right",
    "RightHand": "hand_right", "MidSpine": "spine", "BaseSpine": "pelvis", "LeftHip": "hip_left",
    "LeftKnee": "knee_left", "LeftFoot": "ankle_left", "RightHip": "hip_right", "RightKnee": "knee_right",
    "RightFoot": "ankle_right", "LeftWrist": "wrist_left", "RightWrist": "wrist_right", "Neck": "neck",
}  # fmt: skip
"""Joints of Orbbec's Astra SDK, in the order of its numbers."""


def one_case(
    format: str, program: str, defect: str, file: str, content: str, truth: Truth | None, **states: Any
) -> Case:
    """A case of one file."""
    return Case(format, program, defect, lambda: {file: content}, truth, states=states)


def quoted(header: Sequence[str], rows: Sequence[Sequence[Any]], separator: str = ",") -> str:
    """A CSV whose cells may have separators in them."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerows([header, *rows])
    return out.getvalue()


def melted(action: str, body: Body) -> Iterator[Case]:
    """A line per coordinate."""
    points = in_layout(body, NTU25).round(4)
    truth = Truth(((body,),))
    by_frame = [
        (f, n, a, points[f, j, k])
        for f in range(48)
        for j, n in enumerate(JOINTS)
        for k, a in enumerate("xyz")
    ]
    picture = pixels(in_layout(body, COCO17)).round(2)
    low = np.random.default_rng(4).random(picture.shape[:2]) < 0.1
    scored = np.concatenate([picture, np.where(low, 0.02, 0.9)[..., None]], axis=-1)
    scores = [
        (f, sided(j), axis, scored[f, n, k])
        for f in range(48) for n, j in enumerate(COCO17.joints) for k, axis in enumerate(("x", "y", "likelihood"))
    ]  # fmt: skip
    by_axis = [(a, f, *points[f, :, k]) for f in range(48) for k, a in enumerate("xyz")]
    seen = Truth(((absent(body, COCO17, low),),), flat=True)
    texts: dict[str, tuple[str, Truth | None]] = {
        "frame, joint, axis": (table(["frame", "joint", "axis", "value"], by_frame), truth),
        "joint, axis, frame": (
            table(["Joint", "Coordinate", "Frame", "Value"],
                  [(n, a.upper(), f, v) for f, n, a, v in sorted(by_frame, key=lambda r: (r[1], r[2], r[0]))]), truth),
        "with the number of the line": (
            table(["", "frame", "joint", "axis", "value"], [(n, *row) for n, row in enumerate(by_frame)]), truth),
        "variable": (table(["frame", "variable", "value"], [(f, f"{n}_{a}", v) for f, n, a, v in by_frame]), truth),
        "body parts and scores": (table(["frame", "bodyparts", "coords", "value"], scores), seen),
        "a line per axis": (table(["axis", "frame", *JOINTS], by_axis), truth),
        "a coordinate twice": (table(["frame", "joint", "axis", "value"], [*by_frame, by_frame[7]]), None),
        "a short line": (table(["frame", "joint", "axis", "value"], [*by_frame[:900], by_frame[900][:3]]), None),
        "angles": (
            table(["frame", "joint", "axis", "value"], [(f, n, "flexion", v) for f, n, _, v in by_frame[::3]]), None),
    }  # fmt: skip
    for defect, (text, expected) in texts.items():
        yield one_case(
            "keypoints-csv", "a line per coordinate", f"{defect}, {action}", "a.csv", text, expected
        )


def rig(body: Body) -> dict[str, tuple[Floats, Floats]]:
    """Bone -> its head and its tail, with z up."""
    ends = {bone: joints for bone, joints in TRUNK.items()}
    for side in ("left", "right"):
        ends |= {
            f"{bone}.{side[0].upper()}": (f"{start}_{side}", f"{end}_{side}")
            for start, (bone, end) in LIMBS.items()
        }
    return {bone: (body[start] @ Z_UP.T, body[end] @ Z_UP.T) for bone, (start, end) in ends.items()}


def bones(action: str, body: Body) -> Iterator[Case]:
    """Blender's bones with both ends."""
    both = {bone: (head.round(4), tail.round(4)) for bone, (head, tail) in rig(body).items()}
    truth = Truth(((body,),))
    rows = [(f, bone, *head[f], *tail[f]) for f in range(48) for bone, (head, tail) in both.items()]
    wide = [(f, *(v for ends in both.values() for end in ends for v in end[f])) for f in range(48)]
    titles = [
        "frame",
        *(f"{bone}.{end}.{axis}" for bone in both for end in ("head", "tail") for axis in "xyz"),
    ]
    long = ["frame", "bone", *(f"{end}_{axis}" for end in ("head", "tail") for axis in "xyz")]
    tables = {
        "a line per bone": table(long, rows),
        "tails first": table([*long[:2], *long[5:], *long[2:5]], [(*r[:2], *r[5:], *r[2:5]) for r in rows]),
        "columns": table(titles, wide),
    }
    for defect, text in tables.items():
        yield one_case("keypoints-csv", "Blender", f"{defect}, {action}", "a.csv", text, truth, **Z_IS_UP)
    yield one_case("keypoints-csv", "Blender", f"tails only, {action}", "a.csv",
                   table([*long[:2], *long[5:]], [(*r[:2], *r[5:]) for r in rows]), None)  # fmt: skip
    listed = [
        {
            "frame": f,
            "bones": [
                {"name": b, "tail": t[f].tolist(), "head": h[f].tolist()} for b, (h, t) in both.items()
            ],
        }
        for f in range(48)
    ]
    sections = {
        end: {b: ends[n].tolist() for b, ends in both.items()} for n, end in ((1, "tail"), (0, "head"))
    }
    for defect, content in (("bones of frames", listed), ("a field per end", sections)):
        text = json.dumps(content)
        yield one_case("keypoints-json", "Blender", f"{defect}, {action}", "a.json", text, truth, **Z_IS_UP)


def nested(action: str, body: Body) -> Iterator[Case]:
    """Recordings in nested objects."""
    other = motion("wave", 2)
    beside = np.array([1.0, 0, 0])
    one, two = ((in_layout(b, H36M17) @ Z_UP.T * 1000).round(1) for b in (body, other))
    points = in_layout(body, NTU25).round(4)

    def by_frame(positions: Floats) -> dict[str, Any]:
        return {str(frame): joints.tolist() for frame, joints in enumerate(positions)}

    both = Truth(((body,), (other,)))
    contents: dict[str, tuple[Any, Truth | None]] = {
        "action, subaction, frame": ({"2": {"1": by_frame(one), "2": by_frame(two)}}, both),
        "subject, action, camera": (
            {"S1": {"Directions 1": {"54138969": one.tolist()}, "Posing": {"54138969": two.tolist()}}}, both),
        "action": ({"walk": points.tolist(), "other": in_layout(other, NTU25).round(4).tolist()}, both),
        "people": ({"person_1": points.tolist(), "person_2": (points + beside).tolist()}, None),
        "frame, people by id": (
            {str(f): {"1": points[f].tolist(), "2": (points[f] + beside).tolist()} for f in range(48)}, None),
        "in space and in a picture": ({"joints3d": points.tolist(), "joints2d": pixels(points).tolist()}, None),
        "joints of two takes": (
            {name: dict(zip(JOINTS, np.moveaxis(points + shift, 1, 0).tolist(), strict=True))
             for name, shift in (("first", 0), ("second", 1))}, Truth(((body,), (body,)))),
        "joints of two people": (
            {name: dict(zip(JOINTS, np.moveaxis(points + shift, 1, 0).tolist(), strict=True))
             for name, shift in (("person_1", 0), ("person_2", 1))}, None),
        "rotations beside positions": (
            {"rotations": {n: (100 * points[:, j]).tolist() for j, n in enumerate(JOINTS)},
             "positions": dict(zip(JOINTS, np.moveaxis(points, 1, 0).tolist(), strict=True))}, Truth(((body,),))),
    }  # fmt: skip
    for defect, (content, truth) in contents.items():
        text = json.dumps(content)
        yield one_case("keypoints-json", "nested", f"{defect}, {action}", "a.json", text, truth, **Z_IS_UP)


def astra(action: str, body: Body) -> Iterator[Case]:
    """Orbbec's Astra SDK, in millimetres."""
    places = {name: (1000 * body[joint]).round(1) for name, joint in ASTRA.items()}
    gone = np.arange(48) < 8
    hidden = {**body, "wrist_left": np.where(gone[:, None], np.nan, body["wrist_left"])}

    def joint(number: int, name: str, frame: int, *, named: bool, states: bool) -> dict[str, Any]:
        unseen = states and name == "LeftWrist" and bool(gone[frame])
        place = np.zeros(3) if unseen else places[name][frame]
        return {
            "type": name if named else number, "status": "NotTracked" if unseen else "Tracked",
            "worldPosition": dict(zip("xyz", place.tolist(), strict=True)),
            "depthPosition": {"x": 10.0 * number, "y": 5.0},
        }  # fmt: skip

    def frames(*, named: bool, states: bool = False) -> str:
        listed = [
            [joint(n, name, f, named=named, states=states) for n, name in enumerate(places)]
            for f in range(48)
        ]
        return json.dumps(
            [{"timestamp": f / 30, "bodies": [{"id": 1, "joints": j}]} for f, j in enumerate(listed)]
        )

    truth = Truth(((body,),), 30.0)
    rows = [(f / 30, *(v for place in places.values() for v in place[f])) for f in range(48)]
    header = ["time", *(f"{name}_{axis}" for name in places for axis in "xyz")]
    yield one_case("keypoints-csv", "Astra", action, "a.csv", table(header, rows), truth)
    yield one_case("keypoints-json", "Astra", f"names, {action}", "a.json", frames(named=True), truth)
    yield one_case("keypoints-json", "Astra", f"numbers, {action}", "a.json", frames(named=False), truth)
    yield one_case("keypoints-json", "Astra", f"states, {action}", "a.json", frames(named=True, states=True),
                   Truth(((hidden,),), 30.0))  # fmt: skip


def storage(columns: Mapping[str, Floats], title: str, *keys: str) -> str:
    """An OpenSim file of columns over time."""
    head = [
        title,
        "version=1",
        "nRows=48",
        f"nColumns={len(columns) + 1}",
        "inDegrees=no",
        *keys,
        "endheader",
    ]
    rows = ["\t".join([f"{f / RATE:.6f}", *(f"{v[f]:.5f}" for v in columns.values())]) for f in range(48)]
    return "\n".join([*head, "\t".join(["time", *columns]), *rows]) + "\n"


def vectors(points: Mapping[str, Floats], kind: str) -> str:
    """An OpenSim table whose cells have several numbers."""
    head = [f"DataRate={RATE}", f"DataType={kind}", "version=3", "OpenSimVersion=4.4", "endheader"]
    rows = [
        "\t".join([f"{f / RATE:.6f}", *(",".join(f"{x:.5f}" for x in p[f]) for p in points.values())])
        for f in range(48)
    ]
    return "\n".join([*head, "\t".join(["time", *points]), *rows]) + "\n"


def opensim(action: str, body: Body) -> Iterator[Case]:
    """OpenSim's storage files."""
    placed = markers(body, HALPE26 if action == "wave" else PLUG_IN_GAIT)
    truth = Truth(((body,),), RATE, within=0.1)

    def columns(form: str) -> dict[str, Floats]:
        axes = {"t": ("tx", "ty", "tz"), "": "xyz", "flat": "123"}[form]
        return {
            f"{name}_{axis}": place[:, k] for name, place in placed.items() for k, axis in enumerate(axes)
        }

    wave = np.sin(np.arange(48) / 9)
    angles = dict.fromkeys(
        ("pelvis_tilt", "pelvis_tx", "pelvis_ty", "pelvis_tz", "hip_flexion_r", "knee_angle_r"), wave
    )
    forces = {f"{n}ground_force_{v}": wave for n in ("", "1_") for v in ("vx", "vy", "vz", "px", "py", "pz")}
    centres = {
        f"{bone}_{axis}": body[joint][:, "XYZ".index(axis[-1].upper())]
        for bone, joint in (("pelvis", "pelvis"), ("femur_r", "hip_right"), ("tibia_r", "knee_right"))
        for axis in ("X", "Y", "Z", "Ox", "Oy", "Oz")
    }
    late = "\n".join(
        line for n, line in enumerate(storage(columns("t"), "Markers").split("\n")) if n not in range(20, 25)
    )
    gone = np.isin(np.arange(48), range(13, 18))[:, None]
    gap = {name: np.where(gone, np.nan, place) for name, place in body.items()}
    texts: dict[str, tuple[str, Truth | None]] = {
        "locations of markers": (storage(columns("t"), "ModelMarkerLocations"), truth),
        "x, y, z": (storage(columns(""), "Markers"), truth),
        "flattened": (storage(columns("flat"), "Markers"), truth),
        "vectors": (vectors(placed, "Vec3"), truth),
        "lines left out": (late, Truth(((gap,),), RATE, within=0.1)),
        "joint angles": (storage(angles, "Coordinates"), None),
        "forces": (storage(forces, "Forces"), None),
        "centres of mass": (storage(centres, "Positions", "Units are S.I. units"), None),
        "rotations": (vectors({n: np.ones((48, 4)) for n in placed}, "Quaternion"), None),
        "times that stand still": (storage(columns("t"), "Markers").replace("\n0.0", "\n0.5"), None),
        "a cell missing": (storage(columns("t"), "Markers")[:-12], None),
    }  # fmt: skip
    for defect, (text, expected) in texts.items():
        yield one_case("opensim", "OpenSim", f"{defect}, {action}", "a.sto", text, expected, mirrored=False)


def qualisys(action: str, body: Body) -> Iterator[Case]:
    """QTM's export as JSON: millimetres, z up, trajectories in parts."""
    placed = rotated(markers(body, QUALISYS), "z")
    gone = np.isin(np.arange(48), range(20, 26))

    def content(*, gap: bool) -> dict[str, Any]:
        def part(place: Floats, start: int) -> dict[str, Any]:
            values = [[*line, 0.4] for line in (1000 * place).round(2).tolist()]
            return {
                "Range": {"Start": start, "End": start + len(values) - 1},
                "Type": "Measured",
                "Values": values,
            }

        parts = {n: [part(p[:20], 1), part(p[26:], 27)] if gap else [part(p, 1)] for n, p in placed.items()}
        base = {"Frequency": RATE, "Range": {"Start": 1, "End": 48}}
        return {"Timebase": base, "Markers": [{"Name": n, "Parts": p} for n, p in parts.items()]}

    hidden = {joint: np.where(gone[:, None], np.nan, place) for joint, place in body.items()}
    lost = {**content(gap=False), "Markers": content(gap=False)["Markers"][:9]}
    cases: dict[str, tuple[Any, Truth | None]] = {
        "export": (content(gap=False), Truth(((body,),), RATE, within=0.1)),
        "gaps": (content(gap=True), Truth(((hidden,),), RATE, within=0.1)),
        "few markers": (lost, None),
        "other units": ({**content(gap=False), "Timebase": {"Range": {"Start": 1, "End": 48}}}, None),
    }
    for defect, (text, truth) in cases.items():
        yield one_case("qtm-json", "QTM", f"{defect}, {action}", "a.json", json.dumps(text), truth, **Z_IS_UP)


def lists(action: str, body: Body) -> Iterator[Case]:
    """All joints of a person in a cell, as Ultralytics writes them."""
    picture = pixels(in_layout(body, COCO17)).round(2)
    low = np.random.default_rng(5).random(picture.shape[:2]) < 0.1
    scores = np.where(low, 0.02, 0.9)
    seen = Truth(((absent(body, COCO17, low),),), flat=True)

    def rows(cell: Any) -> list[list[Any]]:
        return [[f, "person", 0, 0.9, "{'x1': 1.0, 'y1': 2.0}", *cell(f)] for f in range(48)]

    header = ["frame", "name", "class", "confidence", "box"]
    objects = rows(lambda f: [str({"x": picture[f, :, 0].tolist(), "y": picture[f, :, 1].tolist(),
                                   "visible": scores[f].tolist()})])  # fmt: skip
    triples = rows(lambda f: [json.dumps(np.c_[picture[f], scores[f]].tolist())])
    columns = rows(lambda f: [picture[f, :, 0].tolist(), picture[f, :, 1].tolist(), scores[f].tolist()])
    pairs = rows(lambda f: [picture[f].tolist()])
    shares = rows(lambda f: [np.c_[(picture[f] / [1280, 720]).round(4), scores[f]].tolist()])
    solid = [[f, in_layout(body, NTU25)[f].round(4).tolist()] for f in range(48)]
    three = ["keypoints.x", "keypoints.y", "keypoints.visible"]
    texts: dict[str, tuple[str, Truth | None]] = {
        "an object": (quoted([*header, "keypoints"], objects), seen),
        "points with scores": (quoted([*header, "keypoints"], triples, ";"), seen),
        "a list per coordinate": (quoted([*header, *three], columns), seen),
        "points": (quoted([*header, "keypoints"], pairs), Truth(((body,),), flat=True)),
        "in space": (quoted(["frame", "joints"], solid), Truth(((body,),))),
        "scores or z": (quoted([*header, "keypoints"], shares), None),
        "a list too short": (
            quoted([*header, "keypoints"], [*pairs[:30], [*pairs[30][:-1], "[[1, 2]]"]]),
            None,
        ),
    }
    for defect, (text, truth) in texts.items():
        yield one_case("keypoints-csv", "lists in cells", f"{defect}, {action}", "a.csv", text, truth)


def thousands(action: str, body: Body) -> Iterator[Case]:
    """Signs between thousands."""
    points = in_layout(body, NTU25) * 1000
    header = ["frame", *(f"{name}_{axis}" for name in JOINTS for axis in "xyz")]

    def german(text: str) -> str:
        return text.replace(",", "#").replace(".", ",").replace("#", ".")

    def rows(form: str, *, swapped: bool) -> list[list[Any]]:
        cells = [[f"{value:{form}}" for value in frame.reshape(-1)] for frame in points]
        return [[n, *(map(german, row) if swapped else row)] for n, row in enumerate(cells)]

    for defect, text in (
        ("1,234.5", quoted(header, rows(",.1f", swapped=False))),
        ("1.234,5", quoted(header, rows(",.1f", swapped=True), ";")),
        ("1.234", quoted(header, rows(",.0f", swapped=True), ";")),
    ):
        yield one_case("keypoints-csv", "thousands", f"{defect}, {action}", "a.csv", text, Truth(((body,),)))
    plain = "\n".join(" ".join(row[1:]) for row in rows(",.0f", swapped=True)) + "\n"
    yield one_case("keypoints-txt", "thousands", f"1.234, {action}", "a.txt", plain, None)


def people(action: str) -> Iterator[Case]:
    """Which column has the joints, and two people."""
    body, two = motion(action), crossing(action)
    points = in_layout(body, NTU25).round(4)
    rows = [[f, "person", name, *points[f, j]] for f in range(48) for j, name in enumerate(JOINTS)]
    acted = [[f, name, action, *points[f, j]] for f in range(48) for j, name in enumerate(JOINTS)]
    titles = ["frame", "label", "name", "x", "y", "z"]
    swapped = ["frame", "name", "label", "x", "y", "z"]
    both = [
        [f, name, who, *place[f].round(4)]
        for f in range(48) for who, b in enumerate(two) for name, place in zip(
            JOINTS, np.moveaxis(in_layout(b, NTU25), 1, 0), strict=True)
    ]  # fmt: skip
    truth = Truth(((body,),))
    yield one_case("keypoints-csv", "label and name", f"kinds, {action}", "a.csv", table(titles, rows), truth)
    yield one_case(
        "keypoints-csv", "label and name", f"actions, {action}", "a.csv", table(swapped, acted), truth
    )
    yield one_case(
        "keypoints-csv", "label and name", f"two people, {action}", "a.csv", table(swapped, both), None
    )


def cases() -> Iterator[Case]:
    """All of this file."""
    for action in ACTIONS:
        body = motion(action, 2 if action == "kick-forward" else 1)
        for dialect in (melted, bones, nested, astra, opensim, qualisys, lists, thousands):
            yield from dialect(action, body)
        yield from people(action)
