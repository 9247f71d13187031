"""The kinematic model: closed forms against loops, mirrored motion, unknown measures."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from kinematic_builders import (
    ENCODED,
    SENTENCES,
    arrays_of,
    measured_set,
    model,
    model_with_profile,
    profiles_of,
    random_network,
    vectors_of,
)
from pgfa.adapt import cosines
from pgfa.text import mirror_sentence
from pgfa.words import fit
from pgfa.words.fit import DETECTOR_RIDGE, MeasuredSet, clip_weights, fit_kinematics, ridge
from pgfa.words.lexicon import WORDS, word_vectors
from pgfa.words.measures import MEASURES, mirrored
from pgfa.words.model import DENIED, DETECTED, Detector, Scale, Whitening, stated_words, unit
from pgfa.words.profile import QUANTITIES
from pgfa.words.reads import READS


def test_the_columns_of_every_detector_are_fixed() -> None:
    """Fitted models do not store them: a change of READS is a new version of theirs."""
    assert set(READS) <= set(WORDS)
    assert {name for columns in READS.values() for name in columns} <= set(MEASURES)
    assert all(len(set(columns)) == len(columns) for columns in READS.values())
    assert hashlib.sha256(repr(sorted(READS.items())).encode()).hexdigest()[:16] == "845d0d247dcb60fb"


def test_ridge_is_the_least_squares_solution() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(50, 7)).astype(np.float32), random.normal(size=(50, 3)).astype(np.float32)
    weights = random.uniform(0.1, 3, 50).astype(np.float32)
    root = np.sqrt(weights.astype(float))[:, None]
    rows = np.concatenate([root * x, np.sqrt(5.0) * np.eye(7)])
    expected = np.linalg.lstsq(rows, np.concatenate([root * y, np.zeros((7, 3))]), rcond=None)[0]
    np.testing.assert_allclose(ridge(x, y, weights, 5.0), expected, atol=1e-5)


def test_weights_balance_classes_and_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class counts by the root of its clips; a set by that of its clips and the fourth root of its classes."""
    monkeypatch.setattr(fit, "LARGE_SET", 100)
    nothing = np.empty((0, 0), dtype=np.float32)
    counts = [[9, 4, 1], [150, 50]]
    sets = [
        MeasuredSet(
            nothing, nothing, np.repeat(np.arange(len(sizes)), sizes), nothing, nothing,
            np.zeros((len(sizes), len(WORDS)), dtype=np.float32), nothing,
        )
        for sizes in counts
    ]  # fmt: skip
    weights = clip_weights(sets)
    assert weights.mean() == pytest.approx(1)
    share = [14**0.5 * 3**0.25, 100**0.5 * 2**0.25]
    ends = np.cumsum(np.concatenate(counts))
    by_class = np.add.reduceat(weights, [0, *ends[:-1]])
    total = [3 + 2 + 1, 150**0.5 + 50**0.5]
    expected = [share[s] * size**0.5 / total[s] for s, sizes in enumerate(counts) for size in sizes]
    np.testing.assert_allclose(by_class / by_class.sum(), np.array(expected) / sum(share), rtol=1e-5)
    assert len(set(weights[:9].tolist())) == 1  # clips of a class count alike


def test_the_description_in_closed_form() -> None:
    """The map of `fit_kinematics` against a least-squares solution in double precision."""
    sets = [measured_set(), measured_set(("punch", "walk", "squat"), seed=1)]
    fitted = model()
    rows, targets = [], []
    weights = clip_weights(sets).astype(float)
    for side in ("", "mirrored"):
        for data in sets:
            measures = data.mirrored if side else data.measures
            encoded = data.encoded_mirrored if side else data.encoded
            words = data.words_mirrored if side else data.words
            for clip, label in zip(measures, data.labels, strict=True):
                standard = [
                    0.0 if np.isnan(value) else float(np.clip((value - median) / spread, -3, 3))
                    for value, median, spread in zip(
                        clip, fitted.scale.median, fitted.scale.spread, strict=True
                    )
                ]
                rows.append([*standard, *[value**2 / 3 for value in standard], 1.0])
                targets.append(fitted.space.vectors(encoded[label : label + 1], words[label : label + 1])[0])
    root = np.sqrt(np.tile(weights, 2))[:, None]
    inputs, count = np.array(rows), len(rows[0])
    expected = np.linalg.lstsq(
        np.concatenate([root * inputs, np.sqrt(fit.DESCRIPTION_RIDGE) * np.eye(count)]),
        np.concatenate([root * np.array(targets), np.zeros((count, len(targets[0])))]),
        rcond=None,
    )[0]
    np.testing.assert_allclose(fitted.weights, expected, atol=2e-5)
    assert np.abs(expected).max() > 0.01


