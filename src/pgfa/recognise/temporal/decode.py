"""Cosines of windows to probabilities and stretches of time: smoothing, calibration, path, trimming."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RecogniseSettings
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.candidates import NONE_SHARE_OVER_TIME, Candidates

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

MIN_PROBABILITY: Final = 1e-6


@dataclass(frozen=True)
class Decoding:
    """How windows become spans. The defaults were chosen on data sets left out (docs/untrimmed.md).

    Attributes:
        raised: how much of a sentence's mean cosine over the recording is taken away where it is below 0, 0 to 1.
        none_share: share of the windows that show none of the sentences, before the recording is seen; in (0, 1).
        least: a span, that is, its most probable window, is at least as probable as this.
        trim: a window of a span is at least this times as probable as the most probable one within `trim_s`.
        trim_s: seconds; what is further away is compared only with windows near it, so that a span of several
            repetitions keeps all of them.
        switch: cost of a change of sentence on the path, in nats.
        evidence_s: seconds of windows that count as one observation on the path: neighbours share frames.
        smoothing_s: standard deviation in seconds of the smoothing of cosines over time.
    """

    raised: float = 1.0
    none_share: float = NONE_SHARE_OVER_TIME
    least: float = RecogniseSettings().least
    trim: float = 0.8
    trim_s: float = 1.0
    switch: float = 0.25
    evidence_s: float = 1.0
    smoothing_s: float = 0.7


DECODING: Final = Decoding()

SHORT_WINDOWS: Final = 2.0
"""A recording of at most this many windows, of the longest length, is short: it shows one action, as a clip does."""
LONG_WINDOWS: Final = 4.0
"""From this many windows on a recording is long. In between, settings change in proportion."""


def is_short(seconds: float, window: float) -> bool:
    """Whether a recording shows one action, and so is itself a window; `window`: the longest, in seconds."""
    return seconds <= SHORT_WINDOWS * window


def decoding_of(
    seconds: float, window: float, calibration: Calibration, settings: Decoding = DECODING
) -> Decoding:
    """The settings for a recording of that length; those of a long one are `settings`.

    Every window of a short recording shares frames with the one action that it shows: its cosines are compared as
    those of a clip, and whether one of the sentences fits is as probable as for a clip.

    Args:
        seconds: of the recording.
        window: the longest, in seconds.
        calibration: of the candidates.
        settings: for a long recording.
    """
    length = (seconds / window - SHORT_WINDOWS) / (LONG_WINDOWS - SHORT_WINDOWS)
    share = min(max(length, 0.0), 1.0)
    of_clips = calibration.none_share or settings.none_share
    none_share = of_clips + (settings.none_share - of_clips) * share
    return replace(settings, raised=settings.raised * share, none_share=none_share)


@dataclass(frozen=True)
class Stretch:
    """Successive windows of one candidate.

    Attributes:
        first, last: windows, last excluded.
        candidate: index.
        probability: of the most probable window.
        peak: that window.
    """

    first: int
    last: int
    candidate: int
    probability: float
    peak: int


def decode(
    cosine: Floats, present: Flags, candidates: Candidates, hop: float, settings: Decoding = DECODING
) -> tuple[Floats, list[Stretch]]:
    """What one body does over time.

    Args:
        cosine: (W, K), NaN where absent, -inf where a pair of bodies is needed and there is none.
        present: (W,).
        candidates: K of them.
        hop: seconds between windows.
        settings: how. Without "none of these" nothing is trimmed or left out.

    Returns:
        (W, K + 1) probabilities, the last column "none of these", NaN where the body is absent; and its stretches.
    """
    probability = np.full((len(cosine), len(candidates) + 1), np.nan, dtype=np.float32)
    rows = raised_to_zero(cosine, present, candidates, settings.raised)
    over_time = candidates.over_time(settings.none_share)
    if candidates.calibration.none is None:
        settings = replace(settings, trim=0.0, least=0.0)
    parts: list[Stretch] = []
    for first, last in runs(present.astype(np.int64)):
        if present[first]:
            track = smoothed(rows[first:last], settings.smoothing_s / hop)
            probability[first:last] = over_time.probabilities(track)
            for part in stretches(probability[first:last], hop, settings):
                windows = {name: getattr(part, name) + first for name in ("first", "last", "peak")}
                parts.append(replace(part, **windows))
    return probability, [part for part in parts if part.probability >= settings.least]


def raised_to_zero(cosine: Floats, present: Flags, candidates: Candidates, share: float = 1.0) -> Floats:
    """(W, K) cosines less the mean of each sentence over this recording where it is below 0.

    What everyday actions take from all cosines differs between people and sensors: with some, hardly any cosine of any
    sentence is above 0. Prototypes are compared with recordings and not sentences, and the cosines of a recogniser
    that was adapted are standardised: both stay as they are.
    """
    if candidates.recentring is not None:
        return cosine
    known = np.isfinite(cosine) & present[:, None]
    mean = np.where(known, cosine, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    below = share * np.minimum(mean, 0)
    return cosine - np.where(candidates.is_prototype, 0, below).astype(np.float32)


def smoothed(rows: Floats, windows: float) -> Floats:
    """(W, K) smoothed over `windows` (a standard deviation), -inf without weight: repeated means of weights 1, 2, 1."""
    possible = np.isfinite(rows)
    values, weight = np.where(possible, rows, 0).astype(np.float64), possible.astype(np.float64)
    for _ in range(min(round(2 * windows**2), len(rows))):
        values, weight = _neighbours(values), _neighbours(weight)
    mean = values / np.maximum(weight, 1e-12)
    return np.where(possible, mean, rows).astype(np.float32)


def _neighbours(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)


def stretches(probability: Floats, hop: float, settings: Decoding = DECODING) -> list[Stretch]:
    """The candidates on the most probable path of (W, K + 1) probabilities of one track, NaN nowhere; trimmed."""
    path = most_probable_path(probability, min(1.0, hop / settings.evidence_s), settings.switch)
    parts = []
    for start, end in runs(path):
        k = int(path[start])
        if k == probability.shape[1] - 1:
            continue
        core = near_peaks(probability[start:end, k], settings.trim, round(settings.trim_s / hop))
        for first, last in runs(core.astype(np.int64)):
            if core[first]:
                peak = start + first + int(probability[start + first : start + last, k].argmax())
                parts.append(Stretch(start + first, start + last, k, float(probability[peak, k]), peak))
    return parts


def near_peaks(values: Floats, share: float, reach: int) -> Flags:
    """(W,) whether each of (W,) values, 0 or more, is at least `share` of the highest at most `reach` away.

    A window that is longer than an action sees it before it starts and after it ends: a path alone makes spans that
    reach into rests and into other actions.
    """
    around, length = np.pad(values, reach), 1
    while length < 2 * reach + 1:  # maxima of twice as many each time: a short hop must not cost much
        step = min(length, 2 * reach + 1 - length)
        around, length = np.maximum(around[:-step], around[step:]), length + step
    return np.asarray(values >= share * around)


def most_probable_path(
    probability: NDArray[np.floating], weight: float, switch: float = DECODING.switch
) -> NDArray[np.int64]:
    """The most probable sequence of states where each change costs `switch` nats (Viterbi).

    Args:
        probability: (W, S).
        weight: of each window's log probabilities.
        switch: cost of a change, in nats.

    Returns:
        (W,) states, below S.
    """
    gain = weight * np.log(np.maximum(probability.astype(np.float64), MIN_PROBABILITY))
    previous = np.empty(probability.shape, dtype=np.int64)
    best = np.zeros(probability.shape[1])
    states = np.arange(probability.shape[1])
    for w, row in enumerate(gain):
        best_state = int(best.argmax())
        change = best[best_state] - switch > best
        previous[w] = np.where(change, best_state, states)
        best = np.where(change, best[best_state] - switch, best) + row
    path = np.empty(len(probability), dtype=np.int64)
    state = int(best.argmax()) if len(probability) else 0
    for w in range(len(probability) - 1, -1, -1):
        path[w] = state
        state = int(previous[w, state])
    return path


def runs(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first, last excluded) of each stretch of equal values."""
    if not len(values):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(pairwise(cuts))
