"""Learning rates of both schedules, and the order of samples as a pure function of seed and epoch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgfa.config import TrainSettings
from pgfa.train.schedule import for_few_clips, learning_rate_at, sample_order, step_seed, whole_order

PAPER = TrainSettings(recipe="paper", epochs=100)


@pytest.mark.parametrize(
    ("epoch", "learning_rate"),
    [
        (0, 0.0),
        (1, 0.01),
        (2, 0.02),
        (4, 0.04),
        (5, 0.05),
        (49, 0.05),
        (50, 0.005),
        (79, 0.005),
        (80, 0.0005),
    ],
)
def test_steps_are_those_of_the_paper(epoch: int, learning_rate: float) -> None:
    for step in (0, 7, 286):  # constant within an epoch
        assert learning_rate_at(PAPER, epoch, step, 287) == pytest.approx(learning_rate, rel=1e-12)


def test_drops_are_a_setting() -> None:
    settings = TrainSettings(recipe="paper", epochs=40, drops=(30,))
    assert [learning_rate_at(settings, e, 0, 1) for e in (29, 30, 39)] == pytest.approx([0.05, 0.005, 0.005])


def test_one_cycle_rises_for_15_percent_and_falls_by_cosine_to_zero() -> None:
    settings, steps = TrainSettings(epochs=20, learning_rate=0.4), 10
    rates = [learning_rate_at(settings, e, s, steps) for e in range(20) for s in range(steps)]
    peak = rates.index(max(rates))
    assert (peak + 1) / len(rates) == pytest.approx(0.15)
    assert rates[peak] == pytest.approx(0.4)
    assert np.all(np.diff(rates[: peak + 1]) > 0)
    assert np.all(np.diff(rates[peak:]) < 0)
    np.testing.assert_allclose(np.diff(rates[: peak + 1]), 0.4 / 30, rtol=1e-9)  # a straight line up
    half = peak + (len(rates) - 1 - peak) // 2
    progress = (half + 1) / len(rates)
    assert rates[half] == pytest.approx(0.2 * (1 + math.cos(math.pi * (progress - 0.15) / 0.85)))
    assert 0 < rates[0] < 0.02
    assert rates[-1] == pytest.approx(0, abs=1e-12)


def labels_of(*sizes: int) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


def test_each_clip_is_drawn_at_most_once_per_epoch() -> None:
    settings, labels = TrainSettings(batch_size=8), labels_of(10, 20, 7)
    for epoch in range(5):
        order = sample_order(settings, labels, epoch)
        assert order.shape == (4, 8)  # 37 clips: the last partial batch is dropped
        assert len(set(order.ravel().tolist())) == 32
        assert order.min() >= 0
        assert order.max() < 37


def test_every_clip_is_drawn_in_some_epoch() -> None:
    settings, labels = TrainSettings(batch_size=8), labels_of(10, 20, 7)
    assert len({int(c) for e in range(12) for c in sample_order(settings, labels, e).ravel()}) == 37


def test_all_clips_are_drawn_if_fewer_than_a_batch() -> None:
    order = sample_order(TrainSettings(batch_size=64), labels_of(3, 4), 0)
    assert order.shape == (1, 7)
    assert sorted(order[0].tolist()) == list(range(7))


@pytest.mark.parametrize(("clips", "sizes"), [(37, [10, 10, 10, 7]), (40, [10] * 4), (4, [4])])
def test_the_whole_order_has_every_clip_once_and_a_smaller_last_batch(clips: int, sizes: list[int]) -> None:
    """Its full batches are those of `sample_order`."""
    settings, labels = TrainSettings(batch_size=10), labels_of(*[1] * clips)
    steps = whole_order(settings, labels, 3)
    assert [len(step) for step in steps] == sizes
    assert sorted(np.concatenate(steps).tolist()) == list(range(clips))
    for whole, full in zip(steps, sample_order(settings, labels, 3), strict=False):
        assert whole.tolist() == full.tolist()


@pytest.mark.parametrize("sampling", ["clips", "classes", "roots"])
def test_order_is_a_pure_function_of_seed_and_epoch(sampling: str) -> None:
    labels = labels_of(30, 5, 15)

    def order(seed: int, epoch: int) -> list[int]:
        np.random.seed(epoch + 7)  # noqa: NPY002  (numpy's global state must not matter)
        return (
            sample_order(TrainSettings(seed=seed, batch_size=10, sampling=sampling), labels, epoch)
            .ravel()
            .tolist()
        )

    first = order(3, 4)
    np.random.random(5)  # noqa: NPY002
    assert order(3, 4) == first
    assert order(3, 5) != first
    assert order(4, 4) != first


def test_classes_are_drawn_equally_often() -> None:
    settings = TrainSettings(batch_size=12, sampling="classes")
    labels = labels_of(50, 3, 0, 20, 1)  # class 2 has no clip
    counts = np.zeros(5, dtype=int)
    drawn = set()
    for epoch in range(30):
        order = sample_order(settings, labels, epoch)
        assert order.shape == (6, 12)
        count = np.bincount(labels[order.ravel()], minlength=5)
        assert count[[0, 1, 3, 4]].max() - count[[0, 1, 3, 4]].min() <= 1
        counts += count
        drawn |= set(order.ravel().tolist())
    assert counts[2] == 0
    assert drawn == set(range(len(labels)))  # within a class any clip may be drawn


def test_classes_are_drawn_in_proportion_to_the_root_of_their_clips() -> None:
    """Class k with n_k clips: sqrt(n_k) / sum of these; within it every clip equally often."""
    settings = TrainSettings(batch_size=20, sampling="roots", seed=1)
    labels = np.random.default_rng(0).permutation(labels_of(64, 16, 0, 4, 1))
    orders = [sample_order(settings, labels, epoch) for epoch in range(1000)]
    assert {order.shape for order in orders} == {(4, 20)}  # 85 clips, 80 draws
    drawn = np.concatenate(orders).ravel()
    expected = np.array([8, 4, 0, 2, 1]) / 15
    share = np.bincount(labels[drawn], minlength=5) / len(drawn)
    deviation = np.sqrt(expected * (1 - expected) / len(drawn))
    assert (np.abs(share - expected) <= 4 * deviation).all(), share
    of_clip = np.bincount(drawn, minlength=85) / len(drawn)
    chance = expected[labels] / np.bincount(labels, minlength=5)[labels]
    assert (np.abs(of_clip - chance) <= 4.5 * np.sqrt(chance / len(drawn))).all()


def test_roots_with_fewer_clips_than_a_batch_fill_it() -> None:
    order = sample_order(TrainSettings(batch_size=64, sampling="roots"), labels_of(3, 4), 0)
    assert order.shape == (1, 64)
    assert set(order.ravel().tolist()) == set(range(7))


def test_labels_may_be_in_any_order() -> None:
    """Draws of a class are clips of that class, in whatever order the clips are."""
    random = np.random.default_rng(0)
    labels = random.permutation(labels_of(40, 4, 16))
    order = sample_order(TrainSettings(batch_size=30, sampling="classes"), labels, 0)
    assert np.bincount(labels[order.ravel()]).tolist() == [20, 20, 20]


def test_every_step_has_its_own_seed() -> None:
    seeds = {step_seed(TrainSettings(seed=s), e, k) for s in range(4) for e in range(20) for k in range(20)}
    assert len(seeds) == 1600
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert step_seed(TrainSettings(seed=1, learning_rate=0.5), 2, 3) == step_seed(TrainSettings(seed=1), 2, 3)


@pytest.mark.parametrize(
    ("clips", "epochs", "batch_size"),
    [
        (12, 100, 16),
        (64, 100, 16),
        (128, 100, 16),
        (240, 54, 24),
        (639, 21, 63),
        (640, 20, 64),
        (50_000, 20, 64),
    ],
)
def test_few_clips_are_trained_longer_in_smaller_batches(clips: int, epochs: int, batch_size: int) -> None:
    settings = for_few_clips(TrainSettings(), clips)
    assert (settings.epochs, settings.batch_size) == (epochs, batch_size)


def test_what_was_chosen_stays() -> None:
    chosen = TrainSettings(epochs=3, batch_size=30)
    assert for_few_clips(chosen, 60, {"epochs", "batch_size"}) == chosen
    assert for_few_clips(chosen, 60, {"epochs"}).batch_size == 16
    assert for_few_clips(chosen, 60, {"batch_size"}).epochs == 100
