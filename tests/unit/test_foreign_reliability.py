"""Calibration errors of sets that were left out: over each set, and over all sets together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pgfa.recognise import Calibration
from pgfa.recognise.calibration.fit import expected_calibration_error
from pgfa.research.foreign import reliability
from pgfa.research.foreign.leave_out import LeftOut
from pgfa.research.foreign.reliability import QUESTIONS, calibrate, calibration_errors, reliability_rows


def left_out(name: str, right: float, clips: int = 60) -> LeftOut:
    """Six classes along axes; clips lie on the axis of their class with a probability, else on that of the next."""
    random = np.random.default_rng(len(name))
    labels = random.integers(0, 6, clips)
    shown = np.where(random.random(clips) < right, labels, (labels + 1) % 6)
    noise = random.normal(scale=0.05, size=(clips, 6))
    features = (np.eye(6)[shown] + noise).astype(np.float32)
    return LeftOut(name, features, labels, {"plain": np.eye(6, dtype=np.float32)})


EASY, HARD = left_out("easy", 1.0), left_out("difficult", 0.5)
SURE, UNSURE = (
    Calibration(60.0, 1.0, none=-60.0, fitted=True),
    Calibration(0.001, 1.0, none=-60.0, fitted=True),
)


def test_errors_of_answers_that_are_always_certain() -> None:
    """A quarter of the questions has no right sentence: certainty about a sentence is wrong for a quarter."""
    errors = calibration_errors(EASY, "plain", SURE)
    assert errors["error_2"] == pytest.approx(0.25, abs=0.04)
    assert math.isnan(errors["error_9"])  # six classes
    assert math.isnan(errors["error_30"])


def test_few_clips_are_asked_about_as_often_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def spied(confidence: np.ndarray, correct: np.ndarray) -> float:
        asked.append(len(confidence))
        return expected_calibration_error(confidence, correct)

    monkeypatch.setattr(reliability, "expected_calibration_error", spied)
    few = replace(EASY, features=EASY.features[:7], labels=EASY.labels[:7])
    for part in (few, EASY):
        calibration_errors(part, "plain", SURE)
    assert all(QUESTIONS <= count < QUESTIONS + 60 for count in asked)


def test_errors_of_opposite_sign_cancel_over_all_sets_but_not_in_their_mean() -> None:
    """Certain by half about sets of which one is always right and one never: no error over both, half for each."""
    wrong = left_out("never right", 0.0)
    (row,) = [
        row
        for row in reliability_rows([EASY, wrong], {"easy": UNSURE, "never right": UNSURE}, ["plain"])
        if row["candidates"] == 2
    ]
    assert row["sets"] == 2
    assert row["confidence"] == pytest.approx(0.5, abs=0.01)
    assert row["pooled"] == pytest.approx(abs(row["accuracy"] - row["confidence"]), abs=0.01)
    assert row["mean"] >= row["pooled"] - 1e-6
    (easy,), (never,) = (
        reliability_rows([part], {part.name: UNSURE}, ["plain"])[:1] for part in (EASY, wrong)
    )
    assert easy["accuracy"] > never["accuracy"]
    assert row["accuracy"] == pytest.approx((easy["accuracy"] + never["accuracy"]) / 2, abs=1e-9)
    assert row["mean"] == pytest.approx((easy["pooled"] + never["pooled"]) / 2, abs=1e-9)


def test_a_calibration_lowers_the_error() -> None:
    fitted = calibrate([HARD])
    before, after = (calibration_errors(HARD, "plain", c)["error_2"] for c in (SURE, fitted))
    assert after < before / 2
