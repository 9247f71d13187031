"""Measures of a clip and of every other frame of it: nothing in them may depend on single frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.skeleton import Clip, Ragged
from pgfa.synth.imagined import glossary_motions, imagine
from pgfa.words.measures import MEASURES, measure
from pgfa.words.series import share_above, swings

BOUND = 0.25
"""Of the spread over clips: what half the rate changes in 95 of 100 clips, for every measure."""


def measures_of(clips: list[Clip]) -> np.ndarray:
    prepared = prepare(Ragged.from_clips(clips), PrepareSettings(trim=False))
    return measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)


def test_half_the_rate_hardly_changes_a_measure() -> None:
    """90 imagined actions in front of a simulated sensor; each half of the frames."""
    motions = glossary_motions()
    clips = imagine({key: motions[key] for key in sorted(motions)[::8]}, performers=1, seed=0)
    values = measures_of(clips)
    low, high = np.nanquantile(values, (0.05, 0.95), axis=0)
    changes = [
        np.abs(
            measures_of([replace(c, positions=c.positions[first::2], rate=c.rate / 2) for c in clips])
            - values
        )
        for first in (0, 1)
    ]
    change = np.nanquantile(np.concatenate(changes), 0.95, axis=0) / (high - low + 0.05)
    assert {name: float(c) for name, c in zip(MEASURES, change, strict=True) if not c < BOUND} == {}


def test_a_swing_near_the_amplitude_counts_in_part() -> None:
    """One turn of 0 to 0.3: from not at all at half of 0.1 to in full at one and a half of it."""
    heights = np.linspace(0, 0.3, 61, dtype=np.float32)
    turns = swings(heights[:, None] * np.float32([0, 1, 1, 0]), 0.1)
    np.testing.assert_allclose(turns, np.clip((heights - 0.05) / 0.1, 0, 1), atol=1e-5)


@pytest.mark.parametrize("height", [-0.05, 0.0, 0.1])
def test_a_share_is_a_mean_of_logistic_steps(height: float) -> None:
    series = np.float32([height, -9, -9, 9])
    expected = (1 / (1 + np.exp(-height / 0.05)) + 1) / 4
    assert share_above(series, 0.05) == pytest.approx(expected, abs=1e-6)
