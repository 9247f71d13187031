"""Recordings by their names in nested objects: {"S1": {"Walking": {"0": [[x, y, z], ...], ...}}}, as of Human3.6M.

Each is an array (frames, joints, columns), or an object from frame number to joints. Takes may also be in a list, or an
object each, with the array in one of its fields. Which level counts the frames follows from the body: it goes on from
frame to frame, while people of one frame are at different places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.entry_fields import NAMES
from pgfa.read.formats.keypoints.entry_values import Unexpected, fill_absent, numbers_of
from pgfa.read.formats.keypoints.field_names import is_score_name, person_names
from pgfa.read.formats.keypoints.people import one_person
from pgfa.read.formats.keypoints.take_labels import is_take_label
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
FRAME = re.compile(r"(?:frame[ _-]*)?\d{1,9}", re.IGNORECASE)
"""The name of a frame."""
_DATA = ("data", "skeleton", "skeletons")
"""Other names of the array of a take."""
_COUNTS = frozenset(len(layout.joints) for layout in LAYOUTS.values())

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nested:
    """One recording: the names that lead to it, (frames, joints, columns), its frame numbers, and its other fields."""

    names: tuple[str, ...]
    points: Floats
    numbers: list[int] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)


class _OtherContent(Exception):
    """Content that is no recordings by name."""


def nested_recordings(content: Any) -> list[Nested]:
    """The recordings of an object or a list; [] for any other content, or if one may not be one person over time."""
    if not isinstance(content, dict | list) or (isinstance(content, dict) and NAMES & content.keys()):
        return []
    try:
        if isinstance(content, list):
            recordings = list(_takes(content, ()))
        elif _number_frames(content):
            recordings = [_of_numbered((), content)]
        else:
            within = {name: value for name, value in content.items() if isinstance(value, dict | list)}
            recordings = list(_recordings(within, ()))
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
        if is_quantity(name) or person_names([name.rstrip("0123456789 _-")]):
            raise _OtherContent
        path = (*names, name)
        if isinstance(value, list) and value and all(isinstance(take, dict) for take in value):
            yield from _takes(value, path)
        elif isinstance(value, list):
            yield Nested(path, _array_of(value))
        elif isinstance(value, dict) and (array := _only_array(value)):
            yield Nested(path, _array_of(value[array]), fields=_single_values(value))
        elif isinstance(value, dict) and _number_frames(value):
            yield _of_numbered(path, value)
        elif isinstance(value, dict):
            yield from _recordings(value, path)
        else:
            raise _OtherContent


def _takes(takes: list[Any], names: tuple[str, ...]) -> Iterator[Nested]:
    """The takes of a list, each an array, or an object with one; by their labels, or else numbers."""
    if not 1 <= len(takes) <= MOST:
        raise _OtherContent
    for number, take in enumerate(takes, start=1):
        if isinstance(take, list) and names == ():
            yield Nested((str(number),), _array_of(take))
        elif isinstance(take, dict) and (array := _only_array(take)):
            labels = (value for name, value in take.items() if isinstance(value, str) and is_label(name))
            yield Nested(
                (*names, next(labels, str(number))), _array_of(take[array]), fields=_single_values(take)
            )
        else:
            raise _OtherContent


def is_label(name: str) -> bool:
    """Whether a field has the name of a take."""
    return name.lower() in ("name", "id", "take", "trial") or is_take_label(name)


def is_quantity(name: str) -> bool:
    """Whether a name is that of what an array holds, and not of a recording."""
    return _QUANTITIES.fullmatch(name) is not None or is_score_name(name)


def _only_array(take: dict[str, Any]) -> str:
    """The field with the array of a take, if the others are single values; "" for any other object."""
    lists = [name for name, value in take.items() if isinstance(value, dict | list)]
    if len(lists) != 1 or not (_QUANTITIES.fullmatch(lists[0]) or lists[0] in _DATA):
        return ""
    value = take[lists[0]]
    is_array = (
        isinstance(value, list) and len(value) >= LEAST and all(isinstance(v, list) and v for v in value)
    )
    return lists[0] if is_array and isinstance(value[0][0], list | None) else ""


def _single_values(take: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in take.items() if not isinstance(value, dict | list)}


def _number_frames(frames: dict[str, Any]) -> bool:
    """Whether an object has a field per frame (`frame_12`, `12`), each a list of joints."""
    return bool(frames) and all(map(FRAME.fullmatch, frames)) and _is_frame(frames)


def _of_numbered(names: tuple[str, ...], frames: dict[str, Any]) -> Nested:
    """The recording of an object with a field per frame. Raises as `_array_of`."""
    by_number = {int(name.lower().removeprefix("frame").lstrip(" _-")): name for name in frames}
    numbers = sorted(by_number)
    # One number twice, or numbers that may be times.
    if len(numbers) < len(frames) or numbers[-1] - numbers[0] >= 2 * len(frames):
        raise _OtherContent
    return Nested(names, _array_of([frames[by_number[number]] for number in numbers]), numbers)


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
