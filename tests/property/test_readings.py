"""A body that is turned, mirrored, scaled, moved, permuted or stored in another order: read back right, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgfa.errors import Undecided
from pgfa.read import read
from pgfa.read.sample import person
from pgfa.read.stated import UNITS
from pgfa.skeleton import COCO17, H36M17, KINECT20, MEDIAPIPE33, NTU25, OPENPOSE25, SMPL24, Clip, Layout

BODIES = (COCO17, H36M17, KINECT20, MEDIAPIPE33, NTU25, OPENPOSE25, SMPL24)
QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
AXES = {
    "y": ([0, 1, 2], [1, 1, 1]), "-y": ([0, 1, 2], [-1, -1, 1]), "z": ([0, 2, 1], [1, -1, 1]),
    "-z": ([0, 2, 1], [1, 1, -1]), "x": ([1, 0, 2], [1, -1, 1]), "-x": ([1, 0, 2], [-1, 1, 1]),
}  # fmt: skip
"""Up axis -> the axes of a body with y up in their new order, and their signs: a turn, never a mirror."""


def with_up(points: np.ndarray, up: str) -> np.ndarray:
    """(..., 3) with y up -> turned so that `up` points up."""
    order, signs = AXES[up]
    return points[..., order] * signs


def saved(folder: Path, array: np.ndarray) -> Path:
    """An array as a file."""
    np.save(folder / "a.npy", array)
    return folder / "a.npy"


def same(clip: Clip, expected: np.ndarray) -> bool:
    """Whether the first body of a clip is the expected one but for a shift and a turn about the vertical."""
    actual = clip.positions[:, 0].astype(float)
    a, b = (points - points.mean(axis=(0, 1)) for points in (actual, expected))
    cross = (a[..., [0, 2]].reshape(-1, 2).T @ b[..., [0, 2]].reshape(-1, 2)).reshape(-1)
    angle = np.arctan2(cross[2] - cross[1], cross[0] + cross[3])
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    return bool(np.abs(a @ turn - b).max() < 0.01)


layouts = st.sampled_from(BODIES)
ups = st.sampled_from(sorted(AXES))


@QUICK
@given(layout=layouts, up=ups, mirrored=st.booleans(), unit=st.sampled_from(sorted(UNITS)), about=st.floats(0, 6.3),
       shift=st.tuples(*[st.floats(-5, 5)] * 3))  # fmt: skip
def test_right_or_refused_and_right_when_stated(
    layout: Layout, up: str, mirrored: bool, unit: str, about: float, shift: tuple[float, ...], tmp_path: Path
) -> None:
    expected = person(layout, 12)
    turn = np.array([[np.cos(about), 0, -np.sin(about)], [0, 1, 0], [np.sin(about), 0, np.cos(about)]])
    moved = expected @ turn + shift
    array = with_up(moved * [-1 if mirrored else 1, 1, 1], up) / UNITS[unit]
    file = saved(tmp_path, array)
    stated: dict[str, Any] = {"layout": layout.name, "up": up, "unit": unit, "mirrored": mirrored}
    columns: dict[str, Any] = {}
    try:
        clip = read(file, **stated)
    except Undecided as asked:  # a third column from 0 to 255, as in inches, may hold scores beside pixels
        columns = {"axes": asked.options[asked.options.index("xyz")]}
        clip = read(file, **stated, **columns)
    assert same(clip, expected)
    if up in ("y", "-y"):
        clip = read(file, **columns)
        assert (clip.layout, clip.depth) == (layout, True)
        assert same(clip, expected)
        assert ("axes are left-handed" in " ".join(clip.problems)) == mirrored
    else:
        with pytest.raises(Undecided, match=r"--up") as caught:
            read(file, **columns)
        assert up in caught.value.options


def arc(radius: float, about: float, frames: int = 60) -> np.ndarray:
    """(frames, 1, 3): a quarter of a circle on the floor."""
    angles = np.linspace(about, about + np.pi / 2, frames)
    return radius * np.stack([np.sin(angles), 0 * angles, np.cos(angles)], -1)[:, None]


@QUICK
@given(layout=layouts, radius=st.floats(2.5, 6), about=st.sampled_from([0.0, np.pi / 2, np.pi]), mirrored=st.booleans(),
       unit=st.sampled_from(["m", "cm", "mm"]))  # fmt: skip
def test_somebody_who_walks_about_stands_along_z(
    layout: Layout, radius: float, about: float, mirrored: bool, unit: str, tmp_path: Path
) -> None:
    expected = person(layout, 60) + arc(radius, about)
    array = with_up(expected * [-1 if mirrored else 1, 1, 1], "z") / UNITS[unit]
    clip = read(saved(tmp_path, array))
    assert same(clip, expected)
    assert "up z (the feet keep to one height while the body moves" in clip.reading


@QUICK
@given(
    layout=layouts,
    unit=st.sampled_from(["m", "cm", "mm", "ft"]),  # heights in inches may be scores from 0 to 100
    shift=st.tuples(*[st.floats(-5, 5)] * 3),
    bed=st.floats(0, 1),
    crawl=st.floats(0, 5),
)
def test_somebody_who_lies_is_asked_about(
    layout: Layout, unit: str, shift: tuple[float, ...], bed: float, crawl: float, tmp_path: Path
) -> None:
    lying = with_up(person(layout, 60), "z") + shift
    lying[..., 1] += bed - lying[..., 1].min()  # on a floor, or a bed
    lying[..., 0] += crawl * np.linspace(0, 1, 60)[:, None]
    with pytest.raises(Undecided, match=r"--up z or --up y"):
        read(saved(tmp_path, lying / UNITS[unit]))
    assert same(read(tmp_path / "a.npy", up="y"), lying)


@QUICK
@given(layout=layouts, order=st.sampled_from(["CTV", "TCV", "VTC", "TMVC", "MTVC", "CTVM", "NCTVM", "NMTVC", "NTVC",
                                               "T(VC)", "T(CV)"]), people=st.integers(1, 2))  # fmt: skip
def test_every_order_of_axes(layout: Layout, order: str, people: int, tmp_path: Path) -> None:
    one = person(layout, 30)
    bodies = np.stack([one, one[::-1] + np.array([1.5, 0, 0])][:people])
    if order.startswith("T("):
        array = (one if order == "T(VC)" else one.transpose(0, 2, 1)).reshape(len(one), -1)
    else:
        array = bodies if "M" in order else one
        axes = "MTVC" if "M" in order else "TVC"
        array = array.transpose([axes.index(axis) for axis in order.removeprefix("N")])
        array = array[None] if order.startswith("N") else array
    clip = read(saved(tmp_path, array))
    assert (clip.frames, clip.bodies) == (30, people if "M" in order else 1)
    assert same(clip, one)


@QUICK
@given(layout=layouts, seed=st.integers(0, 10_000), depth=st.booleans())
def test_joints_in_another_order_are_refused(layout: Layout, seed: int, depth: bool, tmp_path: Path) -> None:
    order = np.random.default_rng(seed).permutation(len(layout.joints))
    points = person(layout, 12)[:, order]
    array = points if depth else points[..., :2] * [1, -1]
    try:
        clip = read(saved(tmp_path, array))
    except Undecided:
        return
    # A permutation that moves only joints close together, of the face or a hand, cannot be noticed.
    assert np.abs(clip.positions[:, 0] - clip.positions[:, :1, :1].mean()).max() < 3
    expected = person(layout, 12)
    limbs = [
        index for index, name in enumerate(layout.joints) if name.split("_")[0] in ("knee", "elbow", "hip")
    ]
    assert np.abs((points - expected)[:, limbs]).max() < 0.01


@QUICK
@given(
    layout=layouts,
    mark=st.sampled_from([0.0, -1.0, 9999.0, -100.0, float("nan")]),
    seed=st.integers(0, 10_000),
)
def test_marks_of_absent_joints(layout: Layout, mark: float, seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    expected = person(layout, 30)
    gone = random.random(expected.shape[:2]) < 0.1
    array = np.where(gone[..., None], mark, expected)
    clip = read(saved(tmp_path, array))
    assert (np.isnan(clip.positions[:, 0, :, 0]) == gone).all()


@pytest.mark.parametrize("layout", [NTU25, SMPL24, H36M17, KINECT20], ids=lambda layout: layout.name)
def test_the_origin_of_a_body_is_seen(layout: Layout, tmp_path: Path) -> None:
    points = person(layout, 20)
    relative = points - points[:, [layout.index("pelvis")]]
    clip = read(saved(tmp_path, relative))
    assert np.isfinite(clip.positions).all()
    assert "origin pelvis" in clip.reading
    # A pelvis that was never detected, of a body elsewhere, is absent.
    elsewhere = points.copy()
    elsewhere[:, layout.index("pelvis")] = 0
    assert np.isnan(read(saved(tmp_path, elsewhere)).positions[:, 0, layout.index("pelvis")]).all()


@QUICK
@given(layout=st.sampled_from([COCO17, OPENPOSE25, H36M17]), seed=st.integers(0, 10_000), odd=st.booleans())
def test_scores_are_no_depth(layout: Layout, seed: int, odd: bool, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    scores = random.uniform(0.3, 1, (20, len(layout.joints), 1))
    if odd:  # one score out of range
        scores[3, 4] = 1.04
    points = person(layout, 20)
    for flat in (points[..., :2] * [200, -200] + 400, points[..., :2] * [0.2, -0.4] + [0.5, 0.9]):
        clip = read(saved(tmp_path, np.concatenate([flat, scores], -1)))
        assert (clip.layout, clip.depth) == (layout, False)
    clip = read(saved(tmp_path, np.concatenate([points, scores], -1)))
    assert clip.depth
    assert same(clip, points)


@pytest.mark.parametrize("layout", [COCO17, OPENPOSE25], ids=lambda layout: layout.name)
def test_pictures(layout: Layout, tmp_path: Path) -> None:
    picture = person(layout, 20)[..., :2] * [200, -200] + 400
    upright = read(saved(tmp_path, picture)).positions
    drawn_upwards = read(saved(tmp_path, picture * [1, -1]))
    assert "up y (the trunk stands along y)" in drawn_upwards.reading
    np.testing.assert_allclose(drawn_upwards.positions, upright, atol=1e-4)
    with pytest.raises(Undecided, match=r"--axes yx or --axes xy"):
        read(saved(tmp_path, picture[..., ::-1]))
    np.testing.assert_allclose(read(tmp_path / "a.npy", axes="yx").positions, upright, atol=1e-4)
    np.testing.assert_allclose(
        read(saved(tmp_path, picture), mirrored=True).positions, upright * [-1, 1, 1], atol=1e-4
    )


def test_33_joints_away_from_the_origin_keep_their_depth(tmp_path: Path) -> None:
    points = person(MEDIAPIPE33, 20)
    clip = read(saved(tmp_path, points + np.array([3, 0, 4])))
    assert clip.depth
    assert same(clip, points)
    hips = points[:, [23, 24]].mean(axis=1, keepdims=True)
    world = (points - hips) * [-1, -1, 1]
    assert read(saved(tmp_path, world)).depth
    image = world * [0.2, 0.3, 0.2] + [0.5, 0.5, 0]
    assert not read(saved(tmp_path, image)).depth
    assert read(tmp_path / "a.npy", depth=True, mirrored=False).depth


def test_somebody_who_bends_with_z_up_is_not_stood_up(tmp_path: Path) -> None:
    """Bent for most of the time, the trunk points along y, but the legs along z."""
    bent = person(NTU25, 40)
    hips = bent[:, [NTU25.index("hip_left"), NTU25.index("hip_right")]].mean(axis=1, keepdims=True)
    upper = bent[:, :, 1] > hips[:, :, 1]
    forward = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=float)
    bent[:25] = np.where(upper[:25, :, None], (hips + (bent - hips) @ forward)[:25], bent[:25])
    with pytest.raises(
        Undecided, match="a trunk along y in 62% of the frames, and legs along z in nearly all"
    ):
        read(saved(tmp_path, with_up(bent, "z")))
    np.testing.assert_allclose(read(tmp_path / "a.npy", up="z").positions[:, 0], bent, atol=1e-5)


@pytest.mark.parametrize("axis", ["z", "-z", "x"])
def test_somebody_who_lies_is_not_stood_up(axis: str, tmp_path: Path) -> None:
    lying = with_up(person(NTU25, 20), axis)
    with pytest.raises(Undecided, match="lies"):
        read(saved(tmp_path, lying))
    clip = read(tmp_path / "a.npy", up="y")
    np.testing.assert_allclose(clip.positions[:, 0], lying, atol=1e-5)


@pytest.mark.parametrize(
    "shape", [(0, 17, 3), (4, 0, 3), (4, 17, 0), (0, 0, 0), (4,), (), (1, 1, 1, 1, 1, 1)]
)
def test_arrays_without_content_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    from pgfa.errors import BadFile

    with pytest.raises(BadFile, match="expected"):
        read(saved(tmp_path, np.zeros(shape)))


def test_one_frame(tmp_path: Path) -> None:
    points = person(NTU25, 1)
    clip = read(saved(tmp_path, points))
    assert same(clip, points)
    assert read(saved(tmp_path, points[0])).frames == 1
