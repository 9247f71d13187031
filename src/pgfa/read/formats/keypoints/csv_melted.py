"""Tables with a line per coordinate (frame, joint, axis, value) -> a line per joint, or per frame.

pandas' `melt`, R's `pivot_longer` and databases write such tables: one column has the values, another says of which
axis (`x`), or of which column of the table before (`Head_x`), each value is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.formats.keypoints.csv_header import COORDINATES, STATE, joint_and_coordinate, plain
from pgfa.read.formats.keypoints.csv_titles import NO_NAME
from pgfa.read.formats.keypoints.field_names import is_recording_name, person_names
from pgfa.read.parsing.frame_names import IMAGES, NUMBERS, TIMES, rank_of
from pgfa.read.parsing.text_table import is_comment, short
from pgfa.read.source import FileRef

VALUES = ("value", "values", "val", "position", "pos", "coordinate_value", "measurement")
"""Names of the column of values."""
AXES = (
    "axis",
    "axes",
    "coord",
    "coords",
    "coordinate",
    "coordinates",
    "dimension",
    "dim",
    "component",
    "xyz",
)
"""Names of the column of axes."""
VARIABLES = (
    "variable", "name", "column", "channel", "feature", "measure", "key", "signal", "joint", "keypoint", "bodypart",
    "label", "parameter", "metric",
)  # fmt: skip
"""Names of the column that has joint and axis in one text."""
FRAMES = (*NUMBERS, *IMAGES, *TIMES)
LOOKED_AT = 100
"""Lines by which it is seen whether a column has axes."""
MAX_ABOVE = 20
MAX_TITLES = 200
MAX_ROWS = 1_000_000
"""Lines that the table becomes: more would take too much memory before they are looked at."""


@dataclass(frozen=True)
class _Melted:
    """Where a table has what.

    Attributes:
        above: lines above the header.
        keys: columns that are the same in all lines of a joint, or of a frame.
        axis: the column of axes, or of variables.
        values: the columns of numbers: that of the values, or one for each joint.
        whole: whether `axis` has the whole title of a column (`Head_x`).
    """

    above: int
    separator: str
    titles: tuple[str, ...]
    keys: tuple[int, ...]
    axis: int
    values: tuple[int, ...]
    whole: bool

    def titles_of(self, axis: str) -> list[str]:
        """Titles of the columns that the values of a line become."""
        if self.whole:
            return [axis]
        name = axis.strip().lower()
        alone = len(self.values) == 1
        return [name if alone else f"{self.titles[column].strip()}_{name}" for column in self.values]


def is_melted(text: str) -> bool:
    """Whether a text, or its beginning, is a table with a line per coordinate."""
    return _melted(text) is not None


def with_axes_together(ref: FileRef, text: str) -> str:
    """The text with all coordinates of a joint, or of a frame, in one line; unchanged if they are so already.

    Raises:
        BadFile: a coordinate that a joint has twice in a frame; another number of cells. LimitExceeded.
    """
    if (melted := _melted(text)) is None:
        return text
    lines = text.split("\n", melted.above + 1)
    table = csv.reader(io.StringIO(lines[-1], newline=""), delimiter=melted.separator)
    columns: dict[str, int] = {}
    places: dict[str, int] = {}
    rows: dict[tuple[str, ...], list[str | None]] = {}
    try:
        for cells in table:
            if not any(cells):
                continue
            where = f"line {melted.above + 1 + table.line_num}"
            if len(cells) != len(melted.titles):
                expected = f"{len(melted.titles)} cells"
                raise BadFile(str(ref), where=where, expected=expected, found=str(len(cells)))
            axis = cells[melted.axis]
            if axis not in places:
                places[axis] = len(columns)
                columns |= {title: len(columns) + n for n, title in enumerate(melted.titles_of(axis))}
            if len(rows) > MAX_ROWS:
                raise LimitExceeded(f"{ref}: more than the limit of {MAX_ROWS:,} joints in frames")
            row = rows.setdefault(tuple([cells[column] for column in melted.keys]), [])
            row += [None] * (len(columns) - len(row))
            for index, column in enumerate(melted.values, start=places[axis]):
                if row[index] is not None:
                    expected = "each coordinate of a joint once per frame, or a column of the person or the recording"
                    raise BadFile(str(ref), where=where, expected=expected, found=f"{short(axis)} again")
                row[index] = cells[column]
    except csv.Error as error:
        raise BadFile(str(ref), expected="CSV", found=str(error)) from None
    out = io.StringIO()
    writer = csv.writer(out, delimiter=melted.separator, lineterminator="\n")
    writer.writerow([*(melted.titles[column] for column in melted.keys), *columns])
    writer.writerows(
        [*key, *(cell or "" for cell in row), *[""] * (len(columns) - len(row))] for key, row in rows.items()
    )
    return "\n".join([*lines[: melted.above], out.getvalue()])


def _melted(text: str) -> _Melted | None:
    lines = text[: 1 << 16].split("\n", MAX_ABOVE + LOOKED_AT)
    above = next((n for n, line in enumerate(lines[:MAX_ABOVE]) if line.strip() and not is_comment(line)), -1)
    if above < 0:
        return None
    separator = max(",;\t|", key=lines[above].count)
    try:
        table = list(csv.reader(lines[above:-1], delimiter=separator))
    except csv.Error:
        return None
    titles = tuple(table[0]) if table else ()
    rows = [row for row in table[1:] if len(row) == len(titles)]
    if not rows or not 3 <= len(titles) <= MAX_TITLES:
        return None
    names = [plain(title) for title in titles]
    value = next((names.index(name) for name in VALUES if name in names), None)
    for column, whole in _candidates(names, rows):
        values = (value,) if value is not None else () if whole else _joint_columns(titles, rows, column)
        if values and column not in values:
            numbered = any(rank_of(title, FRAMES) is not None for title in titles)
            keys = [
                n
                for n, title in enumerate(titles)
                if n not in {column, *values} and not (numbered and _is_index(title))
            ]
            return _Melted(above, separator, titles, tuple(keys), column, values, whole)
    return None


def _candidates(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, bool]]:
    """Columns whose cells are axes, and those whose cells are joints with their axes."""
    for column, name in enumerate(names):
        cells = {row[column].strip() for row in rows}
        if name in AXES and all(COORDINATES.get(plain(cell), STATE) != STATE for cell in cells):
            yield column, False
        elif name in VARIABLES and all(map(_is_title, cells)):
            yield column, True


def _is_title(cell: str) -> bool:
    """Whether a cell is the title of a column of a joint (`Head_x`, and no number)."""
    return bool(re.search("[A-Za-z]", cell)) and joint_and_coordinate(plain(cell)) is not None


def _joint_columns(titles: Sequence[str], rows: Sequence[Sequence[str]], axis: int) -> tuple[int, ...]:
    """The columns of joints, of a table with a line per axis: of numbers, and not those of frames, times and people."""
    people = {*person_names(map(plain, titles))}
    return tuple(
        column
        for column, title in enumerate(titles)
        if column != axis
        and rank_of(title, FRAMES) is None
        and plain(title) not in people
        and not is_recording_name(plain(title))
        and not _is_index(title)
        and all(_is_number(row[column]) for row in rows)
    )


def _is_index(title: str) -> bool:
    """Whether a column is the number of the line, as pandas and R write it without a title."""
    return not title.strip() or bool(NO_NAME.fullmatch(title.strip()))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".") or "nan")
    except ValueError:
        return False
    return True