def test_a_detector_in_closed_form() -> None:
    word, data = "jump", measured_set()
    fitted = fit_kinematics([data])
    columns = [MEASURES.index(name) for name in READS[word]]
    standardised = fitted.scale(np.concatenate([data.measures, data.mirrored]))[:, columns].astype(float)
    rows = []
    for clip in standardised:
        products = [clip[i] * clip[j] / 3 for i in range(len(clip)) for j in range(i + 1, len(clip))]
        rows.append([*clip, *clip**2 / 3, *products, 1.0])
    is_stated = np.tile(data.labels == list(SENTENCES).index("jump"), 2)
    target = np.clip(np.tile(data.words[data.labels, WORDS.index(word)], 2) * fit.STATED, DENIED, 1)
    assert (is_stated == (target > 0.3)).all()
    weights = np.tile(clip_weights([data]), 2).astype(float)
    share = weights[is_stated].sum() / weights.sum()
    root = np.sqrt(weights * np.where(is_stated, 0.5 / share, 1))[:, None]
    assert 1 < 0.5 / share < 8
    count = len(rows[0])
    expected = np.linalg.lstsq(
        np.concatenate([root * np.array(rows), np.sqrt(DETECTOR_RIDGE) * np.eye(count)]),
        np.concatenate([root[:, 0] * target, np.zeros(count)]),
        rcond=None,
    )[0]
    detector = fitted.detectors[DETECTED.index(word)]
    np.testing.assert_allclose(detector.weights, expected, atol=1e-5)
    output = detector(fitted.scale(data.measures))
    assert output[data.labels == 3].min() > output[data.labels != 3].max()


@pytest.mark.parametrize("measures", [1, 9, 10, 11, 20])
def test_products_are_formed_among_the_first_measures(measures: int) -> None:
    row = np.random.default_rng(measures).normal(size=(1, measures)).astype(np.float32)
    first = row[0, :10]
    products = [first[i] * first[j] / 3 for i in range(len(first)) for j in range(i + 1, len(first))]
    expanded = Detector.expand(row)
    np.testing.assert_allclose(expanded[0], [*row[0], *row[0] ** 2 / 3, *products, 1], rtol=1e-5)
    assert expanded.shape == (1, Detector.inputs(measures))


def test_whitening_counts_standard_deviations() -> None:
    """Cosine times length of the clip's vector: the score of a pair, standardised over the training clips."""
    random = np.random.default_rng(4)
    features = (random.normal(size=(200, 6)) @ random.normal(size=(6, 6)) + 3).astype(np.float32)
    weights = random.uniform(0.5, 2, 200).astype(np.float32)
    whitening = Whitening.of(features, weights)
    np.testing.assert_allclose(whitening.root @ whitening.inverse, np.eye(6), atol=1e-4)
    np.testing.assert_allclose(whitening.root, whitening.root.T, atol=1e-5)
    share = weights.astype(float) / weights.sum()
    sentences = random.normal(size=(5, 6)).astype(np.float32)
    scores = features.astype(float) @ sentences.T
    mean = share @ scores
    variance = share @ (scores - mean) ** 2
    centred = features - share @ features
    raised = 0.1 * (share @ centred**2).mean() * (sentences.astype(float) ** 2).sum(axis=1)
    white = whitening.features(features)
    found = cosines(white, whitening.sentences(sentences)) * np.linalg.norm(white, axis=1, keepdims=True)
    np.testing.assert_allclose(found, (scores - mean) / np.sqrt(variance + raised), atol=1e-3)


def test_whitening_of_features_that_are_all_the_same() -> None:
    whitening = Whitening.of(np.ones((5, 3), dtype=np.float32), np.ones(5, dtype=np.float32))
    assert all(np.isfinite(part).all() for part in arrays_of(whitening))
    assert not whitening.features(np.ones((1, 3), dtype=np.float32)).any()


def test_the_measures_are_standardised_and_cut_off() -> None:
    measures = np.array([[0, 1, np.nan], [4, 1, np.nan], [8, 1, np.nan], [np.nan, 1, np.nan]], np.float32)
    scale = Scale.of(measures)
    np.testing.assert_allclose(scale.median, [4, 1, 0])
    np.testing.assert_allclose(scale.spread, [4.001 * 1.35, 0.001 * 1.35, 1], rtol=1e-5)
    expected = [[-4 / (4.001 * 1.35), 0, 0], [0, 3, -3]]
    np.testing.assert_allclose(
        scale(np.array([[0, 1, np.nan], [4, 99, -99]], np.float32)), expected, rtol=1e-5
    )


