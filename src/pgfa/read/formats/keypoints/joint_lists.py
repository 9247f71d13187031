"""The names of the joints that a file lists beside its arrays: `joint_names`, COCO's categories, MMPose's meta_info."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.field_names import is_joint_list_name
from pgfa.read.formats.keypoints.joint_names import canonical, layout_of_names
from pgfa.read.formats.keypoints.reader import KeypointInfo
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS, Layout

LEAST, MOST = 10, 300
"""Joints in a list."""


@dataclass(frozen=True)
class JointList:
    """Names of joints as `canonical`, in the order of the file's arrays, and the field that lists them."""

    field: str
    names: tuple[str, ...]

    @property
    def is_certain(self) -> bool:
        """Whether the field has a usual name; a list in another may be of something else if its length does not fit."""
        return self.field == "categories" or is_joint_list_name(self.field)


def listed_joints(headers: Iterable[Mapping[str, Any]]) -> JointList | None:
    """The joints that a file lists: under a usual name, or in any list of texts that are all joints of a layout.

    Args:
        headers: the objects of the file that describe it: field -> value.
    """
    lists: list[JointList] = []
    for header in headers:
        for field, value in header.items():
            names = _texts(value) if field != "categories" else _of_categories(value)
            if not LEAST <= len(names) <= MOST:
                continue
            listed = JointList(str(field), tuple(canonical(name) for name in names))
            if layout_of_names(listed.names) is not None:
                return listed
            # A list of one text for all joints, as a placeholder, gives no order.
            if (
                len(set(listed.names)) > 1
                and listed.is_certain
                and not all(name.isdigit() for name in listed.names)
            ):
                lists.append(listed)
    return lists[0] if lists else None


def _texts(value: Any) -> list[str]:
    """The texts of a list, or of an object from number to name; [] for anything else."""
    if isinstance(value, dict) and len(value) <= MOST and all(str(key).isdigit() for key in value):
        value = [value[key] for key in sorted(value, key=int)]
    if not isinstance(value, list) or len(value) > MOST:
        return []
    return value if all(isinstance(name, str) for name in value) else []


def _of_categories(value: Any) -> list[str]:
    """Of COCO's categories, the keypoints of the first that has any."""
    categories = value if isinstance(value, list) else []
    lists = (
        _texts(category.get("keypoints")) for category in categories[:MOST] if isinstance(category, dict)
    )
    return next((names for names in lists if names), [])


def rows_of(listed: JointList, layout: Layout | None = None) -> tuple[Layout, list[int]] | None:
    """The layout that has the listed joints, and where each of its joints is in the list; None if none has.

    Args:
        listed: the joints.
        layout: the only one to be considered; None for all.
    """
    matched = layout_of_names(listed.names, layout)
    if matched is None:
        return None
    layout, index_of = matched
    row_of: dict[int, int] = {}
    for row, name in enumerate(listed.names):
        if name in index_of:
            row_of.setdefault(index_of[name], row)
    return layout, [row_of[joint] for joint in range(len(layout.joints))]


def in_listed_order(
    ref: FileRef, array: NDArray[Any], info: KeypointInfo, listed: JointList | None
) -> tuple[NDArray[Any], KeypointInfo]:
    """An array with its joints in the order of the layout that has the listed joints, and the layout.

    Names that are not all known leave the array as it is; `from_array` compares them with the layout. A layout that
    the user states counts before the names.

    Raises:
        BadFile: the file names a layout with other joints.
    """
    if listed is None:
        return array, info
    given = LAYOUTS[ref.stated.layout] if ref.stated.layout else info.layout
    matched = rows_of(listed, given) or (None if ref.stated.layout else rows_of(listed))
    if matched is None:
        return array, replace(info, listed=listed.names, listed_in=listed.field)
    layout, rows = matched
    axes = [axis for axis, size in enumerate(array.shape) if size == len(listed.names)]
    axis = array.ndim - 2 if array.ndim - 2 in axes else axes[0] if len(axes) == 1 else None
    if axis is None and not listed.is_certain:
        return array, info
    if given is not None and layout is not given:
        expected = f"the joints of {given.name}, which the file states"
        raise BadFile(
            str(ref), where=f"field {listed.field}", expected=expected, found=f"those of {layout.name}"
        )
    if axis is None:
        expected = f"one axis of {len(listed.names)} joints, as the field {listed.field} lists"
        raise BadFile(str(ref), where="keypoints", expected=expected, found=" x ".join(map(str, array.shape)))
    return np.take(array, rows, axis=axis), replace(info, layout=layout)
