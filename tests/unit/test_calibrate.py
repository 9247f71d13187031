"""Calibration: against a known truth, and the measures against explicit loops."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.recognise import Recogniser
from pgfa.recognise.calibration.fit import (
    HeldOutClips,
    Questions,
    answer_questions,
    draw_questions,
    ece_interval,
    expected_calibration_error,
    fit,
    negative_log_likelihood,
    rejection_curve,
    reliability_report,
)
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.calibration.runs import calibrate_runs
from pgfa.recognise.candidates import NONE_SHARE_OVER_TIME
from recogniser_builders import SENTENCES


def drawn(count: int, truth: Calibration, seed: int = 0, max_size: int = 6) -> Questions:
    """Questions whose correct answers are drawn from a calibration: it is then the truth."""
    random = np.random.default_rng(seed)
    sizes = random.integers(2, max_size + 1, count)
    cosine = random.uniform(-0.5, 1, (count, max_size)).astype(np.float32)
    cosine[np.arange(max_size) >= sizes[:, None]] = -np.inf
    prototype = (random.random((count, max_size)) < 0.4) & np.isfinite(cosine)
    correct = np.empty(count, dtype=np.int64)
    for q in range(count):
        k = sizes[q]
        probability = truth.probabilities(cosine[[q], :k], prototype[q, :k])[0].astype(float)
        choice = random.choice(k + 1, p=probability / probability.sum())
        correct[q] = -1 if choice == k else choice
    return Questions(cosine, prototype, sizes, correct, np.arange(count))


TRUTH = Calibration(6.0, 9.0, -2.0, 1.5, 0.7, fitted=True)


def held_out(seed: int = 0, classes: int = 8, clips: int = 12, noise: float = 0.5) -> HeldOutClips:
    random = np.random.default_rng(seed)
    anchors = random.normal(size=(classes, 16)).astype(np.float32)
    labels = np.repeat(np.arange(classes), clips)
    shift = random.normal(size=(classes, 16)) * 0.5  # offset of the clips from their sentence
    features = (anchors + shift)[labels] + noise * random.normal(size=(len(labels), 16))
    return HeldOutClips(features.astype(np.float32), labels, anchors)


def test_probabilities_by_hand() -> None:
    result = TRUTH.probabilities(np.array([[0.5, -0.2]], dtype=np.float32), np.array([False, True]))[0]
    weights = np.exp([6 * 0.5, 9 * -0.2 - 2, 1.5 + 0.7 * np.log(2)])
    np.testing.assert_allclose(result, weights / weights.sum(), rtol=1e-6)


def test_what_is_not_possible_has_probability_0() -> None:
    cosine = np.array([[-np.inf, 0.1], [-np.inf, -np.inf]], dtype=np.float32)
    for calibration in (TRUTH, Calibration.unfitted(14.0)):
        result = calibration.probabilities(cosine, np.zeros(2, dtype=bool))
        np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-6)
        assert result[0, 0] == 0
        assert result[1, 2] == 1


@given(cosine=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=6), scale=st.floats(0.01, 100))
def test_unfitted_ranks_as_the_cosines_and_knows_no_none(cosine: list[float], scale: float) -> None:
    row = np.array([cosine], dtype=np.float32)
    result = Calibration.unfitted(scale).probabilities(row, np.zeros(len(cosine), dtype=bool))[0]
    assert result[-1] == 0
    assert result[:-1][row[0].argmax()] == result.max()
    assert result.sum() == pytest.approx(1, abs=1e-5)


def test_fitting_finds_the_truth() -> None:
    calibration = fit(drawn(6000, TRUTH))
    assert calibration.fitted
    result = [
        calibration.slope,
        calibration.prototype_slope,
        calibration.prototype_offset,
        calibration.none,
        calibration.none_log,
    ]
    np.testing.assert_allclose(result, [6, 9, -2, 1.5, 0.7], atol=0.8)
    assert calibration.about["ece"] < 0.03
    assert abs(calibration.about["accuracy"] - calibration.about["confidence"]) < 0.03


def test_no_close_point_is_better() -> None:
    questions = drawn(400, TRUTH, seed=3)
    calibration = fit(questions)
    point = np.array(
        [
            calibration.slope,
            calibration.prototype_slope,
            calibration.prototype_offset,
            calibration.none,
            calibration.none_log,
        ]
    )
    best, gradient = negative_log_likelihood(point, questions)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)
    random = np.random.default_rng(0)
    for _ in range(50):
        assert negative_log_likelihood(point + random.normal(0, 0.3, 5), questions)[0] >= best - 1e-9


def test_gradient_and_value_by_explicit_loops() -> None:
    questions = drawn(30, TRUTH, seed=5)
    point = np.array([3.0, 5.0, -0.5, 0.4, 0.3])
    calibration = Calibration(3.0, 5.0, -0.5, 0.4, 0.3)
    total = 0.0
    for q in range(len(questions)):
        k = questions.sizes[q]
        probability = calibration.probabilities(questions.cosines[[q], :k], questions.prototype[q, :k])[0]
        total -= np.log(probability[questions.truth[q]])
    value, gradient = negative_log_likelihood(point, questions)
    assert value == pytest.approx(total / len(questions), rel=1e-5)
    for i in range(5):
        step = np.eye(5)[i] * 1e-5
        slope = (
            negative_log_likelihood(point + step, questions)[0]
            - negative_log_likelihood(point - step, questions)[0]
        ) / 2e-5
        assert gradient[i] == pytest.approx(slope, abs=1e-6)


def test_undetermined_parameters_keep_their_defaults() -> None:
    run = held_out()
    questions = draw_questions([run], sizes=(3,), shots=())
    assert not questions.prototype.any()
    calibration = fit(questions)
    assert (calibration.prototype_slope, calibration.prototype_offset, calibration.none_log) == (
        calibration.slope,
        0.0,
        0.0,
    )


def test_calibrated_answers_are_reliable_on_other_clips() -> None:
    calibration = fit(draw_questions([held_out(0)]))
    questions = draw_questions([held_out(1), held_out(2)], seed=9)
    confidence, correct = answer_questions(calibration, questions)
    raw_confidence, raw_correct = answer_questions(Calibration.unfitted(14.3), questions)
    assert expected_calibration_error(confidence, correct) < 0.12
    assert expected_calibration_error(raw_confidence, raw_correct) > 2 * expected_calibration_error(
        confidence, correct
    )


def test_questions_hold_what_they_document() -> None:
    run = held_out(classes=5, clips=3)
    questions = draw_questions([run, held_out(4, classes=4, clips=2)], per_clip=20, seed=1)
    assert len(questions) == (15 + 8) * 20
    assert set(questions.sizes.tolist()) <= {2, 3}
    assert abs((questions.truth < 0).mean() - 0.5) < 0.1
    from pgfa.adapt import cosines

    cosine = cosines(run.features, run.anchors)
    for q in range(300):
        clip, k, correct = questions.clip[q], questions.sizes[q], questions.truth[q]
        assert correct < k
        row, is_prototype = questions.cosines[q, :k], questions.prototype[q, :k]
        assert np.isneginf(questions.cosines[q, k:]).all()
        own_cosine = cosine[clip, run.labels[clip]]
        sentence = row[~is_prototype]
        if correct >= 0 and not is_prototype[correct]:
            assert row[correct] == own_cosine
        if correct < 0:
            assert own_cosine not in sentence  # the correct class is not among the sentences
        assert np.isin(sentence, cosine[clip]).all()
    again = draw_questions([run, held_out(4, classes=4, clips=2)], per_clip=20, seed=1)
    np.testing.assert_array_equal(again.cosines, questions.cosines)


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="3 held-out classes"):
        draw_questions([held_out(classes=2)])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=40), st.integers(1, 12)
)
def test_ece_by_explicit_loops(pairs: list[tuple[float, bool]], bins: int) -> None:
    confidence = np.array([p for p, _ in pairs], dtype=np.float32)
    correct = np.array([r for _, r in pairs])
    total = 0.0
    for b in range(bins):
        inside = [
            i for i in range(len(confidence)) if min(int(confidence[i] * np.float32(bins)), bins - 1) == b
        ]
        if inside:
            gap = np.mean(confidence[inside].astype(float)) - np.mean(correct[inside])
            total += len(inside) / len(confidence) * abs(gap)
    assert expected_calibration_error(confidence, correct, bins) == pytest.approx(total, abs=1e-6)


def test_ece_interval_holds_the_error_of_one_question_a_clip() -> None:
    random = np.random.default_rng(0)
    confidence = random.random(800).astype(np.float32)
    correct = random.random(800) < confidence * 0.7  # overconfident
    low, high = ece_interval(confidence, correct, np.arange(800))
    assert low < expected_calibration_error(confidence, correct) < high
    wide = ece_interval(confidence, correct, np.arange(800) // 40)  # few clips are less evidence
    assert wide[1] - wide[0] > high - low - 0.02


def test_rejection_curve_by_explicit_loops() -> None:
    random = np.random.default_rng(1)
    confidence = random.integers(0, 6, 60).astype(np.float32) / 6
    correct = random.random(60) < 0.6
    shares, accuracy = rejection_curve(confidence, correct)
    assert shares[-1] == 1
    assert accuracy[-1] == pytest.approx(correct.mean())
    for q, share in enumerate(shares):
        threshold = np.sort(confidence)[::-1][round(share * 60) - 1]
        assert accuracy[q] == pytest.approx(correct[confidence >= threshold].mean())


def test_to_and_from_plain_data() -> None:
    assert Calibration.from_dict(TRUTH.to_dict(), "x") == TRUTH
    plain = TRUTH.to_dict()
    for wrong in ({}, None, plain | {"slope": "steep"}, plain | {"slope": -1.0}, plain | {"more": 1},
                  plain | {"none": float("nan")}, plain | {"slope": True}):  # fmt: skip
        with pytest.raises(BadCheckpoint, match="here"):
            Calibration.from_dict(wrong, "here.json")


@pytest.fixture
def fake_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs named after the seed of their held-out clips, "0" to "9"; "few" has too few classes."""

    def clips_of(run: Path, packs: Sequence[str] = ()) -> HeldOutClips:
        return held_out(classes=4) if run.name == "few" else held_out(int(run.name))

    monkeypatch.setattr("pgfa.recognise.calibration.runs.held_out_clips", clips_of)


