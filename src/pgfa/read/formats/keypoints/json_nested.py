"""Recordings by their names in nested objects: {"S1": {"Walking": {"0": [[x, y, z], ...], ...}}}, as of Human3.6M.

Each is an array (frames, joints, columns), or an object from frame number to joints. Which level counts the frames
follows from the body: it goes on from frame to frame, while people of one frame are at different places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.entry_fields import NAMES
from pgfa.read.formats.keypoints.entry_values import Unexpected, fill_absent, numbers_of
from pgfa.read.formats.keypoints.field_names import is_score_name, person_names
from pgfa.read.formats.keypoints.people import one_person
from pgfa.skeleton import LAYOUTS

LEAST = 10
"""Frames of a recording; fewer may be the people of a frame."""
DEEPEST = 4
"""Levels of names."""
MOST = 4000
"""Recordings."""
_QUANTITIES = re.compile(
    r"(joint|keypoint|landmark|pose|position|rotation|quaternion|euler|orientation|angle|velocit|acceleration|offset"
    r"|translation|world|local|global|bone|frame|head|tail).*|.*(2d|3d)",
    re.IGNORECASE,
)
"""Names of what an array holds: such arrays are of one recording."""
_COUNTS = frozenset(len(layout.joints) for layout in LAYOUTS.values())

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nested:
    """One recording: the names that lead to it, (frames, joints, columns), and its frame numbers; [] without any."""

    names: tuple[str, ...]
    points: Floats
    numbers: list[int]


class _OtherContent(Exception):
    """Content that is no recordings by name."""


def nested_recordings(content: Any) -> list[Nested]:
    """The recordings of an object; [] for any other content, or if it is not sure that each is one person over time."""
    if not isinstance(content, dict) or (NAMES & content.keys()):
        return []
    try:
        recordings = list(_recordings({k: v for k, v in content.items() if isinstance(v, dict | list)}, ()))
    except (_OtherContent, Unexpected):
        return []
    shapes = {recording.points.shape[1:] for recording in recordings}
    if (
        len(shapes) != 1
        or len(recordings) > MOST
        or not all(one_person(list(recording.points)) for recording in recordings)
    ):
        return []
    return recordings


def _recordings(content: dict[str, Any], names: tuple[str, ...]) -> Iterator[Nested]:
    if not content or len(names) >= DEEPEST:
        raise _OtherContent
    for name, value in content.items():
        if _QUANTITIES.fullmatch(name) or is_score_name(name) or person_names([name.rstrip("0123456789 _-")]):
            raise _OtherContent
        path = (*names, name)
        if isinstance(value, list):
            yield Nested(path, _array_of(value), [])
        elif isinstance(value, dict) and value and all(map(str.isdigit, value)) and _is_frame(value):
            numbers = sorted(value, key=int)
            yield Nested(path, _array_of([value[number] for number in numbers]), list(map(int, numbers)))
        elif isinstance(value, dict):
            yield from _recordings(value, path)
        else:
            raise _OtherContent


def _is_frame(frames: dict[str, Any]) -> bool:
    """Whether the first of some frames is a list of joints, each a list of numbers."""
    joints = next(iter(frames.values()))
    if not isinstance(joints, list) or not joints:
        return False
    joint = next((joint for joint in joints if joint is not None), None)
    return isinstance(joint, list) and bool(joint) and not isinstance(joint[0], list | dict)


def _array_of(frames: list[Any]) -> Floats:
    """(frames, joints, columns). Raises _OtherContent, Unexpected."""
    if len(frames) < LEAST or not all(isinstance(frame, list) and frame for frame in frames):
        raise _OtherContent
    if not all(isinstance(joint, list | None) for joint in frames[0]):
        raise _OtherContent
    fill_absent(frames, 3)
    points = numbers_of(frames)
    if points.ndim != 3 or points.shape[1] not in _COUNTS or points.shape[2] not in (2, 3, 4):
        raise _OtherContent
    return points
