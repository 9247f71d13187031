"""Bodies that look like others in every format: who lies on a bed, frames of their own scale, units that are wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import reading_bodies
from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.read.interpret.decision import values_of
from pgfa.read.stated import UNITS
from pgfa.skeleton import COCO17, NTU25
from reading_bodies import HEAD_ALONG, SCALES, WRITERS, on_a_bed
from reading_cases import Case, Truth, difference, tried
from reading_defects import npy, relative
from reading_motions import Floats, changed, in_layout, motion, pixels, seated

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CASES = list(reading_bodies.cases())
programs = st.sampled_from(sorted(WRITERS))
scales = st.sampled_from(sorted(SCALES))


def written(folder: Path, program: str, body: Any) -> Path:
    _, file, write, _ = WRITERS[program]
    content = write(body)
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / file


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_none_is_misread(case: Case, tmp_path: Path) -> None:
    outcome = tried(case, tmp_path)
    assert outcome.verdict in ("asked", "refused", "right"), outcome.why


@QUICK
@example(program="C3D", where="z up, head along -y", name="wave", feet=None, aside=0.0, raised=-0.34375)
@given(program=programs, where=st.sampled_from(sorted(HEAD_ALONG)), name=st.sampled_from(["wave", "kick-forward"]),
       feet=st.sampled_from([None, -2, -1, -0.3, 0.3, 0.5, 1, 2]), aside=st.floats(-3, 3),
       raised=st.floats(-0.35, 0.35))  # fmt: skip
def test_somebody_on_a_bed_is_not_stood_up(
    program: str, where: str, name: str, feet: float | None, aside: float, raised: float, tmp_path: Path
) -> None:
    up, turn = HEAD_ALONG[where]
    lying = changed(on_a_bed(name, feet), np.eye(3), (aside, raised, 0))
    file = written(tmp_path, program, changed(lying, turn))
    try:
        read_up, question = values_of(read(file).reading)["up"], ""
    except Undecided as error:
        read_up, question = "", str(error)
    # A bed that is as low as the floor is one: then it is read, as somebody who lies.
    assert read_up == up or re.search(rf"--up {up}|--up=-y|--mirrored", question)
    clip = read(file, up=up, mirrored=False)
    assert not difference(clip, (lying,), Truth(((lying,),), within=WRITERS[program][3]))


@QUICK
@given(program=programs, name=st.sampled_from(["wave", "kick-forward", "squat", "walk"]), turn=st.floats(0, 6.3),
       away=st.floats(1.6, 5))  # fmt: skip
def test_somebody_who_stands_is_read(
    program: str, name: str, turn: float, away: float, tmp_path: Path
) -> None:
    """On a floor at 0 or before a camera, with y up."""
    cos, sin = np.cos(turn), np.sin(turn)
    body = changed(motion(name), np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]))
    middle = np.median(body["pelvis"], axis=0)
    body = changed(body, np.eye(3), (0.4 - middle[0], 1 if away < 3 else 0, away - middle[2]))
    clip = read(written(tmp_path, program, body))
    assert values_of(clip.reading)["up"] == "y"


@QUICK
@given(program=programs, name=st.sampled_from(["wave", "squat", "sit", "walk"]), turn=st.floats(0, 6.3),
       away=st.floats(0.2, 1.6), aside=st.floats(-1, 1))  # fmt: skip
def test_somebody_on_a_floor_near_the_origin_is_read(
    program: str, name: str, turn: float, away: float, aside: float, tmp_path: Path
) -> None:
    """Feet on a floor at 0 are those of somebody who stands or sits."""
    cos, sin = np.cos(turn), np.sin(turn)
    body = seated(motion("wave")) if name == "sit" else motion(name)
    body = changed(body, np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]))
    middle = np.median(body["pelvis"], axis=0)
    lowest = min(place[:, 1].min() for joint, place in body.items() if not joint.startswith("="))
    body = changed(body, np.eye(3), (aside - middle[0], 0.03 - lowest, away - middle[2]))
    clip = read(written(tmp_path, program, body))
    assert values_of(clip.reading)["up"] == "y"
    assert not difference(clip, (body,), Truth(((body,),), within=WRITERS[program][3]))


@QUICK
@given(scale=scales, name=st.sampled_from(["squat", "jump"]), decimals=st.sampled_from([3, 5, None]),
       by=st.sampled_from([1.0, 2.0, 100.0]), layout=st.sampled_from([NTU25, COCO17]))  # fmt: skip
def test_frames_that_were_scaled_one_by_one_are_refused(
    scale: str, name: str, decimals: int | None, by: float, layout: Any, tmp_path: Path
) -> None:
    points = SCALES[scale](in_layout(relative(motion(name)), layout))
    points = (points if decimals is None else points.round(decimals)) * by
    (tmp_path / "a.npy").write_bytes(npy(points))
    with pytest.raises(
        BadFile, match="one scale on all axes and in all frames: save them before they are scaled"
    ):
        read(tmp_path / "a.npy", layout=layout.name, mirrored=False, up="y")


@pytest.mark.parametrize("name", ["walk", "wave", "kick-forward", "squat", "jump", "stand"])
@pytest.mark.parametrize(
    "see", [lambda p: p, pixels, lambda p: pixels(p).round(), lambda p: pixels(p) / 1280]
)
def test_a_recording_has_one_scale(name: str, see: Callable[[Floats], Floats], tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy(see(in_layout(motion(name), COCO17))))
    assert len(read(tmp_path / "a.npy").positions)


@QUICK
@given(program=programs, unit=st.sampled_from(sorted(set(UNITS) - {"m"})))
def test_a_stated_unit_in_which_nobody_has_that_size_is_refused(
    program: str, unit: str, tmp_path: Path
) -> None:
    """Nexus and C3D hold millimetres, the others metres."""
    file = written(tmp_path, program, motion("walk"))
    own = "mm" if program in ("Nexus", "C3D") else "m"
    exact = read(file)
    np.testing.assert_allclose(read(file, unit=own).positions, exact.positions, rtol=1e-4, atol=1e-5)
    if unit != own:
        with pytest.raises(Undecided, match=rf"in the unit {unit}, as stated; state it with --unit {own} "):
            read(file, unit=unit)