@pytest.mark.usefixtures("fake_runs")
def test_each_run_is_reported_by_a_fit_on_the_others() -> None:
    report = calibrate_runs([Path("0"), Path("1")])
    fitted = fit(draw_questions([held_out(0), held_out(1)]))
    assert replace(report.calibration, about={}) == replace(fitted, about={})
    on_0 = reliability_report(fit(draw_questions([held_out(1)])), draw_questions([held_out(0)], seed=1))
    assert {key: report.rows[0][key] for key in on_0} == on_0
    assert [row["asked_about"] for row in report.calibration.about["held_out"]] == ["0", "1"]
    assert report.calibration.about["rejection"][-1][0] == 1
    assert "uncalibrated ECE" in str(report)
    one_run = calibrate_runs([Path("0")])
    assert [row["asked_about"] for row in one_run.rows] == ["0, one half", "0, other half"]
    with pytest.raises(BadConfig, match="few: one run needs at least 6 held-out classes, found 4"):
        calibrate_runs([Path("few")])


@pytest.mark.usefixtures("fake_runs")
def test_calibrate_command_stores_the_calibration(recogniser: Recogniser, tmp_path: Path) -> None:
    from pgfa.cli.main import main

    recogniser.save(tmp_path / "bundle")
    out = tmp_path / "calibration.json"
    with pytest.raises(SystemExit) as stop:
        main(["calibrate", "0", "1", "--out", str(out), "--bundle", str(tmp_path / "bundle")])
    assert not stop.value.code
    stored = Recogniser.load(tmp_path / "bundle").calibration
    assert stored == calibrate_runs([Path("0"), Path("1")]).calibration
    assert json.loads(out.read_text()) == stored.to_dict()


