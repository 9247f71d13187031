"""Exports of programs of motion capture: Vicon, Motive, MVN."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from optical_motion import (
    BONES,
    PLUG_IN_GAIT,
    QUALISYS,
    RATE,
    markers,
    rotated,
    table,
)
from reading_cases import Case, Truth
from reading_motions import Body, Floats, crossing, lying, motion, turned


def subject(name: str, points: Mapping[str, Floats], separator: str = ":") -> dict[str, Floats]:
    return {f"{name}{separator}{marker}": place for marker, place in points.items()}


def vicon(points: Mapping[str, Floats], unit: str = "mm", scale: float = 1000.0) -> str:
    """The section Trajectories of Nexus."""
    lines = [
        "Trajectories",
        "60",
        ",," + ",,,".join(points) + ",,",
        "Frame,Sub Frame," + ",".join("XYZ" * len(points)),
        ",," + ",".join([unit] * 3 * len(points)),
    ]
    rows = [
        ",".join(map(str, [n + 1, 0, *row]))
        for n, row in enumerate((table(points) * scale).round(4).tolist())
    ]
    return "\n".join([*lines, *rows]).replace("nan", "") + "\n"


def motive(points: Mapping[str, Floats], unit: str = "Meters", scale: float = 1.0, kind: str = "Bone") -> str:
    """A take of Motive."""
    columns = [(kind, name, "id", "Position", axis) for name in points for axis in "XYZ"]
    head = f"Format Version,1.23,Take Name,a,Export Frame Rate,60,Length Units,{unit},Coordinate Space,Global"
    lines = [
        head,
        "",
        *(",," + ",".join(c[i] for c in columns) for i in range(4)),
        "Frame,Time (Seconds)," + ",".join(c[4] for c in columns),
    ]
    rows = [
        ",".join(map(str, [n, n / RATE, *row]))
        for n, row in enumerate((table(points) * scale).round(5).tolist())
    ]
    return "\n".join([*lines, *rows]) + "\n"


def exports() -> Iterator[Case]:
    """Vicon, Motive and MVN."""
    body, two = motion("kick-forward"), crossing()

    segments = {
        "Pelvis": ("pelvis",),
        "T8": ("neck", 0, -0.15, 0),
        "Neck": ("neck",),
        "Head": ("head",),
        **{
            f"{side.title()}{name}": (f"{joint}_{side}",)
            for side in ("left", "right")
            for name, joint in (
                ("UpperArm", "shoulder"),
                ("ForeArm", "elbow"),
                ("Hand", "wrist"),
                ("UpperLeg", "hip"),
                ("LowerLeg", "knee"),
                ("Foot", "ankle"),
                ("Toe", "toe"),
            )
        },
    }

    def mvnx(*bodies: Body, rate: str = 'frameRate="60"') -> str:
        suits = []
        for points in (rotated(markers(body, segments), "z") for body in bodies):
            names = "".join(f'<segment label="{name}" id="{n + 1}"/>' for n, name in enumerate(points))
            frames = "".join(
                f'<frame time="{n * 1000 // 60}" index="{n}" type="normal">'
                f"<position>{' '.join(map(str, row))}</position></frame>"
                for n, row in enumerate(table(points).round(6).tolist())
            )
            suits.append(
                f'<subject label="a" {rate}><segments>{names}</segments><frames>{frames}</frames></subject>'
            )
        return f'<?xml version="1.0"?><mvnx version="4" xmlns="http://www.xsens.com/mvn/mvnx">{"".join(suits)}</mvnx>'

    points, bones = rotated(markers(body, PLUG_IN_GAIT), "z"), markers(body, BONES)
    near, exact = Truth(((body,),), RATE, within=0.1), Truth(((body,),), RATE)
    pair = Truth((two,), RATE, within=0.1)
    texts: list[tuple[str, str, str, Callable[[], str], Truth | None]] = [
        ("vicon-csv", "plain", "a.csv", lambda: vicon(points), near),
        ("vicon-csv", "subject", "a.csv", lambda: vicon(subject("Anna", points)), near),
        (
            "vicon-csv",
            "two subjects",
            "a.csv",
            lambda: vicon(
                {
                    **subject("A", rotated(markers(two[0], PLUG_IN_GAIT), "z")),
                    **subject("B", rotated(markers(two[1], PLUG_IN_GAIT), "z")),
                }
            ),
            pair,
        ),
        ("vicon-csv", "unit wrong (mm for m)", "a.csv", lambda: vicon(points, scale=1), near),
        ("vicon-csv", "cut off", "a.csv", lambda: vicon(points)[:-100], None),
        *(
            (
                name,
                defect,
                "a.csv",
                lambda w=write, t=turn, b=other: w(t(b)),
                Truth(((other,),), RATE, within=within),
            )
            for name, write, within in (
                ("vicon-csv", lambda b: vicon(rotated(markers(b, PLUG_IN_GAIT), "z")), 0.1),
                ("motive-csv", lambda b: motive(subject("A", markers(b, BONES))), 0.05),
            )
            for defect, turn, other in (
                ("walking", dict, motion("walk")),
                ("waving", dict, motion("wave", 2)),
                ("squatting", dict, motion("squat")),
                ("from behind", dict, turned(motion("walk", 2), 180)),
            )
        ),
        *(
            ("mvnx", defect, "a.mvnx", lambda b=other: mvnx(b), Truth(((other,),), RATE))
            for defect, other in (
                ("walking", motion("walk")),
                ("waving", motion("wave", 2)),
                ("squatting", motion("squat")),
                ("touching the toes", motion("touch-toes")),
                ("from behind", turned(motion("walk", 2), 180)),
                ("from the side", turned(motion("kick-forward"), 90)),
            )
        ),
        (
            "vicon-csv",
            "lying",
            "a.csv",
            lambda: vicon(rotated(markers(lying(motion("wave")), PLUG_IN_GAIT), "z")),
            Truth(((lying(motion("wave")),),), RATE, within=0.35),
        ),
        ("motive-csv", "bones", "a.csv", lambda: motive(subject("A", bones)), exact),
        (
            "motive-csv",
            "millimetres",
            "a.csv",
            lambda: motive(subject("A", bones), "Millimeters", 1000),
            exact,
        ),
        (
            "motive-csv",
            "unit wrong (mm for m)",
            "a.csv",
            lambda: motive(subject("A", bones), "Millimeters"),
            exact,
        ),
        ("motive-csv", "z up", "a.csv", lambda: motive(subject("A", rotated(bones, "z"))), exact),
        (
            "motive-csv",
            "lying",
            "a.csv",
            lambda: motive(subject("A", markers(lying(motion("wave")), BONES))),
            Truth(((lying(motion("wave")),),), RATE),
        ),
        (
            "motive-csv",
            "two skeletons",
            "a.csv",
            lambda: motive({**subject("A", markers(two[0], BONES)), **subject("B", markers(two[1], BONES))}),
            Truth((two,), RATE),
        ),
        (
            "motive-csv",
            "markers",
            "a.csv",
            lambda: motive(subject("A", markers(body, QUALISYS)), kind="Marker"),
            near,
        ),
        (
            "motive-csv",
            "objects only",
            "a.csv",
            lambda: motive({"Racket": bones["Hip"]}, kind="Rigid Body"),
            None,
        ),
        ("mvnx", "plain", "a.mvnx", lambda: mvnx(body), exact),
        (
            "mvnx",
            "lying",
            "a.mvnx",
            lambda: mvnx(lying(motion("wave"))),
            Truth(((lying(motion("wave")),),), RATE),
        ),
        ("mvnx", "two suits", "a.mvnx", lambda: mvnx(*two), Truth((two,), RATE)),
        ("mvnx", "no rate", "a.mvnx", lambda: mvnx(body, rate=""), exact),
        ("mvnx", "cut off", "a.mvnx", lambda: mvnx(body)[:-500], None),
        (
            "mvnx",
            "entities",
            "a.mvnx",
            lambda: mvnx(body).replace("<mvnx", '<!DOCTYPE a [<!ENTITY b "c">]><mvnx', 1),
            None,
        ),
    ]
    for format, defect, name, content, truth in texts:
        yield Case(
            format,
            "export",
            defect,
            lambda n=name, c=content: {n: c()},
            truth,
            states={
                "up": "y" if "motive" in format and defect != "z up" else "z",
                "mirrored": False,
                "unit": "m",
            },
        )
