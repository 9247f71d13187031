"""Scores: accuracy, class mean, confusion matrix, and intervals of the stated coverage."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.evaluate.bootstrap import bootstrap_interval
from pgfa.evaluate.score import score


def test_score_by_hand() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 3])
    predictions = np.array([0, 0, 0, 1, 1, 2, 0])
    result = score(truth, predictions, 4)
    assert result.clips == 7
    assert result.accuracy == pytest.approx(4 / 7)
    assert result.class_mean == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)  # class 2 has no clip: it is left out
    assert result.confusion.tolist() == [[3, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


def test_score_by_counting() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 6, 400)
    predictions = np.where(random.random(400) < 0.6, truth, random.integers(0, 6, 400))
    result = score(truth, predictions, 6)
    pairs = list(zip(truth.tolist(), predictions.tolist(), strict=True))
    assert result.confusion.tolist() == [[pairs.count((a, b)) for b in range(6)] for a in range(6)]
    recall = [np.mean([b == a for x, b in pairs if x == a]) for a in range(6)]
    assert result.class_mean == pytest.approx(np.mean(recall))
    assert result.accuracy == pytest.approx(np.mean([a == b for a, b in pairs]))


@pytest.mark.parametrize("right", [True, False])
def test_all_right_and_all_wrong(right: bool) -> None:
    truth = np.array([0, 1, 2, 1])
    result = score(truth, truth if right else (truth + 1) % 3, 3)
    assert {result.accuracy, result.class_mean, result.low, result.high} == {float(right)}


def test_every_clip_weighs_the_same() -> None:
    """Not a mean over batches: with the last of 129 clips wrong, accuracy is 128/129 for any batch size."""
    truth = np.zeros(129, dtype=np.int64)
    predictions = truth.copy()
    predictions[-1] = 1
    assert score(truth, predictions, 2).accuracy == 128 / 129


@pytest.mark.parametrize("clips", [1, 63, 64, 65, 128, 160, 1374])
def test_the_batch_mean_by_a_loop_over_batches(clips: int) -> None:
    """As in the authors' test: an accuracy per batch of at most 64 clips, then their mean."""
    random = np.random.default_rng(clips)
    truth = np.sort(random.integers(0, 5, clips))
    predictions = np.where(random.random(clips) < truth / 5, truth, (truth + 1) % 5)
    accuracies, batch = [], []
    for position, (a, b) in enumerate(zip(truth.tolist(), predictions.tolist(), strict=True)):
        batch.append(a == b)
        if len(batch) == 64 or position == clips - 1:
            accuracies.append(sum(batch) / len(batch))
            batch = []
    result = score(truth, predictions, 5)
    assert result.batch_mean == pytest.approx(sum(accuracies) / len(accuracies))
    assert result.accuracy == pytest.approx(np.mean(truth == predictions))


def test_clips_of_a_smaller_last_batch_weigh_more() -> None:
    """The last 30 of 1,374 clips, one of 22 batches: 2.1 times as much as in the accuracy per clip."""
    truth = np.zeros(1374, dtype=np.int64)
    predictions = np.where(np.arange(1374) < 1344, 1, 0)
    result = score(truth, predictions, 2)
    assert result.batch_mean == pytest.approx(1 / 22)
    assert result.batch_mean / result.accuracy == pytest.approx(2.08, abs=0.005)


def test_one_clip() -> None:
    result = score(np.array([2]), np.array([2]), 4)
    assert (result.accuracy, result.class_mean, result.low, result.high) == (1, 1, 1, 1)


def test_no_clips_or_another_number_of_predictions_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one clip"):
        score(np.array([], dtype=int), np.array([], dtype=int), 2)
    with pytest.raises(ValueError, match="found 2 clips and 1 predictions"):
        score(np.array([1, 0]), np.array([1]), 2)


def test_the_interval_is_a_function_of_the_seed() -> None:
    values = np.random.default_rng(0).random(150)
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)
    truth = (values < 0.4).astype(int)
    first, second = (score(truth, np.ones(150, int), 2) for _ in range(2))
    assert (first.low, first.high) == (second.low, second.high)


def test_the_interval_is_as_wide_as_theory_says() -> None:
    values = np.repeat([1.0, 0.0], [300, 700])
    low, high = bootstrap_interval(values)
    assert low < 0.3 < high
    assert high - low == pytest.approx(2 * 1.96 * (0.3 * 0.7 / 1000) ** 0.5, rel=0.08)
    narrow = bootstrap_interval(values, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_the_interval_has_its_stated_coverage() -> None:
    random = np.random.default_rng(7)
    trials, mean = 250, 0.35
    covered = 0
    for trial in range(trials):
        low, high = bootstrap_interval((random.random(100) < mean).astype(float), seed=trial)
        covered += low <= mean <= high
    # 95 % of 250 trials: three standard deviations are 4.1 points; the percentile bootstrap covers a little
    # less.
    assert 0.9 <= covered / trials <= 0.99
