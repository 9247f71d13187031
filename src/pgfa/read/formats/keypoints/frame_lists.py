"""An array of keypoints with a list of its frames' numbers beside it: missing numbers become empty frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.reader import KeypointInfo
from pgfa.read.parsing.frame_names import NUMBERS, first_of
from pgfa.read.parsing.frame_times import empty_frames, number_timeline
from pgfa.read.source import FileRef

LISTS = ("frameids", "framenumbers", "frameindices", "frameindexes", "frameidxs", *NUMBERS)
"""Names of a list of frame numbers, as `pgfa.read.parsing.frame_names.bare`."""

Floats = NDArray[np.float64]


def with_frames(
    ref: FileRef, array: NDArray[Any], fields: Mapping[str, Any], info: KeypointInfo
) -> tuple[NDArray[Any], KeypointInfo]:
    """An array with an empty frame (NaN) for each number that a list of frame numbers leaves out.

    Args:
        ref: the file, for errors.
        array: in any order of axes, one of which has as many entries as the list.
        fields: what is beside the array.
        info: what the file holds; its rate is that of the video.

    Raises:
        BadFile: numbers that do not count the frames of one video. LimitExceeded.
    """
    names = list(fields)
    lists = [name for name in names if isinstance(fields[name], list | np.ndarray) and len(fields[name]) > 1]
    index = first_of(lists, LISTS)
    if index is None:
        return array, info
    name = lists[index]
    try:
        numbers = np.asarray(fields[name], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return array, info
    axes = [axis for axis in range(array.ndim - 1) if array.shape[axis] == len(numbers)]
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or not axes or (np.diff(numbers) <= 0).any():
        note = f"{name} not read: not one rising number per frame"
        return array, replace(info, problems=(*info.problems, note))
    timeline = number_timeline(ref, numbers)
    rate = info.rate / timeline.step if info.rate else None
    problems = (*info.problems, *timeline.problems, *empty_frames(timeline))
    info = replace(info, rate=rate, problems=problems)
    if timeline.frames == len(numbers):
        return array, info
    moved = np.moveaxis(array, axes[0], 0)
    out = np.full((timeline.frames, *moved.shape[1:]), np.nan)
    out[timeline.index_of] = moved
    return np.moveaxis(out, 0, axes[0]), info
