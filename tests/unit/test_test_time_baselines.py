"""Every test-time baseline: against explicit loops, and what holds for all of them, whatever the table holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.adapt import entropy
from pgfa.config import BaselineSettings
from pgfa.research.baselines import TEST_TIME
from pgfa.research.baselines.base import Array
from pgfa.research.baselines.cache import unit_of
from pgfa.research.selection import GRIDS, apply


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def draw(seed: int, *shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


OPTIONS = BaselineSettings(t3a_supports=3, cache_shots=2, cache_weight=1.5, cache_sharpness=4.0)


def t3a_by_loops(
    scores: NDArray[np.float32], points: NDArray[np.float32], anchors: NDArray[np.float32] | None
) -> NDArray[np.float64]:
    classes = scores.shape[1]
    supports: list[list[tuple[float, NDArray[np.float32]]]] = [[] for _ in range(classes)]
    if anchors is not None:
        cosines = unit(anchors) @ unit(anchors).T
        for c in range(classes):
            supports[c].append((float(entropy(cosines)[c]), unit(anchors)[c]))
    for n in range(len(scores)):
        supports[int(scores[n].argmax())].append((float(entropy(scores)[n]), unit(points)[n]))
    cosines = np.full(scores.shape, -1.0)
    for c in range(classes):
        rows = [row for _, row in sorted(supports[c], key=lambda pair: pair[0])[:3]]
        if rows:
            template = np.sum(rows, axis=0)
            cosines[:, c] = unit(points) @ (template / np.linalg.norm(template))
    return cosines


@pytest.mark.parametrize("with_anchors", [True, False])
def test_t3a_by_loops(with_anchors: bool) -> None:
    points, anchors = draw(26, 25, 6), draw(27, 4, 6)
    scores = unit(points) @ unit(anchors).T if with_anchors else draw(28, 25, 4)
    scores[:, 3] -= 9  # a class no clip is predicted as
    class_points = anchors if with_anchors else None
    result = TEST_TIME["t3a"].rescore(scores, points, class_points, OPTIONS)
    np.testing.assert_allclose(result, t3a_by_loops(scores, points, class_points), atol=1e-5)


def cache_by_loops(scores: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float64]:
    unit_ = np.mean([row.max() - row.mean() for row in scores.astype(np.float64)])
    logits = scores / unit_
    keys: list[list[tuple[float, int]]] = [[] for _ in range(scores.shape[1])]
    for n, row in enumerate(logits.astype(np.float64)):
        share = np.exp(row) / np.exp(row).sum()
        keys[int(row.argmax())].append((float(-(share * np.log(share)).sum()), n))
    result = logits.astype(np.float64)
    for c, entries in enumerate(keys):
        for _, key in sorted(entries)[:2]:
            for n in range(len(points)):
                cosine = float(unit(points)[n] @ unit(points)[key])
                result[n, c] += 1.5 * math.exp(-4.0 * (1 - cosine)) / 2
    return result


def test_cache_by_loops() -> None:
    points, scores = draw(29, 25, 6), draw(30, 25, 4)
    result = TEST_TIME["cache"].rescore(scores, points, None, OPTIONS)
    np.testing.assert_allclose(result, cache_by_loops(scores, points), rtol=1e-4)


def test_the_cache_does_not_depend_on_the_scale_of_scores() -> None:
    """Cosines and log-probabilities differ in size; what the cache adds must weigh the same beside both."""
    points, scores = draw(31, 25, 6), draw(32, 25, 4)
    result = TEST_TIME["cache"].rescore(scores, points, None, OPTIONS)
    np.testing.assert_allclose(
        TEST_TIME["cache"].rescore(scores * 100, points, None, OPTIONS), result, rtol=1e-4
    )
    assert unit_of(np.ones((3, 2), dtype=np.float32)) == 1.0
    assert unit_of(np.ones((0, 2), dtype=np.float32)) == 1.0


def rescored(name: str, scores: Array, points: Array, anchors: Array | None) -> Array:
    """With few keys and supports if these are the options, else with the baseline's own defaults."""
    baseline = TEST_TIME[name]
    options = OPTIONS if baseline.options is BaselineSettings else baseline.options()
    return baseline.rescore(scores, points, anchors, options)


@pytest.mark.parametrize("name", TEST_TIME)
def test_every_test_time_baseline_is_a_choice_of_the_benchmark(name: str) -> None:
    baseline = TEST_TIME[name]
    assert baseline.title
    assert baseline.assumes
    assert GRIDS[name] == baseline.grid
    points, anchors, scores = draw(40, 9, 4), draw(41, 3, 4), draw(42, 9, 3)
    for option in baseline.grid:
        result = apply(name, option, scores, points, anchors)
        assert result is not None
        np.testing.assert_array_equal(
            result, baseline.rescore(scores, points, anchors, baseline.options(**option))
        )


@pytest.mark.parametrize("name", TEST_TIME)
@pytest.mark.parametrize("with_anchors", [True, False])
def test_every_test_time_baseline_permutes_with_clips_and_classes(name: str, with_anchors: bool) -> None:
    points, anchors = draw(33, 30, 6), draw(34, 5, 6)
    scores = unit(points) @ unit(anchors).T
    random = np.random.default_rng(0)
    clips, classes = random.permutation(30), random.permutation(5)

    def run(n: NDArray[np.int64], k: NDArray[np.int64]) -> NDArray[np.float32]:
        return rescored(name, scores[n][:, k], points[n], anchors[k] if with_anchors else None)

    plain = run(np.arange(30), np.arange(5))
    np.testing.assert_allclose(run(clips, np.arange(5)), plain[clips], atol=1e-5)
    np.testing.assert_allclose(run(np.arange(30), classes), plain[:, classes], atol=1e-5)


@pytest.mark.parametrize("name", TEST_TIME)
@pytest.mark.parametrize(
    ("clips", "classes"),
    [(0, 3), (1, 3), (4, 1), (1, 1)],
    ids=["no clip", "one clip", "one class", "one of each"],
)
@pytest.mark.parametrize("with_anchors", [True, False])
def test_every_test_time_baseline_takes_few_clips_and_classes(
    name: str, clips: int, classes: int, with_anchors: bool
) -> None:
    points, anchors, scores = draw(35, clips, 4), draw(36, classes, 4), draw(37, clips, classes)
    result = rescored(name, scores, points, anchors if with_anchors else None)
    assert result.shape == (clips, classes)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("name", TEST_TIME)
@pytest.mark.parametrize("value", [0.0, 1.0], ids=["zero features", "all clips alike"])
def test_every_test_time_baseline_scores_equal_clips_equally(name: str, value: float) -> None:
    points, anchors = np.full((6, 4), value, dtype=np.float32), draw(38, 3, 4)
    scores = np.repeat(draw(39, 1, 3), 6, axis=0)
    result = rescored(name, scores, points, anchors)
    assert np.isfinite(result).all()
    assert (result == result[0]).all()
