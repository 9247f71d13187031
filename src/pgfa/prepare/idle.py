"""Idle time: standing still before the action begins and after it has ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STILL = 0.25
"""Share of a clip's high speed below which its people stand still."""
HIGH = 0.95
"""Quantile of the speeds over the clip that counts as high: one glitch does not."""
SPAN = 0.1
"""Seconds over which places are averaged, so that trembling is no motion."""
SHORTEST = 0.5
"""Seconds that are kept at least."""


def without_idle(
    positions: NDArray[np.float32], frames: NDArray[np.int64], rate: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which stretch of each clip is left when idle time is cut off at both ends.

    The speed at the border between two frames is the root of the summed squares, over all joints and bodies, of the
    distance between the mean place in the SPAN before it and in the SPAN after it. Kept is all from one SPAN before
    the first border whose speed reaches STILL times the high speed to one SPAN after the last. Pauses in between stay.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent; padding repeats the last frame.
        frames: (clips,) true lengths.
        rate: (clips,) frames a second.

    Returns:
        first: (clips,) first frame kept.
        count: (clips,) frames kept; the whole clip where it is too short to tell.
    """
    span = np.maximum(np.rint(SPAN * rate), 1).astype(np.int64)
    long = frames >= 4 * span + 2
    first, count = np.zeros_like(frames), frames.copy()
    if long.any():
        lengths, spans = frames[long], span[long]
        speed = _speeds(positions[long], lengths, spans)
        moving = speed >= STILL * _high(speed)[:, None]
        begin = moving.argmax(1) - spans
        end = speed.shape[1] - 1 - moving[:, ::-1].argmax(1) + spans
        least = np.minimum((SHORTEST * rate[long]).astype(np.int64), lengths)
        missing = np.maximum(least - (end - begin), 0)
        begin = np.clip(begin - missing // 2, 0, lengths - least)
        end = np.maximum(end, begin + least)
        first[long], count[long] = begin, end - begin
    return first, count


def _speeds(
    positions: NDArray[np.float32], frames: NDArray[np.int64], span: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(clips, frames + 1) speed at the border before each frame, NaN where a SPAN would leave the clip."""
    clips, longest = positions.shape[:2]
    flat = np.nan_to_num(positions - positions[:, :1]).reshape(clips, longest, -1)
    total = np.zeros((clips, longest + 1, flat.shape[2]))
    np.cumsum(flat, axis=1, out=total[:, 1:])
    border = np.arange(longest + 1)
    before, after = (np.clip(border + side * span[:, None], 0, longest) for side in (-1, 1))
    clip = np.arange(clips)[:, None]
    change = total[clip, after] - 2 * total + total[clip, before]
    speed = np.sqrt(np.einsum("cfk,cfk->cf", change, change)) / span[:, None]
    inside = (border >= span[:, None]) & (border <= (frames - span)[:, None])
    return np.where(inside, speed, np.nan)


def _high(speed: NDArray[np.float64]) -> NDArray[np.float64]:
    """(clips,) the HIGH quantile of the speeds that are known, the lower of two neighbours."""
    known = np.isfinite(speed).sum(1)
    at = (HIGH * (known - 1)).astype(np.int64)
    out: NDArray[np.float64] = np.take_along_axis(np.sort(speed, axis=1), at[:, None], axis=1)[:, 0]
    return out
