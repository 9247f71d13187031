"""The synthetic data set: clips, views, noise, names."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.errors import BadConfig
from pgfa.skeleton import KINECT20, Clip, Ragged
from pgfa.synth import ACTIONS, DEMO_ACTIONS, DEMO_SEEN, DEMO_UNSEEN, make_clips, make_performers
from pgfa.synth.sensor import View, observe, to_camera
from pgfa.text.catalogue import catalogue


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return make_clips(seed=2, repeats=2)


def test_every_performer_performs_every_action(clips: list[Clip]) -> None:
    assert len(clips) == 24 * len(ACTIONS)
    assert len({clip.source.id for clip in clips}) == len(clips)
    assert {(c.source.action, c.source.subject) for c in clips} == {
        (name, f"p{i:02d}") for name in ACTIONS for i in range(1, 13)
    }
    assert {clip.source.dataset for clip in clips} == {"synthetic"}
    assert {clip.rate for clip in clips} == {30.0}
    assert sum(clip.source.setup == "left-handed" for clip in clips) == 6 * len(ACTIONS)
    ragged = Ragged.from_clips(clips)
    assert np.isfinite(ragged.positions).all()
    assert ragged.frames.min() >= 30
    assert ragged.frames.max() <= 240
    assert 55 < np.median(ragged.frames) < 110


def test_clips_depend_on_the_seed_only() -> None:
    clips = make_clips(seed=3, performers=3, repeats=2, actions=["clap", "bow"])
    fewer = make_clips(seed=3, performers=3, repeats=1, actions=["bow"])
    by_id = {clip.source.id: clip for clip in clips}
    for clip in fewer:
        np.testing.assert_array_equal(clip.positions, by_id[clip.source.id].positions)
    other = make_clips(seed=4, performers=3, repeats=1, actions=["bow"])
    assert not np.array_equal(other[0].positions[:30], fewer[0].positions[:30])


def test_the_layouts_show_the_same_movement() -> None:
    (v1,), (v2,) = (
        make_clips(performers=1, repeats=1, actions=["wave"], layout=layout)
        for layout in ("kinect20", "ntu25")
    )
    assert (v1.layout.name, v2.layout.name) == ("kinect20", "ntu25")
    hand = [c.positions[:, 0, c.layout.index("hand_right")] for c in (v1, v2)]
    assert np.median(np.linalg.norm(hand[0] - hand[1], axis=1)) < 0.12


def test_views_are_as_in_a_living_room(clips: list[Clip]) -> None:
    angles = np.array([float(clip.source.camera) for clip in clips])
    assert np.abs(angles).max() <= 45
    assert angles.min() < -38
    assert angles.max() > 38
    assert abs(angles.mean()) < 6
    pelvis, left, right = (KINECT20.index(j) for j in ("pelvis", "shoulder_left", "shoulder_right"))
    distance = np.array([np.median(clip.positions[:, 0, pelvis, 2]) for clip in clips])
    assert distance.min() > 1.7
    assert distance.max() < 4.4
    assert np.ptp(distance) > 1.6
    # The shoulders show the angle: of a person turned to their left the right shoulder is closer.
    across = np.array([np.median(c.positions[:, 0, right] - c.positions[:, 0, left], axis=0) for c in clips])
    measured = np.degrees(np.arctan2(-across[:, 2], across[:, 0]))
    assert np.corrcoef(measured, angles)[0, 1] > 0.9


def test_to_camera_is_a_rigid_movement() -> None:
    body = np.random.default_rng(0).normal(size=(5, 20, 3))
    recorded = to_camera(body, View(angle=30, distance=3, offset=0.2, height=1.1, tilt=8))
    gaps = [np.linalg.norm(p[:, :, None] - p[:, None], axis=-1) for p in (body, recorded)]
    np.testing.assert_allclose(*gaps, atol=1e-12)
    floor = to_camera(np.zeros((1, 1, 3)), View(distance=2.5, height=0.9))
    np.testing.assert_allclose(floor[0, 0], [0, -0.9, 2.5])


def test_noise_grows_with_depth_and_towards_the_hands_and_is_correlated_over_time() -> None:
    still = np.tile(np.random.default_rng(0).normal(0, 0.4, size=(1, 20, 3)), (3000, 1, 1))
    jitter = {}
    for distance in (2.0, 4.0):
        recorded = observe(still, KINECT20, View(distance=distance), np.random.default_rng(1))
        jitter[distance] = recorded - np.median(recorded, axis=0)
    size = {d: np.median(np.abs(j), axis=(0, 2)) for d, j in jitter.items()}
    assert 3 < np.median(size[4.0] / size[2.0]) < 5
    hand, chest = KINECT20.index("hand_left"), KINECT20.index("chest")
    assert size[2.0][hand] > 1.7 * size[2.0][chest]
    trunk = jitter[2.0][:, chest, 0]
    assert 0.3 < np.corrcoef(trunk[1:], trunk[:-1])[0, 1] < 0.9
    assert np.abs(jitter[2.0]).max() > 10 * size[2.0].max()  # lost and wild joints


def test_all_actions_have_sentences_and_the_demo_has_the_split() -> None:
    classes = catalogue("synthetic")
    assert [action.name for action in classes.actions] == list(ACTIONS)
    for name, action in ACTIONS.items():
        assert (classes[name].mirror or "") == action.mirrored
        assert 10 <= len(classes[name].plain.split()) <= 22
        if not action.mirrored:  # left-handers use the other hand, so no sentence may name one
            assert not {"left", "right"} & set(classes[name].plain.lower().replace(",", "").split())
    assert len(DEMO_ACTIONS) == len(set(DEMO_ACTIONS)) == 24
    assert set(DEMO_ACTIONS) <= set(ACTIONS)
    assert len(DEMO_SEEN) == 18
    assert classes.splits["18-6"].unseen == tuple(DEMO_UNSEEN)


@pytest.mark.parametrize(
    "arguments",
    [
        {"actions": ["levitate"]}, {"actions": []}, {"performers": 0}, {"repeats": 0}, {"seed": -1},
        {"layout": "hdm05"},
    ],
)  # fmt: skip
def test_invalid_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(BadConfig):
        make_clips(**arguments)  # type: ignore[arg-type]


def test_actions_can_be_distinguished_across_performers(clips: list[Clip]) -> None:
    """Ridge regression over crude features, tested on other people, is above chance in every class."""
    lefty = {p.name for p in make_performers(2, 12) if p.left_handed}
    clips = [clip for clip in clips if clip.source.subject not in lefty]
    features = np.array([_crude(clip) for clip in clips])
    features = (features - features.mean(0)) / (features.std(0) + 0.05)
    names, subjects = (np.array([getattr(c.source, key) for c in clips]) for key in ("action", "subject"))
    targets = (names[:, None] == np.array(list(ACTIONS))).astype(float)
    correct = np.zeros(len(names), dtype=bool)
    for subject in np.unique(subjects):
        test = subjects == subject
        kernel = features @ features[~test].T
        weights = np.linalg.solve(
            kernel[~test] + 3e3 * np.eye((~test).sum()), targets[~test] - targets.mean(0)
        )
        correct[test] = (kernel[test] @ weights).argmax(1) == targets[test].argmax(1)
    by_action = {name: correct[names == name].mean() for name in ACTIONS}
    assert correct.mean() > 0.85, by_action
    assert min(by_action.values()) > 0.2, by_action  # chance is 0.03


def _crude(clip: Clip) -> np.ndarray:
    p = clip.positions[:, 0].astype(float)
    p = p - p[:1, [KINECT20.index("pelvis")]]
    across = (p[:, KINECT20.index("shoulder_right")] - p[:, KINECT20.index("shoulder_left")]).mean(0)
    a = np.arctan2(across[2], across[0])
    p = p @ np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]).T
    p /= np.linalg.norm(p[:, KINECT20.index("chest")] - p[:, KINECT20.index("pelvis")], axis=1).mean()
    frames = np.linspace(0, len(p) - 1, 16).astype(int)
    moments = [p.mean(0), 2 * p.std(0), p.max(0), p.min(0), 20 * np.abs(np.diff(p, axis=0)).mean(0)]
    return np.concatenate([0.4 * p[frames].ravel(), np.stack(moments).ravel()])
