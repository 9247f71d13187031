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


def smooth(series: Floats, frames: int) -> Floats:
    """Centred mean over an odd number of frames (..., T); the first and the last frame are repeated at the ends."""
    half, count = frames // 2, series.shape[-1]
    padded = np.concatenate([*[series[..., :1]] * half, series, *[series[..., -1:]] * half], axis=-1)
    total = padded[..., :count].copy()
    for shift in range(1, frames):
        total += padded[..., shift : shift + count]
    total /= frames
    return total


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
    """How often a series turns around, swings of at most an amplitude not counted.

    A turn is counted when the series is more than the amplitude back from its extreme since the last turn. That is
    when it pushes a band as wide as the amplitude the other way: the band, here its lower edge, moves only as far as
    the series pushes it from inside (the play operator of hysteresis), so two operations per frame are enough.

    Args:
        series: (..., T).
        amplitude: in the unit of the series; broadcasts to (...).

    Returns:
        (...) number of turns.
    """
    shape, frames = series.shape[:-1], series.shape[-1]
    amplitude = np.broadcast_to(np.asarray(amplitude, dtype=np.float32), shape).ravel()
    values = np.ascontiguousarray(series.reshape(-1, frames).T)
    high, low = np.maximum.accumulate(values), np.minimum.accumulate(values)
    rises, falls = values - low > amplitude, high - values > amplitude
    # Where the band begins is known at the first rise or fall of more than the amplitude.
    first = np.logical_or(rises, falls).argmax(0), np.arange(len(amplitude))
    edge = np.empty_like(values)
    edge[0] = np.where(rises[first], low[first], high[first] - amplitude)
    lowest: Floats = values - amplitude
    for before, after, value, bottom in zip(edge[:-1], edge[1:], values[1:], lowest[1:], strict=True):
        np.minimum(before, value, out=after)
        np.maximum(after, bottom, out=after)
    moves = edge[1:] - edge[:-1]
    # The latest move up to each frame: its frame times 2, plus 1 if it was upwards; 0 before the first one.
    stamp = 2 * np.arange(1, frames, dtype=np.int16)[:, None]
    latest = np.maximum.accumulate(np.where(moves != 0, stamp + (moves > 0), np.int16(0)))
    turned = ((latest[1:] ^ latest[:-1]) & 1).astype(np.bool_) & (latest[:-1] > 0)
    count: Floats = (turned.sum(0) * (rises[first] | falls[first])).astype(np.float32)
    return count.reshape(shape)


def correlation(first: Floats, second: Floats) -> Floats:
    """Of two centred series in metres (..., T) -> (...); small if neither moves by more than a few centimetres."""
    power = (first * first).mean(-1) * (second * second).mean(-1)
    out: Floats = (first * second).mean(-1) / (np.sqrt(power) + np.float32(0.003))
    return out
