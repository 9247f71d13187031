"""Series over the frames of many clips at once: smoothing, quantiles, swings, angles, correlation.

A series has its frames on the last axis and vectors on the axis before it, which keeps every operation on long rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]

SPEED_SECONDS = 0.13
"""Two frames of a sensor of 15 frames per second: shorter peaks of speed would depend on the sensor's rate."""
ABOUT = (0.5, 1.5)
"""Amplitudes, as shares of a given one, over which `swings` is a mean."""


def smooth(series: Floats, frames: int) -> Floats:
    """Centred mean over an odd number of frames (..., T); the first and the last frame are repeated at the ends."""
    half, count = frames // 2, series.shape[-1]
    padded = np.concatenate([*[series[..., :1]] * half, series, *[series[..., -1:]] * half], axis=-1)
    total = padded[..., :count].copy()
    for shift in range(1, frames):
        total += padded[..., shift : shift + count]
    total /= frames
    return total


def gradient(interval: Floats, frames: int) -> Floats:
    """Weights by which series (N, ..., T) become their speeds (N, ..., T - 1), from each frame to the next.

    Each speed is a mean over `SPEED_SECONDS` before and after, whatever the time between frames.

    Args:
        interval: (N, 1) seconds between frames.
        frames: T.

    Returns:
        (N, T, T - 1), for `rates`.
    """
    frame = np.arange(frames, dtype=np.float32)
    distance = np.abs(np.subtract.outer(frame, frame))
    reach = np.minimum(interval / np.float32(SPEED_SECONDS), 1)[..., None]
    weights = np.maximum(1 - distance * reach, np.float32(0))
    weights /= weights.sum(1, keepdims=True) * interval[..., None]
    out: Floats = weights[..., 1:] - weights[..., :-1]
    return out


def rates(series: Floats, weights: Floats) -> Floats:
    """Speeds (N, ..., T - 1) of series (N, ..., T) by the weights of `gradient`."""
    flat = series.reshape(len(series), -1, series.shape[-1]) @ weights
    return flat.reshape(*series.shape[:-1], -1)


def share_above(series: Floats, width: float) -> Floats:
    """(..., T) -> (...) the share of the frames in which a series is above 0, by a logistic step of some width.

    So a frame in which it is near 0 counts in part, and the share hardly depends on single frames.

    Args:
        series: (..., T).
        width: in the unit of the series: at this distance from 0 a frame counts as 0.73 or 0.27.
    """
    out: Floats = (0.5 + 0.5 * np.tanh(series * np.float32(0.5 / width))).mean(-1)
    return out


def length(vectors: Floats) -> Floats:
    """(..., space, T) -> (..., T)."""
    square = vectors * vectors
    total = square[..., 0, :] + square[..., 1, :]
    if vectors.shape[-2] == 3:
        total += square[..., 2, :]
    return np.sqrt(total, out=total)


def dot(first: Floats, second: Floats) -> Floats:
    """(..., 3, T), (..., 3, T) -> (..., T)."""
    product = first * second
    total: Floats = product[..., 0, :] + product[..., 1, :]
    total += product[..., 2, :]
    return total


def angle(first: Floats, second: Floats) -> Floats:
    """Radians between vectors: (..., 3, T), (..., 3, T) -> (..., T)."""
    cosine = dot(first, second) / np.maximum(length(first) * length(second), np.float32(1e-4))
    out: Floats = np.arccos(np.clip(cosine, -1, 1))
    return out


def wrapped(angles: Floats) -> Floats:
    """The same angles in radians from -pi to pi."""
    turn = np.float32(2 * np.pi)
    out: Floats = angles - turn * np.rint(angles / turn)
    return out


def ends(series: Floats, frames: int = 5) -> tuple[Floats, Floats]:
    """Means over the first and over the last frames: (..., T) -> (...), (...)."""
    return series[..., :frames].mean(-1), series[..., -frames:].mean(-1)


