"""Weights by density: against loops, blocks, a pool that is sampled, and what they are for."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.adapt import density
from pgfa.adapt.density import density_weights


def pool(seed: int, sizes: tuple[int, ...], spread: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Clips of several actions of different frequency; features (N, 10) of any length, actions (N,)."""
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    features = np.eye(len(sizes), 10)[truth] + spread * random.normal(size=(len(truth), 10))
    order = random.permutation(len(truth))
    return (features * random.uniform(0.5, 2, (len(truth), 1))).astype(np.float32)[order], truth[order]


def by_loops(features: np.ndarray) -> list[float]:
    points = [x / np.linalg.norm(x) for x in features.astype(float)]
    pairs = [float(np.sum((p - q) ** 2)) for i, p in enumerate(points) for q in points[:i]]
    near = float(np.quantile(pairs, 0.01))
    sums = [
        1 + sum(np.exp(-np.sum((p - q) ** 2) / near) for j, q in enumerate(points) if j != i)
        for i, p in enumerate(points)
    ]
    return [1 / x / sum(1 / y for y in sums) for x in sums]


def test_by_loops() -> None:
    features, _ = pool(0, (20, 6, 3))
    np.testing.assert_allclose(density_weights(features), by_loops(features), rtol=1e-3)


def test_actions_count_more_equally_than_their_clips() -> None:
    features, truth = pool(1, (300, 30, 30, 30))
    share = np.bincount(truth, density_weights(features))
    assert share.sum() == pytest.approx(1)
    assert share[0] < 0.65  # of the clips it has 0.77
    equal = np.bincount(pool(2, (50,) * 4)[1], density_weights(pool(2, (50,) * 4)[0]))
    np.testing.assert_allclose(equal, 0.25, atol=0.04)


def test_a_sample_stands_for_a_large_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    features, truth = pool(3, (1500, 300, 200))
    whole = np.bincount(truth, density_weights(features))
    for references in (400, 401):
        monkeypatch.setattr(density, "REFERENCES", references)  # also the size of a block
        np.testing.assert_allclose(np.bincount(truth, density_weights(features)), whole, atol=0.05)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_clips_count_equally(count: int) -> None:
    np.testing.assert_array_equal(
        density_weights(np.ones((count, 3), np.float32)), np.full(count, 1 / max(count, 1))
    )


def test_equal_clips() -> None:
    np.testing.assert_allclose(density_weights(np.ones((5, 3), np.float32)), 0.2)
