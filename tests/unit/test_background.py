"""Everyday actions beside the candidates: what they take from cosines, and that "none of these" follows it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builders import write_verified
from pgfa.adapt import Recentring, cosines
from pgfa.errors import BadCheckpoint
from pgfa.recognise import Calibration, Recogniser
from pgfa.recognise.background import NEAREST, SHARE, TYPICAL, Background, everyday_actions
from pgfa.recognise.bundle import KINEMATICS, MANIFEST
from pgfa.recognise.calibration.fit import HeldOutClips, draw_questions
from pgfa.recognise.candidates import Candidates
from pgfa.text import glossary
from pgfa.text.mirror import mirror_sentence
from pgfa.words.sides import background_vectors
from pgfa.words.store import load_kinematics, save_kinematics
from recogniser_builders import SENTENCES, kinematic_recogniser, swaying_clip

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(7, 12)).astype(np.float32)
EVERYDAY = RANDOM.normal(size=(9, 12)).astype(np.float32)
AXES = np.eye(12, dtype=np.float32)[:3]


def candidates_of(vectors: np.ndarray, background: Background | None, **changes: object) -> Candidates:
    count = len(vectors)
    none = np.zeros(count, dtype=bool)
    calibration = Calibration(20.0, 12.0, -3.0, 1.0, 0.5, fitted=True)
    asked = Candidates(
        tuple(f"sentence {k}" for k in range(count)), vectors, none, none, calibration, background=background
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def test_everyday_actions_are_descriptions_of_the_glossary_that_name_no_side() -> None:
    texts = everyday_actions()
    assert len(texts) > 200
    assert set(texts) <= {entry.motion for entry in glossary.entries()}
    assert all(mirror_sentence(text) == text for text in texts)


@pytest.mark.parametrize("count", [2, 9])
def test_excess_by_a_loop(count: int) -> None:
    found = Background(EVERYDAY[:count]).excess(FEATURES)
    for feature, excess in zip(FEATURES.astype(float), found, strict=True):
        rows = [
            v @ feature / np.linalg.norm(v) / np.linalg.norm(feature) for v in EVERYDAY[:count].astype(float)
        ]
        highest = sorted(rows)[-NEAREST:]
        assert excess == pytest.approx(SHARE * max(sum(highest) / len(highest) - TYPICAL, 0), abs=1e-5)


def test_excess_after_adaptation_compares_what_is_recentred() -> None:
    recentring = Recentring.of(FEATURES, AXES)
    background = Background.of(EVERYDAY, recentring)
    assert background is not None
    expected = Background(recentring.shift_sentences(EVERYDAY)).excess(recentring.shift_features(FEATURES))
    np.testing.assert_allclose(background.excess(FEATURES), expected, atol=1e-6)
    assert Background.of(None, recentring) is None


def test_the_order_of_sentences_stays_and_none_follows_everyday_actions() -> None:
    """A clip that an everyday action fits as well as a sentence does: "none" is more probable than without it."""
    clip = np.array([[0.6, 0.3, 0.2, 0.7, *[0] * 8]], dtype=np.float32)
    alike = np.tile(clip, (NEAREST, 1))
    unlike = -alike
    plain, near, far = (
        candidates_of(AXES, background) for background in (None, Background(alike), Background(unlike))
    )
    probabilities = [asked.probabilities(asked.cosines(clip))[0] for asked in (plain, near, far)]
    assert all(np.argsort(-row[:-1]).tolist() == [0, 1, 2] for row in probabilities)
    assert probabilities[1][-1] > probabilities[0][-1]
    np.testing.assert_array_equal(probabilities[2], probabilities[0])
    np.testing.assert_allclose(near.cosines(clip), plain.cosines(clip) - SHARE * (1 - TYPICAL), atol=1e-5)


def test_taught_classes_keep_their_cosines_and_standardised_ones_do_not() -> None:
    """A cosine near 1 to an example means the same recording, whatever else it looks like."""
    taught = np.array([True, False, False])
    background = Background(EVERYDAY)
    asked = candidates_of(AXES, background, is_prototype=taught)
    without = candidates_of(AXES, None, is_prototype=taught).cosines(FEATURES)
    excess = background.excess(FEATURES)
    np.testing.assert_allclose(asked.cosines(FEATURES)[:, 0], without[:, 0], atol=1e-6)
    np.testing.assert_allclose(asked.cosines(FEATURES)[:, 1:], without[:, 1:] - excess[:, None], atol=1e-6)
    columns = np.array([True, False, True])
    np.testing.assert_allclose(
        asked.cosines(FEATURES, columns), asked.cosines(FEATURES)[:, columns], atol=1e-6
    )
    recentring = replace(Recentring.of(FEATURES, AXES), scores={"sentence 0": (0.0, 0.2)})
    adapted = Background.of(EVERYDAY, recentring)
    changes = {"is_prototype": taught, "recentring": recentring}
    with_it = candidates_of(AXES, adapted, **changes).cosines(FEATURES)
    assert adapted is not None
    expected = candidates_of(AXES, None, **changes).cosines(FEATURES) - adapted.excess(FEATURES)[:, None]
    np.testing.assert_allclose(with_it, expected, atol=1e-6)


def test_questions_of_a_calibration_are_relative_too() -> None:
    labels = np.arange(7) % 4
    anchors = RANDOM.normal(size=(4, 12)).astype(np.float32)
    excess = np.arange(7, dtype=np.float32)
    plain = draw_questions([HeldOutClips(FEATURES, labels, anchors)], shots=(), per_clip=2)
    relative = draw_questions([HeldOutClips(FEATURES, labels, anchors, excess)], shots=(), per_clip=2)
    known = np.isfinite(plain.cosines)
    difference = np.where(known, plain.cosines, 0) - np.where(known, relative.cosines, 0)
    np.testing.assert_allclose(difference, np.where(known, excess[plain.clip][:, None], 0), atol=1e-5)


@pytest.fixture(scope="module")
def everyday() -> Recogniser:
    """A recogniser with seven everyday actions."""
    plain = kinematic_recogniser()
    model = plain.bundle.kinematics
    assert model is not None
    rows = np.random.default_rng(1).normal(size=(7, model.size)).astype(np.float32)
    return Recogniser(replace(plain.bundle, kinematics=replace(model, background=rows)))


def test_a_recogniser_with_everyday_actions_is_saved_and_opened(everyday: Recogniser, tmp_path: Path) -> None:
    clips = [swaying_clip(i) for i in range(14)]
    everyday.save(tmp_path / "bundle", SENTENCES)
    opened = Recogniser.load(tmp_path / "bundle")
    for some in (everyday, everyday.adapt(clips, SENTENCES, cautious=False)):
        assert some.candidates(SENTENCES).background is not None
    for one, other in zip(
        everyday.recognise(clips, SENTENCES), opened.recognise(clips, SENTENCES), strict=True
    ):
        np.testing.assert_allclose([a.cosine for a in one], [a.cosine for a in other], atol=1e-4)
    model = everyday.bundle.kinematics
    assert model is not None
    vectors = background_vectors(model)
    assert vectors is not None
    features = everyday.features(clips)
    anchors = everyday.bundle.anchors(SENTENCES)
    expected = cosines(features, anchors) - Background(vectors).excess(features)[:, None]
    found = [[row.cosine for row in sorted(answers, key=lambda a: SENTENCES.index(a.sentence))]
             for answers in everyday.recognise(clips, SENTENCES)]  # fmt: skip
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_everyday_actions_of_another_length_are_refused(everyday: Recogniser, tmp_path: Path) -> None:
    everyday.save(tmp_path / "bundle", SENTENCES)
    file, manifest = tmp_path / "bundle" / KINEMATICS, tmp_path / "bundle" / MANIFEST
    model = load_kinematics(file)
    assert model.background is not None
    for damaged in (model.background[:, :-1], model.background[:0], model.background[0]):
        save_kinematics(file, replace(model, background=damaged))
        write_verified(manifest, json.loads(manifest.read_text()))
        with pytest.raises(BadCheckpoint, match="background"):
            Recogniser.load(tmp_path / "bundle")
