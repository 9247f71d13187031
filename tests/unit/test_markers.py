"""TRC and C3D, and the names of markers: joints compared with the motion that the files are of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optical_motion import (
    BODY,
    EXACT,
    HALPE26,
    ISB,
    LATERAL,
    OPENCAP,
    PLUG_IN_GAIT,
    QUALISYS,
    RATE,
    assert_same,
    c3d,
    differences,
    joint,
    joints,
    markers,
    rotated,
    trc,
    written,
)
from pgfa.errors import BadConfig, BadFile, LimitExceeded, Undecided
from pgfa.read import FORMATS, read
from pgfa.read.parsing.markers import (
    LANDMARKS,
    STANDARD,
    Trajectories,
    bodies_of,
    marker_clip,
    markers_from,
    names,
)
from pgfa.read.settings_file import SETTINGS_FILE
from pgfa.read.source import FileRef
from pgfa.skeleton import NTU25


def dialect(change: Callable[[str], str], unit: str = "m", scale: float = 1.0) -> str:
    return change(trc(markers(BODY, HALPE26), unit, scale))


def one_line_header(text: str) -> str:
    lines = text.split("\n")
    keys, values = lines[1].split("\t")[:5], lines[2].split("\t")[:5]
    return "\n".join(
        [lines[0], "\t".join(f"{k}\t{v}" for k, v in zip(keys, values, strict=True)), *lines[3:]]
    )


def without_origin(text: str) -> str:
    return text.replace("\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames", "")


def with_spaces(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def without(text: str, line: int) -> str:
    lines = text.split("\n")
    return "\n".join(lines[:line] + lines[line + 1 :])


TRC: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "as OpenSim writes it": ("m", lambda: dialect(str)),
    "millimetres": ("mm", lambda: dialect(str, "mm", 1000)),
    "centimetres": ("cm", lambda: dialect(str, "cm", 100)),
    "no unit": ("", lambda: dialect(lambda text: text.replace("\tm\t", "\t\t"))),
    "wrong unit": ("mm", lambda: dialect(lambda text: text.replace("\tm\t", "\tmm\t"))),
    "no OrigDataRate": ("m", lambda: dialect(without_origin)),
    "keys and values in turn": ("m", lambda: dialect(one_line_header)),
    "spaces": ("m", lambda: dialect(with_spaces)),
    "commas": ("m", lambda: dialect(lambda text: text.replace("\t", ","))),
    "semicolons and decimal commas": ("m", lambda: dialect(lambda text: text.replace(".", ",").replace("\t", ";"))),
    "decimal commas": ("m", lambda: dialect(lambda text: text.replace(".", ","))),
    "commas behind the lines": ("m", lambda: dialect(lambda text: text.replace("\n", ",,,,\n"))),
    "no line of axes": ("m", lambda: dialect(lambda text: without(text, 4))),
    "no blank line": ("m", lambda: dialect(lambda text: without(text, 5))),
    "tabs behind the lines": ("m", lambda: dialect(lambda text: text.replace("\n", "\t\n"))),
    "carriage returns": ("m", lambda: dialect(lambda text: text.replace("\n", "\r\n"))),
    "UTF-16": ("m", lambda: dialect(str).encode("utf-16")),
    "blank first line": ("m", lambda: "\n" + dialect(str)),
    "no rate": ("m", lambda: dialect(lambda text: text.replace("60\t60\t24", "0\t0\t24"))),
    "z up": ("m", lambda: trc(rotated(markers(BODY, HALPE26), "z"))),
    "upside down": ("m", lambda: trc(rotated(markers(BODY, HALPE26), "-y"))),
}  # fmt: skip


@pytest.mark.parametrize("title", TRC)
def test_every_dialect_of_trc_gives_the_motion(title: str, tmp_path: Path) -> None:
    _, content = TRC[title]
    clip = read(written(tmp_path, "walk.trc", content()))
    assert (clip.layout, clip.frames, clip.bodies) == (NTU25, 24, 1)
    assert clip.rate == pytest.approx(RATE, rel=1e-3)
    assert_same(clip)
    np.testing.assert_allclose(joint(clip, "head")[:, 1], BODY["head"][:, 1], atol=0.002)
    np.testing.assert_allclose(joint(clip, "foot_left")[:, 1], BODY["toe_left"][:, 1], atol=0.002)


IMPERIAL = {
    "ft": 0.3048,
    "feet": 0.3048,
    "Feet": 0.3048,
    "foot": 0.3048,
    "in": 0.0254,
    "inches": 0.0254,
    "": 0.3048,
}


@pytest.mark.parametrize("unit", IMPERIAL, ids=lambda unit: unit or "none")
def test_trc_in_feet_and_inches(unit: str, tmp_path: Path) -> None:
    content = trc(markers(BODY, HALPE26), unit or "UNIT", 1 / IMPERIAL[unit])
    assert_same(read(written(tmp_path, "walk.trc", content.replace("UNIT", ""))))


@pytest.mark.parametrize("said", ["m", "mm", "in"])
def test_feet_called_another_unit_are_asked_about(said: str, tmp_path: Path) -> None:
    """Metres of a torso of 1.5 m may be feet, or of a giant in a game: only feet fit a person, and are offered."""
    path = written(tmp_path, "walk.trc", trc(markers(BODY, HALPE26), said, 1 / 0.3048))
    with pytest.raises(Undecided, match="state it with --unit ft") as caught:
        read(path)
    assert (caught.value.quantity, caught.value.options) == ("unit", ("ft",))
    assert_same(read(path, unit="ft"))


SETS: dict[str, tuple[Mapping[str, Any], dict[str, float]]] = {
    "Plug-in Gait": (PLUG_IN_GAIT, LATERAL),
    "OpenCap": (OPENCAP, EXACT),
    "OpenCap with video keypoints": ({**OPENCAP, **HALPE26}, {}),
    "ISB": (ISB, EXACT),
    "HALPE_26": (HALPE26, {}),
    "Qualisys": (QUALISYS, {**EXACT, "ankle": 0.041}),
}


@pytest.mark.parametrize("title", SETS)
@pytest.mark.parametrize("container", ["c3d", "trc"])
def test_every_marker_set_gives_the_joints(title: str, container: str, tmp_path: Path) -> None:
    chosen, wider = SETS[title]
    points = rotated(markers(BODY, chosen), "z")
    if container == "c3d":
        pytest.importorskip("c3d", reason="the extra `formats` is not installed")
        clip = read(written(tmp_path, "walk.c3d", c3d(points)))
    else:
        clip = read(written(tmp_path, "walk.trc", trc(points, "mm", 1000)))
    assert (clip.frames, clip.bodies, clip.rate, clip.depth) == (24, 1, RATE, True)
    assert_same(clip, **wider)


def test_between_a_pair_of_markers_the_joint_is_exact(tmp_path: Path) -> None:
    clip = read(written(tmp_path, "walk.trc", trc(markers(BODY, OPENCAP))))
    exact = {
        name: distance
        for name, distance in differences(clip).items()
        if name[:3] in ("kne", "ank", "elb", "wri")
    }
    assert len(exact) == 8
    assert max(exact.values()) < 0.02  # the turn that fits best also fits hips and shoulders
    assert not [line for line in clip.problems if "marker" in line and "head" not in line]


def test_a_hidden_marker_makes_a_joint_absent_and_does_not_move_it(tmp_path: Path) -> None:
    points = markers(BODY, OPENCAP)
    points["L_mknee_study"] = points["L_mknee_study"].copy()
    points["L_mknee_study"][5:8] = np.nan
    clip = read(written(tmp_path, "walk.trc", trc(points)))
    gone = np.isnan(joint(clip, "knee_left")[:, 0])
    assert np.flatnonzero(gone).tolist() == [5, 6, 7]
    # Worn while standing only: the lateral marker is all there is.
    points["L_mknee_study"][:] = np.nan
    clip = read(written(tmp_path, "walk.trc", trc(points)))
    assert np.isfinite(joint(clip, "knee_left")).all()
    assert "knee_left: at the lateral marker" in clip.problems


def test_left_out_frames_are_empty_and_keep_the_duration(tmp_path: Path) -> None:
    lines = trc(markers(BODY, HALPE26)).split("\n")
    clip = read(written(tmp_path, "walk.trc", "\n".join(lines[:12] + lines[16:])))
    assert clip.frames == 24
    assert np.flatnonzero(np.isnan(clip.positions).all(axis=(1, 2, 3))).tolist() == [6, 7, 8, 9]
    assert "4 frames left out in the file" in clip.problems
    assert_same(clip)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("0.016667", "a"), r"line 8, cell 2: expected a number, found 'a'"),
        (lambda text: text.replace("\n3\t", "\n2\t"), r"column Frame#: .* numbers that grow, found 2, then 2"),
        (
            lambda text: re.sub(r"(?m)^(\d+\t)([\d.]+)", lambda m: f"{m[1]}{float(m[2]) * 1e4}", text),
            r"column Time: expected times in steps .* or state it with --rate",
        ),
        (lambda text: text.replace("LWrist", "LWatch"), r"no marker for wrist_left .*unknown names are LWatch"),
        (lambda text: text.replace("X2\tY2\tZ2", "Y2\tX2\tZ2"), r"line 5: expected X1 Y1 Z1"),
        (lambda text: text.replace("X2\tY2\tZ2\t", ""), r"expected three coordinates per marker"),
        (lambda text: text.replace("LElbow", "RElbow"), r"expected one marker for elbow_right per subject"),
        (lambda text: "PathFileType\n" * 3, r"expected a line of marker names"),
    ],
)  # fmt: skip
def test_a_wrong_trc_is_refused_with_its_position(
    change: Callable[[str], str], message: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "walk.trc", change(trc(markers(BODY, HALPE26))))
    with pytest.raises(BadFile, match=message):
        read(path)


def test_a_unit_in_which_no_body_fits_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "walk.trc", trc(markers(BODY, HALPE26), "m", scale=10.0))
    with pytest.raises(
        BadFile, match=r"unit: expected a unit in which the torso .* found m, in which the torso is 4\.\d"
    ):
        read(path)


needs_c3d = pytest.mark.usefixtures("library")


@pytest.fixture
def library() -> None:
    pytest.importorskip("c3d", reason="the extra `formats` is not installed")


@needs_c3d
@pytest.mark.parametrize("style", ["{who}:{name}", "{who}_{name}", "{who}.{name}", "*{who}:{name}"])
def test_two_subjects_are_two_bodies(style: str, tmp_path: Path) -> None:
    second = joints(apart=1.5)
    points = {
        style.format(who=who, name=name): place
        for who, body in (("Anna", BODY), ("Ben", second))
        for name, place in rotated(markers(body, PLUG_IN_GAIT), "z").items()
    }
    points["Ball:centre"] = points[next(iter(points))]
    clip = read(written(tmp_path, "walk.c3d", c3d(points)))
    assert clip.bodies == 2
    assert_same(clip, BODY, 0, **LATERAL)
    assert_same(clip, second, 1, **LATERAL)
    apart = np.linalg.norm(joint(clip, "pelvis", 0) - joint(clip, "pelvis", 1), axis=-1)
    np.testing.assert_allclose(apart, 1.5, atol=0.15)


@needs_c3d
@pytest.mark.parametrize(
    ("title", "content"),
    [
        ("integers", lambda points: c3d(points, integers=True)),
        ("metres", lambda points: c3d(points, unit="m", scale=1)),
        ("wrong unit", lambda points: c3d(points, unit="mm", scale=1)),
        ("no unit", lambda points: c3d(points, unit="")),
        ("with analog data", lambda points: c3d(points, analog=6)),
        ("stars", lambda points: c3d({f"*{name}": place for name, place in points.items()})),
        ("lower case", lambda points: c3d({name.lower(): place for name, place in points.items()})),
        (
            "300 markers",
            lambda points: c3d({**{f"M{n:03}": points["C7"] for n in range(300)}, **points}),
        ),
        ("model outputs", lambda points: c3d({**points, "LKneeAngles": points["C7"], "CentreOfMass": points["C7"]})),
        ("header with a wrong number of frames", lambda points: c3d(points)),
    ],
)  # fmt: skip
def test_every_kind_of_c3d_gives_the_motion(
    title: str, content: Callable[[Any], bytes], tmp_path: Path
) -> None:
    clip = read(written(tmp_path, "walk.c3d", content(rotated(markers(BODY, PLUG_IN_GAIT), "z"))))
    assert (clip.frames, clip.bodies, clip.rate) == (24, 1, RATE)
    assert_same(clip, **LATERAL)
    assert any("unit labelled mm" in line for line in clip.problems) == (title == "wrong unit")


@needs_c3d
@pytest.mark.parametrize("header", [70_000, 70_000 - 65_536, 0xFFFF])
def test_more_frames_than_the_header_can_count(header: int, tmp_path: Path) -> None:
    first = markers(joints(8), HALPE26)
    wanted = {name: first[name] for name in first if name not in ("Nose", "Head", "LHeel", "RHeel")}
    long = {name: np.tile(place, (8750, 1)) for name, place in wanted.items()}
    clip = read(written(tmp_path, "long.c3d", c3d(long, header_frames=header)))
    assert clip.frames == 70_000
    np.testing.assert_allclose(joint(clip, "knee_left")[-1], joint(clip, "knee_left")[7], atol=1e-4)


@needs_c3d
def test_a_cut_c3d_is_refused(tmp_path: Path) -> None:
    raw = c3d(markers(BODY, PLUG_IN_GAIT))
    with pytest.raises(
        BadFile, match=r"header: expected a number of frames that fits .* 24 frames of 24 points"
    ):
        read(written(tmp_path, "walk.c3d", raw[:-1024]))


@needs_c3d
def test_a_c3d_without_points_is_refused(tmp_path: Path) -> None:
    raw = bytearray(c3d(markers(BODY, PLUG_IN_GAIT)))
    position = raw.index(b"USED") + 8
    raw[position : position + 2] = b"\0\0"
    with pytest.raises(BadFile, match=r"POINT:USED: expected markers, or joint centres exported as points"):
        read(written(tmp_path, "walk.c3d", bytes(raw)))


def test_own_names_come_from_a_table(tmp_path: Path) -> None:
    points = {f"P{n}": place for n, place in enumerate(markers(BODY, HALPE26).values())}
    ref = FileRef(written(tmp_path, "own.trc", trc(points)))
    labels, stacked = tuple(points), np.stack(list(points.values()), axis=1)
    with pytest.raises(BadFile, match=r"unknown names are P0, P1, .*|its names are P0"):
        bodies_of("own.trc", labels, stacked)
    own = {f"P{n}": STANDARD.landmark(name) for n, name in enumerate(HALPE26)}
    chosen = markers_from({name: landmark[0] for name, landmark in own.items() if landmark})
    clip = marker_clip(ref, b"", Trajectories(labels, stacked, RATE, "m"), where="rate", markers=chosen)
    assert_same(clip)
    with pytest.raises(BadConfig, match=r"marker 'P1': expected a landmark \(c7, .* found 'kneecap'"):
        markers_from({"P1": "kneecap"})


def test_own_names_of_a_settings_file_are_used(tmp_path: Path) -> None:
    points = {f"P{n}": place for n, place in enumerate(markers(BODY, HALPE26).values())}
    path = written(tmp_path, "own.trc", trc(points))
    landmarks = [STANDARD.landmark(name) for name in HALPE26]
    lines = [f'P{n} = "{landmark[0]}"' for n, landmark in enumerate(landmarks) if landmark]
    (tmp_path / SETTINGS_FILE).write_text("\n".join(["[markers]", *lines]))
    assert_same(read(path))
    (tmp_path / SETTINGS_FILE).write_text("[markers]\nP1 = 3\n")
    with pytest.raises(BadConfig, match="markers: expected a table of names and landmarks"):
        read(path)


def test_a_table_may_leave_a_marker_out() -> None:
    points = markers(BODY, PLUG_IN_GAIT)
    chosen = markers_from({"LTOE": "", "rtoe": ""})
    bodies, notes = bodies_of("x", list(points), np.stack(list(points.values()), 1), chosen)
    assert "foot (both): at the ankle" in notes
    np.testing.assert_array_equal(
        bodies[:, 0, NTU25.index("foot_left")], bodies[:, 0, NTU25.index("ankle_left")]
    )


def test_every_name_is_one_landmark_on_its_own_side() -> None:
    """No alias hides another: each name in the table, with its side, gives the landmark it is listed for."""
    for landmark, text in names.MIDDLE.items():
        for alias in text.split():
            assert STANDARD.landmark(alias) == (landmark, text.split().index(alias))
    for landmark, text in names.SIDED.items():
        for alias in text.split():
            for side in ("left", "right"):
                for style in (
                    f"{side[0].upper()}_{alias}",
                    f"{alias}_{side}",
                    f"{side}.{alias}",
                    f"{alias} {side[0]}",
                ):
                    found = STANDARD.landmark(style)
                    assert found is not None, style
                    assert found[0] == f"{landmark}_{side}", style
    assert {"knee_lateral_left", "c7"} <= LANDMARKS


@pytest.mark.parametrize(
    "name",
    [
        "LKneeAngles", "LHipMoment", "CentreOfMass", "*12", "Unlabeled 1234", "LTHI", "RTIB", "r_thigh1_study", "", "L",
        "left", "LFEP", "RClavicle2",
    ],
)  # fmt: skip
def test_what_is_no_landmark_is_none(name: str) -> None:
    assert STANDARD.landmark(name) is None


def test_a_lower_body_is_refused_with_what_is_missing() -> None:
    points = {
        name: place
        for name, place in markers(BODY, PLUG_IN_GAIT).items()
        if name[1:] in ("ASI", "PSI", "KNE", "ANK", "TOE")
    }
    message = r"no marker for elbow_left \(elbow_left or elbow_lateral_left or elbow_medial_left\); .* 3 more joints"
    with pytest.raises(BadFile, match=message):
        bodies_of("gait.c3d", list(points), np.stack(list(points.values()), 1))


def test_frames_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    lines = trc(markers(BODY, HALPE26)).split("\n")
    lines[29] = lines[29].replace("24\t", "999999\t", 1)
    with pytest.raises(LimitExceeded, match="frames, more than the limit"):
        read(written(tmp_path, "far.trc", "\n".join(lines)))


def test_formats_are_detected_before_general_tables() -> None:
    order = list(FORMATS)
    assert max(
        map(order.index, ("vicon-csv", "motive-csv", "deeplabcut", "sleap", "freemocap"))
    ) < order.index("keypoints-csv")


@pytest.mark.parametrize("write", [c3d, lambda points: trc(points, "m", 1.0).encode()], ids=["c3d", "trc"])
def test_a_mirrored_body_is_asked_about(write: Callable[[Any], bytes], tmp_path: Path) -> None:
    mirrored = {name: points * [-1, 1, 1] for name, points in rotated(markers(BODY, HALPE26), "z").items()}
    content = write(mirrored)
    file = tmp_path / ("a.trc" if content.startswith(b"PathFileType") else "a.c3d")
    file.write_bytes(content)
    with pytest.raises(Undecided, match=r"feet and knees point backwards.*--mirrored or --no-mirrored"):
        read(file)
    assert_same(read(file, mirrored=True), within=0.01, **EXACT)
    contradicted = read(file, mirrored=False)
    assert "axes right-handed" in contradicted.reading
    assert sum(note.startswith("looks mirrored") for note in contradicted.problems) == 1
    assert not any(note.startswith("looks mirrored") for note in read(file, mirrored=True).problems)


def test_a_reading_says_what_the_unit_is_based_on(tmp_path: Path) -> None:
    points = rotated(markers(BODY, HALPE26), "z")
    clip = read(written(tmp_path, "a.c3d", c3d(points, unit="mm", scale=1)))
    assert "established by the body: " in clip.reading
    assert "unit m (a torso of 0.4" in clip.reading
    assert "unit mm" not in clip.reading
