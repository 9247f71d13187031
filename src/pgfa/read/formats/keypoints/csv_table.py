"""The lines of a CSV of keypoints as numbers, people, joints and states."""

from __future__ import annotations

import csv
import io
import sys
from array import array
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.formats.keypoints.csv_header import SCORE, STATE, Header, plain
from pgfa.read.formats.keypoints.csv_recordings import recordings_of
from pgfa.read.formats.keypoints.joint_names import canonical
from pgfa.read.formats.keypoints.joint_states import is_unseen
from pgfa.read.parsing.cells import thousands_mark
from pgfa.read.parsing.frame_times import CLOCK_FORMS, Clock
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

MAX_LINES = 4_000_000
LOOKED_AT = 200
"""Lines in which a sign between thousands is looked for."""
NOT_AVAILABLE = ("na", "n/a", "#n/a", "null", "none", "-", "--", "?")
"""Texts of spreadsheets and statistics programs in place of a number, besides NaN."""

CONFIDENCES = {"none": 0.0, "low": 1 / 3, "medium": 2 / 3, "high": 1.0}
"""Confidences in words, as the last one of a constant of a camera perhaps (K4ABT_JOINT_CONFIDENCE_MEDIUM)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """The lines of a file.

    Attributes:
        values: (lines, columns) numbers of the columns that are used, NaN in the others and in empty cells (absent
            joints); coordinates in metres where the header states several units, or that of a picture, and the
            user states none.
        numbers: line number of each line.
        people: id of the person of each line; None without one.
        joints: joint of each line, as `canonical`; empty for a file with one line per frame.
        thousands: the sign between thousands in the coordinates; "" for none.
        labels: joint -> its name in the file, in lower case with underscores, of files with one line per joint.
        unseen: for each line, the joints (of files with one line per joint: "") whose state is that they are not seen.
        names: the cells of the column of frames, if one of them is no number.
        clock: whether the times are dates or times of day.
        recordings: of each line, in words; "" where the file does not say.
        unavailable: texts in place of coordinates ("NA") -> cells that have it.
    """

    values: Floats
    numbers: list[int]
    people: list[str | None]
    joints: list[str]
    unseen: list[tuple[str, ...]]
    names: list[str]
    clock: bool
    recordings: list[str]
    unavailable: dict[str, int]
    labels: dict[str, str]
    thousands: str


def table_of(ref: FileRef, text: str, header: Header, above: int) -> Table:
    """All lines below the header. Raises BadFile with the line and cell, LimitExceeded."""
    table = _table_of(ref, text, header, above, _thousands(ref, text, header, above, range(LOOKED_AT)))
    if table.thousands or not (late := _late_fractions(table.values, header)):
        return table
    mark = _thousands(ref, text, header, above, late)
    return _table_of(ref, text, header, above, mark) if mark else table


def _table_of(ref: FileRef, text: str, header: Header, above: int, mark: str) -> Table:
    """As `table_of`, with `mark` between thousands."""
    states = [(joint, column) for (joint, axis), column in header.cells.items() if axis == STATE]
    places = {column for (_, axis), column in header.cells.items() if axis != STATE}
    used = {header.frame, header.time, header.rate, *places}
    columns = sorted(column for column in used if column is not None)
    coordinates = {column for (_, axis), column in header.cells.items() if axis < 3}
    numbers: list[int] = []
    people: list[str | None] = []
    joints: list[str] = []
    unseen: list[tuple[str, ...]] = []
    of: list[tuple[str, ...]] = []
    joint_of: dict[str, str] = {}
    flat = array("d")
    clock, named, timed = Clock(), False, False
    names: list[str] = []
    unavailable: Counter[str] = Counter()
    for number, cells in table_lines(ref, text, header, above):
        if mark:
            cells = [c.replace(mark, "") if n in coordinates else c for n, c in enumerate(cells)]
        if len(numbers) == MAX_LINES:
            raise LimitExceeded(f"{ref}: more than the limit of {MAX_LINES:,} lines")
        try:
            flat.extend([float(cells[column]) for column in columns])
        except ValueError:
            texts = [column for column in columns if _number(cells[column], header, column) is None]
            named = named or header.frame in texts
            timed = timed or header.time in texts
            flat.extend(_texts_too(ref, header, clock, number, cells, columns, unavailable))
        if header.frame is not None:
            names.append(sys.intern(cells[header.frame].strip()))
        numbers.append(number)
        people.append(_person_of(cells, header))
        of.append(tuple(sys.intern(cells[column].strip()) for column in header.recordings))
        if states:
            unseen.append(tuple(joint for joint, column in states if is_unseen(cells[column])))
        if header.joint is not None:
            title = cells[header.joint]
            if title not in joint_of:
                joint_of[title] = canonical(title)
            joints.append(joint_of[title])
    if not numbers:
        raise BadFile(str(ref), expected="at least one line below the header", found="none")
    values = np.full((len(numbers), header.columns), np.nan)
    values[:, columns] = np.frombuffer(flat, dtype=np.float64).reshape(len(numbers), -1)
    for column, metres in header.metres.items() if ref.stated.unit is None and header.scale is None else ():
        values[:, column] *= metres
    # Where every joint is in every line, the column says something else.
    unseen = unseen if any(len(u) < len(states) for u in unseen) else []
    return Table(
        values, numbers, people, joints, unseen, names if named else [], timed,
        recordings_of(ref, header, of, people, values), dict(unavailable),
        {joint: plain(title) for title, joint in joint_of.items()}, mark,
    )  # fmt: skip


def _late_fractions(values: Floats, header: Header) -> set[int]:
    """The first lines with fractions, where the coordinates of all lines before are whole: 1.234 may be 1234 there.

    Args:
        values: as in `Table`.
        header: of the file.
    """
    places = sorted({column for (_, axis), column in header.cells.items() if axis < 3})
    numbers = values[:, places]
    fraction = (np.isfinite(numbers) & (numbers != np.rint(numbers))).any(axis=1)
    if fraction[:LOOKED_AT].any():
        return set()
    return set(np.flatnonzero(fraction)[:LOOKED_AT].tolist())


def _thousands(ref: FileRef, text: str, header: Header, above: int, lines: Collection[int]) -> str:
    """The sign between thousands in the coordinates of these lines, from 0; "" for none."""
    places = [column for (_, axis), column in header.cells.items() if axis < 3]
    first = islice(table_lines(ref, text, header, above), max(lines, default=0) + 1)
    cells = [cells[column] for row, (_, cells) in enumerate(first) if row in lines for column in places]
    return thousands_mark(cell for cell in cells if cell.strip().lower() not in (*NOT_AVAILABLE, "nan"))


def _texts_too(
    ref: FileRef,
    header: Header,
    clock: Clock,
    line: int,
    cells: list[str],
    columns: list[int],
    unavailable: Counter[str],
) -> Iterator[float]:
    """The numbers of a line with other cells too: names of images (NaN), times of day, texts in place of coordinates,
    which are counted. Raises BadFile for any other text.
    """
    places = header.cells.values()
    for column in columns:
        value = _number(cells[column], header, column)
        text = cells[column].strip()
        if value is None and column in places and text.lower() in NOT_AVAILABLE:
            unavailable[text] += 1
            value = np.nan
        elif value is None and column == header.frame:
            value = np.nan
        elif value is None and column == header.time:
            value = _seconds(ref, clock, line, column, cells[column])
        if value is None:
            where = f"line {line}, cell {column + 1}"
            raise BadFile(str(ref), where=where, expected="a number", found=short(cells[column])) from None
        yield value


def table_lines(ref: FileRef, text: str, header: Header, above: int) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line. Raises BadFile for another number of cells."""
    table = csv.reader(io.StringIO(text, newline=""), delimiter=header.separator)
    try:
        for cells in table:
            if table.line_num <= above or (len(cells) < 2 and not any(cells)):
                continue
            # A separator at the end of each line is no further cell.
            if len(cells) == header.columns + 1 and not cells[-1].strip():
                cells.pop()
            if len(cells) != header.columns:
                expected, actual = f"{header.columns} cells", str(len(cells))
                raise BadFile(str(ref), where=f"line {table.line_num}", expected=expected, found=actual)
            yield table.line_num, cells
    except csv.Error as error:
        raise BadFile(str(ref), where=f"line {table.line_num}", expected="CSV", found=str(error)) from None


