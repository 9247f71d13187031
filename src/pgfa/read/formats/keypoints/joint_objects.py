"""A joint as a JSON object: its coordinates and score, and whether it was seen."""

from __future__ import annotations

from typing import Any

from pgfa.read.formats.keypoints.entry_values import number_of
from pgfa.read.formats.keypoints.field_names import SHORT_SCORES, is_score_name
from pgfa.read.formats.keypoints.joint_states import is_unseen, state_of
from pgfa.read.formats.keypoints.matrices import position_of
from pgfa.read.parsing.rates import plain
from pgfa.skeleton import LAYOUTS

SOLID_PLACES = (
    "worldposition", "worldcoordinates", "world", "cameraspace", "cameraspacepoint", "cameraposition", "coordinates3d",
    "position3d", "point3d", "pos3d", "location3d", "keypoint3d", "xyz3d",
)  # fmt: skip
"""Where a joint has its coordinates in space, beside those in a picture perhaps, as `plain`."""
PLACES = ("position", "real", "pos", "coordinates", "xyz")
"""Where a joint has its coordinates, if they are no fields of it and it has none of `SOLID_PLACES`."""
BONE = ("head", "tail")
"""The ends of a bone, as Blender has them: it starts at a joint."""
LEAST, MOST_FIELDS = 10, 40
"""Joints of a person, and fields of a joint."""


def with_coordinates(point: dict[str, Any]) -> dict[str, Any]:
    """A joint with the fields x, y and z, which may be in an object or a list of its own (``position``, ``real``)."""
    point = {name.lower(): value for name, value in point.items()}
    solid = [name for name in point if plain(name) in SOLID_PLACES]
    places = (*solid, *PLACES, *(BONE[:1] if set(BONE) <= point.keys() else ()))
    position = next((point[name] for name in places if isinstance(point.get(name), dict | list)), None)
    if isinstance(position, dict):
        return point | {name.lower(): value for name, value in position.items()}
    if isinstance(position, list) and len(position) in (2, 3):
        return point | dict(zip("xyz", position, strict=False))
    return point


def joint_fields(person: dict[str, Any]) -> dict[str, Any]:
    """The fields of a person that are joints themselves, if there are `LEAST` or more; else none."""
    if len(person) < LEAST:
        return {}
    joints = {name: value for name, value in person.items() if _is_joint(value)}
    return joints if len(joints) >= LEAST else {}


def listed_points(points: Any) -> Any:
    """Points by their names as a list of objects with these; anything else as it is."""
    joints = joint_fields(points) if isinstance(points, dict) else {}
    if not joints:
        return points
    coordinates = ("x", "y", "z", "score")
    return [
        {"name": name, **(point if isinstance(point, dict) else dict(zip(coordinates, point, strict=False)))}
        for name, point in joints.items()
    ]


def _is_joint(value: Any) -> bool:
    if isinstance(value, dict | list) and position_of(value) is not None:
        return True
    if isinstance(value, list):
        return len(value) in (2, 3, 4) and all(part is None or number_of(part) is not None for part in value)
    return (
        isinstance(value, dict) and len(value) <= MOST_FIELDS and {"x", "y"} <= with_coordinates(value).keys()
    )


def first_object(points: list[Any]) -> dict[str, Any] | None:
    """The first of points that is not null, if it is an object."""
    first = next((point for point in points if point is not None), None)
    return first if isinstance(first, dict) else None


def completed_names(names: list[str]) -> list[str]:
    """Names of joints, "" where a joint is null: all of a layout that has the others in this order, if there is one."""
    layouts = (layout for layout in LAYOUTS.values() if len(layout.joints) == len(names))
    fitting = [
        list(layout.joints)
        for layout in layouts
        if all(name in ("", joint) for name, joint in zip(names, layout.joints, strict=True))
    ]
    return fitting[0] if any(names) and len(fitting) == 1 else names


def row_of(point: dict[str, Any]) -> list[Any]:
    """x, y, z (None without) and score of a joint; without x and y if its state is that it is not seen."""
    score = next((value for name, value in point.items() if _is_score(name, value)), None)
    state = state_of(point)
    if state is not None and is_unseen(state):
        return [None, None, None, 0.0]
    return [point["x"], point["y"], point.get("z"), 1.0 if score is None else score]


def _is_score(name: str, value: Any) -> bool:
    known = is_score_name(name) or name in SHORT_SCORES
    return known and isinstance(value, int | float)
