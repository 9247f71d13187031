"""Tables with all joints of a person in one cell, as lists or as an object of lists (Ultralytics' `to_csv`)."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.csv_header import plain
from pgfa.read.formats.keypoints.csv_top import top_of
from pgfa.read.formats.keypoints.field_names import is_score_name
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

LEAST, MOST = 10, 300
"""Joints in a cell."""
MAX_LINE = 1 << 17
AXES = ("x", "y", "z")
THIRD = "third"
"""Of points of three numbers, until it is known whether it is z or a score."""
SCORES = (-0.2, 2.5)
"""The least and the greatest score."""
WIDE = 10
"""Units over which x and y extend together where they are pixels, or millimetres: no z is as small beside these."""
EXPECTED = (
    "lists of the same joints in each line, as [[x, y], ...] or {'x': [...], 'y': [...], 'visible': [...]}"
)

Columns = dict[str, list[Any]]
"""Coordinate or score -> a number for each joint."""


def has_lists(text: str) -> bool:
    """Whether a text, or its beginning, is a table with all joints of a person in cells."""
    return _columns_with_lists(text) is not None


def without_lists(ref: FileRef, text: str) -> str:
    """The text with a cell for each number, titled x0, y0, ...; unchanged if no cell has all joints of a person.

    Raises:
        BadFile: a cell whose joints are others than those of the first line; points of three numbers of which the third
            may be z or a score.
    """
    if (table_of_lists := _columns_with_lists(text)) is None:
        return text
    above, separator, columns = table_of_lists
    lines = text.split("\n", above + 1)
    titles = next(csv.reader([lines[above]], delimiter=separator))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    names: list[str] = []
    joints, ranges = 0, _Ranges()
    table = csv.reader(io.StringIO(lines[-1], newline=""), delimiter=separator)
    others = [column for column in range(len(titles)) if column not in columns]
    try:
        for cells in table:
            if not any(cells):
                continue
            where = f"line {above + 1 + table.line_num}"
            if len(cells) != len(titles):
                raise BadFile(str(ref), where=where, expected=f"{len(titles)} cells", found=str(len(cells)))
            person: Columns = {}  # by axis
            for column in columns:
                person |= _person(cells[column], _axis_of(titles[column])) or {}
            if not names:
                names, joints = list(person), len(next(iter(person.values()), []))
            empty = all(cells[column].strip() in ("", "[]") for column in columns)
            if not empty and (
                list(person) != names or any(len(values) != joints for values in person.values())
            ):
                where = f"{where}, column {titles[columns[0]]}"
                raise BadFile(str(ref), where=where, expected=EXPECTED, found=short(cells[columns[0]]))
            if THIRD in person:
                ranges.add(person)
            numbers = [
                "" if empty or person[name][joint] is None else person[name][joint]
                for joint in range(joints)
                for name in names
            ]
            writer.writerow([*(cells[column] for column in others), *numbers])
    except csv.Error as error:
        raise BadFile(str(ref), expected="CSV", found=str(error)) from None
    axes = [ranges.third(ref, titles[columns[0]]) if name == THIRD else name for name in names]
    numbered = [f"{name}{joint}" for joint in range(joints) for name in axes]
    header = io.StringIO()
    csv.writer(header, delimiter=separator, lineterminator="").writerow(
        [*(titles[n] for n in others), *numbered]
    )
    return "\n".join([*lines[:above], header.getvalue(), out.getvalue()])


class _Ranges:
    """Least and greatest coordinates of points of three numbers, and of their third ones."""

    def __init__(self) -> None:
        self.plane, self.depth = [math.inf, -math.inf], [math.inf, -math.inf]

    def add(self, person: Columns) -> None:
        """The joints of a person."""
        for both, numbers in (
            (self.plane, person["x"]),
            (self.plane, person["y"]),
            (self.depth, person[THIRD]),
        ):
            known = [number for number in numbers if number is not None]
            both[:] = [min(both[0], *known), max(both[1], *known)] if known else both

    def third(self, ref: FileRef, title: str) -> str:
        """What the third numbers are. Raises BadFile where they may be either."""
        low, high = self.depth
        if not (low >= SCORES[0] and high <= SCORES[1]):
            return "z"
        if self.plane[1] - self.plane[0] > WIDE:
            return "score"
        expected = "a column for x, y and z, or x, y and the score, of each joint (x0, y0, z0 or s0)"
        actual = (
            f"points of three numbers, of which the third ones, {low:.3g} to {high:.3g}, may be z or scores"
        )
        raise BadFile(str(ref), where=f"column {short(title)}", expected=expected, found=actual)


def _columns_with_lists(text: str) -> tuple[int, str, list[int]] | None:
    """Lines above the header, the separator, and the columns whose cells have all joints; None without any."""
    if (top := top_of(text, 4 * MAX_LINE)) is None:
        return None
    lines, above, separator, titles, first = top
    if "[" not in lines[above + 1][:MAX_LINE] or len(first) != len(titles):
        return None
    columns = [n for n, cell in enumerate(first) if _person(cell, _axis_of(titles[n])) is not None]
    names = [name for n in columns for name in _person(first[n], _axis_of(titles[n])) or ()]
    # Two columns with the same coordinates are in the picture and in space, or of two people.
    return (above, separator, columns) if {"x", "y"} <= set(names) and len(set(names)) == len(names) else None


def _axis_of(title: str) -> str:
    """The coordinate, or score, that a column of lists has by its title (keypoints.x); "" for all of them."""
    name = plain(title).rpartition("_")[2]
    return name if name in AXES else "score" if is_score_name(name) else ""


def _person(cell: str, axis: str) -> Columns | None:
    """The joints in a cell; None for any other content.

    Args:
        cell: of the table.
        axis: the coordinate of a list of numbers; "" for lists of points, and objects.
    """
    if not cell.lstrip().startswith(("[", "{")) or len(cell) > MAX_LINE:
        return None
    try:
        value = json.loads(cell.replace("'", '"').replace("None", "null").replace("nan", "null"))
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        named = {_axis_of(name): numbers for name, numbers in value.items()}
        return (
            named if "" not in named and {"x", "y"} <= named.keys() and _are_numbers(named.values()) else None
        )
    if not isinstance(value, list) or not LEAST <= len(value) <= MOST:
        return None
    if axis:
        return {axis: value} if _are_numbers([value]) else None
    widths = {len(point) for point in value if isinstance(point, list)}
    if len(widths) != 1 or not widths <= {2, 3} or not all(isinstance(point, list | None) for point in value):
        return None
    (width,) = widths
    columns = [[None if point is None else point[n] for point in value] for n in range(width)]
    return dict(zip(("x", "y", THIRD), columns, strict=False)) if _are_numbers(columns) else None


def _are_numbers(lists: Any) -> bool:
    return all(
        isinstance(numbers, Sequence)
        and LEAST <= len(numbers) <= MOST
        and all(n is None or (isinstance(n, int | float) and not isinstance(n, bool)) for n in numbers)
        for numbers in lists
    )
