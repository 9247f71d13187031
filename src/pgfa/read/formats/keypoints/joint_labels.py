"""The field of a JSON object, or the column of a table, that says which joint it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgfa.read.formats.keypoints.joint_names import canonical, known_joints
from pgfa.read.parsing.rates import plain

LABELS = (
    "joint", "jointid", "jointname", "jointtype", "jointindex", "keypoint", "keypointid", "keypointname",
    "landmark", "landmarkid", "landmarkindex", "landmarkname", "part", "bodypart", "bodyparts", "bone", "bonename",
    "segment", "segmentname", "marker", "markername", "node", "jointlabel", "label", "name", "jointidx",
    "keypointindex", "keypointidx", "kptid", "kptidx", "kpt", "landmarkidx", "point", "pointid", "pointindex", "id",
    "idx", "index",
)  # fmt: skip
"""Names in use, as `pgfa.read.parsing.rates.plain`; the last ones are also those of a person or a line."""
KINDS = ("type",)
"""Names that may say which joint it is, or of which kind all of them are."""
SIDES = ("side", "laterality", "bodyside", "leftright")
"""Fields with the side of a joint, where its name has none."""
_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
KNOWN = 0.9
"""Share of the joints whose names have to be known, for a field to be that of the names whatever it is called."""
NUITRACK = (
    "none", "head", "neck", "torso", "waist",
    *(f"{side}_{joint}" for side in ("left", "right") for joint in (
        "collar", "shoulder", "elbow", "wrist", "hand", "fingertip",
    )),
    *(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle", "foot")),
)  # fmt: skip
"""Nuitrack's joints by their numbers, where people have written its `Joint` (type, real, proj) as JSON."""
ASTRA = (
    "head", "shoulder_spine", "left_shoulder", "left_elbow", "left_hand", "right_shoulder", "right_elbow", "right_hand",
    "mid_spine", "base_spine", "left_hip", "left_knee", "left_foot", "right_hip", "right_knee", "right_foot",
    "left_wrist", "right_wrist", "neck",
)  # fmt: skip
"""The joints of Orbbec's Astra SDK by their numbers (type, worldPosition, depthPosition, status)."""
ASTRA_PLACES = ("worldposition", "depthposition"), ("world_position", "depth_position")
"""Where a joint of the Astra SDK is in space, and in the picture."""


def is_of_astra(point: Mapping[str, Any]) -> bool:
    """Whether a joint, with names of fields in lower case, is one of the Astra SDK."""
    return any(set(places) <= point.keys() for places in ASTRA_PLACES)


def labels_of(points: Sequence[Mapping[str, Any] | None]) -> list[str]:
    """The names of joints, as `canonical`; "" for one that is None, and for all where no field has names.

    Of the fields of text, that one counts whose texts are joints that are known; else the first of the usual names,
    with different texts. A side in a field of its own belongs to the name. Numbers count where each joint has another
    one, without gaps, or where a program is known that numbers its joints.

    Args:
        points: joints, with names of fields in lower case.
    """
    present = [point for point in points if point is not None]
    names = iter(_labels_of(present))
    return ["" if point is None else next(names) for point in points]


def _labels_of(points: Sequence[Mapping[str, Any]]) -> list[str]:
    first: Mapping[str, Any] = points[0] if points else {}
    fields = sorted(first, key=_rank)
    side = next((name for name in fields if plain(name) in SIDES), "")
    usual: list[str] = []
    for field in fields:
        if not isinstance(first[field], str):
            continue
        names = [_name(point, field, side) for point in points]
        if len(set(names)) < len(names) * KNOWN:
            continue
        if sum(name in known_joints() for name in names) >= KNOWN * len(names):
            return names
        if not usual and _rank(field) < len(LABELS) + len(KINDS):
            usual = names
    return usual or _numbered(points, fields)


def _rank(field: str) -> int:
    bare = plain(field)
    every = (*LABELS, *KINDS)
    return every.index(bare) if bare in every else len(every)


def _name(point: Mapping[str, Any], field: str, side: str) -> str:
    """The name of a joint in a field, with the side that another field has."""
    label = point.get(field)
    name = canonical(label) if isinstance(label, str) else ""
    other = point.get(side)
    if name and isinstance(other, str) and not name.endswith(("_left", "_right")):
        which = _SIDES.get(other.strip().lower(), "")
        return canonical(f"{which}_{label}") if which else name
    return name


def _numbered(points: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> list[str]:
    """Names by numbers of a program that is known, or the numbers themselves; "" for all without any."""
    for field in fields:
        numbers = [number for point in points if type(number := point.get(field)) is int]
        if _rank(field) == len(LABELS) + len(KINDS) or len(numbers) < len(points):
            continue
        table = NUITRACK if "real" in points[0] else ASTRA if is_of_astra(points[0]) else ()
        if table:
            return [canonical(table[number]) if 0 <= number < len(table) else "" for number in numbers]
        if sorted(numbers) in ([*range(len(numbers))], [*range(1, len(numbers) + 1)]):
            return [str(number) for number in numbers]
    return [""] * len(points)
