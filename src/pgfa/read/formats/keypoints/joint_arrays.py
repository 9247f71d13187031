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
from pgfa.read.formats.keypoints.other_names import body_joints, landmarks_in
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS, NTU25, Clip

LEAST, MOST = 10, 300
"""Joints."""
COORDINATES = ("x", "y", "z")
POSITIONS = (
    "world_positions", "global_positions", "world", "global", "positions", "position", "pos", "translations",
    "locations", "coordinates", "keypoints3d", "keypoints_3d", "joints3d", "joints_3d", "heads", "head",
    "pose", "body", "skeleton", "joints", "keypoints",
)  # fmt: skip
"""Names of the field with the places of joints, where others have rotations, ends of bones or hands."""

Floats = NDArray[np.float64]


def joint_lists(ref: FileRef, content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an object that are arrays of single joints, if there are enough of one length; {} for any other.

    An array is a list of frames, each a list of 2 to 4 numbers; or an object with lists x, y (and z).

    Args:
        ref: the file, for errors.
        content: of the file, or of a field.

    Raises:
        BadFile: several fields with such arrays, of which none has the name of positions: two people, takes, or others.
    """
    if arrays := _joints_of(content):
        return arrays
    parts = {
        name: joints
        for name, value in content.items()
        if isinstance(value, dict) and (joints := _joints_of(value))
    }
    named = sorted(
        (name for name in parts if plain(name) in POSITIONS), key=lambda name: POSITIONS.index(plain(name))
    )
    if len(parts) > 1 and not named:
        expected = (
            "joints in one field, or one field of them called positions (save each recording by itself)"
        )
        raise BadFile(str(ref), expected=expected, found=f"joints in the fields {short(', '.join(parts))}")
    return parts[(named or list(parts))[0]] if parts else {}


def _joints_of(part: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an object that are arrays of single joints, as `joint_lists`."""
    if not LEAST <= len(part) <= 2 * MOST:
        return {}
    arrays = {name: array for name, value in part.items() if (array := _frames_of(value)) is not None}
    return (
        arrays if LEAST <= len(arrays) <= MOST and len({len(array) for array in arrays.values()}) == 1 else {}
    )


def _frames_of(value: Any) -> list[Any] | None:
    """A list of frames of a joint, each a list of coordinates or null; None for anything else."""
    if isinstance(value, dict) and {"x", "y"} <= {name.lower() for name in value}:
        columns = {name.lower(): column for name, column in value.items()}
        lists = [columns[axis] for axis in COORDINATES if axis in columns]
        if (
            any(not isinstance(column, list) for column in lists)
            or len({len(column) for column in lists}) > 1
        ):
            return None
        return [list(frame) for frame in zip(*lists, strict=True)]
    if not isinstance(value, list) or len(value) < 2:
        return None
    first = next((frame for frame in value if frame is not None), None)
    if not isinstance(first, list) or len(first) not in (2, 3, 4) or isinstance(first[0], list | dict | str):
        return None
    return value


def clip_of_joints(
    ref: FileRef, raw: bytes, arrays: Mapping[str, Any], fields: Mapping[str, Any], info: KeypointInfo
) -> Clip:
    """One clip of one person.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        arrays: joint -> (frames, 2, 3 or 4), as lists or arrays; null where absent.
        fields: what is beside them.
        info: what the file says.

    Raises:
        BadFile: arrays of different shapes, or joints that give no body. Undecided, LimitExceeded.
    """
    names = [canonical(name) for name in arrays]
    points = _stacked(ref, arrays)
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
        axes = {2: (0, 1), 3: (0, 1, 2), 4: (0, 1, 2, 3)}[points.shape[2]]
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
