"""Exports of Vicon, Motive and Xsens MVN: joints compared with the motion that the files are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from optical_motion import (
    BODY,
    BONES,
    EXACT,
    LATERAL,
    PLUG_IN_GAIT,
    QUALISYS,
    RATE,
    around,
    assert_same,
    joint,
    joints,
    markers,
    rotated,
    table,
    written,
)
from pgfa.errors import BadFile
from pgfa.read import read


def vicon(
    points: Mapping[str, np.ndarray],
    separator: str = ",",
    before: str = "",
    unit: str = "mm",
    frames: str = "Frame,Sub Frame",
) -> str:
    values = 1000 * table(points)
    lines = [
        "Trajectories", f"{RATE:g}", ",," + ",,,".join(points) + ",,", frames + "," + ",".join("XYZ" * len(points)),
        ",," + ",".join([unit] * values.shape[1]),
    ]  # fmt: skip
    for n, row in enumerate(values):
        lines.append(f"{n + 1},0," + ",".join("" if np.isnan(value) else f"{value:.4f}" for value in row))
    text = "\n".join(lines) + "\n"
    return before + text.replace(",", separator)


DEVICES = "Devices\n1000\n,,Force,,\nFrame,Sub Frame,Fx,Fy,Fz\n,,N,N,N\n1,0,1,2,3\n1,1,1,2,3\n\n"
EARLY = np.arange(24)[:, None] < 4
VICON: dict[str, Callable[[dict[str, np.ndarray]], str]] = {
    "as Nexus writes it": lambda points: vicon({f"Anna:{name}": place for name, place in points.items()}),
    "without subject": vicon,
    "tabs": lambda points: vicon(points, "\t"),
    "semicolons": lambda points: vicon(points, ";"),
    "after devices": lambda points: vicon(points, before=DEVICES),
    "before events": lambda points: vicon(points) + "\nEvents\n60\nSubject,Context\n",
    "field numbers": lambda points: vicon(points, frames="Field #,Time"),
    "no units": lambda points: "\n".join(line for n, line in enumerate(vicon(points).split("\n")) if n != 4),
    "hidden marker": lambda points: vicon({**points, "RFHD": np.where(EARLY, np.nan, points["RFHD"])}),
    "quoted": lambda points: vicon(points).replace("Trajectories", '"Trajectories"'),
}  # fmt: skip


@pytest.mark.parametrize("title", VICON)
def test_every_export_of_vicon_gives_the_motion(title: str, tmp_path: Path) -> None:
    text = VICON[title](rotated(markers(BODY, PLUG_IN_GAIT), "z"))
    clip = read(written(tmp_path, "walk.csv", text))
    assert (clip.frames, clip.bodies, clip.rate) == (24, 1, RATE)
    assert_same(clip, **LATERAL)


def test_a_vicon_export_without_trajectories_names_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"expected a section Trajectories .* found devices"):
        read(written(tmp_path, "walk.csv", DEVICES))


def motive(
    groups: Mapping[str, Mapping[str, np.ndarray]],
    unit: str = "Meters",
    scale: float = 1.0,
    *,
    parent: bool = False,
    space: str = "Global",
    rotation: bool = True,
) -> str:
    """Groups: type -> name -> positions; bones also have rotations."""
    heads: list[list[str]] = [[], [], [], [], [], []]
    columns: list[np.ndarray] = []
    for kind, points in groups.items():
        for name, place in points.items():
            if rotation and kind == "Bone":
                for axis in "XYZW":
                    for row, cell in zip(heads, (kind, name, "id", "root", "Rotation", axis), strict=True):
                        row.append(cell)
                    columns.append(np.full(len(place), 0.5))
            for axis in range(3):
                for row, cell in zip(heads, (kind, name, "id", "root", "Position", "XYZ"[axis]), strict=True):
                    row.append(cell)
                columns.append(place[:, axis] * scale)
    if not parent:
        del heads[3]
    about = f"Export Frame Rate,60.000000,Length Units,{unit},Coordinate Space,{space}"
    lines = [
        f"Format Version,1.23,Take Name,walk,Capture Frame Rate,240,{about}",
        "",
    ]
    lines += [",," + ",".join(row) for row in heads[:-1]]
    lines.append("Frame,Time (Seconds)," + ",".join(heads[-1]))
    for n, row in enumerate(np.stack(columns, axis=1)):
        lines.append(
            f"{n},{n / RATE:.6f}," + ",".join("" if np.isnan(value) else f"{value:.6f}" for value in row)
        )
    return "\n".join(lines) + "\n"


def named(who: str, points: Mapping[str, np.ndarray], separator: str = ":") -> dict[str, np.ndarray]:
    return {f"{who}{separator}{name}": place for name, place in points.items()}


BONE_POINTS = markers(BODY, BONES)
MARKER_POINTS = markers(BODY, QUALISYS)
ROOTED = {"Anna" if name == "Hip" else name: place for name, place in BONE_POINTS.items()}
LABELLED = {**named("Anna", MARKER_POINTS, "_"), "Unlabeled 12": BODY["head"]}
OUTER = {**EXACT, "ankle": 0.041}
MOTIVE: dict[str, tuple[Callable[[], str], dict[str, float]]] = {
    "bones": (lambda: motive({"Bone": named("Anna", BONE_POINTS)}), {}),
    "bones with parents": (lambda: motive({"Bone": named("Anna", BONE_POINTS)}, parent=True), {}),
    "bones without rotation": (lambda: motive({"Bone": named("Anna", BONE_POINTS)}, rotation=False), {}),
    "millimetres": (lambda: motive({"Bone": named("Anna", BONE_POINTS)}, "Millimeters", 1000), {}),
    "centimetres": (lambda: motive({"Bone": named("Anna", BONE_POINTS)}, "Centimeters", 100), {}),
    "root with the skeleton's name": (lambda: motive({"Bone": named("Anna", ROOTED)}), {}),
    "bones and markers": (
        lambda: motive({"Bone": named("Anna", BONE_POINTS), "Bone Marker": named("Anna", MARKER_POINTS)}), {}
    ),
    "markers": (lambda: motive({"Marker": named("Anna", MARKER_POINTS)}), OUTER),
    "markers and a racket": (lambda: motive({"Rigid Body": {"Racket": BODY["head"]}, "Marker": LABELLED}), OUTER),
    "z up": (lambda: motive({"Bone": named("Anna", rotated(BONE_POINTS, "z"))}), {}),
}  # fmt: skip


@pytest.mark.parametrize("title", MOTIVE)
def test_every_take_of_motive_gives_the_motion(title: str, tmp_path: Path) -> None:
    content, wider = MOTIVE[title]
    clip = read(written(tmp_path, "take.csv", content()))
    assert (clip.frames, clip.bodies, clip.rate) == (24, 1, RATE)
    assert_same(clip, **wider)


def test_two_skeletons_of_a_take_are_two_bodies(tmp_path: Path) -> None:
    second = joints(apart=-2.0)
    text = motive({"Bone": {**named("Anna", BONE_POINTS), **named("Ben", markers(second, BONES))}})
    clip = read(written(tmp_path, "take.csv", text))
    assert clip.bodies == 2
    assert_same(clip, second, 1)


def test_a_take_in_local_coordinates_or_of_objects_is_refused(tmp_path: Path) -> None:
    text = motive({"Bone": named("Anna", BONE_POINTS)}, space="Local")
    with pytest.raises(BadFile, match="Coordinate Space: expected coordinates in the global space"):
        read(written(tmp_path, "take.csv", text))
    with pytest.raises(BadFile, match=r"no marker .*names are Racket, Ball"):
        read(
            written(
                tmp_path,
                "objects.csv",
                motive({"Rigid Body": {"Racket": BODY["head"], "Ball": BODY["head"]}}),
            )
        )


XSENS = {
    "Pelvis": ("pelvis",), "L5": ("pelvis", 0, 0.1, 0), "T8": ("neck", 0, -0.15, 0), "Neck": ("neck",),
    "Head": ("neck", 0, 0.11, 0),
    **{
        f"{side.title()}{name}": (f"{joint}_{side}",)
        for side in ("left", "right")
        for name, joint in (
            ("UpperArm", "shoulder"), ("ForeArm", "elbow"), ("Hand", "wrist"), ("UpperLeg", "hip"),
            ("LowerLeg", "knee"), ("Foot", "ankle"), ("Toe", "toe"),
        )
    },
}  # fmt: skip


def mvnx(
    *bodies: Mapping[str, np.ndarray],
    rate: str = 'frameRate="60"',
    calibration: bool = True,
    head: str = "",
    skip: tuple[int, ...] = (),
) -> str:
    subjects = []
    for number, body in enumerate(bodies):
        points = rotated(markers(body, XSENS), "z")
        segments = "".join(
            f'<segment label="{name}" id="{n}"><points/></segment>' for n, name in enumerate(points)
        )
        values = table(points)
        poses = (
            [f'<frame type="tpose"><position>{" ".join(["9"] * values.shape[1])}</position></frame>']
            * 3
            * calibration
        )
        frames = [
            f'<frame time="{n * 1000 / RATE:.3f}" index="{n}" type="normal"><orientation>1 0 0 0</orientation>'
            f"<position>{' '.join(f'{value:.6f}' for value in row)}</position></frame>"
            for n, row in enumerate(values)
            if n not in skip
        ]
        subjects.append(
            f'<subject label="Suit {number}" {rate} segmentCount="23"><segments>{segments}</segments>'
            f"<frames>{''.join(poses + frames)}</frames></subject>"
        )
    namespace = 'version="4" xmlns="http://www.xsens.com/mvn/mvnx"'
    content = f"<mvnx {namespace}>{''.join(subjects)}</mvnx>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{content}'


MVNX: dict[str, Callable[[], str | bytes]] = {
    "as MVN writes it": lambda: mvnx(BODY),
    "without calibration poses": lambda: mvnx(BODY, calibration=False),
    "rate from the times": lambda: mvnx(BODY, rate=""),
    "UTF-16": lambda: mvnx(BODY).replace("UTF-8", "UTF-16").encode("utf-16"),
    "byte order mark": lambda: b"\xef\xbb\xbf" + mvnx(BODY).encode(),
    "prefix": lambda: mvnx(BODY).replace("<mvnx ", '<m:mvnx xmlns:m="u" ').replace("</mvnx", "</m:mvnx"),
    "comment": lambda: mvnx(BODY, head="<!-- exported -->\n"),
}  # fmt: skip


@pytest.mark.parametrize("title", MVNX)
def test_every_mvnx_gives_the_motion(title: str, tmp_path: Path) -> None:
    clip = read(written(tmp_path, "walk.mvnx", MVNX[title]()))
    assert (clip.frames, clip.bodies) == (24, 1)
    assert clip.rate == pytest.approx(RATE, rel=1e-3)
    assert clip.problems == ()
    assert_same(clip)
    head = around(BODY, "neck", 0, 0.11 + 0.8 * 0.11, 0)
    np.testing.assert_allclose(joint(clip, "head")[:, 1], head[:, 1], atol=0.002)


def test_someone_who_lies_in_a_suit_stays_lying(tmp_path: Path) -> None:
    """The format fixes the up axis: it is not taken from the body."""
    lying = {
        name: place[:, [1, 0, 2]] * (1, 1, -1) if name[0] != "=" else place for name, place in BODY.items()
    }
    lying["=left"], lying["=ahead"] = (BODY[key][:, [1, 0, 2]] * (1, 1, -1) for key in ("=left", "=ahead"))
    clip = read(written(tmp_path, "bed.mvnx", mvnx(lying)))
    assert np.ptp(clip.positions[0, 0, :, 1]) < 0.8


def test_a_mirrored_suit_is_noted_whatever_is_stated(tmp_path: Path) -> None:
    """Its axes are declared: the file is read, and what the body shows is said once."""
    mirrored = {name: points * [-1, 1, 1] for name, points in BODY.items() if name[0] != "="}
    mirrored |= {"=left": BODY["=left"], "=ahead": BODY["=ahead"]}
    for file, stated, doubted in (
        (mirrored, {}, True),
        (mirrored, {"mirrored": False}, True),
        (mirrored, {"mirrored": True}, False),
        (BODY, {}, False),
        (BODY, {"mirrored": False}, False),
        (BODY, {"mirrored": True}, True),
    ):
        clip = read(written(tmp_path, "a.mvnx", mvnx(file)), **stated)
        assert sum(note.startswith("looks mirrored") for note in clip.problems) == doubted, stated


def test_several_suits_and_left_out_frames(tmp_path: Path) -> None:
    second = joints(apart=1.0)
    clip = read(written(tmp_path, "two.mvnx", mvnx(BODY, second)))
    assert clip.bodies == 2
    assert_same(clip, second, 1)
    clip = read(written(tmp_path, "gap.mvnx", mvnx(BODY, skip=(7, 8))))
    assert (clip.frames, clip.problems) == (24, ("2 frames left out in the file", "2 empty frames"))


def test_an_mvnx_with_entities_or_without_positions_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE mvnx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>\n'
    with pytest.raises(BadFile, match="line 2: expected XML without a document type"):
        read(written(tmp_path, "bomb.mvnx", mvnx(BODY, head=bomb)))
    text = mvnx(BODY).replace("position>", "velocity>")
    with pytest.raises(BadFile, match=r"expected a <position> in each normal frame .* found 0 in 24 frames"):
        read(written(tmp_path, "none.mvnx", text))
    with pytest.raises(BadFile, match=r"expected complete XML"):
        read(written(tmp_path, "cut.mvnx", mvnx(BODY)[:-40]))
