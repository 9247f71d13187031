"""Medians over the frames of many clips of different lengths at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def median_over_frames(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median over axis 1 of the values that are in the mask and finite.

    Args:
        values: (clips, frames, ...).
        mask: (clips, frames, ...), or only its leading axes, e.g. (clips, frames).

    Returns:
        (clips, ...) float32, NaN where no value is left.
    """
    mask = mask.reshape(*mask.shape, *[1] * (values.ndim - mask.ndim)) & np.isfinite(values)
    # Values outside the mask sort to the end. numpy's nanmedian would loop over the clips.
    ordered = np.sort(np.moveaxis(np.where(mask, values, np.inf), 1, -1), axis=-1)
    count = mask.sum(1)[..., None]
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[1] - 1), axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):  # infinity minus infinity, where no value is left
        return np.where(count[..., 0] > 0, low + (high - low) / 2, np.nan).astype(np.float32)
