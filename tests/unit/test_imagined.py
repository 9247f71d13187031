"""Imagined recordings: the notation of motions, tipped bodies, and what the glossary's actions look like."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from pgfa.skeleton import get_layout
from pgfa.synth.body import CHANNEL, Body
from pgfa.synth.gaits import GAITS, gait
from pgfa.synth.imagined import glossary_motions, imagine, perform_motion
from pgfa.synth.motions import RATE, Foot, Hand, Key, Motion, Phase, Wave, animate
from pgfa.synth.notation import parse_motion
from pgfa.synth.performers import Performer, make_performers
from pgfa.synth.places import BEGINNINGS, DOWN, PLACES
from pgfa.synth.tipped import LYING
from pgfa.text.glossary import entries

LAYOUT = get_layout("kinect20")


@cache
def performed(key: str) -> np.ndarray:
    """(frames, joints, 3) an action of the glossary by a right-hander of 1.7 m."""
    performer = Performer("p", Body(1.7))
    return perform_motion(glossary_motions()[key], performer, LAYOUT, np.random.default_rng(0))


def joint(key: str, name: str) -> np.ndarray:
    return performed(key)[:, LAYOUT.index(name)]


def test_every_entry_of_the_glossary_is_imagined() -> None:
    assert set(glossary_motions()) == {entry.key for entry in entries()}


def test_a_line_is_read_into_key_poses() -> None:
    motion = parse_motion(
        "@kneel .5 r=mouth lf=.1/.2 st=.3 nod=-20 | 2-3( .2 ~bu.3@.25 ~twist:8 | .3 l=.1/-.2/.5d ) | .4 !"
    )
    first, cycle, last = motion.phases
    hand = PLACES["mouth"]
    assert first == Phase((Key(0.5, right=hand, left_foot=Foot(0.1, 0.2), step=0.3, pose={"nod": -20.0}),))
    swings = (
        Wave("hand_up_right", 0.3, phase=0.25),
        Wave("hand_up_left", 0.3, phase=0.25),
        Wave("twist", 8.0),
    )
    assert cycle == Phase((Key(0.2), Key(0.3, left=Hand((0.1, -0.2, 0.5), DOWN))), (2, 3), swings)
    assert last == Phase((Key(0.4),))
    assert motion.back is None
    assert motion.begin is not None
    assert motion.begin.pose == {"up": -0.52}


def test_a_motion_returns_to_where_it_begins() -> None:
    assert parse_motion(".5 r=up").back == pytest.approx(0.6)
    seated = parse_motion("@seat .5 r=up")
    assert seated.back is None  # not to stance
    assert seated.phases[-1].keys[0].pose == seated.begin.pose  # type: ignore[union-attr]
    assert parse_motion(".5 r=up !").back is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@bed .5", "@bed"),
        (".5 r=moon", "moon"),
        (".5 hop=2", "hop=2"),
        (".5 ~r.3", "~r.3"),
        (".5 ~nose:3", "~nose:3"),
        ("2-3( .5 r=up", "("),
        ("soon r=up", "soon"),
        (".5 rf=up", "up"),
    ],
)
def test_what_is_not_in_the_notation_is_named(text: str, found: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_motion(text)
    assert found in str(caught.value)


@pytest.mark.parametrize("name", GAITS)
def test_gaits_set_one_foot_after_the_other(name: str) -> None:
    keys = gait(name, 2, arms=True)
    assert len(keys) == 2 * len(gait(name, 1, arms=True))
    half = len(keys) // 2
    if name != "side":  # one foot follows the other
        assert keys[0].right_foot == keys[half].left_foot
        assert all(key.right is not None for key in keys)
    assert all(key.right is key.left is key.hands is None for key in gait(name, 2, arms=False))


def test_a_step_goes_where_the_body_faces() -> None:
    """Turned left by 90 degrees, forward is what was left; a step to the right is what was forward."""
    phases = (Phase((Key(0.5, pose={"yaw": 90.0}), Key(0.5, step=1.0), Key(0.5, side=1.0))),)
    quiet = Performer("p", Body(1.7), sway=0.0)
    track = animate(Motion(phases, back=None), quiet, np.random.default_rng(0), np.random.default_rng(0))
    assert track[-1, CHANNEL["aside"]] == pytest.approx(-1, abs=0.25)
    assert track[-1, CHANNEL["travel"]] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_bones_keep_their_lengths_in_every_posture(begin: str) -> None:
    joints = perform_motion(
        parse_motion(f"{begin} .5 !"), Performer("p", Body(1.7)), LAYOUT, np.random.default_rng(0)
    )
    standing = performed("stand-still")
    for limb in (("knee_left", "ankle_left"), ("hip_right", "knee_right"), ("shoulder_left", "elbow_left")):
        a, b = (LAYOUT.index(name) for name in limb)
        length = np.linalg.norm(joints[:, a] - joints[:, b], axis=-1)
        expected = np.linalg.norm(standing[0, a] - standing[0, b])
        np.testing.assert_allclose(length, expected, atol=1e-6)
    assert joints[..., 1].min() > -0.1


def test_lying_bodies_lie() -> None:
    back, front = performed("lie-idle"), performed("superman")
    for joints in (back, front[:5]):
        assert joints[..., 1].min() == pytest.approx(LYING, abs=1e-6)
        assert joints[:, LAYOUT.index("pelvis"), 1].max() < 0.35
        assert joints[:, LAYOUT.index("head"), 1].max() < 0.6
    # On the back the toes point up, face down they do not.
    toes = [j[0, LAYOUT.index("foot_left"), 1] - j[0, LAYOUT.index("ankle_left"), 1] for j in (back, front)]
    assert toes[0] > 0.03 > 0 > toes[1]


def test_actions_do_what_their_names_say() -> None:
    mouth = np.linalg.norm(joint("drink", "hand_right") - joint("drink", "head"), axis=-1)
    assert mouth[0] > 0.5 > 0.25 > mouth.min()
    assert joint("squat", "pelvis")[:, 1].min() < 0.8 * joint("squat", "pelvis")[0, 1]
    feet = np.minimum(joint("vertical-jump", "foot_left")[:, 1], joint("vertical-jump", "foot_right")[:, 1])
    assert feet.max() > 0.1
    assert np.ptp(joint("walk", "pelvis")[:, 2]) > 1.0
    assert np.ptp(joint("march-in-place", "pelvis")[:, 2]) < 0.2
    assert joint("point-up", "hand_right")[:, 1].max() > joint("point-up", "head")[:, 1].max()
    assert joint("push-up", "shoulder_left")[:, 1].max() < 0.8
    turned = performed("turn-around")[-1]
    assert turned[LAYOUT.index("shoulder_right"), 0] < turned[LAYOUT.index("shoulder_left"), 0]


def test_clips_are_the_same_again_and_left_handers_mirror() -> None:
    motions = {key: glossary_motions()[key] for key in ("wave", "bow")}
    clips, again = imagine(motions, 4, seed=1), imagine(motions, 4, seed=1)
    assert [c.source.id for c in clips] == [f"{k}_p{n:02d}" for n in range(1, 5) for k in motions]
    assert all(np.array_equal(a.positions, b.positions) for a, b in zip(clips, again, strict=True))
    assert all(clip.rate == RATE and np.isfinite(clip.positions).all() for clip in clips)
    lefty = make_performers(1, 4)[3]
    assert lefty.left_handed
    wave = perform_motion(motions["wave"], lefty, LAYOUT, np.random.default_rng(0))
    heights = [wave[:, LAYOUT.index(f"hand_{side}"), 1].max() for side in ("left", "right")]
    assert heights[0] > heights[1] + 0.2