def test_without_completion_an_unknown_measure_counts_as_the_median() -> None:
    measures, plain = measured_set().measures[:4].copy(), replace(model(), completion=None)
    known = measures.copy()
    measures[:, ::3] = np.nan
    known[:, ::3] = model().scale.median[::3]
    np.testing.assert_array_equal(plain.features(measures), plain.features(known))
    for fitted in (plain, model()):
        assert np.isfinite(fitted.features(np.full((1, len(MEASURES)), np.nan, np.float32))).all()


def test_a_new_persons_clips_are_recognised() -> None:
    data, new = measured_set(), measured_set(seed=7)
    fitted = fit_kinematics([data])
    answers = cosines(fitted.features(new.measures), fitted.sentences(new.encoded, new.words)).argmax(axis=1)
    assert (answers == new.labels).mean() > 0.8  # 1 of 6 by chance


def test_mirrored_motion_answers_mirrored_sentences() -> None:
    """Right and left of one motion; the model was fitted on right-handed people and their mirror images."""
    new = measured_set(seed=7)
    for name, label in (("wave", 0), ("punch", 1), ("kick-forward", 5)):
        texts = [SENTENCES[name], mirror_sentence(SENTENCES[name])]
        assert texts[0] != texts[1]
        anchors = model().sentences(vectors_of(texts), word_vectors(texts))
        clips = new.measures[new.labels == label]
        assert (cosines(model().features(clips), anchors).argmax(axis=1) == 0).all(), name
        assert (cosines(model().features(mirrored(clips)), anchors).argmax(axis=1) == 1).all(), name


def test_detectors_of_left_and_right_are_mirror_images() -> None:
    measures = measured_set(seed=7).measures
    straight, image = model().evidence(measures), model().evidence(mirrored(measures))
    for left, right in (
        ("left_hand", "right_hand"),
        ("left_foot", "right_foot"),
        ("turn_left", "turn_right"),
    ):
        np.testing.assert_allclose(
            straight[:, DETECTED.index(right)], image[:, DETECTED.index(left)], atol=5e-3, err_msg=right
        )
    of_right = straight[:, DETECTED.index("right_hand")]
    assert np.ptp(of_right) > 1


def test_a_sentence_without_motion_words_is_compared_by_its_meaning_only() -> None:
    texts = ["A person does it.", "A person jumps."]
    words = word_vectors(texts)
    assert not words[0].any()
    anchors = model().sentences(vectors_of(texts), words)
    described = ENCODED + len(WORDS)
    assert anchors.shape == (2, model().size) == (2, described + len(DETECTED) + 2)  # 2 of `stillness`
    np.testing.assert_allclose(np.linalg.norm(anchors[:, :described], axis=1), 1, rtol=1e-5)
    assert not anchors[0, described:-1].any()
    assert 0 < np.linalg.norm(anchors[1, described:-2]) <= 1 + 1e-5
    assert np.isfinite(cosines(model().features(measured_set().measures), anchors)).all()


def test_a_denied_word_counts_less_than_a_stated_one() -> None:
    words = word_vectors(["A person waves the right hand, not the left one."])
    stated = stated_words(words)[0]
    assert (stated[DETECTED.index("right_hand")], stated[DETECTED.index("left_hand")]) == (
        1,
        np.float32(DENIED),
    )
    assert set(np.unique(stated).tolist()) <= {0.0, 1.0, float(np.float32(DENIED))}


