"""Takes of named joints in one JSON file: {"walk": {"Head": [[x, y, z], ...], ...}, "run": ...}, or in a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pgfa.read.formats.keypoints.field_names import person_names
from pgfa.read.formats.keypoints.joint_series import Series, positions_in, series_of
from pgfa.read.formats.keypoints.json_nested import DEEPEST, LEAST, MOST, is_label, is_quantity


@dataclass(frozen=True)
class JointTake:
    """One take: the names that lead to it, its joints, and its other fields."""

    names: tuple[str, ...]
    series: Series
    fields: dict[str, Any] = field(default_factory=dict)


class _OtherContent(Exception):
    """Content that is no takes of named joints."""


def joint_takes(content: Any) -> list[JointTake]:
    """The takes of an object or a list; [] for any other content, one take, or people, who were recorded together."""
    try:
        takes = [] if series_of(content) else list(_takes(content, ()))
    except _OtherContent:
        return []
    return takes if len(takes) > 1 or any(len(take.names) > 1 for take in takes) else []


def _takes(content: Any, names: tuple[str, ...]) -> Iterator[JointTake]:
    """Takes at any level of names; a list has them by their labels, or else numbers. Raises _OtherContent."""
    items = _items(content)
    if not items or len(items) > MOST or len(names) >= DEEPEST:
        raise _OtherContent
    for name, item in items:
        if isinstance(content, dict) and person_names([name.rstrip("0123456789 _-")]):
            raise _OtherContent
        path = (*names, name)
        take = _take(path, item)
        if take is None:
            yield from _takes(item, path)
        elif isinstance(content, dict) and is_quantity(name):
            raise _OtherContent
        else:
            yield take


def _items(content: Any) -> list[tuple[str, Any]]:
    """What may be takes, by their names; [] for other content."""
    if isinstance(content, dict):
        return [(name, value) for name, value in content.items() if _may_have_joints(value)]
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        return []
    labels = (
        (value for name, value in item.items() if isinstance(value, str) and is_label(name))
        for item in content
    )
    return [
        (next(label, str(number)), item)
        for number, (label, item) in enumerate(zip(labels, content, strict=True), start=1)
    ]


def _may_have_joints(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(v, dict) for v in value[:1])
    )


def _take(names: tuple[str, ...], item: Any) -> JointTake | None:
    """A take of joints, in itself or in one field; None for any other content. Raises _OtherContent for a short one."""
    series = series_of(item)
    if not series and isinstance(item, dict):
        parts = {name: joints for name, value in item.items() if (joints := series_of(value))}
        fields = positions_in(parts) or [name for name in parts if len(parts) == 1 and is_quantity(name)]
        series = parts[fields[0]] if fields else series
    if not series:
        return None
    fields_beside = {
        name: value
        for name, value in (item.items() if isinstance(item, dict) else ())
        if not isinstance(value, dict | list)
    }
    if person_names(list(fields_beside)) or len(next(iter(series.joints.values()))) < LEAST:
        raise _OtherContent
    return JointTake(names, series, fields_beside)
