"""Cutting off idle time by one threshold, as runs and recognisers of earlier versions were made (`soft_ends` off)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STILL_SHARE = 0.25
"""Below this share of a clip's high speed its people stand still."""
HIGH_QUANTILE = 0.95
"""Quantile of a clip's speeds that counts as its high speed, so that single errors have no effect."""
SPAN_SECONDS = 0.1
"""Seconds over which positions are averaged, so that jitter does not count as motion."""
MIN_SECONDS = 0.5
"""Shortest result in seconds."""


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
        speed = _speeds(positions[measurable], lengths, spans)
        moving = speed >= STILL_SHARE * _high_speed(speed)[:, None]
        begin = moving.argmax(1) - spans
        end = speed.shape[1] - 1 - moving[:, ::-1].argmax(1) + spans
        shortest = np.minimum((MIN_SECONDS * rate[measurable]).astype(np.int64), lengths)
        missing = np.maximum(shortest - (end - begin), 0)
        begin = np.clip(begin - missing // 2, 0, lengths - shortest)
        end = np.maximum(end, begin + shortest)
        first[measurable], count[measurable] = begin, end - begin
    return first, count


def _speeds(
    positions: NDArray[np.float32], frames: NDArray[np.int64], span: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(clips, frames + 1) speed at the boundary before each frame, NaN where a span would exceed the clip."""
    clips, longest = positions.shape[:2]
    flat = np.nan_to_num(positions - positions[:, :1]).reshape(clips, longest, -1)
    total = np.zeros((clips, longest + 1, flat.shape[2]))
    total[:, 1:] = flat  # converted at once, not in small pieces within the sum
    np.cumsum(total, axis=1, out=total)
    speed = np.full((clips, longest + 1), np.nan)
    for width in np.unique(span):
        rows = span == width
        sums = total if rows.all() else total[rows]
        change = sums[:, 2 * width :] - 2 * sums[:, width:-width] + sums[:, : -2 * width]
        speed[rows, width:-width] = np.sqrt(np.einsum("cfk,cfk->cf", change, change)) / width
    return np.where(np.arange(longest + 1) <= (frames - span)[:, None], speed, np.nan)


def _high_speed(speed: NDArray[np.float64]) -> NDArray[np.float64]:
    """(clips,) the HIGH_QUANTILE of the finite speeds, without interpolation: the lower of two neighbours."""
    count = np.isfinite(speed).sum(1)
    index = (HIGH_QUANTILE * (count - 1)).astype(np.int64)
    out: NDArray[np.float64] = np.take_along_axis(np.sort(speed, axis=1), index[:, None], axis=1)[:, 0]
    return out
