"""Files whose numbers are those of another motion than they say: one axis scaled, flat or cut off, names and people in
each other's place, lines that were written twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from optical_motion import PLUG_IN_GAIT, markers, trc
from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.read.interpret.decision import values_of
from pgfa.read.interpret.exchanged import exchanged_joints
from pgfa.read.interpret.frame_scales import scale_of_frames
from pgfa.read.interpret.unit_length import unit_length
from pgfa.skeleton import COCO17, H36M17, MEDIAPIPE33, NTU25, Layout
from pgfa.synth.skeleton_text import skeleton_text
from reading_motions import changed, in_layout, motion, pixels
from reading_schemas import camel, table

Floats = NDArray[np.float64]
DECLARED = {"layout": "ntu25", "fps": 30, "up": "y", "unit": "m", "handedness": "right"}
AWAY = np.array([0.4, 1.2, 3.0])
SIDES = ("left", "right")


def as_json(folder: Path, points: Floats, **declared: Any) -> Path:
    content = {**DECLARED, **declared, "keypoints": np.round(points, 4).tolist()}
    (folder / "a.json").write_text(json.dumps(content))
    return folder / "a.json"


def as_npy(folder: Path, points: Floats, name: str = "a.npy") -> Path:
    np.save(folder / name, points)
    return folder / name


def renamed(points: Floats, layout: Layout, one: str, other: str) -> Floats:
    """Two joints of both sides in each other's place."""
    order = list(range(len(layout.joints)))
    for side in SIDES:
        first, second = layout.index(f"{one}_{side}"), layout.index(f"{other}_{side}")
        order[first], order[second] = second, first
    return points[:, order]


def scaled(points: Floats, axis: int, low: float = 0.0) -> Floats:
    """One axis from `low` to 1."""
    out = points.copy()
    values = points[..., axis]
    out[..., axis] = low + (1 - low) * (values - values.min()) / np.ptp(values)
    return out


@pytest.mark.parametrize("low", [0.0, -1.0])
@pytest.mark.parametrize("axis", range(3), ids="xyz")
@pytest.mark.parametrize("write", [as_json, as_npy])
def test_an_axis_with_a_range_of_its_own(write: Any, axis: int, low: float, tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25) + AWAY
    with pytest.raises(BadFile, match=rf"{'xyz'[axis]} from exactly {low:g} to 1|limbs that keep their len"):
        read(write(tmp_path, scaled(points, axis, low)))


@pytest.mark.parametrize("low", [0.0, -1000.0])
@pytest.mark.parametrize("axis", range(3), ids="xyz")
def test_an_axis_from_0_to_1000(axis: int, low: float, tmp_path: Path) -> None:
    """In millimetres such an axis has about the size of a body."""
    points = 1000 * scaled(in_layout(motion("walk"), NTU25) + AWAY, axis, low / 1000)
    for other in set(range(3)) - {axis}:
        points[..., other] += 3000
    words = rf"{'xyz'[axis]} from exactly {low:g} to 1000|limbs that keep their len"
    with pytest.raises(BadFile, match=words):
        read(as_npy(tmp_path, points))


def test_one_scale_for_all_axes_is_read(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25) + AWAY
    clip = read(as_npy(tmp_path, (points - points.min()) / np.ptp(points)))
    assert values_of(clip.reading)["unit"].endswith(" m")


@pytest.mark.parametrize("axis", range(2), ids="xy")
def test_a_body_without_extent_along_an_axis(axis: int, tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25) + AWAY
    points[..., axis] = 0
    with pytest.raises(BadFile, match=f"next to no extent along {'xyz'[axis]}"):
        read(as_json(tmp_path, points))


def test_a_single_arm_may_be_thin(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25) + AWAY
    arm = [NTU25.index(f"{joint}_left") for joint in ("shoulder", "elbow", "wrist")]
    only = np.full_like(points, np.nan)
    only[:, arm] = points[:, arm]
    only[:, arm, 0] = points[:, arm[:1], 0]
    content = {**DECLARED, "keypoints": np.round(only, 4).tolist()}
    (tmp_path / "a.json").write_text(json.dumps(content).replace("NaN", "null"))
    assert read(tmp_path / "a.json").frames == len(points)


