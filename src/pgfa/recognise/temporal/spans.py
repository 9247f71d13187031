"""Spans of time in a long recording: windows of several lengths, then the most probable sequence for each body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig, LimitExceeded
from pgfa.recognise.answers import Span, Timeline
from pgfa.recognise.candidates import Candidates, Encode
from pgfa.recognise.temporal.decode import DECODING, Stretch, decode, decoding_of, is_short
from pgfa.recognise.temporal.windows import Progress, tracks, window_cosines
from pgfa.skeleton import Clip

MAX_WINDOWS = 100_000


def timeline(
    encode: Encode,
    clip: Clip,
    candidates: Candidates,
    window: float | Sequence[float],
    hop: float,
    progress: Progress | None = None,
    least: float = DECODING.least,
) -> Timeline:
    """What each body of a recording does, over time.

    A short recording (`is_short`) is a window as a whole, in place of those of the longest length: cut off at both
    ends, they would show less of the action, and no window would see all of it.

    Args:
        encode: clips -> features.
        clip: the recording.
        candidates: sentences and taught classes.
        window: length in seconds; cosines are averaged over several lengths.
        hop: seconds between the centres of successive windows.
        progress: called as the work is done.
        least: probability of a span, at least; without "none of these" all spans are kept.

    Raises:
        BadConfig: a length that is not above 0, or a probability outside 0 to 1.
        LimitExceeded: more than MAX_WINDOWS.
    """
    lengths = tuple(map(float, window)) if isinstance(window, Sequence) else (float(window),)
    if not lengths or not all(math.isfinite(x) and x > 0 for x in (*lengths, hop)):
        raise BadConfig(where="window and hop", expected="seconds above 0", found=f"{window} and {hop}")
    if not 0 <= least <= 1:
        raise BadConfig(where="least", expected="a probability, 0 to 1", found=f"{least}")
    count = _count(clip, hop)
    if count * len(lengths) > MAX_WINDOWS:
        raise LimitExceeded(
            where="windows",
            expected=f"at most {MAX_WINDOWS:,}",
            found=f"{count * len(lengths):,}",
            advice="use a longer hop",
        )
    times = window_times(clip, hop)
    cosine, partner = _mean_cosines(encode, clip, candidates, times, lengths, progress)
    centre = np.minimum((times * clip.rate).astype(np.int64), max(clip.frames - 1, 0))
    present = np.asarray(~np.isnan(cosine).any(axis=2))
    if count:
        present &= tracks(clip.positions, clip.rate)[centre].T
    settings = decoding_of(clip.seconds, max(lengths), candidates.calibration, replace(DECODING, least=least))
    probability = np.full((clip.bodies, count, len(candidates) + 1), np.nan, dtype=np.float32)
    spans: list[Span] = []
    for body in range(clip.bodies):
        probability[body], parts = decode(cosine[body], present[body], candidates, hop, settings)
        for part in parts:
            start, end = span_times(part, times, hop, clip.seconds)
            other = _partner(candidates, part.candidate, int(partner[body, part.peak]))
            spans.append(Span(start, end, body, candidates.names[part.candidate], part.probability, other))
    return Timeline(
        candidates.names, times, probability, tuple(spans), clip.seconds, candidates.calibration.fitted,
        clip.source.id, clip.problems, clip.reading, candidates.recogniser, candidates.aligned,
    )  # fmt: skip


def _count(clip: Clip, hop: float) -> int:
    return max(1, math.ceil(clip.seconds / hop - 0.5)) if clip.frames else 0


def window_times(clip: Clip, hop: float) -> NDArray[np.float64]:
    """(W,) centres of the windows of a recording, seconds from the first frame."""
    count = _count(clip, hop)
    end = clip.seconds / 2 if count == 1 else np.inf
    return np.minimum((np.arange(count, dtype=np.float64) + 0.5) * hop, end)


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
        whole = length == max(lengths) and is_short(clip.seconds, length) and len(times) > 0
        # The windows of a whole recording are all the same: one is compared, and counts for all times.
        windows = (np.array([0]), np.array([clip.frames])) if whole else window_frames(times, length, clip)
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


def window_frames(
    times: NDArray[np.float64], length: float, clip: Clip
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last (excluded) frames of windows centred at `times`, cut off at the ends of the recording."""
    first = np.clip(np.round((times - length / 2) * clip.rate), 0, max(clip.frames - 1, 0)).astype(np.int64)
    last = np.clip(np.round((times + length / 2) * clip.rate), 1, max(clip.frames, 1)).astype(np.int64)
    return first, np.maximum(last, first + 1)


def _partner(candidates: Candidates, k: int, partner: int) -> int | None:
    return partner if partner >= 0 and candidates.needs_two[k] else None


def span_times(part: Stretch, times: NDArray[np.float64], hop: float, seconds: float) -> tuple[float, float]:
    """Start and end of successive windows, within the recording."""
    start, end = float(times[part.first]) - hop / 2, float(times[part.last - 1]) + hop / 2
    return max(0.0, start), min(seconds, end)
