"""Spans of time in a long recording: windows of several lengths, then the likeliest course of each body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.prior import occurring
from pgfa.errors import BadConfig, LimitExceeded
from pgfa.recognise.answers import Span, Timeline
from pgfa.recognise.temporal.windows import tracks, window_cosines
from pgfa.skeleton import Clip

if TYPE_CHECKING:
    from pgfa.recognise.recogniser import Recogniser

WINDOW, HOP = (1.5, 3.0), 0.25
MAX_WINDOWS = 100_000
SWITCH = 0.25
"""Nats that a change of sentence costs. A window's evidence is weighed by hop over window, as neighbours share their
frames: what lasts one window becomes a span where it is, on average, e^0.5 = 1.6 times as likely as what is round
it; half as long, 2.7 times."""
LEAST_LIKELY = 1e-6
COUNTED_IN = 0.5
"""Clips of each sentence counted in when the recording tells how often each occurs (Jeffreys' prior)."""


def timeline(
    recogniser: Recogniser, clip: Clip, names: Sequence[str], window: float | Sequence[float], hop: float
) -> Timeline:
    """See `Recogniser.spans`."""
    lengths = tuple(map(float, window)) if isinstance(window, Sequence) else (float(window),)
    if not lengths or not all(math.isfinite(x) and x > 0 for x in (*lengths, hop)):
        raise BadConfig(f"window and hop must be seconds above 0, found {window} and {hop}")
    count = max(1, math.ceil(clip.seconds / hop - 0.5)) if clip.frames else 0
    if count * len(lengths) > MAX_WINDOWS:
        raise LimitExceeded(
            f"{count * len(lengths):,} windows, more than the limit of {MAX_WINDOWS:,}; take a longer hop"
        )
    times = np.minimum((np.arange(count) + 0.5) * hop, clip.seconds / 2 if count == 1 else np.inf)
    near = np.zeros((clip.bodies, count, len(names)), dtype=np.float32)
    partner = np.full((clip.bodies, count), -1, dtype=np.int64)
    on_track = tracks(clip.positions, clip.rate)
    vectors, prototype = recogniser.anchors(names)
    for length in lengths:
        first, last = _frames(times, length, clip)
        found, who = window_cosines(
            recogniser, clip.positions, clip.rate, clip.layout, first, last, names, vectors
        )
        near += found.swapaxes(0, 1) / len(lengths)
        partner = np.where(who.T >= 0, who.T, partner)
    middle = np.minimum((times * clip.rate).astype(np.int64), max(clip.frames - 1, 0))
    there = on_track[middle].T & ~np.isnan(near).any(axis=2) if count else np.zeros((clip.bodies, 0), bool)
    likely = np.full((clip.bodies, count, len(names) + 1), np.nan, dtype=np.float32)
    likely[there] = recogniser.calibration.probabilities(near[there], prototype)
    weight = min(1.0, hop / float(np.mean(lengths)))
    if recogniser.calibration.none is not None:
        for body in range(clip.bodies):
            likely[body, there[body]] = in_this_recording(likely[body, there[body]], weight)
    spans = [
        Span(start, end, body, names[k], p, _partner(names[k], partner[body, at]))
        for body in range(clip.bodies)
        for start, end, k, p, at in _spans_of(likely[body], there[body], times, hop, clip.seconds, weight)
    ]
    return Timeline(
        tuple(names), times, likely, tuple(spans), clip.seconds, recogniser.calibration.fitted, clip.source.id
    )


def in_this_recording(likely: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """(W, S) probabilities under what one body does in this recording, in place of "each as often, or none".

    A calibration takes half of all questions to have no answer and all sentences to come as often. In a long
    recording a few of them fill many windows, and the others never come: the windows themselves tell. Neighbours
    share their frames, so a window counts as `weight` of a clip.
    """
    if not len(likely):
        return likely
    states = likely.shape[1]
    prior = np.full(states, 0.5 / (states - 1))
    prior[-1] = 0.5
    return occurring(likely.astype(np.float64), prior, states * COUNTED_IN / weight).astype(np.float32)


def likeliest_course(likely: NDArray[np.float32], weight: float, switch: float = SWITCH) -> NDArray[np.int64]:
    """The states of the course over time that is likeliest where each change costs `switch` nats (Viterbi).

    Args:
        likely: (W, S) probabilities.
        weight: of each window's log probabilities.

    Returns:
        (W,) numbers below S.
    """
    gain = weight * np.log(np.maximum(likely.astype(np.float64), LEAST_LIKELY))
    came = np.empty(likely.shape, dtype=np.int64)
    best = np.zeros(likely.shape[1])
    states = np.arange(likely.shape[1])
    for at, row in enumerate(gain):
        leader = int(best.argmax())
        change = best[leader] - switch > best
        came[at] = np.where(change, leader, states)
        best = np.where(change, best[leader] - switch, best) + row
    course = np.empty(len(likely), dtype=np.int64)
    state = int(best.argmax()) if len(likely) else 0
    for at in range(len(likely) - 1, -1, -1):
        course[at] = state
        state = int(came[at, state])
    return course


def _frames(
    times: NDArray[np.float64], length: float, clip: Clip
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last (excluded) frame of windows round `times`, cut off at the ends of the recording."""
    first = np.clip(np.round((times - length / 2) * clip.rate), 0, max(clip.frames - 1, 0)).astype(np.int64)
    last = np.clip(np.round((times + length / 2) * clip.rate), 1, max(clip.frames, 1)).astype(np.int64)
    return first, np.maximum(last, first + 1)


def _partner(name: str, partner: int) -> int | None:
    from pgfa.recognise.pairs import needs_two

    return int(partner) if partner >= 0 and needs_two(name) else None


def _spans_of(
    likely: NDArray[np.float32],
    there: NDArray[np.bool_],
    times: NDArray[np.float64],
    hop: float,
    seconds: float,
    weight: float,
) -> list[tuple[float, float, int, float, int]]:
    """(start, end, sentence, probability, its surest window) of one body, track by track."""
    made = []
    none = likely.shape[1] - 1
    for begin, end in _runs(there.astype(np.int64)):
        if not there[begin]:
            continue
        course = likeliest_course(likely[begin:end], weight)
        for a, b in _runs(course):
            k = int(course[a])
            if k == none:
                continue
            part = likely[begin + a : begin + b, k]
            start = max(0.0, float(times[begin + a]) - hop / 2)
            stop = min(seconds, float(times[begin + b - 1]) + hop / 2)
            made.append((start, stop, k, float(part.mean()), begin + a + int(part.argmax())))
    return made


def _runs(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first, last excluded) of each stretch of equal values."""
    if not len(values):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(pairwise(cuts))
