"""Time: every clip to the same number of frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sample_times(frames: NDArray[np.int64], wanted: int) -> NDArray[np.float64]:
    """(clips, wanted) places in clips of so many frames: half-pixel centres, kept within 0 .. frames - 1."""
    times = (np.arange(wanted) + 0.5) * (frames[:, None] / wanted) - 0.5
    return np.clip(times, 0, np.maximum(frames[:, None] - 1, 0))


def linear(positions: NDArray[np.float32], frames: NDArray[np.int64], wanted: int) -> NDArray[np.float32]:
    """Resample by linear interpolation, as image libraries resize: half-pixel centres, edges clamped.

    Args:
        positions: (clips, frames, ...) padded at the end.
        frames: (clips,) true lengths, above 0.
        wanted: frames of the result.

    Returns:
        (clips, wanted, ...) float32.
    """
    times = sample_times(frames, wanted)
    low = np.floor(times).astype(np.int64)
    high = np.minimum(low + 1, frames[:, None] - 1)
    share = (times - low).astype(np.float32).reshape(*times.shape, *[1] * (positions.ndim - 2))
    clip = np.arange(len(frames))[:, None]
    return positions[clip, low] * (1 - share) + positions[clip, high] * share


def smooth_weights(frames: NDArray[np.int64], longest: int, wanted: int) -> NDArray[np.float32]:
    """Weights that resample without aliasing: a triangle as wide as the coarser of the two grids.

    With fewer frames than wanted this is linear interpolation. With more, each new frame is a weighted mean
    of all old ones nearer than one new frame, so that 120 Hz or 500 frames neither alias nor keep the
    sensor's noise.

    Returns:
        (clips, wanted, longest) float32, rows adding to one, 0 on padding.
    """
    ratio = np.maximum(frames / wanted, 1.0)[:, None, None]
    distance = np.abs(sample_times(frames, wanted)[..., None] - np.arange(longest))
    weights = np.maximum(1 - distance / ratio, 0) * (np.arange(longest) < frames[:, None])[:, None]
    out: NDArray[np.float32] = (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
    return out


def smooth(positions: NDArray[np.float32], frames: NDArray[np.int64], wanted: int) -> NDArray[np.float32]:
    """Resample with `smooth_weights`. (clips, frames, ...) -> (clips, wanted, ...)."""
    clips, longest = positions.shape[:2]
    flat = positions.reshape(clips, longest, -1)
    out: NDArray[np.float32] = smooth_weights(frames, longest, wanted) @ flat
    return out.reshape(clips, wanted, *positions.shape[2:])
