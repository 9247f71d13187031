"""An array for each joint, by its name: {"LeftHand": [[x, y, z], ...], ...}, in JSON or an .npz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.csv_header import plain
from pgfa.read.formats.keypoints.frame_lists import with_frames
from pgfa.read.formats.keypoints.joint_names import canonical, layout_of_names
from pgfa.read.formats.keypoints.joint_series import NOTHING, Series, positions_in, series_of
from pgfa.read.formats.keypoints.other_names import body_joints, landmarks_in
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS, NTU25, Clip

Floats = NDArray[np.float64]


def joint_lists(ref: FileRef, content: Any) -> Series:
    """The joints of a file with an array for each joint, in itself or in one field; `NOTHING` for any other content.

    Args:
        ref: the file, for errors.
        content: of the file.

    Raises:
        BadFile: several fields with such arrays, of which none has the name of positions: two people, takes, or others.
    """
    if (series := series_of(content)) or not isinstance(content, dict):
        return series
    parts = {name: series for name, value in content.items() if (series := series_of(value))}
    named = positions_in(parts)
    if len(parts) > 1 and not named:
        expected = (
            "joints in one field, or one field of them called positions (save each recording by itself)"
        )
        raise BadFile(str(ref), expected=expected, found=f"joints in the fields {short(', '.join(parts))}")
    return parts[(named or list(parts))[0]] if parts else NOTHING


def clip_of_joints(
    ref: FileRef, raw: bytes, series: Series, fields: Mapping[str, Any], info: KeypointInfo
) -> Clip:
    """One clip of one person.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        series: joint -> (frames, 2, 3 or 4), as lists or arrays; null where absent.
        fields: what is beside them.
        info: what the file says.

    Raises:
        BadFile: arrays of different shapes, or joints that give no body. Undecided, LimitExceeded.
    """
    arrays = series.joints
    names = [canonical(name) for name in arrays]
    points = _stacked(ref, arrays)
    info = replace(info, scored=True) if series.scored else info
    given = LAYOUTS[ref.stated.layout] if ref.stated.layout else info.layout
    matched = layout_of_names(names, given)
    if matched is not None:
        layout, index_of = matched
        rows = np.full((len(points), len(layout.joints), points.shape[2]), np.nan)
        for column, name in enumerate(names):
            if name in index_of:
                rows[:, index_of[name]] = points[:, column]
        points, info = rows, replace(info, layout=layout)
    else:
        labels = {name: plain(title) for name, title in zip(names, arrays, strict=True)}
        landmarks = landmarks_in(ref, labels, long=False)
        axes = {2: (0, 1), 3: (0, 1, 3 if series.scored else 2), 4: (0, 1, 2, 3)}[points.shape[2]]
        frames, notes = body_joints([[Person(frame)] for frame in points], names, landmarks, axes)
        points = np.stack([person.points for (person,) in frames])
        info = replace(info, layout=NTU25, counted=True, scored=False, problems=(*info.problems, *notes))
    array, info = with_frames(ref, points, fields, replace(info, axes="TVC"))
    return from_array(ref, raw, array, info)


def _stacked(ref: FileRef, arrays: Mapping[str, Any]) -> Floats:
    """(frames, joints, columns). Raises BadFile."""
    width = 0
    columns = []
    for name, frames in arrays.items():
        width = width or next((len(frame) for frame in frames if frame is not None), 0)
        try:
            every = [[np.nan] * width if frame is None else frame for frame in frames]
            columns.append(np.array(every, dtype=np.float64).reshape(len(every), width))
        except (TypeError, ValueError, OverflowError):
            expected = f"a list of {width} numbers in each frame, as the other joints have"
            raise BadFile(
                str(ref), where=f"joint {name[:40]}", expected=expected, found="other content"
            ) from None
    return np.stack(columns, axis=1)
