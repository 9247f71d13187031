"""`neighbours` and the final rounds of `iterated` and `balanced`, one clip and one class at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgfa.adapt import align_with
from pgfa.config import AdaptSettings

Rows = list[list[float]]


def drawn(seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """60 clips of 4 classes around means with a common component, anchors displaced towards it."""
    random = np.random.default_rng(seed)
    means = random.normal(size=(4, 8)) + 1.5 * np.eye(8)[7]
    features = means[random.integers(0, 4, 60)] + 0.8 * random.normal(size=(60, 8))
    anchors = means + 0.6 * random.normal(size=means.shape) + np.outer([2, 0, 0, 0.5], np.eye(8)[7])
    return features.astype(np.float32), anchors.astype(np.float32)


def unit(row: np.ndarray) -> np.ndarray:
    return np.asarray(row, dtype=np.float64) / math.sqrt(sum(float(x) ** 2 for x in row))


def correct_hubness(features: np.ndarray, prototypes: np.ndarray, k: int) -> Rows:
    """Cosines minus half the mean of each class's k highest."""
    rows = [[float(unit(f) @ unit(z)) for z in prototypes] for f in features]
    for c in range(len(prototypes)):
        hub = sum(sorted((row[c] for row in rows), reverse=True)[:k]) / k
        for row in rows:
            row[c] -= hub / 2
    return rows


def entropy(row: list[float]) -> float:
    share = [math.exp(s) / sum(math.exp(z) for z in row) for s in row]
    return -sum(p * math.log(p) for p in share)


@pytest.mark.parametrize("k", [None, 7])
@pytest.mark.parametrize("alpha", [0.3, 0.9])
def test_neighbours_is_its_loops(alpha: float, k: int | None) -> None:
    features, anchors = drawn()
    before = correct_hubness(features, anchors, k or 60)
    labels = [row.index(max(row)) for row in before]
    prototypes = anchors.astype(np.float64)
    supports: set[int] = set()
    for c in range(4):
        members = sorted((n for n in range(60) if labels[n] == c), key=lambda n: entropy(before[n]))
        chosen = members[: math.floor(alpha * len(members))]
        assert chosen
        supports |= set(chosen)
        prototypes[c] = sum(unit(features[n]) for n in chosen) / len(chosen)
    after = correct_hubness(features, prototypes, k or 60)
    got = align_with(features, anchors, AdaptSettings(method="neighbours", alpha=alpha, neighbours=k))
    assert got.labels.tolist() == labels
    np.testing.assert_allclose(got.entropy, [entropy(row) for row in before], atol=2e-6)
    assert set(np.flatnonzero(got.support).tolist()) == supports
    np.testing.assert_allclose(got.prototypes, prototypes, atol=1e-5)
    np.testing.assert_allclose(got.scores, after, atol=1e-5)
    assert got.predictions.tolist() == [row.index(max(row)) for row in after]
    plain = [[float(unit(f) @ unit(a)) for a in anchors] for f in features]
    assert labels != [row.index(max(row)) for row in plain], "the correction must matter in this case"


def test_a_class_that_loses_its_last_clip_goes_back_to_its_sentence() -> None:
    """Ten clips in the plane: the last anchor gets four at first, and none after the prototypes have changed."""
    random = np.random.default_rng(387)
    count = int(random.integers(8, 14))
    features = random.normal(size=(count, 2)).astype(np.float32)
    anchors = random.normal(size=(4, 2)).astype(np.float32)
    first = align_with(features, anchors, AdaptSettings(method="iterated", alpha=1.0, rounds=1))
    assert (first.labels == 3).sum() == 4
    assert not np.allclose(first.prototypes[3], anchors[3], atol=0.1)
    last = align_with(features, anchors, AdaptSettings(method="iterated", alpha=1.0, rounds=50))
    assert not (last.labels == 3).any()
    np.testing.assert_array_equal(last.prototypes[3], anchors[3])


def test_rounds_end_when_no_label_changes() -> None:
    features, anchors = drawn()
    for method in ("iterated", "balanced"):
        got = align_with(features, anchors, AdaptSettings(method=method, rounds=1000))
        assert 1 < got.rounds < 50
        assert (got.labels == got.predictions).all()
        before = align_with(features, anchors, AdaptSettings(method=method, rounds=got.rounds - 1))
        assert (before.labels != before.predictions).any()
        np.testing.assert_array_equal(before.predictions, got.labels)
