"""`discriminant`: its covariance by loops, its directions by a full decomposition, and what it gains."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.adapt import align_with
from pgfa.adapt.discriminant import DIRECTIONS, RIDGE, principal_directions, rounding_map
from pgfa.config import AdaptSettings

SMOOTHED, DISCRIMINANT = AdaptSettings(method="smoothed"), AdaptSettings(method="discriminant")


def draw(seed: int, common: float, clips: int = 240) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clips of 6 classes that all vary by `common` in the same 3 of 24 directions, and poor anchors."""
    random = np.random.default_rng(seed)
    means, truth = random.normal(size=(6, 24)), random.integers(0, 6, clips)
    directions = np.linalg.qr(random.normal(size=(24, 3)))[0].T
    features = means[truth] + 0.4 * random.normal(size=(clips, 24))
    features += common * random.normal(size=(clips, 3)) @ directions
    anchors = means + 1.5 * random.normal(size=means.shape)
    return features.astype(np.float32), anchors.astype(np.float32), truth


def accuracy(seed: int, common: float, settings: AdaptSettings) -> float:
    features, anchors, truth = draw(seed, common)
    return float((align_with(features, anchors, settings).predictions == truth).mean())


def test_what_varies_within_all_classes_counts_less() -> None:
    pairs = [(accuracy(seed, 3.0, DISCRIMINANT), accuracy(seed, 3.0, SMOOTHED)) for seed in range(12)]
    assert np.mean([a - b for a, b in pairs]) > 0.05


def test_round_classes_lose_nothing() -> None:
    pairs = [(accuracy(seed, 0.0, DISCRIMINANT), accuracy(seed, 0.0, SMOOTHED)) for seed in range(12)]
    assert np.mean([a - b for a, b in pairs]) > -0.02


def test_after_the_map_residuals_and_ridge_are_round() -> None:
    random = np.random.default_rng(0)
    residuals = (random.normal(size=(40, 5)) * [3, 1, 1, 0.5, 0.1]).astype(np.float32)
    weights = random.uniform(size=40)
    weights /= weights.sum()
    covariance = np.zeros((5, 5))
    for row, weight in zip(residuals.astype(float), weights, strict=True):
        for i in range(5):
            for j in range(5):
                covariance[i, j] += weight * row[i] * row[j]
    ridge = RIDGE * np.mean([covariance[i, i] for i in range(5)])
    found = rounding_map(residuals, weights)
    np.testing.assert_allclose(found.T @ (covariance + ridge * np.eye(5)) @ found, np.eye(5), atol=1e-5)


@pytest.mark.parametrize("shape", [(300, 40), (60, 400), (400, 300), (3, 8)])
def test_principal_directions_by_singular_values(shape: tuple[int, int]) -> None:
    """The variance that they hold is that of the largest singular values, to a per cent."""
    random = np.random.default_rng(1)
    rank = min(*shape)
    points = (
        random.normal(size=(shape[0], rank)) * 0.95 ** np.arange(rank) @ random.normal(size=(rank, shape[1]))
    )
    directions = principal_directions(points.astype(np.float32))
    count = min(DIRECTIONS, rank)
    assert directions.shape == (shape[1], count)
    np.testing.assert_allclose(directions.T @ directions, np.eye(count), atol=1e-4)
    best = (np.linalg.svd(points, compute_uv=False)[:count] ** 2).sum()
    assert np.isclose(((points @ directions) ** 2).sum(), best, rtol=0.01)


def test_twice_the_same() -> None:
    features, anchors, _ = draw(0, 1.0)
    one, other = (align_with(features, anchors, DISCRIMINANT) for _ in range(2))
    assert np.array_equal(one.scores, other.scores)
    assert np.array_equal(one.prototypes, other.prototypes)


def test_clips_without_a_person_change_no_score() -> None:
    features, anchors, _ = draw(2, 1.0)
    with_empty = np.insert(features, [0, 10, 50], 0, axis=0)
    present = with_empty.any(axis=1)
    one, other = (align_with(f, anchors, DISCRIMINANT) for f in (features, with_empty))
    np.testing.assert_allclose(other.scores[present], one.scores, atol=1e-5)
    np.testing.assert_allclose(other.prototypes, one.prototypes, atol=1e-5)


@pytest.mark.parametrize("clips", [0, 1, 2, 3])
def test_few_clips(clips: int) -> None:
    features, anchors, _ = draw(0, 1.0)
    got = align_with(features[:clips], anchors, DISCRIMINANT)
    assert got.prototypes.shape == anchors.shape
    assert np.isfinite(got.prototypes).all()
