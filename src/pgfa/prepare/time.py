"""Time: clips at one rate, so that all steps see the same detail; then every clip at the same number of frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMMON_RATE = 30.0
"""Frames per second of most sensors, which they keep."""
RATE_TOLERANCE = 0.05
"""Rates that differ from COMMON_RATE by up to this share are kept: interpolation would cost more than it brings."""
MOST_ADDED, MOST_MERGED = 4.0, 8.0
"""A rate is raised at most by the first factor and lowered at most by the second, whatever a file states."""

DETAIL_SECONDS = 1 / 12
"""Half the width of the triangle that brings clips to one number of frames, at least: short clips would otherwise
show detail, and noise, that half of their frames do not."""


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


@dataclass(frozen=True)
class Range:
    """Part of each of some clips, in frames; not rounded, so that it does not depend on where the frames are.

    Attributes:
        begin: (clips,) start.
        length: (clips,) above 0.
    """

    begin: NDArray[np.float64]
    length: NDArray[np.float64]

    def times(self, count: int) -> NDArray[np.float64]:
        """(clips, count) centres of equal parts of the range; frame 0 is at 0, from -0.5 to 0.5."""
        return self.begin[:, None] + (np.arange(count) + 0.5) * (self.length[:, None] / count) - 0.5

    def rounded(self, frames: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First frame and number of frames, at least one, within clips of these numbers of frames."""
        first = np.minimum(np.rint(self.begin).astype(np.int64), frames - 1)
        last = np.minimum(np.rint(self.begin + self.length).astype(np.int64), frames)
        return first, np.maximum(last - first, 1)


def smooth_weights(
    frames: NDArray[np.int64],
    longest: int,
    count: int,
    part: Range | None = None,
    detail: NDArray[np.float64] | float = 1.0,
) -> NDArray[np.float32]:
    """Weights that resample without aliasing: a triangle as wide as the coarser of the two grids.

    With fewer than `count` frames this is linear interpolation. With more, each new frame is a weighted mean of all
    old frames within one new frame of it, so that 120 Hz or 500 frames neither alias nor keep the sensor's noise.

    Args:
        frames: (clips,) lengths without padding, above 0.
        longest: frames with padding.
        count: frames of the result.
        part: of the clips, to which the new frames belong; None: the whole clips.
        detail: (clips,) or of all, old frames from the middle of the triangle to its ends, at least; of whole clips 1.

    Returns:
        (clips, count, longest) float32, rows that sum to one, 0 on padding.
    """
    if part is None:
        return _whole_weights(frames, longest, count)
    length = frames[:, None]
    times = np.clip(part.times(count), 0, np.maximum(length - 1, 0))
    reach = np.maximum(part.length / count, np.maximum(detail, 1.0)).astype(np.float32)[:, None, None]
    weights = (times[..., None] - np.arange(longest)).astype(np.float32)
    np.abs(weights, out=weights)
    np.maximum(1 - weights / reach, 0, out=weights)
    weights *= (np.arange(longest) < length)[:, None]
    weights /= weights.sum(-1, keepdims=True)
    return weights


def _whole_weights(frames: NDArray[np.int64], longest: int, count: int) -> NDArray[np.float32]:
    """`smooth_weights` of whole clips, to the bit as runs without the removal of idle time have them."""
    lengths, row = np.unique(frames, return_inverse=True)  # many clips have the same length
    ratio = np.maximum(lengths / count, 1.0)[:, None, None]
    distance = np.abs(sample_times(lengths, count)[..., None] - np.arange(longest))
    weights = np.maximum(1 - distance / ratio, 0) * (np.arange(longest) < lengths[:, None])[:, None]
    rows: NDArray[np.float32] = (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
    return rows[row]


def resample_smooth(
    positions: NDArray[np.float32],
    frames: NDArray[np.int64],
    count: int,
    part: Range | None = None,
    detail: NDArray[np.float64] | float = 1.0,
) -> NDArray[np.float32]:
    """Resample with `smooth_weights`. (clips, frames, ...) -> (clips, count, ...)."""
    clips, longest = positions.shape[:2]
    flat = positions.reshape(clips, longest, -1)
    out: NDArray[np.float32] = smooth_weights(frames, longest, count, part, detail) @ flat
    return out.reshape(clips, count, *positions.shape[2:])


def at_common_rate(
    positions: NDArray[np.float32], frames: NDArray[np.int64], rate: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]:
    """Resample clips to about COMMON_RATE: neither aliased nor more detailed than those of other sensors.

    Args:
        positions: (clips, frames, ...) padded at the end by the last frame.
        frames: (clips,) lengths without padding, above 0.
        rate: (clips,) frames per second.

    Returns:
        Positions, padded likewise, frames and rates, so that frames / rate stays as it is; the same arrays where
        every rate is kept.
    """
    factor = np.clip(COMMON_RATE / rate, 1 / MOST_MERGED, MOST_ADDED)
    counts = np.maximum(np.rint(frames * factor), 1).astype(np.int64)
    counts = np.where(np.abs(factor - 1) <= RATE_TOLERANCE, frames, counts)
    if np.array_equal(counts, frames):
        return positions, frames, rate
    out = np.empty((len(positions), int(counts.max()), *positions.shape[2:]), dtype=np.float32)
    for index, (length, count) in enumerate(zip(frames, counts, strict=True)):
        clip = positions[index, :length]
        out[index, :count] = clip if count == length else _resampled(clip, int(count))
        out[index, count:] = out[index, count - 1]
    return out, counts, rate * counts / frames


def _resampled(clip: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """(frames, ...) -> (count, ...): the weights of `smooth_weights` for fewer frames, of `_cubic` for more."""
    frames = len(clip)
    times = sample_times(np.array([frames]), count)[0]
    ratio = max(frames / count, 1.0)
    reach = 2.0 if count > frames else ratio
    index = np.ceil(times - reach).astype(np.int64)[:, None] + np.arange(int(2 * reach) + 1)
    distance = np.abs(times[:, None] - index)
    if count > frames:  # beyond the ends the clip goes on as its last frame
        weights = _cubic(distance)
    else:
        weights = np.maximum(1 - distance / ratio, 0) * ((index >= 0) & (index < frames))
    weights /= weights.sum(1, keepdims=True)
    flat = clip.reshape(frames, -1)
    out = np.zeros((count, flat.shape[1]), dtype=np.float32)
    for column in range(index.shape[1]):
        out += weights[:, column, None].astype(np.float32) * flat[np.clip(index[:, column], 0, frames - 1)]
    return out.reshape(count, *clip.shape[1:])


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of cubic convolution (Keys, a = -1/2) at distances in frames: unlike lines, it keeps short peaks."""
    x = distance
    inner, outer = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, inner, np.where(x < 2, outer, 0))
