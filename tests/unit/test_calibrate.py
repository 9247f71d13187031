"""Calibration: against a grid, against a truth it was drawn from, and the measures against explicit loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.errors import BadCheckpoint
from pgfa.recognise.calibration.fit import (
    Held,
    Questions,
    answered,
    calibrate,
    ece_interval,
    expected_calibration_error,
    fit,
    negative_log_likelihood,
    questions,
    rejection_curve,
)
from pgfa.recognise.calibration.model import Calibration


def drawn(count: int, truth: Calibration, seed: int = 0, most: int = 6) -> Questions:
    """Questions whose right answers are drawn from a calibration: it is then the truth."""
    random = np.random.default_rng(seed)
    sizes = random.integers(2, most + 1, count)
    near = random.uniform(-0.5, 1, (count, most)).astype(np.float32)
    near[np.arange(most) >= sizes[:, None]] = -np.inf
    prototype = (random.random((count, most)) < 0.4) & np.isfinite(near)
    right = np.empty(count, dtype=np.int64)
    for q in range(count):
        k = sizes[q]
        likely = truth.probabilities(near[[q], :k], prototype[q, :k])[0].astype(float)
        choice = random.choice(k + 1, p=likely / likely.sum())
        right[q] = -1 if choice == k else choice
    return Questions(near, prototype, sizes, right, np.arange(count))


TRUTH = Calibration(6.0, 9.0, -2.0, 1.5, 0.7, fitted=True)


def held(seed: int = 0, classes: int = 8, clips: int = 12, noise: float = 0.5) -> Held:
    random = np.random.default_rng(seed)
    anchors = random.normal(size=(classes, 16)).astype(np.float32)
    labels = np.repeat(np.arange(classes), clips)
    shift = random.normal(size=(classes, 16)) * 0.5  # where clips really lie, beside their sentence
    features = (anchors + shift)[labels] + noise * random.normal(size=(len(labels), 16))
    return Held(features.astype(np.float32), labels, anchors)


def test_probabilities_by_hand() -> None:
    got = TRUTH.probabilities(np.array([[0.5, -0.2]], dtype=np.float32), np.array([False, True]))[0]
    weights = np.exp([6 * 0.5, 9 * -0.2 - 2, 1.5 + 0.7 * np.log(2)])
    np.testing.assert_allclose(got, weights / weights.sum(), rtol=1e-6)


def test_what_is_not_possible_has_probability_0() -> None:
    near = np.array([[-np.inf, 0.1], [-np.inf, -np.inf]], dtype=np.float32)
    for made in (TRUTH, Calibration.unfitted(14.0)):
        got = made.probabilities(near, np.zeros(2, dtype=bool))
        np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-6)
        assert got[0, 0] == 0
        assert got[1, 2] == 1


@given(near=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=6), scale=st.floats(0.01, 100))
def test_unfitted_ranks_as_the_cosines_and_knows_no_none(near: list[float], scale: float) -> None:
    row = np.array([near], dtype=np.float32)
    got = Calibration.unfitted(scale).probabilities(row, np.zeros(len(near), dtype=bool))[0]
    assert got[-1] == 0
    assert got[:-1][row[0].argmax()] == got.max()
    assert got.sum() == pytest.approx(1, abs=1e-5)


def test_fitting_finds_the_truth() -> None:
    made = fit(drawn(6000, TRUTH))
    assert made.fitted
    got = [made.slope, made.prototype_slope, made.prototype_offset, made.none, made.none_log]
    np.testing.assert_allclose(got, [6, 9, -2, 1.5, 0.7], atol=0.8)
    assert made.about["ece"] < 0.03
    assert abs(made.about["accuracy"] - made.about["confidence"]) < 0.03


def test_no_point_near_is_better() -> None:
    asked = drawn(400, TRUTH, seed=3)
    made = fit(asked)
    point = np.array([made.slope, made.prototype_slope, made.prototype_offset, made.none, made.none_log])
    best, gradient = negative_log_likelihood(point, asked)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)
    random = np.random.default_rng(0)
    for _ in range(50):
        assert negative_log_likelihood(point + random.normal(0, 0.3, 5), asked)[0] >= best - 1e-9


def test_gradient_and_value_by_explicit_loops() -> None:
    asked = drawn(30, TRUTH, seed=5)
    point = np.array([3.0, 5.0, -0.5, 0.4, 0.3])
    made = Calibration(3.0, 5.0, -0.5, 0.4, 0.3)
    total = 0.0
    for q in range(len(asked)):
        k = asked.sizes[q]
        likely = made.probabilities(asked.cosines[[q], :k], asked.prototype[q, :k])[0]
        total -= np.log(likely[asked.truth[q]])
    value, gradient = negative_log_likelihood(point, asked)
    assert value == pytest.approx(total / len(asked), rel=1e-5)
    for i in range(5):
        step = np.eye(5)[i] * 1e-5
        slope = (
            negative_log_likelihood(point + step, asked)[0] - negative_log_likelihood(point - step, asked)[0]
        ) / 2e-5
        assert gradient[i] == pytest.approx(slope, abs=1e-6)


def test_what_is_not_told_stays_at_rest() -> None:
    run = held()
    asked = questions([run], sizes=(3,), shots=())
    assert not asked.prototype.any()
    made = fit(asked)
    assert (made.prototype_slope, made.prototype_offset, made.none_log) == (made.slope, 0.0, 0.0)


def test_calibrated_answers_are_worth_what_they_say_on_other_clips() -> None:
    made = calibrate(*(getattr(held(0), f) for f in ("features", "labels", "anchors")))
    asked = questions([held(1), held(2)], seed=9)
    sure, right = answered(made, asked)
    raw_sure, raw_right = answered(Calibration.unfitted(14.3), asked)
    assert expected_calibration_error(sure, right) < 0.12
    assert expected_calibration_error(raw_sure, raw_right) > 2 * expected_calibration_error(sure, right)


def test_questions_are_what_they_say() -> None:
    run = held(classes=5, clips=3)
    asked = questions([run, held(4, classes=4, clips=2)], each=20, seed=1)
    assert len(asked) == (15 + 8) * 20
    assert set(asked.sizes.tolist()) <= {2, 3}
    assert abs((asked.truth < 0).mean() - 0.5) < 0.1
    from pgfa.adapt import cosines

    near = cosines(run.features, run.anchors)
    for q in range(300):
        clip, k, right = asked.clip[q], asked.sizes[q], asked.truth[q]
        assert right < k
        row, made = asked.cosines[q, :k], asked.prototype[q, :k]
        assert np.isneginf(asked.cosines[q, k:]).all()
        mine = near[clip, run.labels[clip]]
        sentence = row[~made]
        if right >= 0 and not made[right]:
            assert row[right] == mine
        if right < 0:
            assert mine not in sentence  # the right class is nowhere among the sentences
        assert np.isin(sentence, near[clip]).all()
    again = questions([run, held(4, classes=4, clips=2)], each=20, seed=1)
    np.testing.assert_array_equal(again.cosines, asked.cosines)


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="3 held-out classes"):
        questions([held(classes=2)])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=40), st.integers(1, 12)
)
def test_ece_by_explicit_loops(pairs: list[tuple[float, bool]], bins: int) -> None:
    sure = np.array([p for p, _ in pairs], dtype=np.float32)
    right = np.array([r for _, r in pairs])
    total = 0.0
    for b in range(bins):
        inside = [i for i in range(len(sure)) if min(int(sure[i] * np.float32(bins)), bins - 1) == b]
        if inside:
            gap = np.mean(sure[inside].astype(float)) - np.mean(right[inside])
            total += len(inside) / len(sure) * abs(gap)
    assert expected_calibration_error(sure, right, bins) == pytest.approx(total, abs=1e-6)


def test_ece_interval_holds_the_error_of_one_question_a_clip() -> None:
    random = np.random.default_rng(0)
    sure = random.random(800).astype(np.float32)
    right = random.random(800) < sure * 0.7  # too sure
    low, high = ece_interval(sure, right, np.arange(800))
    assert low < expected_calibration_error(sure, right) < high
    wide = ece_interval(sure, right, np.arange(800) // 40)  # few clips say less
    assert wide[1] - wide[0] > high - low - 0.02


def test_rejection_curve_by_explicit_loops() -> None:
    random = np.random.default_rng(1)
    sure = random.integers(0, 6, 60).astype(np.float32) / 6
    right = random.random(60) < 0.6
    shares, accuracy = rejection_curve(sure, right)
    assert shares[-1] == 1
    assert accuracy[-1] == pytest.approx(right.mean())
    for q, share in enumerate(shares):
        threshold = np.sort(sure)[::-1][round(share * 60) - 1]
        assert accuracy[q] == pytest.approx(right[sure >= threshold].mean())


def test_to_and_from_plain_data() -> None:
    assert Calibration.from_dict(TRUTH.to_dict(), "x") == TRUTH
    plain = TRUTH.to_dict()
    for wrong in ({}, None, plain | {"slope": "steep"}, plain | {"slope": -1.0}, plain | {"more": 1},
                  plain | {"none": float("nan")}, plain | {"slope": True}):  # fmt: skip
        with pytest.raises(BadCheckpoint, match="here"):
            Calibration.from_dict(wrong, "here.json")
