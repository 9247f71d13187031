"""A clock that is set back in the middle of a recording: its times go on, as the body does."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MOST = 3
"""How often the clock of a recording is set back, at most."""
STEPS = 3.0
"""Multiples of the usual step within which a body that goes on moves while the clock is set back."""
LEAST = 0.02
"""Share of the body's size that it may move then in any case."""

DAY, GAP = 86_400.0, 60.0
"""Seconds of a day, and of a gap around midnight."""

Floats = NDArray[np.float64]


def over_midnight(times: Floats) -> Floats:
    """Times of day that go on from 0 after midnight, made to go on from a day."""
    out = times.copy()
    for fall in (np.flatnonzero(np.diff(times) < 0) + 1).tolist():
        for per_second in (1.0, 1e3, 1e6, 1e9):
            day = DAY * per_second
            if 0 < times[fall] + day - times[fall - 1] < GAP * per_second and times[fall - 1] < day:
                out[fall:] += day
                break
    return out


def steady_times(times: Floats, bodies: Sequence[Floats]) -> tuple[Floats, tuple[str, ...]]:
    """Times that fall although the body goes on, made to go on from the time before; and what was noticed.

    Times that start again, from 0 or from the first of them, are those of another take.

    Args:
        times: of the frames, in the order of the file.
        bodies: the one person of each frame: (joints, columns).
    """
    falls = (np.flatnonzero(np.diff(times) < 0) + 1).tolist()
    rises = np.diff(times)[np.diff(times) > 0]
    if not falls or len(falls) > MOST or not len(rises) or len({body.shape for body in bodies}) != 1:
        return times, ()
    step = float(np.median(rises))
    if any(min(abs(times[fall]), abs(times[fall] - times[0])) <= 1.5 * step for fall in falls):
        return times, ()
    points = np.stack(bodies)[..., :3]
    out = times.copy()
    for fall, end in pairwise([*falls, len(times)]):
        if not _goes_on(points, fall):
            return times, (f"times go back after entry {fall}: read as recordings of their own",)
        out[fall:end] += out[fall - 1] + step - times[fall]
    back = ", ".join(f"by {times[fall - 1] + step - times[fall]:.4g} after entry {fall}" for fall in falls)
    return out, (f"the clock is set back {back}: the body goes on, so the frames follow one another",)


def _goes_on(points: Floats, fall: int) -> bool:
    """Whether a body moves no further over a step than it does over the steps before and after."""
    around = points[max(0, fall - 8) : fall + 8]
    at = fall - max(0, fall - 8) - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of bodies without joints
        steps = np.nanmean(np.linalg.norm(np.diff(around, axis=0), axis=-1), axis=1)
        size = np.nanmedian(np.linalg.norm(np.nanmax(around, axis=1) - np.nanmin(around, axis=1), axis=-1))
        usual = np.nanmedian(np.delete(steps, at)) if len(steps) > 1 else np.nan
    return bool(steps[at] <= max(STEPS * usual, LEAST * size))
