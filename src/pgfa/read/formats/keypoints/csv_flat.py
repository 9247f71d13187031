"""Tables with all numbers of a frame in one cell, in a row: "[x0, y0, z0, x1, ...]", "x0 y0 z0 x1 ...".

How many numbers a joint has, and whether all x come first, the body decides, as of an array.
"""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.formats.keypoints.csv_header import plain
from pgfa.read.formats.keypoints.csv_top import top_of
from pgfa.read.formats.keypoints.field_names import is_recording_name, person_names
from pgfa.read.formats.keypoints.plain_table import over_time
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.formats.keypoints.take_labels import is_take_label
from pgfa.read.interpret.orders import orders_of
from pgfa.read.parsing.frame_names import NUMBERS, TIMES, first_of
from pgfa.read.parsing.frame_times import clock_seconds, states_unit, time_unit
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.read.stated import NOTHING
from pgfa.skeleton import Clip

LEAST = 26
"""Numbers in a cell: x and y of 13 joints."""
MAX_CELL = 1 << 17
MAX_NUMBERS = 4_000_000
ABSENT = ("", "nan", "none", "null", "na")
"""Words in place of a number that is not there."""
_BETWEEN = re.compile(r"[\s,;|]+")

Floats = NDArray[np.float64]


class FlatTable(NamedTuple):
    """Lines above the header, the separator, the titles, and the column with all numbers of a frame."""

    above: int
    separator: str
    titles: list[str]
    column: int


def flat_table(text: str) -> FlatTable | None:
    """The table in a text, or in its beginning, if one column has all numbers of a frame; None for any other."""
    top = top_of(text, 4 * MAX_CELL)
    if top is None or len(top.first) != len(top.titles) or any(map(_is_number, top.titles)):
        return None
    flat = [n for n, cell in enumerate(top.first) if (row := _row(cell)) is not None and _fits(len(row))]
    # A single column of numbers without brackets is a table of several columns that are separated by spaces.
    alone = len(top.titles) == 1 and not top.first[0].lstrip().startswith("[")
    return FlatTable(top.at, top.separator, top.titles, flat[0]) if len(flat) == 1 and not alone else None


def clip_of_flat_table(ref: FileRef, raw: bytes, text: str, table: FlatTable) -> Clip:
    """The clip of one person in a table whose cells have all numbers of a frame.

    Raises:
        BadFile: a line with other numbers; several people or recordings. Undecided, LimitExceeded.
    """
    body = text.split("\n", table.above + 1)[-1]
    lines: list[list[str]] = []
    rows: list[Floats] = []
    width, total = 0, 0
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=table.separator)
    try:
        for cells in reader:
            if not any(cells):
                continue
            where = f"line {table.above + 1 + reader.line_num}"
            if len(cells) != len(table.titles):
                raise BadFile(
                    str(ref), where=where, expected=f"{len(table.titles)} cells", found=str(len(cells))
                )
            cell = cells[table.column]
            row = [] if cell.strip("[]() \n").lower() in ABSENT else _row(cell)
            if row is None or (row and width and len(row) != width):
                expected = f"{width} numbers, as in the lines before"
                actual = short(cell) if row is None else str(len(row))
                raise BadFile(str(ref), where=where, expected=expected, found=actual)
            width, total = width or len(row), total + len(row)
            if total > MAX_NUMBERS:
                raise LimitExceeded(f"{ref}: more than the limit of {MAX_NUMBERS:,} numbers")
            rows.append(np.array(row))
            lines.append([other for n, other in enumerate(cells) if n != table.column])
    except csv.Error as error:
        raise BadFile(str(ref), expected="CSV", found=str(error)) from None
    titles = [title for n, title in enumerate(table.titles) if n != table.column]
    _check_one_recording(ref, titles, lines)
    points = np.stack([row if len(row) else np.full(width, np.nan) for row in rows])
    points, rate, notes = over_time(ref, _before(titles, lines), points)
    return from_array(ref, raw, points, KeypointInfo(rate=rate, problems=notes))


def _fits(numbers: int) -> bool:
    return next(orders_of((1, numbers), None, NOTHING), None) is not None


def _row(cell: str) -> list[float] | None:
    """The numbers in a cell, NaN where one is not there; None for any other cell."""
    if len(cell) > MAX_CELL:
        return None
    words = _BETWEEN.split(cell.strip().removeprefix("[").removesuffix("]").strip("() \n,;"))
    if len(words) < LEAST:
        return None
    try:
        return [np.nan if word.lower() in ABSENT else float(word) for word in words]
    except ValueError:
        return None


def _check_one_recording(ref: FileRef, titles: list[str], lines: list[list[str]]) -> None:
    """Raise BadFile if a column of people, recordings or takes has several values."""
    names = [plain(title) for title in titles]
    people = person_names(names)
    for column, name in enumerate(names):
        if not (name in people or is_recording_name(name) or is_take_label(name)):
            continue
        values = list(dict.fromkeys(cells[column] for cells in lines))
        if len(values) > 1:
            expected = "one person and one recording where a cell has all joints: a file for each"
            actual = f"{len(values)}: {short(', '.join(values[:3]))}"
            raise BadFile(str(ref), where=f"column {short(titles[column])}", expected=expected, found=actual)


def _before(titles: list[str], lines: list[list[str]]) -> Floats:
    """(lines, 0 to 2) the numbers of the frames and their times, where all lines have them."""
    columns = []
    for names in (NUMBERS, TIMES):
        column = first_of(titles, names)
        if column is None:
            continue
        values = [_number(cells[column]) for cells in lines]
        known = [value for value in values if value is not None]
        if len(known) == len(lines):
            unit = time_unit(titles[column], np.unique(known)) if states_unit(titles[column]) else None
            columns.append(np.array(known) / (unit or 1.0))
    return np.array(columns).reshape(len(columns), len(lines)).T


def _number(cell: str) -> float | None:
    return float(cell) if _is_number(cell) else clock_seconds(cell)


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False
