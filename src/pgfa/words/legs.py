"""Measures of the legs: how each foot moves about the pelvis and over the floor, how knees and thighs bend; steps.

Metres of a standard body, seconds, radians. The ankle is measured, as it jitters less than the foot and every sensor
has it. Directions as in `hands`: outwards, up, forward.
"""

from __future__ import annotations

import numpy as np

from pgfa.words.motion import Motion
from pgfa.words.needs import Needs, needs
from pgfa.words.series import Floats, angle, centred, correlation, length, quantiles, rates, swings

FOOT_SWING = 0.10
"""Metres that a foot must move back for a change of direction, forward or back."""
LIFT_SWING = 0.08
"""The same for up and down."""
STEP_SWING = 0.15
"""Metres that one foot must overtake the other by for a step."""
MARCH_SWING = 0.12
"""Metres that one foot must be lifted above the other by for a step on the spot."""
THIGH = 0.44
"""Length in metres of the thigh of a standard body."""

LEG_NEEDS: Needs = {
    **needs("ankle pelvis heading", "foot_speed foot_peak"),
    **needs("ankles", "foot_h foot_h_med"),
    **needs("ankle pelvis heading", "foot_fwd foot_back foot_out foot_in foot_std foot_rev"),
    **needs("ankles", "footh_rev"),
    **needs("ankle", "foot_moved foot_slide"),
    **needs("knee hip", "knee_h"),
    **needs("knee hip ankle", "knee_min knee_med knee_range"),
    **needs("knee ankles", "knee_low"),
    **needs("knee hip heading", "thigh_fwd"),
    **needs("knee hip", "thigh_med"),
}
"""Measures of each leg, in order, and the joints of its side that they need."""

STEP_NEEDS: Needs = {
    **needs("ankles pelvis heading", "fcorr_fwd falt_fwd"),
    **needs("ankles pelvis", "fcorr_up falt_up"),
    **needs("ankles heading", "stride"),
    **needs("ankles", "stance_w stance_max"),
    **needs("ankles heading", "steps step_rate"),
    **needs("ankles", "marches march_rate"),
}
"""Measures of both legs together."""


def leg_measures(motion: Motion) -> dict[str, Floats]:
    """The measures of `LEG_NEEDS`: name -> (N, 2) left, right.

    foot_rev: how often the foot turns around, forward or back. footh_rev: how often it is lifted and put down, each
    counted. Tells repeated from single steps and kicks.
    """
    height = motion.sides("ankle")[:, :, 1] - motion.floor[:, None]
    turns = swings(np.stack([motion.feet[..., 2, :], height], axis=-2), [FOOT_SWING, LIFT_SWING])
    return {
        **_movement(motion),
        **_on_the_floor(motion, height),
        **_bends(motion),
        "foot_rev": turns[..., 0],
        "footh_rev": turns[..., 1],
    }


def _movement(motion: Motion) -> dict[str, Floats]:
    """How a foot moves about the pelvis. Tells kicks, steps to a side and walking from standing.

    foot_speed: path per second. foot_peak: high speed. foot_fwd, back, out, in: how far that way. foot_std: spread.
    """
    foot = motion.feet
    path = length(np.diff(foot, axis=-1)).sum(-1)
    (peak,) = quantiles(length(rates(foot, motion.gradient)), 0.95)
    low, high = quantiles(foot[..., ::2, :], 0.05, 0.95)
    offset = centred(foot)
    return {
        "foot_speed": path / _at_least_a_tenth(motion),
        "foot_peak": peak,
        "foot_fwd": high[..., 1],
        "foot_back": -low[..., 1],
        "foot_out": high[..., 0],
        "foot_in": -low[..., 0],
        "foot_std": np.sqrt((offset * offset).mean(-1).sum(-1)),
    }


def _at_least_a_tenth(motion: Motion) -> Floats:
    """(N, 1) seconds to divide by."""
    return np.maximum(motion.seconds, np.float32(0.1))


def _on_the_floor(motion: Motion, height: Floats) -> dict[str, Floats]:
    """How high a foot is lifted and how it moves in the room. Tells which foot kicks, stands or is lifted.

    foot_h, foot_h_med: high and median height (N, 2, T) over the floor. foot_moved: large horizontal distance from
    where it mostly is. foot_slide: path per second.
    """
    ankle = motion.sides("ankle")
    median, high = quantiles(height, 0.5, 0.95)
    level = ankle[:, :, ::2]
    (usual,) = quantiles(level, 0.5)
    (moved,) = quantiles(length(level - usual[..., None]), 0.95)
    return {
        "foot_h": high,
        "foot_h_med": median,
        "foot_moved": moved,
        "foot_slide": length(np.diff(ankle, axis=-1)).sum(-1) / _at_least_a_tenth(motion),
    }


def _bends(motion: Motion) -> dict[str, Floats]:
    """How knee and hip bend. Tells sitting, squatting, kneeling, lunges and lifted knees.

    knee_h: how high the knee is over the hip, at most; below 0 when standing. knee_min, med: angle of the knee, pi is
    straight. knee_low: median height of the knee over the floor of the ankles, about 0 when kneeling. thigh_fwd: how
    far the knee is before the hip. thigh_med: vertical share of the thigh; 1 standing, 0 seated.
    """
    hip, knee, ankle = (motion.sides(name) for name in ("hip", "knee", "ankle"))
    thigh = knee - hip
    series = (angle(-thigh, ankle - knee), thigh[:, :, 1], motion.local(thigh)[:, :, 2], knee[:, :, 1])
    low, median, high = quantiles(np.stack(series, axis=2), 0.05, 0.5, 0.95)
    return {
        "knee_h": high[..., 1],
        "knee_min": low[..., 0],
        "knee_med": median[..., 0],
        "knee_range": high[..., 0] - low[..., 0],
        "knee_low": median[..., 3] - motion.floor,
        "thigh_fwd": high[..., 2],
        "thigh_med": -median[..., 1] / np.float32(THIGH),
    }


def step_measures(motion: Motion) -> dict[str, Floats]:
    """The measures of `STEP_NEEDS`: name -> (N,). Tells walking, marching on the spot, jumping jacks, lunges.

    fcorr: correlation of the feet, forward and up; -1 in turn. falt: the same as a covariance with its sign changed,
    so that long steps count more than short ones. stride: distance of the feet from front to back. stance: their
    horizontal distance. steps, marches: how often one foot overtakes the other, forward and up; rates per second.
    """
    foot = motion.feet
    offset = centred(foot)
    together = correlation(offset[:, 0], offset[:, 1])
    alternation = -(offset[:, 0] * offset[:, 1]).mean(-1)
    gap = foot[:, 0] - foot[:, 1]
    ankle = motion.sides("ankle")
    stance = length((ankle[:, 0] - ankle[:, 1])[:, ::2])
    (stride,) = quantiles(np.abs(gap[:, 2]), 0.9)
    median, widest = quantiles(stance, 0.5, 0.95)
    turns = swings(gap[:, 1:], [MARCH_SWING, STEP_SWING])
    rates = turns / np.maximum(motion.seconds, np.float32(0.3))
    return {
        "fcorr_fwd": together[:, 2],
        "falt_fwd": alternation[:, 2],
        "fcorr_up": together[:, 1],
        "falt_up": alternation[:, 1],
        "stride": stride,
        "stance_w": median,
        "stance_max": widest,
        "steps": turns[:, 1],
        "step_rate": rates[:, 1],
        "marches": turns[:, 0],
        "march_rate": rates[:, 0],
    }