def test_another_share_of_questions_without_an_answer_multiplies_the_odds_of_none() -> None:
    calibration = Calibration(
        10.0, 12.0, 0.5, none=2.0, none_log=0.3, fitted=True, about={"none_share": 0.25}
    )
    cosines = np.random.default_rng(0).uniform(-1, 1, (20, 4)).astype(np.float32)
    prototype = np.array([True, False, False, True])
    before, after = (
        c.probabilities(cosines, prototype) for c in (calibration, calibration.with_none_share(0.9))
    )
    factor = (0.9 / 0.1) / (0.25 / 0.75)
    odds = [p[:, -1].astype(float) / p[:, :-1].sum(axis=1, dtype=float) for p in (before, after)]
    np.testing.assert_allclose(odds[1], factor * odds[0], rtol=1e-3)
    ratio = [p[:, 1] / p[:, 0] for p in (before, after)]  # among the sentences nothing changes
    np.testing.assert_allclose(ratio[1], ratio[0], rtol=1e-3)


def test_a_calibration_without_a_stated_share_was_fitted_with_half() -> None:
    calibration = Calibration(10.0, 12.0, none=2.0, fitted=True)
    assert calibration.with_none_share(0.5).none == pytest.approx(2.0)
    assert Calibration.unfitted(5.0).with_none_share(0.9) == Calibration.unfitted(5.0)


def test_windows_assume_another_share_than_single_clips(recogniser: Recogniser) -> None:
    calibrated = Calibration(10.0, 12.0, none=2.0, fitted=True, about={"none_share": 0.25})
    candidates = replace(recogniser.candidates(SENTENCES), calibration=calibrated)
    assert candidates.over_time().calibration.about["none_share"] == NONE_SHARE_OVER_TIME
    assert candidates.calibration.about["none_share"] == 0.25
