"""Idle time: standing still before and after the action."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.time import Range

STILL_SHARES = (0.15, 0.35)
"""Below these shares of a clip's high speed its people stand still; the range is a mean over all between the two."""
HIGH_QUANTILE = 0.95
"""Quantile of a clip's speeds that counts as its high speed, so that single errors have no effect."""
SPAN_SECONDS = 0.14
"""Seconds over which positions are averaged, so that jitter does not count as motion, at any rate."""
LEAD_SECONDS = 0.1
"""Seconds that are kept before the first and after the last motion."""
MIN_SECONDS = 0.5
"""Shortest result in seconds."""


def active_range(
    positions: NDArray[np.float32], frames: NDArray[np.int64], rate: NDArray[np.float64]
) -> Range:
    """The range of each clip without the idle time at both ends.

    The speed at the boundary between two frames is the root of the summed squares, over all joints and bodies, of the
    distance between the mean positions in the span (SPAN_SECONDS) before and after it. For one share of the high speed
    the range goes from LEAD_SECONDS before the first boundary whose speed reaches it to as long after the last one. The
    result is the mean over all shares from the first to the second of STILL_SHARES: a motion before the action that
    all but reaches one of them would otherwise be in the range or not by a hair's breadth. Pauses in between are kept.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent; padding repeats the last frame.
        frames: (clips,) lengths without padding.
        rate: (clips,) frames per second.

    Returns:
        The whole clip where it is too short to measure.
    """
    span, lead = (
        np.maximum(np.rint(seconds * rate), 1).astype(np.int64) for seconds in (SPAN_SECONDS, LEAD_SECONDS)
    )
    measurable = frames >= 2 * span + 2
    begin, length = np.zeros(len(frames)), frames.astype(np.float64)
    if measurable.any():
        whole, spans = frames[measurable], span[measurable]
        still = _stillness(boundary_speeds(positions[measurable], whole, spans))
        start, rest = _idle(still, whole[:, None], spans[:, None], lead[measurable, None])
        shortest = np.minimum(MIN_SECONDS * rate[measurable], whole)
        missing = np.maximum(shortest - (whole - rest - start), 0)
        begin[measurable] = np.clip(start - missing / 2, 0, whole - shortest)
        length[measurable] = np.maximum(whole - rest - start, shortest)
    return Range(begin, length)


def _idle(
    still: NDArray[np.float64], frames: NDArray[np.int64], span: NDArray[np.int64], lead: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(clips,) idle frames before and (clips,) after the motion, of stillness at boundaries; others (clips, 1).

    The mean over shares of the first boundary that is not still is the sum over boundaries of the part of
    the shares for which none was reached so far.
    """
    # Before the first and after the last span the speed is not known: the nearest one counts.
    boundary = np.arange(still.shape[1])
    still = np.take_along_axis(still, np.clip(boundary, span, frames - span), axis=1)
    within = (boundary >= lead) & (boundary <= frames - lead)
    so_far = [np.minimum.accumulate(np.where(within, still, 1)[:, ::step], axis=1) for step in (1, -1)]
    return (so_far[0] * within).sum(1), (so_far[1] * within[:, ::-1]).sum(1)


def _stillness(speed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the range of STILL_SHARES, the part that speeds (clips, boundaries) are below, NaN where not known."""
    low, high = np.multiply.outer(STILL_SHARES, _high_speed(speed)[:, None])
    still = np.clip((high - speed) / np.maximum(high - low, 1e-12), 0, 1)
    return np.where(high > 0, still, 0 * speed)


def boundary_speeds(
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
    """(clips,) the HIGH_QUANTILE of the finite speeds, with linear interpolation."""
    rank = HIGH_QUANTILE * (np.isfinite(speed).sum(1)[:, None] - 1)
    low = rank.astype(np.int64)
    ordered = np.sort(speed, axis=1)
    below, above = (np.take_along_axis(ordered, index, axis=1) for index in (low, low + 1))
    out: NDArray[np.float64] = (below + (rank - low) * (np.where(rank > low, above, below) - below))[:, 0]
    return out
