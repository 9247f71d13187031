"""The synthetic movement before it is recorded: bodies, feet, hands, handedness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.skeleton import KINECT20, LAYOUTS, Layout
from pgfa.synth import ACTIONS, Performer, make_performers, perform
from pgfa.synth.body import Body

PEOPLE = make_performers(seed=5, number=12)
ADULT = max(PEOPLE, key=lambda p: p.body.height)
CHILD = min(PEOPLE, key=lambda p: p.body.height)
AIRBORNE = {"jump", "jumping-jacks", "jog-in-place"}
PLAIN = Performer("plain", Body(1.7), sway=0.0)


def perform_once(
    name: str, performer: Performer, layout: Layout = KINECT20, seed: int = 1
) -> NDArray[np.float64]:
    return perform(name, performer, layout, np.random.default_rng(seed), np.random.default_rng(seed + 1))


def joint(positions: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return positions[:, KINECT20.index(name)]


@pytest.mark.parametrize("layout", ["kinect20", "ntu25"])
@pytest.mark.parametrize("name", ACTIONS)
def test_bones_keep_their_length(name: str, layout: str) -> None:
    positions = perform_once(name, ADULT, LAYOUTS[layout])
    child, parent = LAYOUTS[layout].bone_indices.T
    lengths = np.linalg.norm(positions[:, child] - positions[:, parent], axis=-1)
    assert np.isfinite(positions).all()
    assert np.ptp(lengths, axis=0).max() < 1e-9
    assert lengths.min() > 0.01


@pytest.mark.parametrize("performer", [ADULT, CHILD], ids=["adult", "child"])
@pytest.mark.parametrize("name", ACTIONS)
def test_one_foot_is_on_the_floor_and_none_is_below(name: str, performer: Performer) -> None:
    positions, body = perform_once(name, performer), performer.body
    above = np.min(
        [joint(positions, f"{j}_{s}")[:, 1] - h for s in ("left", "right")
         for j, h in (("ankle", body.ankle_height), ("foot", body.foot_height))], axis=0,
    )  # fmt: skip
    assert above.min() > -1e-3 * body.height
    assert positions[..., 1].min() > 0
    if name not in AIRBORNE:
        assert above.max() < 1e-3 * body.height
    if name == "jump":
        assert above.max() > 0.06 * body.height


def test_a_planted_foot_does_not_slide_in_a_walk() -> None:
    positions = perform_once("walk", PLAIN)
    feet = np.stack([joint(positions, f"ankle_{s}") for s in ("left", "right")], axis=1)
    speed = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1) * 30
    pelvis = joint(positions, "pelvis")
    assert pelvis[0, 2] - pelvis[-1, 2] > 0.8
    assert np.median(speed.min(axis=1)) < 0.12
    assert speed.max() > 1.0


def test_the_left_shoulder_is_at_negative_x_and_the_person_faces_minus_z() -> None:
    positions = perform_once("point", PLAIN)
    assert (joint(positions, "shoulder_left")[:, 0] < joint(positions, "shoulder_right")[:, 0]).all()
    toes = joint(positions, "foot_left") - joint(positions, "ankle_left")
    assert (toes[:, 2] < 0).all()
    hand = joint(positions, "hand_right") - joint(positions, "shoulder_right")
    assert hand[:, 2].min() < -0.8 * PLAIN.body.arm_length


def test_knees_bend_forward_and_elbows_of_hanging_arms_backward() -> None:
    squat = perform_once("squat", PLAIN)
    deepest = joint(squat, "pelvis")[:, 1].argmin()
    for side in ("left", "right"):
        assert joint(squat, f"knee_{side}")[deepest, 2] < joint(squat, f"ankle_{side}")[deepest, 2] - 0.1
    for positions in (perform_once(name, PLAIN) for name in ACTIONS if name != "stand-up"):
        hanging = positions[0]
        for side in ("left", "right"):
            elbow, hand, shoulder = (
                hanging[KINECT20.index(f"{j}_{side}")] for j in ("elbow", "hand", "shoulder")
            )
            assert elbow[2] > (hand[2] + shoulder[2]) / 2


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("raise-both-arms", {"hand_right": "above", "hand_left": "above"}),
        ("salute", {"hand_right": "head"}),
        ("phone-call", {"hand_right": "head"}),
        ("drink", {"hand_right": "head"}),
        ("touch-toes", {"hand_right": "foot_right", "hand_left": "foot_left"}),
        ("clap", {"hand_right": "hand_left"}),
    ],
)
@pytest.mark.parametrize("performer", [ADULT, CHILD], ids=["adult", "child"])
def test_hands_reach_the_targets_of_the_sentence(
    name: str, targets: dict[str, str], performer: Performer
) -> None:
    positions = perform_once(name, replace(performer, left_handed=False, motion_range=1.0))
    height = performer.body.height
    for hand, target in targets.items():
        if target == "above":
            assert (joint(positions, hand)[:, 1] - joint(positions, "head")[:, 1]).max() > 0.15 * height
        else:
            reach = {"head": 0.14, "hand_left": 0.06}.get(target, 0.22) * height
            assert np.linalg.norm(joint(positions, hand) - joint(positions, target), axis=1).min() < reach


@pytest.mark.parametrize("name", ACTIONS)
def test_a_left_hander_is_the_mirror_image_of_a_right_hander(name: str) -> None:
    right = perform_once(ACTIONS[name].mirrored or name, replace(ADULT, left_handed=False))
    left = perform_once(name, replace(ADULT, left_handed=True))
    np.testing.assert_allclose(left, right[:, KINECT20.mirror] * [-1, 1, 1], atol=1e-12)


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_swipe_has_the_direction_of_its_name_with_either_hand(left_handed: bool) -> None:
    hand = "hand_left" if left_handed else "hand_right"
    for name, direction in (("swipe-left", -1), ("swipe-right", 1)):
        x = joint(perform_once(name, replace(PLAIN, left_handed=left_handed)), hand)[:, 0]
        speed = np.diff(x)
        assert speed[np.abs(speed).argmax()] * direction > 0


def test_performers_differ_in_height_hand_and_tempo() -> None:
    heights = [p.body.height for p in PEOPLE]
    assert min(heights) == pytest.approx(1.10)
    assert max(heights) == pytest.approx(1.95)
    assert sum(p.left_handed for p in PEOPLE) == 3
    speeds = [p.speed for p in PEOPLE]
    assert max(speeds) / min(speeds) > 1.4
    for person in PEOPLE:
        head = joint(perform_once("point", person), "head")[0, 1]
        assert 0.85 < head / person.body.height < 0.97
    with pytest.raises(ValueError, match="at least one"):
        make_performers(0, 0)


def test_mirrored_actions_name_each_other() -> None:
    for name, action in ACTIONS.items():
        if action.mirrored:
            assert ACTIONS[action.mirrored].mirrored == name
