"""Layouts, the maps between them, the clip, and clips laid end to end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import make_clip
from pgfa.errors import LayoutMismatch
from pgfa.skeleton import (
    HDM05,
    KINECT20,
    LAYOUTS,
    NO_DEPTH,
    NTU25,
    Clip,
    Layout,
    Ragged,
    get_layout,
    map_positions,
)
from pgfa.skeleton.layouts import map_weights

EVERY = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
KINECT_MAPS = [("kinect20", "ntu25"), ("ntu25", "kinect20"), ("hdm05", "ntu25"), ("hdm05", "kinect20")]
ESTIMATORS = ["coco17", "openpose18", "openpose25", "mediapipe33"]
CAMERAS = ["azure32", "zed34", "zed38", "nuitrack19", "halpe26", "wholebody133", "mpi15", "lcrnet13"]
MAPS = KINECT_MAPS + [
    (source, target)
    for source in [*ESTIMATORS, "smpl24", "smplx22", "h36m17", "h36m32", *CAMERAS]
    for target in ("ntu25", "kinect20")
]


@EVERY
def test_bones_are_a_tree_about_the_centre(layout: Layout) -> None:
    assert len(set(layout.joints)) == len(layout.joints)
    assert len(layout.bones) == len(layout.joints) - 1
    parent = dict(layout.bones)
    assert len(parent) == len(layout.bones)  # no joint has two parents
    for joint in layout.joints:
        path = [joint]
        while path[-1] != layout.centre:
            path.append(parent[path[-1]])
            assert len(path) <= len(layout.joints), f"{joint} is in a cycle"
    assert layout.root in layout.joints


@EVERY
def test_mirror_is_an_involution_that_keeps_the_bones(layout: Layout) -> None:
    mirror = layout.mirror
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(layout.joints)))
    for joint, other in enumerate(mirror):
        name, image = layout.joints[joint], layout.joints[other]
        assert ("left" in name, "right" in name) == ("right" in image, "left" in image)
        assert (joint == other) == ("left" not in name and "right" not in name)
    bones = {tuple(bone) for bone in layout.bone_indices.tolist()}
    assert {(int(mirror[a]), int(mirror[b])) for a, b in bones} == bones
    assert len(layout.pairs) * 2 == sum(mirror != np.arange(len(mirror)))
    assert all(layout.index(right) == mirror[layout.index(left)] for left, right in layout.pairs)


def test_ntu25_is_the_papers_list() -> None:
    """Bones of method.md section 2, 1-based; the centre is joint 20, 0-based."""
    text = """1-2 2-21 3-21 4-3 5-21 6-5 7-6 8-7 9-21 10-9 11-10 12-11 13-1 14-13 15-14 16-15 17-1 18-17 19-18 20-19
        22-23 23-8 24-25 25-12"""
    expected = {frozenset(int(j) - 1 for j in bone.split("-")) for bone in text.split()}
    assert {frozenset(bone) for bone in NTU25.bone_indices.tolist()} == expected
    assert NTU25.index(NTU25.centre) == 20
    assert NTU25.index(NTU25.root) == 0


@EVERY
def test_a_joint_that_the_layout_does_not_have(layout: Layout) -> None:
    with pytest.raises(
        LayoutMismatch, match=f"{layout.name} has no joint 'tail'; it has .*{layout.joints[0]}"
    ):
        layout.index("tail")


def test_an_unknown_layout() -> None:
    assert get_layout("ntu25") is NTU25
    with pytest.raises(
        LayoutMismatch,
        match=r"unknown layout 'coco'; did you mean coco17\? available: azure32, coco17, h36m17, .*ntu25",
    ):
        get_layout("coco")


@pytest.mark.parametrize(("source", "target"), MAPS)
def test_a_map_keeps_joints_of_one_name_and_invents_nothing(source: str, target: str) -> None:
    weights = map_weights(source, target)
    origin, goal = get_layout(source), get_layout(target)
    assert weights.shape == (len(goal.joints), len(origin.joints))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert (weights >= 0).all()
    assert ((weights > 0).sum(axis=1) <= 4).all()
    # Left is made of left, and the mirror of the map is the map of the mirror.
    np.testing.assert_array_equal(weights[goal.mirror][:, origin.mirror], weights)
    for row, joint in enumerate(goal.joints):
        if joint in origin.joints and joint != "spine":
            assert weights[row, origin.joints.index(joint)] == 1
    computed = {("kinect20", "ntu25"): 5, ("ntu25", "kinect20"): 0}.get((source, target), 1)
    if (source, target) in KINECT_MAPS:
        same = sum(
            weights[row, origin.joints.index(j)] == 1
            for row, j in enumerate(goal.joints)
            if j in origin.joints
        )
        assert len(goal.joints) - same == computed


def test_kinect20_to_ntu25_as_defined() -> None:
    """The neck half-way between chest and head, finger tips and thumbs at the hand."""
    positions = np.random.default_rng(0).normal(size=(4, 2, 20, 3)).astype(np.float32)
    out = map_positions(positions, KINECT20, NTU25)
    joint_at = {name: out[..., NTU25.index(name), :] for name in NTU25.joints}
    was = {name: positions[..., KINECT20.index(name), :] for name in KINECT20.joints}
    np.testing.assert_allclose(joint_at["neck"], (was["chest"] + was["head"]) / 2, rtol=1e-6)
    for side in ("left", "right"):
        for tip in ("handtip", "thumb"):
            np.testing.assert_array_equal(joint_at[f"{tip}_{side}"], was[f"hand_{side}"])
    for name, value in was.items():
        np.testing.assert_array_equal(joint_at[name], value)


@pytest.mark.parametrize(("source", "target"), MAPS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_map_is_its_weights_and_keeps_gaps_where_they_are(source: str, target: str, seed: int) -> None:
    origin, goal = get_layout(source), get_layout(target)
    random = np.random.default_rng(seed)
    positions = random.normal(size=(3, 2, len(origin.joints), 3)).astype(np.float32)
    weights = map_weights(source, target)
    np.testing.assert_allclose(
        map_positions(positions, origin, goal), np.einsum("ts,...sx->...tx", weights, positions), atol=1e-6
    )
    positions[random.random(positions.shape[:3]) < 0.3] = np.nan
    gap = np.isnan(positions[..., 0])
    needs = np.einsum("ts,...s->...t", weights > 0, gap) > 0
    if "nose" in origin.joints and "head" not in origin.joints:  # a head without both ears is put at the nose
        head = goal.index("head")
        needs[..., head] &= gap[..., origin.index("nose")]
    out = map_positions(positions, origin, goal)
    np.testing.assert_array_equal(np.isnan(out).all(axis=-1), needs)
    np.testing.assert_array_equal(np.isnan(out).any(axis=-1), needs)


@pytest.mark.parametrize("target", [NTU25, KINECT20], ids=lambda layout: layout.name)
@pytest.mark.parametrize("source", ESTIMATORS)
def test_the_trunk_computed_for_estimators(source: str, target: Layout) -> None:
    """The pelvis between the hips, the chest between the shoulders, the head between the ears."""
    origin = get_layout(source)
    positions = np.random.default_rng(0).normal(size=(4, 2, len(origin.joints), 3)).astype(np.float32)
    was = {name: positions[..., row, :] for row, name in enumerate(origin.joints)}
    out = map_positions(positions, origin, target)
    joint_at = {name: out[..., row, :] for row, name in enumerate(target.joints)}

    def between(joint: str) -> np.ndarray:
        return (was[f"{joint}_left"] + was[f"{joint}_right"]) / 2

    pelvis = was.get("pelvis", between("hip"))
    chest = was.get("chest", between("shoulder"))
    np.testing.assert_allclose(joint_at["pelvis"], pelvis, atol=1e-6)
    np.testing.assert_allclose(joint_at["chest"], chest, atol=1e-6)
    np.testing.assert_allclose(joint_at["head"], between("ear"), atol=1e-6)
    up = 1 / 2 if target is NTU25 else 1 / 6
    np.testing.assert_allclose(joint_at["spine"], pelvis + up * (chest - pelvis), atol=1e-6)
    if target is NTU25:
        np.testing.assert_allclose(joint_at["neck"], (chest + between("ear")) / 2, atol=1e-6)
    hand = (was["index_left"] + was["pinky_left"]) / 2 if source == "mediapipe33" else was["wrist_left"]
    np.testing.assert_allclose(joint_at["hand_left"], hand, atol=1e-6)


@pytest.mark.parametrize("layout", [*ESTIMATORS, "smpl24", "smplx22"])
def test_a_standing_person_stands_in_every_layout(layout: str) -> None:
    """Drawn from ntu25 joints of the same name, what comes back to ntu25 lies near where it came from."""
    rest = {
        "pelvis": (0, 0.9), "hip": (0.1, 0.88), "knee": (0.1, 0.48), "ankle": (0.1, 0.08), "foot": (0.1, 0.03),
        "toe": (0.1, 0.02), "small_toe": (0.14, 0.02), "heel": (0.1, 0.02), "chest": (0, 1.4), "collar": (0.06, 1.35),
        "shoulder": (0.18, 1.4), "elbow": (0.2, 1.12), "wrist": (0.22, 0.88), "hand": (0.22, 0.8),
        "pinky": (0.24, 0.8), "index": (0.2, 0.8), "thumb": (0.18, 0.82), "nose": (0, 1.62), "head": (0, 1.62),
        "eye": (0.03, 1.65), "eye_inner": (0.02, 1.65), "eye_outer": (0.04, 1.65), "ear": (0.08, 1.63),
        "mouth": (0.02, 1.58), "spine_1": (0, 1.0), "spine_2": (0, 1.15), "spine_3": (0, 1.2),
        "spine": (0, 1.15), "neck": (0, 1.5), "handtip": (0.22, 0.72),
    }  # fmt: skip

    def pose(layout: Layout) -> np.ndarray:
        rows = []
        for joint in layout.joints:
            name = joint.removesuffix("_left").removesuffix("_right")
            x, y = rest[name]
            rows.append((-x if joint.endswith("_right") else x, y, 0))
        return np.array(rows, dtype=np.float32)[None, None]

    back = map_positions(pose(get_layout(layout)), get_layout(layout), NTU25)
    assert np.linalg.norm(back - pose(NTU25), axis=-1).max() < 0.2  # finger tips at the wrist are the worst
    assert np.linalg.norm(back - pose(NTU25), axis=-1).mean() < 0.05


def test_a_view_without_depth() -> None:
    first = make_clip(3, 2)
    flat = first.without_depth()
    assert first.depth
    assert not flat.depth
    assert flat.problems == (NO_DEPTH,)
    assert flat.without_depth().problems == (NO_DEPTH,)
    np.testing.assert_array_equal(flat.positions[..., :2], first.positions[..., :2])
    assert (flat.positions[..., 2] == 0).all()
    side = first.without_depth(np.pi / 2)
    np.testing.assert_allclose(side.positions[..., 0], first.positions[..., 2], atol=1e-6)
    holed = np.array(first.positions)
    holed[1, 0, 3] = np.nan
    gone = np.isnan(Clip(holed, 30, KINECT20).without_depth().positions)
    np.testing.assert_array_equal(gone, np.isnan(holed))


def test_a_round_trip_between_kinects() -> None:
    positions = np.random.default_rng(1).normal(size=(5, 20, 3)).astype(np.float32)
    back = map_positions(map_positions(positions, KINECT20, NTU25), NTU25, KINECT20)
    np.testing.assert_array_equal(back, positions)


@pytest.mark.parametrize(
    ("source", "target"), [("ntu25", "hdm05"), ("kinect20", "coco17"), ("coco17", "openpose25")]
)
def test_a_meaningless_map_is_refused(source: str, target: str) -> None:
    positions = np.zeros((1, 1, len(get_layout(source).joints), 3), dtype=np.float32)
    with pytest.raises(
        LayoutMismatch, match=rf"{source} to {target}.*invented; available: .*kinect20 -> ntu25"
    ):
        Clip(positions, 30, get_layout(source)).to(get_layout(target))


def test_an_array_of_other_joints_is_refused() -> None:
    with pytest.raises(LayoutMismatch, match="kinect20 has 20 joints, but the array has 25"):
        map_positions(np.zeros((1, 25, 3), dtype=np.float32), KINECT20, NTU25)


def test_the_cached_map_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        map_weights("kinect20", "ntu25")[0, 0] = 3


def test_the_length_of_a_clip() -> None:
    assert (make_clip(45, 2).frames, make_clip(45, 2).bodies, make_clip(45, 2).seconds) == (45, 2, 1.5)


def test_another_layout_changes_positions_only() -> None:
    first = make_clip(3, 2)
    other = first.to(NTU25)
    assert other.positions.shape == (3, 2, 25, 3)
    assert (other.layout, other.rate, other.source, other.problems) == (
        NTU25,
        first.rate,
        first.source,
        first.problems,
    )


@pytest.mark.parametrize(
    ("positions", "rate", "error"),
    [
        (np.zeros((3, 1, 20, 3)), 30, ValueError),
        (np.zeros((3, 20, 3), dtype=np.float32), 30, ValueError),
        (np.zeros((3, 1, 20, 2), dtype=np.float32), 30, ValueError),
        (np.zeros((3, 1, 25, 3), dtype=np.float32), 30, LayoutMismatch),
        (np.zeros((3, 1, 20, 3), dtype=np.float32), 0, ValueError),
        (np.zeros((3, 1, 20, 3), dtype=np.float32), float("nan"), ValueError),
        (np.zeros((3, 1, 20, 3), dtype=np.float32), float("inf"), ValueError),
    ],
)
def test_invalid_clips_are_refused(positions: np.ndarray, rate: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        Clip(positions, rate, KINECT20)


def test_ragged_gives_the_clips_back() -> None:
    clips = [make_clip(3, 2, seed=1), make_clip(1, 1, seed=2, rate=15), make_clip(7, 3, seed=3)]
    ragged = Ragged.from_clips(clips)
    assert len(ragged) == 3
    assert ragged.positions.shape == (3 * 2 + 1 + 7 * 3, 20, 3)
    for rows, first in zip(ragged, clips, strict=True):
        np.testing.assert_array_equal(rows, first.positions)
        assert rows.base is not None  # a view, no copy
    assert ragged.rate.tolist() == [30, 15, 30]


def test_ragged_is_of_one_layout() -> None:
    with pytest.raises(LayoutMismatch, match=r"kinect20 and hdm05 \(clip-5\)"):
        Ragged.from_clips([make_clip(), make_clip(layout=HDM05, seed=5)])
    with pytest.raises(ValueError, match="no clips"):
        Ragged.from_clips([])
