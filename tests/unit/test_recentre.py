"""Recentring and standardising against loops, and what both do with few clips."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgfa.adapt import Recentring, cosines, nearest
from pgfa.adapt.density import density_weights
from pgfa.adapt.recentre import EVEN, MOST_OWN, OWN, UNEVEN, own_share, recentring_weight, standardise


def draw(clips: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (clips, 8) of any length with a large part in common, anchors (3, 8)."""
    random = np.random.default_rng(seed)
    features = (random.normal(size=(clips, 8)) + 2) * random.uniform(0.1, 5, (clips, 1))
    return features.astype(np.float32), (random.normal(size=(3, 8)) + 1).astype(np.float32)


def test_the_means_of_unit_vectors_are_subtracted() -> None:
    features, anchors = draw(41)
    features[5] = 0
    recentring = Recentring.of(features, anchors)
    assert recentring.clips == 40
    units = [f / np.linalg.norm(f) for f in features if f.any()]
    weight = 39 / 59
    shifted = recentring.shift_features(features)
    assert not shifted[5].any()
    shares = density_weights(np.delete(features, 5, axis=0))
    expected = np.array(units) - weight * sum(share * unit for share, unit in zip(shares, units, strict=True))
    np.testing.assert_allclose(np.delete(shifted, 5, axis=0), expected, atol=1e-6)
    sentences = np.array([a / np.linalg.norm(a) for a in anchors])
    np.testing.assert_allclose(
        recentring.shift_sentences(anchors), sentences - weight * sentences.mean(axis=0), atol=1e-6
    )


def test_few_clips_shift_little() -> None:
    assert [recentring_weight(n) for n in (0, 1, 21)] == [0, 0, 0.5]
    assert recentring_weight(2000) > 0.99
    for count in (0, 1):
        features, anchors = draw(count)
        others, _ = draw(30, seed=1)
        recentring = Recentring.of(features, anchors)
        np.testing.assert_allclose(
            cosines(recentring.shift_features(others), recentring.shift_sentences(anchors)),
            cosines(others, anchors),
            atol=1e-6,
        )


def test_a_shift_common_to_all_clips_is_undone() -> None:
    """Clips of three classes around their anchors, displaced towards one of these."""
    random = np.random.default_rng(3)
    truth = np.arange(300) % 3
    anchors = np.eye(3, 8, dtype=np.float32)
    features = (anchors[truth] + 0.3 * random.normal(size=(300, 8)) + 2 * anchors[0]).astype(np.float32)
    recentring = Recentring.of(features, anchors)
    shifted = nearest(recentring.shift_features(features), recentring.shift_sentences(anchors))
    assert (nearest(features, anchors) == truth).mean() < 0.4
    assert (shifted == truth).mean() > 0.85


def test_a_common_action_is_not_the_mean() -> None:
    """Half of the clips show one action of six: its own direction is hardly subtracted."""
    random = np.random.default_rng(4)
    truth = np.concatenate([np.zeros(150, int), 1 + np.arange(150) % 5])
    anchors = np.eye(6, 12, dtype=np.float32)
    features = (anchors[truth] + 0.2 * random.normal(size=(300, 12))).astype(np.float32)
    shift = Recentring.of(features, anchors).feature_shift
    plain = features / np.linalg.norm(features, axis=1, keepdims=True)
    assert plain.mean(axis=0)[0] > 3 * plain.mean(axis=0)[1:6].max()
    assert shift[0] < 1.7 * shift[1:6].max()


def test_plain_data_and_back() -> None:
    recentring = Recentring.of(*draw(9))
    again = Recentring.from_dict(recentring.to_dict(), 8)
    assert again.clips == 9
    np.testing.assert_array_equal(again.features, recentring.features)
    np.testing.assert_array_equal(again.sentences, recentring.sentences)
    with pytest.raises(ValueError, match="7 finite numbers"):
        Recentring.from_dict(recentring.to_dict(), 7)


def test_standardised_scores_by_a_loop() -> None:
    scores = np.random.default_rng(0).normal((1, 2, 3), (0.1, 1, 5), size=(21, 3)).astype(np.float32)
    weights = np.arange(1, 22) / 231
    plain = [sum(w * x for w, x in zip(weights, column, strict=True)) for column in scores.T.astype(float)]
    variances = [
        sum(w * (x - mean) ** 2 for w, x in zip(weights, column, strict=True))
        for mean, column in zip(plain, scores.T.astype(float), strict=True)
    ]
    spreads = [(0.5 * variance + 0.5 * sum(variances) / 3) ** 0.5 for variance in variances]
    means = [0.5 * mean for mean in plain]
    for column, got in zip(range(3), standardise(scores, weights).T, strict=True):
        mean = 0.3 * means[column] + 0.7 * sum(means) / 3
        spread = 0.3 * spreads[column] + 0.7 * sum(spreads) / 3
        np.testing.assert_allclose(got, (scores[:, column].astype(float) - mean) / spread, rtol=1e-6)
    assert standardise(scores[:0], np.zeros(0)).shape == (0, 3)
    np.testing.assert_allclose(standardise(scores[:1], np.ones(1)), scores[:1])


def test_the_share_of_a_sentences_own_follows_how_even_the_labels_are() -> None:
    even = np.arange(40) % 8
    assert own_share(even, 8) == pytest.approx(MOST_OWN)
    uneven = np.repeat([0, 1, 2, 3], [30, 8, 1, 1])
    assert own_share(uneven, 8) == OWN
    between = np.repeat(np.arange(8), [9, 9, 6, 5, 4, 3, 2, 2])
    shares = np.bincount(between) / len(between)
    evenness = -sum(s * math.log(s) for s in shares) / math.log(8)
    assert UNEVEN < evenness < EVEN
    expected = OWN + (MOST_OWN - OWN) * (evenness - UNEVEN) / (EVEN - UNEVEN)
    assert own_share(between, 8) == pytest.approx(expected)
    assert own_share(between[:0], 8) == own_share(np.zeros(5, dtype=np.int64), 1) == OWN
