"""What a body measurably does: a few hundred numbers per clip, each one that a sentence can state something about.

Which hand, how high, how fast, how often, which way the body turns or travels: numbers in metres, seconds and radians,
in the body's own directions. They are computed from prepared clips and do not depend on where the person stood, which
way the person faced, body size or the sensor's rate. The modules `trunk`, `hands`, `legs` and `energy` describe them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.words.energy import ENERGY_NEEDS, energy_measures
from pgfa.words.hands import HAND_NEEDS, PAIR_NEEDS, hand_measures, pair_measures
from pgfa.words.legs import LEG_NEEDS, STEP_NEEDS, leg_measures, step_measures
from pgfa.words.motion import motion_of
from pgfa.words.needs import Needs, incidence, met, on_side
from pgfa.words.series import Flags, Floats
from pgfa.words.trunk import TRUNK_NEEDS, trunk_measures

BLOCK = 64
"""Clips at a time: their arrays stay in a core's cache."""

SIDE_NEEDS: Needs = {**HAND_NEEDS, **LEG_NEEDS}
"""Measures of each side of the body."""
WHOLE_NEEDS: Needs = {**PAIR_NEEDS, **STEP_NEEDS, **ENERGY_NEEDS}
"""Measures of both sides together, listed after those of each side."""

COMPARED = (
    "path", "speed", "peak", "std", "up_range", "fwd_range", "out_range", "over_head_share", "up_max", "ext_max",
    "ext_med", "up_med", "elbow_range", "foot_speed", "foot_peak", "foot_h", "foot_std", "foot_moved", "knee_h",
    "knee_range", "to_head_min",
)  # fmt: skip
"""Measures of which the right side is compared with the left one: `rel_`, from -1 (left only) to 1 (right only)."""

_COMPARED = [list(SIDE_NEEDS).index(name) for name in COMPARED]
_FORMS = ("max", "min", "R", "L")
_OPPOSITE = {"R": "L", "L": "R", "max": "min", "min": "max"}
_SIGNED_CIRCLES = ("area_front", "area_level")
_RIGHTWARDS = ("turn_net", "travel_right")
_LEANS = {"lean_right_max": "lean_left_max", "lean_left_max": "lean_right_max"}

MEASURES: tuple[str, ...] = (
    *TRUNK_NEEDS,
    *(f"{form}_{name}" for name in SIDE_NEEDS for form in _FORMS),
    *(f"rel_{name}" for name in COMPARED),
    *WHOLE_NEEDS,
)
"""Names of the measures. `max_`, `min_`: of both sides; `R_`, `L_`: of the right, the left; `rel_`: `COMPARED`."""


def measure(positions: NDArray[np.float32], measured: Flags, seconds: NDArray[np.float64]) -> Floats:
    """Measure one body per clip.

    Args:
        positions: (N, T, 20, 3) one body per clip as `pgfa.prepare` with recipe `default` and layout `kinect20` makes
            it: finite, metres of a standard body, y up, its right side at +x, so that forward is -z. Smoothing and
            lags are meant for T = 50; T is at least 4.
        measured: (N, 20) the joints seen in any frame (`Prepared.measured`). The positions of others are not used.
        seconds: (N,) real time that the frames cover (`Prepared.moving_seconds`).

    Returns:
        (N, len(MEASURES)) float32, NaN where a joint that the measure needs was never seen.
    """
    out = np.empty((len(positions), len(MEASURES)), dtype=np.float32)
    for start in range(0, len(positions), BLOCK):
        block = slice(start, start + BLOCK)
        _measure_block(positions[block], measured[block], seconds[block], out[block])
    return out


def mirrored(values: Floats) -> Floats:
    """What `measure` says of the mirror images of clips, from what it says of the clips.

    Left and right are swapped, and signs of measures to the right are changed.

    Args:
        values: (..., len(MEASURES)).
    """
    out: Floats = values[..., _MIRROR[0]] * _MIRROR[1]
    return out


def _measure_block(positions: Floats, measured: Flags, seconds: NDArray[np.float64], out: Floats) -> None:
    motion = motion_of(positions, measured, seconds)
    side = {**hand_measures(motion), **leg_measures(motion)}
    left, right = np.array([side[name] for name in SIDE_NEEDS], dtype=np.float32).transpose(2, 1, 0)
    forms = np.stack([np.maximum(left, right), np.minimum(left, right), right, left], axis=2)
    first, second = right[:, _COMPARED], left[:, _COMPARED]
    compared = (first - second) / (np.abs(first) + np.abs(second) + np.float32(0.05))
    trunk = trunk_measures(motion)
    whole = {**pair_measures(motion), **step_measures(motion), **energy_measures(motion)}
    np.concatenate(
        [
            np.array([trunk[name] for name in TRUNK_NEEDS], dtype=np.float32).T,
            forms.reshape(len(out), -1),
            compared,
            np.array([whole[name] for name in WHOLE_NEEDS], dtype=np.float32).T,
        ],
        axis=1,
        out=out,
    )
    if not measured.all():
        unmet = np.logical_not(met(measured)).astype(np.float32)
        out[unmet @ _NEEDED > 0] = np.nan


def _needed() -> Floats:
    """(conditions, measures) 1 where a measure needs a condition."""
    conditions = []
    for name in MEASURES:
        form, _, rest = name.partition("_")
        if form in (*_FORMS, "rel") and rest in SIDE_NEEDS:
            sides = {"R": ("right",), "L": ("left",)}.get(form, ("left", "right"))
            conditions.append(
                {c for side in sides for joint in SIDE_NEEDS[rest] for c in on_side(joint, side)}
            )
        else:
            joints = {**TRUNK_NEEDS, **WHOLE_NEEDS}[name]
            conditions.append({c for joint in joints for c in on_side(joint, "")})
    return incidence(conditions)


_NEEDED = _needed()


def _mirror() -> tuple[NDArray[np.int64], Floats]:
    """(measures,) the measure that becomes each one in a mirror, and the sign of it there."""
    sources, signs = [], []
    for name in MEASURES:
        form, _, rest = name.partition("_")
        is_signed = rest in _SIGNED_CIRCLES or form == "rel" or name in _RIGHTWARDS
        if rest in _SIGNED_CIRCLES or (rest in SIDE_NEEDS and form in ("R", "L")):
            source = f"{_OPPOSITE[form]}_{rest}"
        else:
            source = _LEANS.get(name, name)
        sources.append(MEASURES.index(source))
        signs.append(-1 if is_signed else 1)
    return np.array(sources), np.array(signs, dtype=np.float32)


_MIRROR = _mirror()
