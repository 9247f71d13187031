"""What two people do to each other: closed forms, symmetries, sentences, and what it changes in answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgfa.adapt import cosines
from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.recognise import Recogniser
from pgfa.recognise.explanation import explain
from pgfa.skeleton import Clip, Ragged, get_layout
from pgfa.synth.pairs import PAIRS, make_pairs
from pgfa.words.interaction import (
    CLEAR,
    FAR,
    INTERACTIONS,
    SIZE,
    interaction_evidence,
    interaction_features,
    interactions,
)
from pgfa.words.interaction_reasons import PHRASES, interaction_facts, interaction_reasons
from pgfa.words.interaction_words import interaction_vectors, interactions_of

LAYOUT = get_layout("kinect20")
FRAMES = 20
DEPTH = np.zeros(1, dtype=bool)


def standing(x: float = 0.0, *, facing: int = 1) -> np.ndarray:
    """(FRAMES, 20, 3) a person at x on the x axis who faces along it, hands hanging."""
    joints = {
        "pelvis": (0, 1.0, 0), "spine": (0, 1.2, 0), "chest": (0, 1.4, 0), "head": (0, 1.7, 0),
        **{f"{joint}_{side}": (0, height, width * sign) for side, sign in (("left", -1), ("right", 1))
           for joint, height, width in (("shoulder", 1.4, .2), ("elbow", 1.1, .22), ("wrist", .85, .22),
                                        ("hand", .8, .22), ("hip", 1.0, .1), ("knee", .5, .1), ("ankle", .1, .1),
                                        ("foot", .05, .1))},
    }  # fmt: skip
    body = np.array([joints[name] for name in LAYOUT.joints], dtype=np.float32) * [facing, 1, facing]
    return np.tile(body + np.array([x, 0, 0]), (FRAMES, 1, 1)).astype(np.float32)


def shown(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    pair = np.stack([first, second], axis=1)[None]
    return dict(zip(INTERACTIONS, interactions(pair, np.ones((1, 2), dtype=bool))[0].tolist(), strict=True))


def joint(name: str) -> int:
    return LAYOUT.joints.index(name)


def test_a_person_alone_shows_no_interaction() -> None:
    alone = np.stack([standing(), np.zeros_like(standing())], axis=1)[None]
    rows = interactions(alone, np.array([[True, False]]))
    assert np.isnan(rows).all()
    assert np.isnan(interactions(alone[:, :, :1], np.array([[True]]))).all()
    assert not interaction_features(rows, DEPTH).any()
    assert interaction_facts(rows[0]) == ()
    assert interaction_reasons(rows[0], "two people shake hands") == ()


def test_distances_by_explicit_loops() -> None:
    random = np.random.default_rng(3)
    first, second = (standing(x) + random.normal(0, 0.3, (FRAMES, 20, 3)).astype(np.float32) for x in (0, 1))
    values = shown(first, second)
    hands = [joint(f"hand_{side}") for side in ("left", "right")]
    body = [
        joint(n)
        for n in LAYOUT.joints
        if n.partition("_")[0] in ("pelvis", "spine", "chest", "head", "shoulder", "hip")
    ]
    meet = min(
        np.linalg.norm(first[t, a] - second[t, b]) for t in range(FRAMES) for a in hands for b in hands
    )
    touch = min(
        np.linalg.norm(actor[t, a] - other[t, b])
        for actor, other in ((first, second), (second, first))
        for t in range(FRAMES) for a in hands for b in body
    )  # fmt: skip
    chests = min(np.linalg.norm(first[t, joint("chest")] - second[t, joint("chest")]) for t in range(FRAMES))
    assert values["hands_meet"] == pytest.approx(meet, rel=1e-5)
    assert values["hand_to_body"] == pytest.approx(touch, rel=1e-5)
    assert values["embrace"] == pytest.approx(chests, rel=1e-5)


def test_approach_is_in_metres_on_the_floor_plan() -> None:
    walking = standing() + np.linspace(0, 1, FRAMES)[:, None, None] * np.array([1.0, 0.3, 0])
    ahead = standing(2, facing=-1)
    averaged = np.linspace(0, 1, FRAMES)[-5:].mean() - np.linspace(0, 1, FRAMES)[:5].mean()
    assert shown(walking.astype(np.float32), ahead)["approach"] == pytest.approx(averaged, rel=1e-4)
    assert shown(walking[::-1].astype(np.float32), ahead)["approach"] == pytest.approx(-averaged, rel=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(1, -1, 1), (-1, 1, -1), (1, 1, 0)],
    ids=["each other", "back to back", "in a row"],
)
def test_facing(first: int, second: int, expected: float) -> None:
    assert shown(standing(facing=first), standing(1, facing=second))["facing"] == pytest.approx(expected)


def test_a_foot_counts_where_it_is_lifted() -> None:
    kicker, other = standing(), standing(0.7, facing=-1)
    assert shown(kicker, other)["foot_to_body"] == FAR
    kicker[10, joint("foot_right")] = other[10, joint("knee_left")] + [0.1, 0, 0]
    assert shown(kicker, other)["foot_to_body"] == pytest.approx(0.1, rel=1e-3)


def test_who_acts() -> None:
    random = np.random.default_rng(0)
    moved = random.normal(0, 0.1, (FRAMES, 20, 3)).astype(np.float32)
    still, moving, less = standing(1), standing() + moved, standing(1) + moved / 2
    assert shown(moving, still)["both_act"] == 0
    assert shown(moving, less)["both_act"] == pytest.approx(0.5, rel=1e-4)


def test_order_place_and_direction_of_the_two_do_not_matter() -> None:
    clips = make_pairs(2, seed=4)
    positions = np.nan_to_num(np.stack([clip.positions[:20] for clip in clips]))
    both = np.ones((len(clips), 2), dtype=bool)
    angle = 0.7
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = (positions @ turn.T + [3, 0.5, -2]).astype(np.float32)
    mirrored = positions[..., LAYOUT.mirror, :] * np.array([-1, 1, 1], dtype=np.float32)
    for changed in (positions[:, :, ::-1], moved, mirrored):
        np.testing.assert_allclose(interactions(changed, both), interactions(positions, both), atol=2e-4)


def test_evidence_is_0_where_typical_and_1_where_clear() -> None:
    typical, clear = np.array(list(CLEAR.values()), dtype=np.float32).T
    np.testing.assert_allclose(
        interaction_evidence(np.stack([typical, clear])), [[0] * 7, [1] * 7], atol=1e-6
    )
    assert np.abs(interaction_evidence(np.full((1, 7), 99, dtype=np.float32))).max() == 1


def test_without_depth_only_company_counts() -> None:
    rows = np.full((1, len(INTERACTIONS)), 0.1, dtype=np.float32)
    features = interaction_features(rows, np.array([True]))
    assert features[0, 0] > 0
    assert not features[0, 1:].any()


# --- sentences ---


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("Two people shake hands.", {"hands_meet": 1.0, "both_act": 0.3}),
        ("One person kicks another person.", {"foot_to_body": 1.0, "both_act": -0.3}),
        ("pushing the other person", {"hand_to_body": 1.0, "both_act": -0.3}),
        ("walking towards each other", {"approach": 1.0}),
        ("Two people walk apart from each other.", {"approach": -1.0}),
        ("hugging", {"embrace": 1.0, "hand_to_body": 0.5, "both_act": 0.3}),
        ("A person hands a box over to someone.", {"hands_meet": 1.0}),
        ("Two people bow to each other without touching.", {}),
        ("A person kicks the ball to a friend.", {}),
        ("point at the other person", {}),
        ("A person kicks forward.", None),
        ("A person hugs a pillow.", None),
        ("A person claps the hands together.", None),
    ],
)
def test_what_sentences_state_of_two_people(sentence: str, stated: dict[str, float] | None) -> None:
    assert interactions_of(sentence) == stated


def test_all_sentences_about_two_people_have_one_length() -> None:
    rows = interaction_vectors([*(pair.sentence for pair in PAIRS.values()), "A person waves."])
    lengths = np.linalg.norm(rows, axis=1)
    assert rows.shape == (len(PAIRS) + 1, SIZE)
    np.testing.assert_allclose(lengths[:-1], lengths[0], rtol=1e-6)
    assert lengths[-1] == 0


# --- answers ---


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load()


def without_interactions(recogniser: Recogniser) -> Recogniser:
    bundle = recogniser.bundle
    assert bundle.kinematics is not None
    assert bundle.kinematics.interacting, "the bundled recogniser compares interactions"
    return replace(
        recogniser, bundle=replace(bundle, kinematics=replace(bundle.kinematics, interacting=False))
    )


def test_a_person_alone_has_the_same_cosines(recogniser: Recogniser) -> None:
    """And only sentences about two people fit it less."""
    clips = [
        Clip(clip.positions[:, :1], clip.rate, clip.layout, clip.source) for clip in make_pairs(1, seed=2)
    ]
    sentences = ["A person waves.", "A person kicks.", "Two people hug each other."]
    before, after = (
        cosines(one.features(clips), one.candidates(sentences).vectors)
        for one in (without_interactions(recogniser), recogniser)
    )
    np.testing.assert_allclose(after[:, :2], before[:, :2], atol=1e-6)
    assert (np.abs(after[:, 2]) < np.abs(before[:, 2])).all()


def test_interactions_of_synthetic_pairs_are_recognised_better(recogniser: Recogniser) -> None:
    clips = make_pairs(4, seed=11)
    sentences = [pair.sentence for pair in PAIRS.values()]
    wanted = [PAIRS[clip.source.action].sentence for clip in clips]
    right = [
        np.mean([a.answers[0].sentence == w for a, w in zip(one.recognise(clips, sentences), wanted, strict=True)])
        for one in (without_interactions(recogniser), recogniser)
    ]  # fmt: skip
    assert right[1] >= max(right[0] + 0.03, 0.75)


def test_reasons_name_what_two_people_do(recogniser: Recogniser) -> None:
    clip = next(clip for clip in make_pairs(1, seed=2) if clip.source.action == "approach")
    bundle = recogniser.bundle
    assert bundle.kinematics is not None
    names = ["One person walks up to another.", "Two people walk apart.", "A person waves."]
    seen = explain(bundle.kinematics, bundle.settings.prepare, clip, names, ())
    assert seen.facts[0].startswith("people come ")
    towards, apart, waves = (
        {reason.word: reason.verdict for reason in explanation.reasons if reason.word in PHRASES}
        for explanation in seen
    )
    assert (towards, apart, waves) == ({"approach": "for"}, {"approach": "against"}, {})
    kinematics = replace(bundle.kinematics, interacting=False)
    assert not explain(kinematics, bundle.settings.prepare, clip, names, ()).facts[0].startswith("people")


def test_preparation_keeps_the_distance_of_two_people() -> None:
    """In units of the first body: both are moved, turned and scaled together."""
    clip = next(clip for clip in make_pairs(1, seed=2) if clip.source.action == "approach")
    prepared = prepare(Ragged.from_clips([clip]), PrepareSettings()).positions[0]
    gaps = []
    for positions in (clip.positions, prepared):
        trunk = np.linalg.norm(positions[:, 0, joint("chest")] - positions[:, 0, joint("pelvis")], axis=1)
        between = positions[:, 0, joint("pelvis")] - positions[:, 1, joint("pelvis")]
        gap = np.linalg.norm(between, axis=1) / np.median(trunk)
        gaps.append([gap[:3].mean(), gap[-3:].mean()])
    np.testing.assert_allclose(gaps[1], gaps[0], rtol=0.1)
