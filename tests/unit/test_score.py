"""Scores: accuracy per clip, class mean, confusion, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.evaluate.score import bootstrap, score


def test_by_hand() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 3])
    predictions = np.array([0, 0, 0, 1, 1, 2, 0])
    got = score(truth, predictions, 4)
    assert got.clips == 7
    assert got.accuracy == pytest.approx(4 / 7)
    assert got.class_mean == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)  # class 2 has no clip: it does not count
    assert got.confusion.tolist() == [[3, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


def test_against_counting() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 6, 400)
    predictions = np.where(random.random(400) < 0.6, truth, random.integers(0, 6, 400))
    got = score(truth, predictions, 6)
    pairs = list(zip(truth.tolist(), predictions.tolist(), strict=True))
    assert got.confusion.tolist() == [[pairs.count((a, b)) for b in range(6)] for a in range(6)]
    recall = [np.mean([b == a for x, b in pairs if x == a]) for a in range(6)]
    assert got.class_mean == pytest.approx(np.mean(recall))
    assert got.accuracy == pytest.approx(np.mean([a == b for a, b in pairs]))


@pytest.mark.parametrize("right", [True, False])
def test_all_right_and_all_wrong(right: bool) -> None:
    truth = np.array([0, 1, 2, 1])
    got = score(truth, truth if right else (truth + 1) % 3, 3)
    assert {got.accuracy, got.class_mean, got.low, got.high} == {float(right)}


def test_every_clip_weighs_the_same() -> None:
    """Not a mean over batches: 129 clips of which the last alone is wrong are 128/129, whatever a batch
    is."""
    truth = np.zeros(129, dtype=np.int64)
    predictions = truth.copy()
    predictions[-1] = 1
    assert score(truth, predictions, 2).accuracy == 128 / 129


def test_one_clip() -> None:
    got = score(np.array([2]), np.array([2]), 4)
    assert (got.accuracy, got.class_mean, got.low, got.high) == (1, 1, 1, 1)


def test_refused() -> None:
    with pytest.raises(ValueError, match="one at least"):
        score(np.array([], dtype=int), np.array([], dtype=int), 2)
    with pytest.raises(ValueError, match="as many"):
        score(np.array([1, 0]), np.array([1]), 2)


def test_the_interval_is_a_function_of_the_seed() -> None:
    values = np.random.default_rng(0).random(150)
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)
    truth = (values < 0.4).astype(int)
    one, other = (score(truth, np.ones(150, int), 2) for _ in range(2))
    assert (one.low, one.high) == (other.low, other.high)


def test_the_interval_is_as_wide_as_theory_says() -> None:
    values = np.repeat([1.0, 0.0], [300, 700])
    low, high = bootstrap(values)
    assert low < 0.3 < high
    assert high - low == pytest.approx(2 * 1.96 * (0.3 * 0.7 / 1000) ** 0.5, rel=0.08)
    narrow = bootstrap(values, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    trials, true = 250, 0.35
    covered = 0
    for trial in range(trials):
        low, high = bootstrap((random.random(100) < true).astype(float), seed=trial)
        covered += low <= true <= high
    # 95 % of 250 trials: three standard deviations are 4.1 points; the percentile bootstrap falls a little
    # short.
    assert 0.9 <= covered / trials <= 0.99
