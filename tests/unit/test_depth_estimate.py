"""Recordings without depth: flattened clips, the estimate of what depth would add, and where it is used."""

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
from pgfa.research.foreign.flat import WIDEST_VIEW, _frontal, flattened
from pgfa.skeleton import KINECT20, Ragged
from pgfa.synth import make_clips
from pgfa.words import fit
from pgfa.words.fit import clip_weights, fit_kinematics
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import mirrored
from pgfa.words.model import DETECTED
from recogniser_builders import SENTENCES, kinematic_recogniser

CLIPS = make_clips(5, 2, 1, ("wave", "punch", "kick-forward"))


def turned(positions: np.ndarray, angle: float) -> np.ndarray:
    """About the vertical axis."""
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], dtype=np.float32)
    return np.asarray(positions @ rotation, dtype=np.float32)


def test_the_estimate_in_closed_form() -> None:
    sets = [measured_set(), measured_set(("punch", "walk", "squat"), seed=1)]
    fitted = model()
    assert fitted.depth is not None
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
    np.testing.assert_allclose(fitted.depth.weights, expected, atol=2e-5)
    assert np.abs(expected).max() > 0.01


def test_only_clips_without_depth_are_changed() -> None:
    measures, fitted = measured_set(seed=7).measures, model()
    flat = np.arange(len(measures)) % 3 == 0
    changed = fitted.with_depth(measures, flat)
    np.testing.assert_array_equal(changed[~flat], measures[~flat])
    assert (np.abs(fitted.scale(changed[flat]) - fitted.scale(measures[flat])) > 0.01).any(axis=1).all()
    np.testing.assert_array_equal(replace(fitted, depth=None).with_depth(measures, flat), measures)


def test_estimates_are_nearer_to_what_depth_shows_and_clips_are_recognised() -> None:
    """On people who were not trained on; what is compared is fitted on recordings with depth alone."""
    new, fitted = measured_set(seed=7), fit_kinematics([measured_set()])
    assert new.flat is not None
    everything = np.ones(len(new.labels), dtype=bool)
    estimated = fitted.with_depth(new.flat, everything)
    real, seen, better = (fitted.scale(m) for m in (new.measures, new.flat, estimated))
    assert np.square(better - real).mean() < 0.6 * np.square(seen - real).mean()
    anchors = fitted.sentences(new.encoded, new.words)
    right = [
        (cosines(fitted.features(m), anchors).argmax(axis=1) == new.labels).mean()
        for m in (new.flat, estimated)
    ]
    assert right[1] > max(right[0], 0.7)


def test_mirrored_clips_have_mirrored_estimates() -> None:
    """Of the parts that tell sides: the estimate is fitted on clips and their mirror images."""
    new, fitted = measured_set(seed=7), model()
    assert new.flat is not None
    everything = np.ones(len(new.labels), dtype=bool)
    one = mirrored(fitted.with_depth(new.flat, everything))
    other = fitted.with_depth(mirrored(new.flat), everything)
    np.testing.assert_allclose(fitted.scale(one), fitted.scale(other), atol=0.02)


def test_a_model_fitted_without_flat_clips_has_no_estimate() -> None:
    sets = [measured_set(), replace(measured_set(("punch", "walk", "squat"), seed=1), flat=None)]
    assert fit_kinematics(sets).depth is None


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.0, 3.0, 4.5])
def test_cameras_see_the_front_or_the_back(angle: float) -> None:
    """Whichever way a body was recorded, the line of its hips is seen at no more than the widest view."""
    left, right = (KINECT20.joints.index(f"hip_{side}") for side in ("left", "right"))
    clips = [clip.to(KINECT20) for clip in CLIPS]
    clips = [clip.with_positions(turned(clip.positions, angle)) for clip in clips]
    for clip in clips:
        line = clip.positions[0, 0, left] - clip.positions[0, 0, right]
        seen = clip.without_depth(_frontal(clip)).positions[0, 0]
        assert abs(seen[left, 0] - seen[right, 0]) > 0.95 * np.hypot(line[0], line[2])
        side = clip.without_depth(_frontal(clip) + WIDEST_VIEW).positions[0, 0]
        assert abs(side[left, 0] - side[right, 0]) > 0.4 * np.hypot(line[0], line[2])
    flat = flattened(clips, PrepareSettings(layout="kinect20"))
    assert np.abs(flat.positions[..., 2]).max() < 1e-6
    assert np.isfinite(flat.measures).mean() > 0.9


def test_a_recogniser_estimates_for_recordings_without_depth() -> None:
    recogniser = kinematic_recogniser()
    kinematics = recogniser.bundle.kinematics
    assert kinematics is not None
    assert kinematics.depth is not None
    clips = [CLIPS[0], CLIPS[1].without_depth(0.3), CLIPS[2]]
    ragged = Ragged.from_clips(clips)
    assert screen(ragged).flat.tolist() == [False, True, False]
    without = Recogniser(replace(recogniser.bundle, kinematics=replace(kinematics, depth=None)))
    now, before = recogniser.features(clips), without.features(clips)
    np.testing.assert_array_equal(now[[0, 2]], before[[0, 2]])
    assert np.abs(now[1] - before[1]).max() > 1e-3
    flat = Ragged.from_clips(clips[1:2])
    measures = measured(prepare(flat, recogniser.bundle.settings.prepare))
    evidence = kinematics.evidence(kinematics.with_depth(measures, screen(flat).flat))[0]
    reasons = recogniser.explain(clips[1], SENTENCES[:1])[0].reasons
    assert reasons
    for reason in reasons:
        assert reason.evidence == pytest.approx(evidence[DETECTED.index(reason.word)], abs=1e-5)


def test_vectors_of_sentences_do_not_depend_on_it() -> None:
    texts = ["A person waves.", "A person walks."]
    with_it, without = model(), replace(model(), depth=None)
    np.testing.assert_array_equal(
        with_it.sentences(vectors_of(texts), word_vectors(texts)),
        without.sentences(vectors_of(texts), word_vectors(texts)),
    )
