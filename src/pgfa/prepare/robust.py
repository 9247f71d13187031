"""Medians over the frames of many clips of different length at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def median_over_frames(values: NDArray[np.float32], counted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median over axis 1, leaving out what is not counted and what is not finite.

    Args:
        values: (clips, frames, ...).
        counted: (clips, frames, ...) or anything that broadcasts to it from the left, e.g. (clips, frames).

    Returns:
        (clips, ...) float32, NaN where nothing counts.
    """
    counted = counted.reshape(*counted.shape, *[1] * (values.ndim - counted.ndim)) & np.isfinite(values)
    # Not-counted values sort to the end; numpy's own nanmedian walks over clips one by one.
    ordered = np.sort(np.moveaxis(np.where(counted, values, np.inf), 1, -1), axis=-1)
    count = counted.sum(1)[..., None]
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[1] - 1), axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):  # infinity less infinity, where nothing counts
        return np.where(count[..., 0] > 0, low + (high - low) / 2, np.nan).astype(np.float32)
