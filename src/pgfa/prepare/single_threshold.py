"""Cutting off idle time by one threshold, as runs and recognisers of earlier versions were made (`soft_ends` off)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.idle import HIGH_QUANTILE, MIN_SECONDS, boundary_speeds

STILL_SHARE = 0.25
"""Below this share of a clip's high speed its people stand still."""
SPAN_SECONDS = 0.1
"""Seconds over which positions are averaged, so that jitter does not count as motion."""


def single_threshold_range(
    positions: NDArray[np.float32], frames: NDArray[np.int64], rate: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The range of frames of each clip without the idle time at both ends.

    The speed at the boundary between two frames is the root of the summed squares, over all joints and bodies, of the
    distance between the mean positions in the span (SPAN_SECONDS) before and after it. The range goes from one span
    before the first boundary whose speed reaches STILL_SHARE of the high speed to one span after the last one. Pauses
    in between are kept.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent; padding repeats the last frame.
        frames: (clips,) lengths without padding.
        rate: (clips,) frames per second.

    Returns:
        first: (clips,) first frame of the range.
        count: (clips,) its frames; the whole clip if it is too short to measure.
    """
    span = np.maximum(np.rint(SPAN_SECONDS * rate), 1).astype(np.int64)
    measurable = frames >= 4 * span + 2
    first, count = np.zeros_like(frames), frames.copy()
    if measurable.any():
        lengths, spans = frames[measurable], span[measurable]
        speed = boundary_speeds(positions[measurable], lengths, spans)
        moving = speed >= STILL_SHARE * _high_speed(speed)[:, None]
        begin = moving.argmax(1) - spans
        end = speed.shape[1] - 1 - moving[:, ::-1].argmax(1) + spans
        shortest = np.minimum((MIN_SECONDS * rate[measurable]).astype(np.int64), lengths)
        missing = np.maximum(shortest - (end - begin), 0)
        begin = np.clip(begin - missing // 2, 0, lengths - shortest)
        end = np.maximum(end, begin + shortest)
        first[measurable], count[measurable] = begin, end - begin
    return first, count


def _high_speed(speed: NDArray[np.float64]) -> NDArray[np.float64]:
    """(clips,) the HIGH_QUANTILE of the finite speeds, without interpolation: the lower of two neighbours."""
    count = np.isfinite(speed).sum(1)
    index = (HIGH_QUANTILE * (count - 1)).astype(np.int64)
    out: NDArray[np.float64] = np.take_along_axis(np.sort(speed, axis=1), index[:, None], axis=1)[:, 0]
    return out
