"""The frames of each joint, by its name, in the forms that JSON has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pgfa.read.formats.keypoints.field_names import is_score_name
from pgfa.read.formats.keypoints.joint_names import known_names
from pgfa.read.formats.keypoints.json_nested import FRAME
from pgfa.read.parsing.rates import plain

LEAST, MOST = 10, 300
"""Joints."""
COORDINATES = ("x", "y", "z")
POSITIONS = (
    "world_positions", "global_positions", "world", "global", "positions", "position", "pos", "translations",
    "locations", "coordinates", "keypoints3d", "keypoints_3d", "joints3d", "joints_3d", "heads", "head",
    "pose", "body", "skeleton", "joints", "keypoints",
)  # fmt: skip
"""Names of the field with the places of joints, where others have rotations, ends of bones or hands."""
NAMES = ("name", "joint", "jointname", "bone", "bonename", "marker", "part", "keypoint", "label")
"""Names of the field with the name of a joint, in a list of joints, as `plain`."""


class Series(NamedTuple):
    """Joint -> its frames, each a list of 2 to 4 numbers or null; and whether the last number is said to be a score.

    Empty, and so false, without joints.
    """

    joints: dict[str, Any]
    scored: bool = False

    def __bool__(self) -> bool:
        return bool(self.joints)


NOTHING = Series({})


def series_of(content: Any) -> Series:
    """The joints of an object or a list, if there are enough of one length; `NOTHING` for any other content.

    A joint has a list of frames, each a list of 2 to 4 numbers, or an object with lists x, y (and z). Of joints whose
    names are known, the frames may also be objects with x and y, or in an object by their numbers; all this in a field
    (`position`); the joints may be a list with names, or x, y and z objects with a list for each joint.
    """
    known = False
    if isinstance(content, list):
        content, known = _by_name(content), True
    elif isinstance(content, dict) and set(map(str.lower, content)) in ({"x", "y"}, {"x", "y", "z"}):
        content, known = _by_joint(content), True
    if not isinstance(content, dict) or not LEAST <= len(content) <= 2 * MOST:
        return NOTHING
    if all(map(FRAME.fullmatch, content)):
        return NOTHING
    is_known = 2 * known_names(content) >= len(content)
    if known and not is_known:
        return NOTHING
    joints = {
        name: frames for name, value in content.items() if (frames := _frames_of(value, known=is_known))
    }
    lengths = {len(frames) for frames, _ in joints.values()}
    scored = {is_scored for _, is_scored in joints.values()}
    if not LEAST <= len(joints) <= MOST or len(lengths) > 1 or len(scored) > 1:
        return NOTHING
    return Series({name: frames for name, (frames, _) in joints.items()}, scored.pop())


def positions_in(parts: Mapping[str, Any]) -> list[str]:
    """The fields that are called positions or the like, the likeliest first."""
    named = (name for name in parts if plain(name) in _RANK)
    return sorted(named, key=lambda name: _RANK[plain(name)])


_RANK = {plain(name): number for number, name in enumerate(POSITIONS)}


def _by_name(joints: list[Any]) -> dict[str, Any] | None:
    """A list of joints with their names -> joint -> the rest of its fields; None for any other list."""
    if not LEAST <= len(joints) <= MOST or not isinstance(joints[0], dict):
        return None
    field = next((name for name in joints[0] if plain(name) in NAMES), None)
    names = [joint.get(field) if isinstance(joint, dict) else None for joint in joints]
    if field is None or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return None
    return {joint[field]: {k: v for k, v in joint.items() if k != field} for joint in joints}


def _by_joint(axes: dict[str, Any]) -> dict[str, Any] | None:
    """Objects x, y (and z), each with a list for each joint -> joint -> its axes; None where joints differ."""
    first = next(iter(axes.values()))
    if not all(isinstance(value, dict) and value.keys() == first.keys() for value in axes.values()):
        return None
    return {joint: {axis: values[joint] for axis, values in axes.items()} for joint in first}


def _frames_of(value: Any, *, known: bool) -> tuple[list[Any], bool] | None:
    """The frames of a joint, each a list of numbers or null, and whether the last is a score; None for others.

    Args:
        value: of the joint.
        known: whether the names of the joints are known, so that their values may have other forms.
    """
    if isinstance(value, dict) and {"x", "y"} <= {name.lower() for name in value}:
        return _from_axes(value)
    if isinstance(value, dict) and known:
        if all(map(str.isdigit, value)):
            return _frames_of(_by_number(value), known=True)
        fields = positions_in(value)
        return _frames_of(value[fields[0]], known=True) if fields else None
    if not isinstance(value, list) or len(value) < 2:
        return None
    first = next((frame for frame in value if frame is not None), None)
    if known and isinstance(first, dict):
        return _from_objects(value, first)
    if not isinstance(first, list) or len(first) not in (2, 3, 4) or isinstance(first[0], list | dict | str):
        return None
    return value, False


def _columns(fields: Mapping[str, Any]) -> list[str]:
    """The fields x, y, z and of a score, in this order; [] where others may matter."""
    axes = {name.lower(): name for name in fields}
    scores = [name for name in fields if is_score_name(name)]
    return [*(axes[axis] for axis in COORDINATES if axis in axes), *scores[:1]] if len(scores) < 2 else []


def _from_axes(value: Mapping[str, Any]) -> tuple[list[Any], bool] | None:
    """Frames of lists x, y (and z, and of a score)."""
    names = _columns(value)
    columns = [value[name] for name in names]
    if not columns or any(not isinstance(column, list) or len(column) < 2 for column in columns):
        return None
    if len({len(column) for column in columns}) > 1:
        return None
    return [list(frame) for frame in zip(*columns, strict=True)], is_score_name(names[-1])


def _from_objects(value: list[Any], first: Mapping[str, Any]) -> tuple[list[Any], bool] | None:
    """Frames that are objects with x, y (and z, and a score)."""
    names = _columns(first)
    if len(names) < 2 or not all(frame is None or isinstance(frame, dict) for frame in value):
        return None
    frames = [None if frame is None else [frame.get(name) for name in names] for frame in value]
    return frames, is_score_name(names[-1])


def _by_number(frames: Mapping[str, Any]) -> list[Any]:
    """The frames of an object, by their numbers, which leave none out; [] for any other."""
    numbers = sorted(map(int, frames)) if len(frames) > 1 else []
    if not numbers or numbers[0] > 1 or numbers != list(range(numbers[0], numbers[0] + len(frames))):
        return []
    return [frames[name] for name in sorted(frames, key=int)]