def test_markers_without_extent_along_an_axis(tmp_path: Path) -> None:
    places = {name: place * [0, 1, 1] for name, place in markers(motion("wave"), PLUG_IN_GAIT).items()}
    (tmp_path / "a.trc").write_text(trc(places))
    with pytest.raises(BadFile, match="next to no extent along x"):
        read(tmp_path / "a.trc")


def test_a_depth_in_another_unit_beside_a_declared_one(tmp_path: Path) -> None:
    points = (in_layout(motion("wave"), NTU25) + AWAY) * [1, 100, 1]
    with pytest.raises(BadFile, match="next to no extent along x") as caught:
        read(as_json(tmp_path, points))
    assert not isinstance(caught.value, Undecided)


def test_coordinates_that_were_cut_off_are_noted(tmp_path: Path) -> None:
    points = in_layout(motion("squat"), NTU25) + AWAY
    top = float(np.median(points[..., 1])) + 0.1
    clip = read(as_json(tmp_path, np.minimum(points, [np.inf, round(top, 4), np.inf])), layout="ntu25")
    assert any("many joints are exactly at y = " in problem for problem in clip.problems)
    whole = read(as_json(tmp_path, points))
    assert not any("cut off" in problem for problem in whole.problems)


def straight(points: Floats) -> Floats:
    """Of 17 joints, a body that does not show which way it faces."""
    at = {joint: points[:, index] for index, joint in enumerate(COCO17.joints)}
    at["nose"][:] = (at["ear_left"] + at["ear_right"]) / 2
    for side in SIDES:
        at[f"elbow_{side}"][:] = (at[f"shoulder_{side}"] + at[f"wrist_{side}"]) / 2
        at[f"knee_{side}"][:] = (at[f"hip_{side}"] + at[f"ankle_{side}"]) / 2
    return points


def test_axes_scaled_one_by_one_are_no_scores(tmp_path: Path) -> None:
    points = straight(in_layout(motion("wave"), COCO17))
    low, high = points.min((0, 1)), points.max((0, 1))
    with pytest.raises(BadFile, match="every axis from 0 to 1"):
        read(as_npy(tmp_path, (points - low) / (high - low)))
    scores = np.full((*points.shape[:2], 1), 0.9)
    assert not read(as_npy(tmp_path, np.concatenate([pixels(points), scores], axis=-1))).depth


@pytest.mark.parametrize("name", ["wave", "kick-forward"])
def test_limbs_that_are_folded_flat_have_their_joints_exchanged(name: str) -> None:
    points = in_layout(motion(name), NTU25)
    still = np.repeat(points[:1], 20, axis=0) + np.random.default_rng(0).normal(0, 0.002, (20, 25, 3))
    for bodies in (still, still[..., :2]):
        assert exchanged_joints(bodies, NTU25) == ""
        assert exchanged_joints(renamed(bodies, NTU25, "knee", "ankle"), NTU25) == "knee and ankle exchanged"


def test_exchanged_names_in_a_picture_are_noted(tmp_path: Path) -> None:
    picture = pixels(in_layout(motion("wave"), COCO17))
    declared = {"layout": "coco17", "unit": None, "handedness": None, "up": None}
    clip = read(as_json(tmp_path, renamed(picture, COCO17, "knee", "ankle"), **declared))
    assert "perhaps knee and ankle exchanged" in clip.problems
    assert not any("perhaps" in problem for problem in read(as_json(tmp_path, picture, **declared)).problems)


