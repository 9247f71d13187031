"""`smoothed` against dense matrices and loops, and in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.adapt import Recentring, align_with, cosines, smoothed, unit_rows
from pgfa.adapt.density import density_weights
from pgfa.adapt.recentre import standardise
from pgfa.config import AdaptSettings


def draw(seed: int, clips: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clips around 4 means, poor anchors, labels."""
    random = np.random.default_rng(seed)
    means, truth = random.normal(size=(4, 12)), random.integers(0, 4, clips)
    features = means[truth] + 0.6 * random.normal(size=(clips, 12))
    anchors = means + 1.0 * random.normal(size=means.shape)
    return features.astype(np.float32), anchors.astype(np.float32), truth


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def pulled(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Offsets under which every class has the share that unbalanced transport gives it, by a loop over the classes."""
    offset = np.zeros(logits.shape[1])
    for _ in range(60):
        shares = [float(weights @ softmax(logits + offset)[:, k]) for k in range(len(offset))]
        offset = np.array([(offset[k] - np.log(len(offset) * shares[k])) / 6 for k in range(len(offset))])
    return softmax(logits + offset)


def dense(features: np.ndarray, anchors: np.ndarray, neighbours: int) -> np.ndarray:
    """(N, K) smoothed scores, with every pair of clips in memory."""
    weights = density_weights(features)
    recentring = Recentring.of(features, anchors)
    points = unit_rows(recentring.shift_features(features)).astype(float)
    first = standardise(cosines(points, recentring.shift_sentences(anchors)), weights)
    distance = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    chosen = np.argsort(distance, axis=1)[:, :neighbours]
    scale = np.median([distance[i, j] for i in range(len(points)) for j in chosen[i]])
    weight = np.zeros_like(distance)
    for i in range(len(points)):
        for j in chosen[i]:
            weight[i, j] = np.exp(-distance[i, j] / scale)
    weight = weight + weight.T
    weight /= weight.sum(axis=1, keepdims=True)
    both = first
    for _ in range(2):
        scores = start = pulled(1.5 * both, weights)
        for _ in range(20):
            scores = 0.2 * start + 0.8 * weight @ scores
        scores = pulled(np.log(scores), weights)
        labels = scores.argmax(axis=1)
        means = np.stack(
            [sum(scores[i, k] * points[i] for i in np.flatnonzero(labels == k)) for k in range(len(anchors))]
        )
        both = (first + standardise(cosines(points, means), weights)) / 2
    return scores


@pytest.mark.parametrize(("neighbours", "expected"), [(None, 8), (3, 3), (500, 49)])
@pytest.mark.parametrize("seed", range(3))
def test_scores_and_prototypes_by_dense_matrices(seed: int, neighbours: int | None, expected: int) -> None:
    features, anchors, _ = draw(seed)
    got = align_with(features, anchors, AdaptSettings(method="smoothed", neighbours=neighbours))
    scores = dense(features, anchors, expected)
    np.testing.assert_allclose(got.scores, scores, atol=2e-5)
    for k in range(4):
        members = np.flatnonzero(got.predictions == k)
        total = sum(scores[i, k] * unit_rows(features[[i]])[0] for i in members)
        np.testing.assert_allclose(got.prototypes[k], total / sum(scores[i, k] for i in members), atol=1e-4)


def test_blocks_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    features, anchors, _ = draw(1)
    whole = align_with(features, anchors, AdaptSettings(method="smoothed"))
    monkeypatch.setattr(smoothed, "BLOCK_ENTRIES", 7 * len(features))
    blocks = align_with(features, anchors, AdaptSettings(method="smoothed"))
    np.testing.assert_allclose(blocks.scores, whole.scores, atol=1e-6)


def test_clips_without_a_person_change_no_score() -> None:
    features, anchors, _ = draw(2)
    with_empty = np.insert(features, [0, 10, 50], 0, axis=0)
    present = with_empty.any(axis=1)
    one, other = (align_with(f, anchors, AdaptSettings(method="smoothed")) for f in (features, with_empty))
    np.testing.assert_allclose(other.scores[present], one.scores, atol=1e-6)
    np.testing.assert_allclose(other.prototypes, one.prototypes, atol=1e-6)
    assert other.support.tolist() == present.tolist()


def test_shares_move_a_part_of_the_way() -> None:
    """A class that nearly all clips get loses some of them; the fixed point has (share K) ** -1/5 as factors."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(400, 4)) + np.array([2.0, 0, 0, -1])
    weights = random.uniform(size=400)
    weights /= weights.sum()
    before, after = softmax(logits), smoothed.closer_shares(logits, weights)
    assert np.ptp(weights @ after) < 0.95 * np.ptp(weights @ before)
    factors = (after / after[:, :1]) / (before / before[:, :1])
    share = weights @ after
    np.testing.assert_allclose(factors, np.tile((share / share[0]) ** -0.2, (400, 1)), rtol=1e-6)


def test_poor_sentences_gain_where_classes_are_separate() -> None:
    gains = []
    for seed in range(20):
        features, anchors, truth = draw(seed, clips=200)
        got = align_with(features, anchors, AdaptSettings(method="smoothed"))
        alone = (cosines(features, anchors).argmax(axis=1) == truth).mean()
        gains.append((got.predictions == truth).mean() - alone)
    assert np.mean(gains) > 0.05