def test_a_motion_encoder_stands_beside_it() -> None:
    random, data = np.random.default_rng(0), measured_set()
    size = ENCODED + len(WORDS)
    features = random.normal(size=(len(data.labels), size)).astype(np.float32)
    alone = replace(fit_kinematics([data]), stillness=False, shares=(1.0, 0.6, 1.0, 1.0))
    both = alone.with_encoder(features, clip_weights([data]))
    assert both.size == alone.size + size
    assert both.encoder is not None
    combined = both.features(data.measures, 7 * features)  # of any length
    assert combined.shape == (len(data.labels), both.size)
    np.testing.assert_allclose(combined[:, -size:], both.encoder.features(unit(features)), atol=1e-4)
    np.testing.assert_array_equal(combined[:, :-size], alone.features(data.measures))
    weighted = replace(both, shares=(0.0, 1.2, 2.0, 1.0)).features(data.measures, features)
    described = both.weights.shape[1]
    assert not weighted[:, :described].any()
    np.testing.assert_allclose(
        weighted[:, described:-size], 2 * combined[:, described:-size], rtol=1e-4, atol=1e-4
    )  # from 0.6
    np.testing.assert_allclose(weighted[:, -size:], 2 * combined[:, -size:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("encoder", [False, True])
def test_a_network_stands_beside_it(encoder: bool) -> None:
    """After the description, the words and the motion encoder, by its share; sentences are vectors of one space."""
    data, network = measured_set(), random_network()
    size = ENCODED + len(WORDS)
    features = np.random.default_rng(0).normal(size=(len(data.labels), size)).astype(np.float32)
    alone = replace(fit_kinematics([data]), stillness=False, shares=(1.0, 0.6, 1.0, 0.5))
    if encoder:
        alone = alone.with_encoder(features, clip_weights([data]))
    both = alone.with_network(network, data.measures, clip_weights([data]))
    assert both.size == alone.size + size
    combined = both.features(data.measures, features)
    assert combined.shape == (len(data.labels), both.size)
    np.testing.assert_array_equal(combined[:, :-size], alone.features(data.measures, features))
    outputs = unit(network(both.scale(data.measures)))
    whitening = Whitening.of(outputs, clip_weights([data]))
    np.testing.assert_allclose(combined[:, -size:], 0.5 * whitening.features(outputs), atol=1e-4)
    anchors = both.sentences(data.encoded, data.words)
    np.testing.assert_array_equal(anchors[:, :-size], alone.sentences(data.encoded, data.words))
    expected = whitening.sentences(both.space.vectors(data.encoded, data.words))
    np.testing.assert_allclose(anchors[:, -size:], expected, atol=1e-5)
    without = replace(both, shares=(1.0, 0.6, 1.0, 0.0)).features(data.measures, features)
    assert not without[:, -size:].any()


def test_a_profile_is_estimated_and_compared_by_a_loop() -> None:
    fitted, data = model_with_profile(), measured_set()
    assert fitted.profile is not None
    profile, standardised = fitted.profile, fitted.scale(data.measures)
    size = len(QUANTITIES)
    features, wanted = fitted.features(data.measures), profiles_of(SENTENCES)
    anchors = fitted.sentences(data.encoded, data.words, wanted)
    assert fitted.size == features.shape[1] == anchors.shape[1] == model().size + size
    for number, (_, _, reads) in enumerate(QUANTITIES.values()):
        columns = [MEASURES.index(name) for name in reads.split()]
        detector = profile.detectors[number]
        assert detector.columns.tolist() == columns
    one = profile.features(standardised[:1])[0]
    raw = np.array([float(detector(standardised[:1])[0]) for detector in profile.detectors])
    white = (raw / profile.spread - profile.whitening.mean) @ profile.whitening.inverse
    np.testing.assert_allclose(one, white, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(features[0, -size - 2 : -2], white * fitted.shares[4], rtol=1e-3, atol=1e-3)
    difference = wanted[0] - profile.centre
    root = difference @ profile.whitening.root
    expected = root / np.linalg.norm(root) * min(float(np.linalg.norm(difference)) / 2, 1)
    np.testing.assert_allclose(anchors[0, -size - 2 : -2], expected, rtol=1e-3, atol=1e-4)
    # Where nothing is known of a profile it takes no part.
    assert not fitted.sentences(data.encoded, data.words)[:, -size - 2 : -2].any()


def test_profiles_are_used_where_all_sets_have_them() -> None:
    some = replace(measured_set(), profiles=profiles_of(SENTENCES))
    assert fit_kinematics([some, measured_set(("punch", "walk", "squat"), seed=1)]).profile is None


def test_estimates_follow_the_profile() -> None:
    """On the clips that it was fitted on, the estimates of each quantity rise with its value."""
    fitted, data = model_with_profile(), measured_set()
    assert fitted.profile is not None
    standardised = fitted.scale(data.measures)
    wanted = profiles_of(SENTENCES)[data.labels]
    raw = np.stack([detector(standardised) for detector in fitted.profile.detectors], axis=1)
    related = [np.corrcoef(raw[:, i], wanted[:, i])[0, 1] for i in range(len(QUANTITIES))]
    assert np.median(related) > 0.5