@pytest.mark.parametrize("flat", [True, False], ids=["picture", "space"])
def test_a_declared_layout_that_is_another(flat: bool, tmp_path: Path) -> None:
    points = in_layout(motion("wave"), H36M17)
    declared = {"unit": None, "handedness": None, "up": None} if flat else {}
    numbers = pixels(points) if flat else points
    with pytest.raises(Undecided, match="human in h36m17 only") as caught:
        read(as_json(tmp_path, numbers, layout="coco17", **declared))
    assert caught.value.options == ("h36m17", "coco17")
    assert read(as_json(tmp_path, numbers, layout="h36m17", **declared)).layout is H36M17


def test_an_impossible_body_under_a_declared_layout(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    shifted = np.roll(points, 1, axis=1)
    with pytest.raises(BadFile, match=r"--layout ntu25\), found .*impossible body: pelvis"):
        read(as_json(tmp_path, shifted))
    clip = read(as_json(tmp_path, shifted), layout="ntu25")
    assert any("impossible body" in problem for problem in clip.problems)


def two_people() -> Floats:
    """(60, 2, 25, 3) of people 1.2 m apart."""
    one, other = (in_layout(motion(name), NTU25)[:40] for name in ("wave", "squat"))
    return np.stack([one - one[0, 0], other - other[0, 0] + [1.2, 0, 0.3]], axis=1) + AWAY


def exchanged(people: Floats) -> Floats:
    out = people.copy()
    out[15:25] = out[15:25, ::-1]
    return out


def skeleton(folder: Path, people: Floats) -> Path:
    (folder / "a.skeleton").write_bytes(skeleton_text(people.astype(np.float32)))
    return folder / "a.skeleton"


@pytest.mark.parametrize("write", [as_npy, as_json, skeleton])
def test_people_in_each_others_place_are_noted(write: Any, tmp_path: Path) -> None:
    note = "change places 2 times, first after frame 15"
    assert any(note in problem for problem in read(write(tmp_path, exchanged(two_people()))).problems)
    assert not any("change places" in problem for problem in read(write(tmp_path, two_people())).problems)


def test_takes_of_two_bodies_lose_no_joints(tmp_path: Path) -> None:
    one, other = (two_people()[:, body].copy() for body in range(2))
    one[:, NTU25.index("handtip_left")] = one[:, NTU25.index("thumb_left")]
    clip = read(as_npy(tmp_path, np.concatenate([one, other])))
    assert np.isfinite(clip.positions).all()
    assert any("takes that were joined" in problem for problem in clip.problems)


def titles(axes: str = "xyz", more: tuple[str, ...] = ()) -> list[str]:
    return [f"{camel(joint)}_{axis}" for joint in NTU25.joints for axis in (*axes, *more)]


def test_lines_that_were_written_twice_are_one_person(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    rows = [[n, *frame.reshape(-1).tolist()] for n, frame in enumerate(points) for _ in range(2)]
    (tmp_path / "a.csv").write_text(table(["frame", *titles()], rows))
    clip = read(tmp_path / "a.csv")
    assert (clip.bodies, clip.frames) == (1, len(points))
    note = f"{len(points)} entries exactly as another of the same frame: left out"
    assert note in clip.problems


@pytest.mark.parametrize("zero", ["0", "0.000", "NotTracked"])
def test_states_of_joints_may_be_numbers_with_a_point(zero: str, tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    rows: list[list[object]] = []
    for number, frame in enumerate(points):
        states = [zero if joint == 5 and number < 10 else "2.000" for joint in range(25)]
        cells = zip(frame.tolist(), states, strict=True)
        rows.append([number, *(cell for place, state in cells for cell in (*place, state))])
    (tmp_path / "a.csv").write_text(table(["frame", *titles(more=("TrackingState",))], rows))
    clip = read(tmp_path / "a.csv")
    assert np.isnan(clip.positions[:10, 0, 5]).all()
    assert np.isfinite(clip.positions[10:]).all()


def test_frames_divided_by_the_range_of_their_numbers() -> None:
    points = in_layout(motion("kick-forward"), NTU25)
    points = (points - points[:, :1]) * [1, 0.5, 2]  # no axis has all of the range
    low, high = points.min((1, 2), keepdims=True), points.max((1, 2), keepdims=True)
    divided = points / (high - low)
    assert scale_of_frames(points[:, None], NTU25) == ""
    assert scale_of_frames(divided[:, None], NTU25).startswith("has a range of all its coordinates of 1")


def test_a_body_divided_by_its_trunk_has_no_unit(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    middles = [(points[:, NTU25.index(f"{joint}_left")] + points[:, NTU25.index(f"{joint}_right")]) / 2
               for joint in ("hip", "shoulder")]  # fmt: skip
    trunk = np.linalg.norm(middles[1] - middles[0], axis=-1)[:, None, None]
    assert unit_length(points / trunk, NTU25) == "from hips to shoulders"
    assert unit_length(points, NTU25) == ""
    clip = read(as_npy(tmp_path, (points - points[:, :1]) / trunk))
    assert "size unknown, an adult assumed" in " ".join(clip.problems)
    assert "hips to shoulders is always 1" in clip.reading


def test_a_rate_settles_that_joints_jump(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)[::6] + 0.6 * np.arange(8)[:, None, None] * [0, 0, 1]
    path = as_npy(tmp_path, points)
    with pytest.raises(BadFile, match=r"--rate of slow recordings.*joints jump") as caught:
        read(path)
    assert not isinstance(caught.value, Undecided)
    assert read(path, rate=3).frames == len(points)
    assert read(as_json(tmp_path, points, fps=3)).rate == 3


def lying() -> Floats:
    """On the back with z up, head along x, limbs straight, low above the floor: z is from 0 to 1, as scores are."""
    body = changed(motion("wave"), np.array([[0, 1.0, 0], [1, 0, 0], [0, 0, 1]]))
    points = straight(in_layout(body, COCO17))
    return points - points.min((0, 1)) + [0.2, 0.3, 0.1]


def test_what_is_stated_of_points_in_space_is_no_picture(tmp_path: Path) -> None:
    path = as_npy(tmp_path, lying())
    with pytest.raises(Undecided) as caught:
        read(path)
    assert "xyz" in caught.value.options
    assert read(path, up="z", mirrored=True).depth
    assert read(path, unit="m", up="z", mirrored=True).depth


@pytest.mark.parametrize("up", [1, 2], ids=["y up", "z up"])
def test_a_freemocap_array_without_z(up: int, tmp_path: Path) -> None:
    points = 1000 * in_layout(motion("wave"), MEDIAPIPE33)
    points = points if up == 1 else points[..., [2, 0, 1]]
    points[..., 2] = 0
    path = as_npy(tmp_path, points, "mediapipe_body_3d_xyz.npy")
    if up == 1:
        clip = read(path)
        assert not clip.depth
        assert any("z is constant: a picture, y up" in note for note in clip.problems)
    else:
        with pytest.raises(BadFile, match="the same z everywhere"):
            read(path)


def test_a_declared_recording_that_looks_mirrored(tmp_path: Path) -> None:
    points = in_layout(motion("squat"), H36M17)
    clip = read(as_json(tmp_path, points * [-1, 1, 1], layout="h36m17"))
    assert any("looks mirrored" in problem for problem in clip.problems)
    assert not any(
        "looks mirrored" in problem for problem in read(as_json(tmp_path, points, layout="h36m17")).problems
    )


def test_takes_that_were_joined_in_a_file_that_declares_all(tmp_path: Path) -> None:
    points = in_layout(motion("kick-forward"), NTU25)
    smooth = np.repeat(points[:1], 20, axis=0) + np.linspace(0, 0.02, 20)[:, None, None]
    other = in_layout(motion("squat"), NTU25)
    middle = other[len(other) // 2]
    second = np.repeat(middle[None], 20, axis=0) + np.linspace(0, 0.02, 20)[:, None, None]
    clip = read(skeleton(tmp_path, np.concatenate([smooth, second])[:, None] + AWAY))
    assert any("takes that were joined" in problem for problem in clip.problems)