def _number(cell: str, header: Header, column: int) -> float | None:
    """A cell as a number; NaN if it is empty, None if it is something else."""
    # Semicolons or tabs separate cells where the decimal separator is a comma.
    if header.separator != "," and "." not in cell:
        cell = cell.replace(",", ".")
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError:
        text = cell.strip().lower()
        if column in header.cells.values() and text in ("true", "false"):
            return float(text == "true")
        if (SCORE, column) in ((axis, index) for (_, axis), index in header.cells.items()):
            return CONFIDENCES.get(text.rpartition("_")[2])
        return None


def _seconds(ref: FileRef, clock: Clock, line: int, column: int, cell: str) -> float:
    """A cell that is a date or a time of day. Raises BadFile."""
    where = f"line {line}, cell {column + 1}"
    try:
        seconds = clock.seconds(cell)
    except ValueError as error:
        expected = "one date, or dates as in 2024-05-01"
        raise BadFile(str(ref), where=where, expected=expected, found=str(error)) from None
    if seconds is None:
        raise BadFile(str(ref), where=where, expected=CLOCK_FORMS, found=short(cell))
    return seconds


def _person_of(cells: list[str], header: Header) -> str | None:
    """The person's id; empty, and -1 of trackers, is no id."""
    if header.person is None:
        return None
    text = cells[header.person].strip().removesuffix(".0")
    return None if text in ("", "-1", "nan", "NaN", "None") else sys.intern(text)
