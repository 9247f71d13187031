"""The weights that come with the package: small, whole, calibrated, and right about plain motion."""

from __future__ import annotations

import pgfa
from pgfa.recognise.bundle import IN_THE_BOX
from pgfa.synth import make_clips

TOLD = {
    "squat": "A person bends the knees, squats down low and stands up again.",
    "clap": "A person claps both hands together in front of the chest.",
    "wave": "A person waves a raised hand from side to side.",
    "kick-forward": "A person kicks forward with one leg.",
    "bow": "A person bends the upper body far forward and rises again.",
    "jumping-jacks": "A person jumps with legs apart while swinging both arms up overhead.",
}


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in IN_THE_BOX.iterdir()) <= 6 * 1024**2


def test_it_knows_plain_motion_that_it_was_not_trained_on() -> None:
    """Synthetic motion is not in its training: half right among six is three times chance."""
    recogniser = pgfa.Recogniser.load()
    assert recogniser.calibration.fitted
    clips = make_clips(seed=3, performers=4, repeats=1, actions=tuple(TOLD))
    answers = recogniser.recognise(clips, list(TOLD.values()))
    right = [
        found.answers[0].sentence == TOLD[clip.source.action]
        for clip, found in zip(clips, answers, strict=True)
    ]
    assert sum(right) / len(right) >= 0.5
    assert all(abs(sum(a.probability for a in found) + found.none - 1) < 1e-6 for found in answers)
