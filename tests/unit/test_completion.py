"""What a recording does not show: joints never seen and depth, estimated from what it shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinematic_builders import measured_set, model, vectors_of
from pgfa.adapt import cosines
from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.recognise import Recogniser
from pgfa.recognise.screening import screen
from pgfa.recognise.vectors import measured
from pgfa.research.foreign.incomplete import (
    LEFT_ARM,
    LEGS,
    WIDEST_VIEW,
    frontal_view,
    measured_clips,
    without_depth,
    without_joints,
)
from pgfa.skeleton import KINECT20, Ragged
from pgfa.synth import make_clips
from pgfa.words import fit
from pgfa.words.completion import RAISED, Completion
from pgfa.words.fit import clip_weights, fit_kinematics
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import MEASURES, mirrored
from pgfa.words.model import DETECTED
from recogniser_builders import SENTENCES, kinematic_recogniser

CLIPS = make_clips(5, 2, 1, ("wave", "punch", "kick-forward"))
OF_LEGS = np.array(["foot" in name or "knee" in name for name in MEASURES])


def turned(positions: np.ndarray, angle: float) -> np.ndarray:
    """About the vertical axis."""
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], dtype=np.float32)
    return np.asarray(positions @ rotation, dtype=np.float32)


def small(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(count, 6) measures that depend on each other, and weights."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, 6)) @ random.normal(size=(6, 6)) + 1
    return rows.astype(np.float32), random.uniform(0.5, 2, count).astype(np.float32)


def test_unknown_measures_are_their_mean_given_the_others() -> None:
    """Row by row, from the covariance: m + C_uk C_kk^-1 (x - m)."""
    rows, weights = small()
    completion = Completion.of(rows, weights)
    mean = np.average(rows.astype(float), axis=0, weights=weights)
    covariance = np.cov(rows.T.astype(float), aweights=weights, bias=True) + RAISED * np.eye(6)
    unknown = np.random.default_rng(1).random((30, 6)) < 0.4
    unknown[0], unknown[1] = True, False
    filled = completion(np.where(unknown, np.float32(99), rows[:30]), unknown)
    for row, missing, result in zip(rows[:30].astype(float), unknown, filled, strict=True):
        gain = covariance[np.ix_(missing, ~missing)] @ np.linalg.inv(covariance[np.ix_(~missing, ~missing)])
        np.testing.assert_allclose(result[missing], mean[missing] + gain @ (row - mean)[~missing], atol=2e-3)
        np.testing.assert_array_equal(result[~missing], row[~missing].astype(np.float32))


def test_the_map_of_depth_in_closed_form() -> None:
    sets = [measured_set(), measured_set(("punch", "walk", "squat"), seed=1)]
    fitted = model()
    assert fitted.completion is not None
    assert fitted.completion.depth is not None
    flat = [s.flat for s in sets if s.flat is not None]
    seen = fitted.scale(np.concatenate([*flat, *map(mirrored, flat)])).astype(float)
    real = fitted.scale(np.concatenate([s.measures for s in sets] + [s.mirrored for s in sets]))
    root = np.sqrt(np.tile(clip_weights(sets), 2).astype(float))[:, None]
    inputs = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)
    count = inputs.shape[1]
    expected = np.linalg.lstsq(
        np.concatenate([root * inputs, np.sqrt(fit.DEPTH_RIDGE) * np.eye(count)]),
        np.concatenate([root * (real - seen), np.zeros((count, count - 1))]),
        rcond=None,
    )[0]
    np.testing.assert_allclose(fitted.completion.depth, expected, atol=2e-5)
    assert np.abs(expected).max() > 0.01


def test_only_what_is_not_shown_is_changed() -> None:
    measures, fitted = measured_set(seed=7).measures.copy(), model()
    count = len(measures)
    flat, legless = np.arange(count) % 3 == 0, np.arange(count) % 3 == 1
    scaled = fitted.scale(measures)
    measures[np.ix_(legless, OF_LEGS)] = np.nan
    filled = fitted.standardised(measures, flat)
    whole = ~flat & ~legless & ~np.isnan(measures).any(axis=1)
    np.testing.assert_array_equal(filled[whole], scaled[whole])
    np.testing.assert_array_equal(
        filled[np.ix_(legless, ~OF_LEGS)][:, ~np.isnan(measures[legless][0, ~OF_LEGS])],
        scaled[np.ix_(legless, ~OF_LEGS)][:, ~np.isnan(measures[legless][0, ~OF_LEGS])],
    )
    assert (np.abs(filled[flat] - scaled[flat]) > 0.01).any(axis=1).all()
    before = replace(fitted, completion=None)
    np.testing.assert_array_equal(before.standardised(measures, flat), before.scale(measures))


@pytest.mark.parametrize("hidden", ["legs", "depth"])
def test_estimates_are_nearer_to_what_is_hidden_and_clips_are_recognised(hidden: str) -> None:
    """On people who were not trained on; what is compared is fitted on recordings that show everything."""
    new, fitted = measured_set(seed=7), fit_kinematics([measured_set()])
    assert new.flat is not None
    flat = np.full(len(new.labels), hidden == "depth")
    shown = new.flat if hidden == "depth" else np.where(OF_LEGS, np.float32(np.nan), new.measures)
    real, before, now = fitted.scale(new.measures), fitted.scale(shown), fitted.standardised(shown, flat)
    assert np.square(now - real).mean() < 0.6 * np.square(before - real).mean()
    anchors = fitted.sentences(new.encoded, new.words)
    right = [
        (cosines(m.features(shown, flat=flat), anchors).argmax(axis=1) == new.labels).mean()
        for m in (replace(fitted, completion=None), fitted)
    ]
    assert right[1] >= max(right[0], 0.7)


def test_words_about_what_is_not_seen_are_open() -> None:
    """Their detectors get estimates; they are no evidence."""
    measures = measured_set(seed=7).measures.copy()
    seen = model().evidence(measures)
    measures[:, OF_LEGS] = np.nan
    hidden = model().evidence(measures)
    kick, wave = DETECTED.index("kick"), DETECTED.index("wave")
    assert np.abs(seen[:, kick]).min() > 0
    assert not hidden[:, kick].any()
    assert np.abs(hidden[:, wave]).min() > 0


def test_mirrored_clips_have_mirrored_estimates() -> None:
    """The completion is fitted on clips and their mirror images."""
    new, fitted = measured_set(seed=7), model()
    assert new.flat is not None
    measures = new.flat.copy()
    measures[:, [name.startswith("L_") for name in MEASURES]] = np.nan
    flat = np.arange(len(measures)) % 2 == 0
    filled = fitted.standardised(measures, flat) * fitted.scale.spread + fitted.scale.median
    image = fitted.standardised(mirrored(measures), flat)
    np.testing.assert_allclose(fitted.scale(mirrored(filled)), np.clip(image, -3, 3), atol=0.05)


def test_a_model_fitted_without_flat_clips_estimates_no_depth() -> None:
    sets = [measured_set(), replace(measured_set(("punch", "walk", "squat"), seed=1), flat=None)]
    completion = fit_kinematics(sets).completion
    assert completion is not None
    assert completion.depth is None
    rows = np.zeros((2, len(MEASURES)), dtype=np.float32)
    flat = np.ones(2, dtype=bool)
    np.testing.assert_array_equal(completion(rows, np.zeros(rows.shape, dtype=bool), flat), rows)


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.0, 3.0, 4.5])
def test_cameras_see_the_front_or_the_back(angle: float) -> None:
    """Whichever way a body was recorded, the line of its hips is seen at no more than the widest view."""
    left, right = (KINECT20.joints.index(f"hip_{side}") for side in ("left", "right"))
    clips = [clip.to(KINECT20) for clip in CLIPS]
    clips = [clip.with_positions(turned(clip.positions, angle)) for clip in clips]
    for clip in clips:
        line = clip.positions[0, 0, left] - clip.positions[0, 0, right]
        seen = clip.without_depth(frontal_view(clip)).positions[0, 0]
        assert abs(seen[left, 0] - seen[right, 0]) > 0.95 * np.hypot(line[0], line[2])
        side = clip.without_depth(frontal_view(clip) + WIDEST_VIEW).positions[0, 0]
        assert abs(side[left, 0] - side[right, 0]) > 0.4 * np.hypot(line[0], line[2])
    seen = without_depth(clips)
    assert all(not np.nan_to_num(clip.positions[..., 2]).any() and not clip.depth for clip in seen)
    assert np.isfinite(measured_clips(seen, PrepareSettings(layout="kinect20"))[2]).mean() > 0.9


@pytest.mark.parametrize("hidden", [LEGS, LEFT_ARM])
def test_joints_are_hidden(hidden: tuple[str, ...]) -> None:
    for before, after in zip(CLIPS, without_joints(CLIPS, hidden), strict=True):
        for number, joint in enumerate(before.layout.joints):
            if any(joint.startswith(name) for name in hidden):
                assert np.isnan(after.positions[:, :, number]).all()
            else:
                np.testing.assert_array_equal(after.positions[:, :, number], before.positions[:, :, number])


def test_a_recogniser_completes_recordings() -> None:
    """One without depth, one without legs; the other stays as it was."""
    recogniser = kinematic_recogniser()
    kinematics = recogniser.bundle.kinematics
    assert kinematics is not None
    clips = [clip.to(KINECT20) for clip in CLIPS[:3]]
    clips[1:3] = [clips[1].without_depth(0.3), *without_joints(clips[2:3], LEGS)]
    assert screen(Ragged.from_clips(clips)).flat.tolist() == [False, True, False]
    without = Recogniser(replace(recogniser.bundle, kinematics=replace(kinematics, completion=None)))
    now, before = recogniser.features(clips), without.features(clips)
    np.testing.assert_array_equal(now[0], before[0])
    assert (np.abs(now - before).max(axis=1) > 1e-3).tolist() == [False, True, True]
    flat = Ragged.from_clips(clips[1:2])
    measures = measured(prepare(flat, recogniser.bundle.settings.prepare))
    evidence = kinematics.evidence(measures, screen(flat).flat)[0]
    reasons = recogniser.explain(clips[1], SENTENCES[:1])[0].reasons
    assert reasons
    for reason in reasons:
        assert reason.evidence == pytest.approx(evidence[DETECTED.index(reason.word)], abs=1e-5)


def test_vectors_of_sentences_do_not_depend_on_it() -> None:
    texts = ["A person waves.", "A person walks."]
    with_it, without = model(), replace(model(), completion=None)
    np.testing.assert_array_equal(
        with_it.sentences(vectors_of(texts), word_vectors(texts)),
        without.sentences(vectors_of(texts), word_vectors(texts)),
    )
