"""Layouts, the maps between them, the clip, and clips laid end to end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.errors import LayoutMismatch
from pgfa.skeleton import (
    HDM05,
    KINECT20,
    LAYOUTS,
    NTU25,
    Clip,
    Layout,
    Ragged,
    Source,
    get_layout,
    map_positions,
)
from pgfa.skeleton.layout import map_weights

EVERY = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
MAPS = [("kinect20", "ntu25"), ("ntu25", "kinect20"), ("hdm05", "ntu25"), ("hdm05", "kinect20")]


@EVERY
def test_bones_are_a_tree_about_the_centre(layout: Layout) -> None:
    assert len(set(layout.joints)) == len(layout.joints)
    assert len(layout.bones) == len(layout.joints) - 1
    parent = dict(layout.bones)
    assert len(parent) == len(layout.bones)  # no joint has two parents
    for joint in layout.joints:
        way = [joint]
        while way[-1] != layout.centre:
            way.append(parent[way[-1]])
            assert len(way) <= len(layout.joints), f"{joint} goes in a circle"
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
    wanted = {frozenset(int(j) - 1 for j in bone.split("-")) for bone in text.split()}
    assert {frozenset(bone) for bone in NTU25.bone_indices.tolist()} == wanted
    assert NTU25.index(NTU25.centre) == 20
    assert NTU25.index(NTU25.root) == 0


@EVERY
def test_a_joint_that_is_not_there(layout: Layout) -> None:
    with pytest.raises(
        LayoutMismatch, match=f"{layout.name} has no joint 'tail'; it has .*{layout.joints[0]}"
    ):
        layout.index("tail")


def test_an_unknown_layout() -> None:
    assert get_layout("ntu25") is NTU25
    with pytest.raises(LayoutMismatch, match="no layout 'coco'; known: hdm05, kinect20, ntu25"):
        get_layout("coco")


@pytest.mark.parametrize(("source", "target"), MAPS)
def test_a_map_keeps_joints_of_one_name_and_invents_nothing(source: str, target: str) -> None:
    weights = map_weights(source, target)
    here, there = get_layout(source), get_layout(target)
    assert weights.shape == (len(there.joints), len(here.joints))
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights >= 0).all()
    assert ((weights > 0).sum(axis=1) <= 2).all()
    # Left is made of left, and the mirror of the map is the map of the mirror.
    np.testing.assert_array_equal(weights[there.mirror][:, here.mirror], weights)
    made = {("kinect20", "ntu25"): 5, ("ntu25", "kinect20"): 0}.get((source, target), 1)
    assert (
        sum(
            weights[row, here.joints.index(j)] != 1 if j in here.joints else 1
            for row, j in enumerate(there.joints)
        )
        == made
    )


def test_kinect20_to_ntu25_as_the_issue_says() -> None:
    """The neck half-way between chest and head, finger tips and thumbs at the hand."""
    positions = np.random.default_rng(0).normal(size=(4, 2, 20, 3)).astype(np.float32)
    out = map_positions(positions, KINECT20, NTU25)
    at = {name: out[..., NTU25.index(name), :] for name in NTU25.joints}
    was = {name: positions[..., KINECT20.index(name), :] for name in KINECT20.joints}
    np.testing.assert_allclose(at["neck"], (was["chest"] + was["head"]) / 2, rtol=1e-6)
    for side in ("left", "right"):
        for tip in ("handtip", "thumb"):
            np.testing.assert_array_equal(at[f"{tip}_{side}"], was[f"hand_{side}"])
    for name, value in was.items():
        np.testing.assert_array_equal(at[name], value)


@pytest.mark.parametrize(("source", "target"), MAPS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_map_is_its_weights_and_keeps_gaps_where_they_are(source: str, target: str, seed: int) -> None:
    here, there = get_layout(source), get_layout(target)
    random = np.random.default_rng(seed)
    positions = random.normal(size=(3, 2, len(here.joints), 3)).astype(np.float32)
    weights = map_weights(source, target)
    np.testing.assert_allclose(
        map_positions(positions, here, there), np.einsum("ts,...sx->...tx", weights, positions), atol=1e-6
    )
    positions[random.random(positions.shape[:3]) < 0.3] = np.nan
    gap = np.isnan(positions[..., 0])
    needs = np.einsum("ts,...s->...t", weights > 0, gap) > 0
    out = map_positions(positions, here, there)
    np.testing.assert_array_equal(np.isnan(out).all(axis=-1), needs)
    np.testing.assert_array_equal(np.isnan(out).any(axis=-1), needs)


def test_there_and_back_again() -> None:
    positions = np.random.default_rng(1).normal(size=(5, 20, 3)).astype(np.float32)
    back = map_positions(map_positions(positions, KINECT20, NTU25), NTU25, KINECT20)
    np.testing.assert_array_equal(back, positions)


@pytest.mark.parametrize(("source", "target"), [("ntu25", "hdm05"), ("kinect20", "hdm05")])
def test_a_meaningless_map_is_refused(source: str, target: str) -> None:
    positions = np.zeros((1, 1, len(get_layout(source).joints), 3), dtype=np.float32)
    with pytest.raises(LayoutMismatch, match=rf"{source} to {target}.*invented; known: .*kinect20 -> ntu25"):
        Clip(positions, 30, get_layout(source)).to(get_layout(target))


def test_an_array_of_other_joints_is_refused() -> None:
    with pytest.raises(LayoutMismatch, match="kinect20 has 20 joints, but the array has 25"):
        map_positions(np.zeros((1, 25, 3), dtype=np.float32), KINECT20, NTU25)


def test_the_known_map_cannot_be_spoiled() -> None:
    with pytest.raises(ValueError, match="read-only"):
        map_weights("kinect20", "ntu25")[0, 0] = 3


def clip(
    frames: int = 3, bodies: int = 2, layout: Layout = KINECT20, rate: float = 30, seed: int = 0
) -> Clip:
    shape = (frames, bodies, len(layout.joints), 3)
    return Clip(
        np.random.default_rng(seed).normal(size=shape).astype(np.float32), rate, layout, Source(id=f"c{seed}")
    )


def test_a_clip_says_how_long_it_is() -> None:
    assert (clip(45).frames, clip(45).bodies, clip(45).seconds) == (45, 2, 1.5)


def test_carried_to_another_layout_all_else_stays() -> None:
    one = clip()
    other = one.to(NTU25)
    assert other.positions.shape == (3, 2, 25, 3)
    assert (other.layout, other.rate, other.source, other.problems) == (
        NTU25,
        one.rate,
        one.source,
        one.problems,
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
def test_what_is_no_clip(positions: np.ndarray, rate: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        Clip(positions, rate, KINECT20)


def test_ragged_gives_the_clips_back() -> None:
    clips = [clip(3, 2, seed=1), clip(1, 1, seed=2, rate=15), clip(7, 3, seed=3)]
    ragged = Ragged.from_clips(clips)
    assert len(ragged) == 3
    assert ragged.positions.shape == (3 * 2 + 1 + 7 * 3, 20, 3)
    for rows, one in zip(ragged, clips, strict=True):
        np.testing.assert_array_equal(rows, one.positions)
        assert rows.base is not None  # a view, no copy
    assert ragged.rate.tolist() == [30, 15, 30]


def test_ragged_is_of_one_layout() -> None:
    with pytest.raises(LayoutMismatch, match=r"kinect20 and hdm05 \(c5\)"):
        Ragged.from_clips([clip(), clip(layout=HDM05, seed=5)])
    with pytest.raises(ValueError, match="no clips"):
        Ragged.from_clips([])
