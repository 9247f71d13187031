"""Spans of time in a long recording: windows of several lengths, then the most probable sequence for each body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.prior import reweight_by_prior
from pgfa.errors import BadConfig, LimitExceeded
from pgfa.recognise.answers import Span, Timeline
from pgfa.recognise.candidates import Candidates, Encode
from pgfa.recognise.temporal.windows import Progress, tracks, window_cosines
from pgfa.skeleton import Clip

MAX_WINDOWS = 100_000
SWITCH = 0.25
"""Cost of a change of sentence, in nats. A window's evidence is weighted by hop over window, as neighbours share
frames: what lasts one window becomes a span where it is, on average, e^0.5 = 1.6 times as probable as what surrounds
it; half as long, 2.7 times."""
MIN_PROBABILITY = 1e-6
PSEUDO_COUNT = 0.5
"""Clips per sentence added when a recording's own prior is estimated (Jeffreys' prior)."""


def timeline(
    encode: Encode,
    clip: Clip,
    candidates: Candidates,
    window: float | Sequence[float],
    hop: float,
    progress: Progress | None = None,
) -> Timeline:
    """What each body of a recording does, over time.

    Args:
        encode: clips -> features.
        clip: the recording.
        candidates: sentences and taught classes.
        window: length in seconds; cosines are averaged over several lengths.
        hop: seconds between the centres of successive windows.
        progress: called as the work is done.

    Raises:
        BadConfig: a length that is not above 0.
        LimitExceeded: more than MAX_WINDOWS.
    """
    lengths = tuple(map(float, window)) if isinstance(window, Sequence) else (float(window),)
    if not lengths or not all(math.isfinite(x) and x > 0 for x in (*lengths, hop)):
        raise BadConfig(f"window and hop must be seconds above 0, found {window} and {hop}")
    count = max(1, math.ceil(clip.seconds / hop - 0.5)) if clip.frames else 0
    if count * len(lengths) > MAX_WINDOWS:
        raise LimitExceeded(
            f"{count * len(lengths):,} windows, more than the limit of {MAX_WINDOWS:,}; use a longer hop"
        )
    times = np.minimum((np.arange(count) + 0.5) * hop, clip.seconds / 2 if count == 1 else np.inf)
    cosine, partner = _mean_cosines(encode, clip, candidates, times, lengths, progress)
    centre = np.minimum((times * clip.rate).astype(np.int64), max(clip.frames - 1, 0))
    present = np.asarray(~np.isnan(cosine).any(axis=2))
    if count:
        present &= tracks(clip.positions, clip.rate)[centre].T
    probability = np.full((clip.bodies, count, len(candidates) + 1), np.nan, dtype=np.float32)
    probability[present] = candidates.over_time().probabilities(cosine[present])
    weight = min(1.0, hop / float(np.mean(lengths)))
    if candidates.calibration.none is not None:
        for body in range(clip.bodies):
            rows = present[body]
            probability[body, rows] = reweight_by_recording(probability[body, rows], weight)
    spans = [
        Span(start, end, body, candidates.names[k], p, _partner(candidates, k, int(partner[body, w])))
        for body in range(clip.bodies)
        for start, end, k, p, w in _spans_of(
            probability[body], present[body], times, hop, clip.seconds, weight
        )
    ]
    return Timeline(
        candidates.names, times, probability, tuple(spans), clip.seconds, candidates.calibration.fitted, clip.source.id
    )  # fmt: skip


def _mean_cosines(
    encode: Encode,
    clip: Clip,
    candidates: Candidates,
    times: NDArray[np.float64],
    lengths: Sequence[float],
    progress: Progress | None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(bodies, W, K) cosines averaged over window lengths, NaN where a body is absent; (bodies, W) partners or -1."""
    cosine = np.zeros((clip.bodies, len(times), len(candidates)), dtype=np.float32)
    partner = np.full((clip.bodies, len(times)), -1, dtype=np.int64)
    for number, length in enumerate(lengths):
        windows = _frames(times, length, clip)
        of_length, other = window_cosines(
            encode, candidates, clip.positions, clip.rate, clip.layout, windows,
            _part(progress, number, len(lengths)),
        )  # fmt: skip
        cosine += of_length.swapaxes(0, 1) / len(lengths)
        partner = np.where(other.T >= 0, other.T, partner)
    return cosine, partner


def _part(progress: Progress | None, number: int, count: int) -> Progress | None:
    """Progress of one of `count` parts of the same size."""
    return None if progress is None else lambda share: progress((number + share) / count)


def reweight_by_recording(probability: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """(W, S) probabilities under the class prior of one body in this recording.

    Before, all sentences count as equally frequent. In a long recording a few of them fill many windows and the
    others never occur: the prior is estimated from the windows, starting at one half for "none of these". Neighbours
    share frames, so a window counts as `weight` of a clip.
    """
    if not len(probability):
        return probability
    states = probability.shape[1]
    prior = np.full(states, 0.5 / (states - 1))
    prior[-1] = 0.5
    posterior = reweight_by_prior(probability.astype(np.float64), prior, states * PSEUDO_COUNT / weight)
    return posterior.astype(np.float32)


def most_probable_path(
    probability: NDArray[np.float32], weight: float, switch: float = SWITCH
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


def _frames(
    times: NDArray[np.float64], length: float, clip: Clip
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last (excluded) frames of windows centred at `times`, cut off at the ends of the recording."""
    first = np.clip(np.round((times - length / 2) * clip.rate), 0, max(clip.frames - 1, 0)).astype(np.int64)
    last = np.clip(np.round((times + length / 2) * clip.rate), 1, max(clip.frames, 1)).astype(np.int64)
    return first, np.maximum(last, first + 1)


def _partner(candidates: Candidates, k: int, partner: int) -> int | None:
    return partner if partner >= 0 and candidates.needs_two[k] else None


def _spans_of(
    probability: NDArray[np.float32],
    present: NDArray[np.bool_],
    times: NDArray[np.float64],
    hop: float,
    seconds: float,
    weight: float,
) -> list[tuple[float, float, int, float, int]]:
    """(start, end, candidate, probability, most confident window) of each span of one body, track by track."""
    spans = []
    none = probability.shape[1] - 1
    for begin, end in _runs(present.astype(np.int64)):
        if not present[begin]:
            continue
        path = most_probable_path(probability[begin:end], weight)
        for a, b in _runs(path):
            k = int(path[a])
            if k == none:
                continue
            part = probability[begin + a : begin + b, k]
            start = max(0.0, float(times[begin + a]) - hop / 2)
            stop = min(seconds, float(times[begin + b - 1]) + hop / 2)
            spans.append((start, stop, k, float(part.mean()), begin + a + int(part.argmax())))
    return spans


def _runs(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first, last excluded) of each stretch of equal values."""
    if not len(values):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(pairwise(cuts))
