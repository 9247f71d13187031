"""Paired differences: means by loops, intervals against known distributions and against plain resampling."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.evaluate.bootstrap import Difference, half_width, paired_bootstrap


def test_the_mean_is_over_clips_then_seeds_then_splits() -> None:
    random = np.random.default_rng(0)
    splits = [random.integers(-1, 2, (n, s, 2)).astype(np.float32) for n, s in ((7, 2), (30, 1), (5, 3))]
    for method, difference in enumerate(paired_bootstrap(splits)):
        total = 0.0
        for split in splits:
            seeds = [sum(split[:, s, method].tolist()) / len(split) for s in range(split.shape[1])]
            total += sum(seeds) / len(seeds)
        assert difference.mean == pytest.approx(total / 3)
        assert difference.low <= difference.mean <= difference.high


def test_one_split_one_seed_is_the_normal_interval() -> None:
    random = np.random.default_rng(1)
    values = random.choice([-1.0, 0.0, 1.0], size=(4000, 1, 1), p=[0.1, 0.6, 0.3]).astype(np.float32)
    (difference,) = paired_bootstrap([values])
    error = values.std() / np.sqrt(len(values))
    assert difference.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert difference.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_interval_equals_plain_resampling(spread: float) -> None:
    """With equal splits, and with splits of different means, so that it matters which are drawn."""
    random = np.random.default_rng(2)
    splits = [
        random.integers(-1, 2, (12, 3, 1)).astype(np.float32) + np.float32(spread * p) for p in range(4)
    ]
    means = []
    for _ in range(4000):
        chosen = []
        for p in random.integers(0, 4, 4):
            clips, seeds = random.integers(0, 12, 12), random.integers(0, 3, 3)
            chosen.append(splits[p][clips][:, seeds].mean())
        means.append(np.mean(chosen))
    (difference,) = paired_bootstrap(splits)
    expected = pytest.approx(np.quantile(means, [0.025, 0.975]).tolist(), abs=0.02 + 0.04 * spread)
    assert [difference.low, difference.high] == expected


def test_few_different_splits_give_a_wide_interval() -> None:
    """Constant within a split: only the draw of the splits varies."""
    splits = [np.full((5, 2, 1), value, np.float32) for value in (0.0, 0.0, 0.0, 1.0)]
    (difference,) = paired_bootstrap(splits)
    assert (difference.mean, difference.low) == (0.25, 0.0)
    assert difference.high == 0.75  # three of four: 4.7 % of draws, four of four: 0.4 %


def test_equal_methods_do_not_differ_and_methods_do_not_mix() -> None:
    split = np.zeros((20, 2, 3), np.float32)
    split[:, :, 1], split[:15, :, 2] = 1, -1
    same, always, worse = paired_bootstrap([split, split])
    assert same == Difference(0, 0, 0)
    assert not same.clear
    assert always == Difference(1, 1, 1)
    assert worse.mean == -0.75
    assert worse.high < 0
    assert worse.clear


def test_order_of_methods_does_not_matter() -> None:
    split = np.random.default_rng(3).integers(-1, 2, (30, 2, 4)).astype(np.float32)
    assert paired_bootstrap([split[..., ::-1]]) == paired_bootstrap([split])[::-1]


def test_half_width_is_that_of_student() -> None:
    values = [0.1, 0.4, 0.3]
    deviation = (sum((v - sum(values) / 3) ** 2 for v in values) / 2) ** 0.5
    assert half_width(values) == pytest.approx(4.302653 * deviation / 3**0.5, rel=1e-5)
    assert half_width([0.5]) is None
    assert half_width([0.5, 0.5]) == 0
