"""Time: every clip is resampled to the same number of frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sample_times(frames: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(clips, count) sample times in frames: half-pixel centres, clamped to 0 .. frames - 1."""
    times = (np.arange(count) + 0.5) * (frames[:, None] / count) - 0.5
    return np.clip(times, 0, np.maximum(frames[:, None] - 1, 0))


def resample_linear(
    positions: NDArray[np.float32], frames: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    """Resample by linear interpolation, as image libraries resize: half-pixel centres, edges clamped.

    Args:
        positions: (clips, frames, ...) padded at the end.
        frames: (clips,) lengths without padding, above 0.
        count: frames of the result.

    Returns:
        (clips, count, ...) float32.
    """
    times = sample_times(frames, count)
    low = np.floor(times).astype(np.int64)
    high = np.minimum(low + 1, frames[:, None] - 1)
    fraction = (times - low).astype(np.float32).reshape(*times.shape, *[1] * (positions.ndim - 2))
    clip = np.arange(len(frames))[:, None]
    return positions[clip, low] * (1 - fraction) + positions[clip, high] * fraction


def smooth_weights(frames: NDArray[np.int64], longest: int, count: int) -> NDArray[np.float32]:
    """Weights that resample without aliasing: a triangle as wide as the coarser of the two grids.

    With fewer than `count` frames this is linear interpolation. With more, each new frame is a weighted mean of all
    old frames within one new frame of it, so that 120 Hz or 500 frames neither alias nor keep the sensor's noise.

    Args:
        frames: (clips,) lengths without padding, above 0.
        longest: frames with padding.
        count: frames of the result.

    Returns:
        (clips, count, longest) float32, rows that sum to one, 0 on padding.
    """
    ratio = np.maximum(frames / count, 1.0)[:, None, None]
    distance = np.abs(sample_times(frames, count)[..., None] - np.arange(longest))
    weights = np.maximum(1 - distance / ratio, 0) * (np.arange(longest) < frames[:, None])[:, None]
    out: NDArray[np.float32] = (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
    return out


def resample_smooth(
    positions: NDArray[np.float32], frames: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    """Resample with `smooth_weights`. (clips, frames, ...) -> (clips, count, ...)."""
    clips, longest = positions.shape[:2]
    flat = positions.reshape(clips, longest, -1)
    out: NDArray[np.float32] = smooth_weights(frames, longest, count) @ flat
    return out.reshape(clips, count, *positions.shape[2:])
