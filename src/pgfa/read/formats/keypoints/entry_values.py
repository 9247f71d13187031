"""Values in JSON of pose estimators: numbers, fields, and tables of points (docs/formats.md)."""

from __future__ import annotations

import math
import re
from collections.abc import Set
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.field_names import is_kind, is_score_name, person_names
from pgfa.read.parsing.frame_names import rank_of
from pgfa.read.parsing.text_table import short

MAX_SCORE, MAX_NEGATIVE = 2.5, 0.2
"""Largest score (COCO writes 0, 1, 2; some estimators a little above 1), and share of scores that may be below 0."""
MAX_COLUMNS = 4
"""x, y, z and a score."""
MOST_FIELDS = 32
"""Fields of a frame whose names are remembered."""

Floats = NDArray[np.float64]


class Unexpected(Exception):
    """Content that does not follow any of the schemas: what was expected, what was found."""


def number_of(value: Any) -> float | None:
    """A finite number, also as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def fields_of(frame: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """The fields whose `bare` names are in a list, in its order."""
    return (_remembered if len(frame) <= MOST_FIELDS else _in_order)(tuple(frame), names)


def _in_order(fields: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    ranked = [(rank, name) for name in fields if (rank := rank_of(name, names)) is not None]
    return tuple(name for _, name in sorted(ranked))


_remembered = lru_cache(maxsize=256)(_in_order)
"""The frames of a file have the same fields."""


def first_field(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of some names that is a field; "" if none is. Most are looked for in every person of every frame."""
    if _set_of(names).isdisjoint(entry):
        return ""
    return next(name for name in names if name in entry)


_set_of = lru_cache(maxsize=64)(frozenset[str])
"""The names as a set, made once."""


def stamp_of(value: dict[str, Any]) -> float | None:
    """Seconds of a stamp in seconds and nanoseconds (ROS, protocol buffers); None for other objects."""
    for seconds, rest in (("sec", "nanosec"), ("secs", "nsecs"), ("sec", "nsec"), ("seconds", "nanos")):
        if seconds in value and (whole := number_of(value[seconds])) is not None:
            return whole + (number_of(value.get(rest)) or 0.0) / 1e9
    return None


def person_id(entry: dict[str, Any]) -> str | None:
    """The person's id over time; of COCO's annotations, `id` is that of the annotation.

    As text: a file may choose whole numbers that collide in a dict, and no texts.
    """
    for name in person_names(entry):
        if name == "id" and "image_id" in entry:
            continue
        value = entry.get(name)
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if is_kind(value):
            continue
        if (isinstance(value, str) and value) or (isinstance(value, int) and not isinstance(value, bool)):
            return None if value in (-1, "-1") else str(value)
    return None


def people_by_id(people: Any, fields: Set[str]) -> list[dict[str, Any]] | None:
    """People of an object whose fields are their ids, as a list of objects with their id; None for anything else.

    Args:
        people: what a frame lists as its people.
        fields: names of the fields that a person may have.
    """
    if not isinstance(people, dict) or not people or fields & people.keys():
        return None
    named = {
        name: {"keypoints": value} if isinstance(value, list) else value for name, value in people.items()
    }
    if not all(isinstance(person, dict) and fields & person.keys() for person in named.values()):
        return None
    return [{"person_id": name, **person} for name, person in named.items()]


def frames_by_id(keypoints: Any, fields: Set[str]) -> list[dict[str, Any]]:
    """Frames that are objects of people by their ids, as ViTPose's tools write them; [] for anything else.

    Args:
        keypoints: the field of a file.
        fields: as in `people_by_id`.
    """
    if not isinstance(keypoints, list) or not any(keypoints):
        return []
    people = [people_by_id(frame, fields) if frame else [] for frame in keypoints]
    return [] if None in people else [{"people": frame} for frame in people]


def columns_of(points: dict[str, Any]) -> Floats:
    """(joints, 2 or 3) points whose coordinates are lists of their own. Raises Unexpected."""
    scores = [name for name in points if is_score_name(name)]
    columns = [points[name] for name in ("x", "y", *scores[:1])]
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns}
    if len(lengths) != 1 or -1 in lengths:
        raise Unexpected("x, y and visible of one length", short(str(points)))
    return np.stack([numbers_of(column) for column in columns], axis=-1)


def object_of(point: Any) -> dict[str, Any]:
    """A joint as an object; one that is null has no coordinates. Raises Unexpected."""
    if point is None:
        return {"x": None, "y": None}
    if not isinstance(point, dict):
        raise Unexpected("an object with x and y per joint", short(str(point)))
    return point


def scored_triples(values: list[Any]) -> Floats:
    """x, y and score of each joint in one list; a third number that can be no score is z, which COCO does not have."""
    table = rows_of_width(numbers_of(values), 3)
    scores = table[:, 2]
    if scores.min() >= 0 and scores.max() <= MAX_SCORE:  # almost always, and soon seen
        return table
    with np.errstate(invalid="ignore"):
        doubtful = (scores > MAX_SCORE).any() or (scores < 0).mean() > MAX_NEGATIVE
    if doubtful:
        actual = f"third numbers from {np.nanmin(table[:, 2]):.4g} to {np.nanmax(table[:, 2]):.4g}"
        raise Unexpected("x, y and score of each joint (points with z as lists of their own)", actual)
    return table


def with_scores(table: Floats, scores: Any) -> Floats:
    """(joints, columns) points with their scores as one more column. Raises Unexpected."""
    column = numbers_of(scores)
    if column.shape != (len(table),):
        raise Unexpected(f"{len(table)} scores", str(column.size))
    return np.column_stack([table, column])


def fill_absent(values: list[Any], axes: int) -> None:
    """Replace each joint that is null by a null per column.

    Args:
        values: lists of `axes` axes, of which the last are joints and columns; changed in place.
        axes: at least 2.
    """
    lists = [values]
    for _ in range(axes - 2):
        lists = [part for parts in lists for part in parts if isinstance(part, list)]
    columns = next((len(joint) for joints in lists for joint in joints if isinstance(joint, list)), 0)
    if not 0 < columns <= MAX_COLUMNS:
        return
    for joints in lists:
        joints[:] = [[None] * columns if joint is None else joint for joint in joints]


def table_of_rows(rows: Any) -> Floats:
    """(joints, 2 to 4) a list per joint; a joint may be null. Raises Unexpected."""
    if isinstance(rows, list) and None in rows:
        fill_absent(rows, 2)
    table = numbers_of(rows)
    if table.ndim != 2 or table.shape[1] not in (2, 3, 4):
        raise Unexpected("joints of 2, 3 or 4 numbers", " x ".join(map(str, table.shape)) or "a bare number")
    return table


def rows_of_width(flat: Floats, width: int, expected: str = "") -> Floats:
    """(joints, `width`) numbers that follow one another. Raises Unexpected for another count."""
    expected = expected or ("x, y and score of each joint" if width == 3 else "x and y of each joint")
    if flat.ndim != 1 or not len(flat) or len(flat) % width:
        raise Unexpected(expected, " x ".join(map(str, flat.shape)) + " numbers")
    return flat.reshape(-1, width)


def numbers_of(values: Any) -> Floats:
    """An array of numbers, also as texts. Raises Unexpected."""
    try:
        return np.array(values, dtype=np.float64)
    except TypeError:
        raise Unexpected("numbers", f"objects in place of numbers: {short(str(values))}") from None
    except (ValueError, OverflowError) as error:
        text = re.search(r"string to float: (.*)", str(error))
        raise Unexpected("numbers", f"the text {text[1][:60]}" if text else str(error)[:80]) from None