def centred(series: Floats) -> Floats:
    """(..., T) minus its mean over the frames."""
    out: Floats = series - series.mean(-1, keepdims=True)
    return out


def quantiles(series: Floats, *shares: float) -> tuple[Floats, ...]:
    """Quantiles over the frames with linear interpolation, as `numpy.quantile` has them, from one sort.

    Args:
        series: (..., T).
        shares: from 0 to 1.

    Returns:
        For each share, (...) its quantile.
    """
    ordered = np.sort(series, axis=-1)
    out = ordered @ _quantile_weights(series.shape[-1], shares)
    return tuple(out[..., column] for column in range(len(shares)))


@lru_cache
def _quantile_weights(frames: int, shares: tuple[float, ...]) -> Floats:
    """(frames, shares): the weights of the two ordered values between which each quantile is."""
    weights = np.zeros((frames, len(shares)), dtype=np.float32)
    for column, share in enumerate(shares):
        position = share * (frames - 1)
        low = min(int(position), frames - 2)
        weights[low, column] = 1 - (position - low)
        weights[low + 1, column] = position - low
    return weights


def swings(series: Floats, amplitude: ArrayLike) -> Floats:
    """How often a series turns around: the mean number over all amplitudes about the given one (`ABOUT`).

    For one amplitude, a turn is counted when the series is more than that back from its extreme since the last turn.
    The mean is smooth where a single number jumps: a swing near the amplitude counts in part.

    A swing pushes a band as wide as the amplitude before it (the play operator of hysteresis), by its height less the
    amplitude. So the derivative of the band's path by the amplitude is minus the number of swings, and the mean number
    over a range of amplitudes is the difference of the paths at its ends, divided by its length.

    Args:
        series: (..., T).
        amplitude: in the unit of the series; broadcasts to (...).

    Returns:
        (...) number of turns: that of swings less one, if there is one.
    """
    shape, frames = series.shape[:-1], series.shape[-1]
    middle = np.broadcast_to(np.asarray(amplitude, dtype=np.float32), shape).ravel()
    values = np.ascontiguousarray(series.reshape(-1, frames).T)
    widths: Floats = np.multiply.outer(np.array(ABOUT, dtype=np.float32), middle)
    paths = _paths_of_bands(values, widths)
    between = widths[1] - widths[0]
    any_swing = np.clip((values.max(0) - values.min(0) - widths[0]) / between, 0, 1)
    count: Floats = (paths[0] - paths[1]) / between - any_swing
    return np.maximum(count, 0).reshape(shape)


def _paths_of_bands(values: Floats, widths: Floats) -> Floats:
    """How far bands of some widths (W, S) are pushed in all by series (T, S): (W, S).

    A band, here its lower edge, moves only as far as the series pushes it from inside. It begins where the first swing
    does.
    """
    high, low = np.maximum.accumulate(values), np.minimum.accumulate(values)
    reach = high - low
    # The frame in which the reach exceeds the width is at one end of the first swing.
    first = (reach[:, None] > widths).argmax(0)
    column = np.arange(values.shape[1])
    rises = values[first, column] == high[first, column]
    start = np.where(rises, low[first, column], high[first, column] - widths)
    edge = np.empty((len(values), *widths.shape), dtype=np.float32)
    edge[0] = np.where(reach[-1] > widths, start, low[-1])
    lowest = values[:, None] - widths
    for before, after, value, bottom in zip(edge[:-1], edge[1:], values[1:], lowest[1:], strict=True):
        np.minimum(before, value, out=after)
        np.maximum(after, bottom, out=after)
    moves = edge[1:] - edge[:-1]
    path: Floats = np.abs(moves, out=moves).sum(0)
    return path


def correlation(first: Floats, second: Floats) -> Floats:
    """Of two centred series in metres (..., T) -> (...); small if neither moves by more than a few centimetres."""
    power = (first * first).mean(-1) * (second * second).mean(-1)
    out: Floats = (first * second).mean(-1) / (np.sqrt(power) + np.float32(0.003))
    return out
